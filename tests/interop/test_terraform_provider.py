"""Real terraform-provider-vsphere with `persist_session`: the helper's session will do, and the password is a wrong one.

The provider looks for a file whose name is the hash of the URL. In the version that the tests can build the hash is
SHA-1, so a directory beside the helper's has a link of that name to the helper's file; from 2.11.1 on the helper's own
directory will do.
The first of these tests to run builds the provider.
"""

from __future__ import annotations

import json
import os
import subprocess
from hashlib import sha1
from pathlib import Path
from urllib.parse import quote

import pytest

from peers import TerraformWorkspace, VcSim
from support.cache_files import ids_in_directory, session_ids
from support.pages import snippet
from support.program import PASSWORD, USER, Helper, request

pytestmark = pytest.mark.timeout(900)

DATACENTER = """
data "vsphere_datacenter" "it" {
  name = "DC0"
}

output "datacenter" {
  value = data.vsphere_datacenter.it.id
}
"""
PROVIDER = """
provider "vsphere" {
  vsphere_server       = "%(server)s"
  user                 = "%(user)s"
  password             = "%(password)s"
  allow_unverified_ssl = %(insecure)s
  persist_session      = true
  vim_session_path     = "%(govmomi)s/sessions"
  rest_session_path    = "%(govmomi)s/rest_sessions"
}
"""
REFUSED = "Login failure"


class Site:
    """vcsim, the helper, and a root module in which Terraform has both providers and trusts vcsim."""

    def __init__(self, vcsim: VcSim, helper: Helper, directory: Path) -> None:
        self.vcsim = vcsim
        self.helper = helper
        self.govmomi = helper.home / ".govmomi"
        (directory / "bin").mkdir(parents=True)
        (directory / "bin" / "vsphere-session").symlink_to(helper.program[0])
        environment = {
            "HOME": str(helper.home),
            "PATH": os.pathsep.join([str(directory / "bin"), os.environ.get("PATH", os.defpath)]),
            "SSL_CERT_FILE": str(vcsim.ca_file),  # what the provider trusts
            "GOVC_TLS_CA_CERTS": str(vcsim.ca_file),  # what the helper trusts
        }
        self.terraform = TerraformWorkspace(directory, [], {}, environment)
        self.terraform.offer_vsphere()

    def write(self, *blocks: str) -> None:
        """Fill the root module."""
        (self.terraform.directory / "main.tf").write_text("\n".join(blocks), encoding="utf-8")
        self.terraform.init()

    def use_provider(
        self, password: str = "wrong", user: str = USER, *, insecure: bool = False, files: str = "sha1"
    ) -> None:
        """Fill the root module with the provider, on directories below govmomi's, and a data source of vSphere."""
        values = {"server": self.vcsim.authority, "user": user, "password": password}
        directories = {"insecure": str(insecure).lower(), "govmomi": self.govmomi / files}
        self.write(PROVIDER % {**values, **directories}, DATACENTER)

    def log_in(self) -> dict[str, str]:
        """Have the helper log in."""
        return self.helper.ok("get", request(self.vcsim, password=PASSWORD))

    def link(self) -> None:
        """What a user of such a provider does once; there need not be a session yet."""
        values = {"terraform%40vsphere.local": quote(USER), "vc.example.com": self.vcsim.authority}
        environment = {"HOME": str(self.helper.home), "PATH": os.defpath}
        subprocess.run(["sh", "-ec", snippet("terraform", "links", values)], env=environment, check=True)

    def apply(self) -> str:
        """The state, after an `apply` that has to succeed and to find vcsim's datacenter."""
        self.terraform.ok("apply", "-no-color", "-input=false", "-auto-approve")
        state = self.terraform.state_file.read_text(encoding="utf-8")
        assert json.loads(state)["outputs"]["datacenter"]["value"].startswith("datacenter-")
        return state

    def refusal(self) -> str:
        """What a `plan` that has to fail says, without Terraform's frame."""
        failed = self.terraform.run("plan", "-no-color", "-input=false")
        assert failed.returncode == 1
        return " ".join(" ".join(line.strip("│╷╵ ") for line in failed.stderr.splitlines()).split())

    def soap_sessions(self) -> list[str]:
        """The SOAP sessions on vcsim."""
        return [session["key"] for session in self.vcsim.sessions()]


@pytest.fixture
def site(vcsim: VcSim, helper: Helper, tmp_path: Path) -> Site:
    """Without a session anywhere."""
    return Site(vcsim, helper, tmp_path / "terraform")


def test_the_recipe_of_readme_works_with_a_wrong_password_and_one_login(site: Site) -> None:
    """The helper logs in at the first `apply`; the provider never does, and no session id is in the state."""
    site.link()
    examples = {"vc.example.com": site.vcsim.authority, "terraform@vsphere.local": USER}
    for kind in ("soap", "rest"):
        directory = f"dirname(data.external.vsphere.result.{kind}_session_file)"
        examples[directory] = f'"${{dirname({directory})}}/sha1/${{basename({directory})}}"'
    site.write(snippet("README", "terraform", examples), DATACENTER)
    site.terraform.environment["GOVC_PASSWORD"] = PASSWORD  # which the provider does not read
    states = [site.apply(), site.apply()]
    (session,) = site.soap_sessions()
    assert session in site.helper.sessions_in_files
    assert len(site.helper.sessions_in_files) == 2
    for id_ in site.helper.sessions_in_files:
        assert not [state for state in states if id_ in state]


def test_what_the_provider_writes_back_is_still_the_session_of_helper_and_govc(site: Site) -> None:
    before = site.log_in()
    site.link()
    site.use_provider()
    site.apply()
    after = site.helper.ok("get", request(site.vcsim, verify="always"))
    assert after["source"] == "cache"
    for kind in ("soap", "rest"):
        assert after[f"{kind}_session_id"] == before[f"{kind}_session_id"]
    govc = site.vcsim.govc(site.govmomi, password="wrong")
    assert govc.ok("session.login", "-l") == before["soap_session_id"]
    assert govc.ok("session.login", "-l", "-r") == before["rest_session_id"]
    assert site.soap_sessions() == [before["soap_session_id"]]


BY_ENVIRONMENT = """
provider "vsphere" {
  user            = "%(user)s"
  password        = "%(password)s"
  persist_session = true
}
"""


def test_both_find_each_others_sessions_in_the_directories_that_the_environment_names(
    site: Site, tmp_path: Path
) -> None:
    """Server and directories are in the environment alone, and the same for both."""
    directories = {"VSPHERE_VIM_SESSION_PATH": str(tmp_path / "v"), "VSPHERE_REST_SESSION_PATH": str(tmp_path / "r")}
    for caller in (site.terraform, site.helper):
        caller.environment |= directories | {"VSPHERE_SERVER": site.vcsim.authority}
    site.write(BY_ENVIRONMENT % {"user": USER, "password": PASSWORD}, DATACENTER)
    site.apply()
    (session,) = site.soap_sessions()
    reply = site.helper.ok("get", request(site.vcsim))
    assert (reply["source"], reply["soap_session_id"]) == ("cache", session)
    assert {reply["soap_session_id"], reply["rest_session_id"]} <= ids_in_directory(tmp_path / "v") | ids_in_directory(
        tmp_path / "r"
    )
    assert not (site.govmomi / "sessions").exists()
    assert site.helper.ok("erase", request(site.vcsim))["erased"] == "soap,rest"
    assert site.soap_sessions() == []

    made = site.log_in()
    for kind, path in (("soap", "/sdk"), ("rest", "/rest")):
        key = f"https://{quote(USER)}@{site.vcsim.authority}{path}#insecure=false"
        file = Path(made[f"{kind}_session_file"])
        os.link(file, file.parent / sha1(key.encode(), usedforsecurity=False).hexdigest())
    site.write(BY_ENVIRONMENT % {"user": USER, "password": "wrong"}, DATACENTER)
    site.apply()
    assert site.soap_sessions() == [made["soap_session_id"]]


def test_a_provider_of_sha1_names_does_not_find_the_helpers_files(site: Site) -> None:
    """It tries its password, as it would without any file, and leaves the helper's files alone."""
    before = site.log_in()
    site.use_provider(files=".")
    assert REFUSED in site.refusal()
    assert site.soap_sessions() == [before["soap_session_id"]]
    assert session_ids(site.govmomi) == {before["soap_session_id"], before["rest_session_id"]}


@pytest.mark.parametrize("other", ["user", "insecure"])
def test_the_hash_is_of_the_user_and_of_insecure_too(site: Site, other: str) -> None:
    """As README says: the same `insecure` here as `allow_unverified_ssl` there."""
    site.log_in()
    site.link()
    if other == "user":
        site.use_provider(user="other@vsphere.local")
    else:
        site.use_provider(insecure=True)
    assert REFUSED in site.refusal()
    assert len(site.soap_sessions()) == 1


def test_once_the_session_is_erased_the_provider_needs_a_password(site: Site) -> None:
    site.log_in()
    site.link()
    site.use_provider()
    site.apply()
    assert site.helper.ok("erase", request(site.vcsim, scope="session"))["erased"] == "soap,rest"
    assert REFUSED in site.refusal()
    assert site.soap_sessions() == []


def test_the_helper_uses_what_such_a_provider_has_logged_in(site: Site) -> None:
    """Files with SHA-1 names are read where there is none with a SHA-256 name."""
    site.use_provider(PASSWORD, files=".")
    site.apply()
    (session,) = site.soap_sessions()
    reply = site.helper.ok("get", request(site.vcsim))
    assert reply["source"] == "cache"
    assert reply["soap_session_id"] == session
    assert {reply["soap_session_id"], reply["rest_session_id"]} <= session_ids(site.govmomi)
    assert site.soap_sessions() == [session]
