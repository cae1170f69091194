"""docs/fleet.md: what it tells its readers to write, as it stands there, on a real Redis with the page's own accounts."""

from __future__ import annotations

import os
import re
import shlex
import sys
from collections.abc import Iterator

import pytest
import yaml  # type: ignore[import-untyped]

from fleet.servers import RedisServer, redis_server
from simulated_vcenter import SimulatedVCenter
from support.pages import snippet
from support.program import PASSWORD, USER, Helper, Reply, request, shell
from vsphere_session.fleet.keys import Keys

RUNNER, READER = "runner-canary", "reader-canary"


@pytest.fixture(scope="module")
def redis() -> Iterator[RedisServer]:
    """With the accounts that the page has an administrator make."""
    text = snippet("docs/fleet", "accounts", {"RUNNER-PASSWORD": RUNNER, "READER-PASSWORD": READER})
    with redis_server() as server, server.administrator() as client:
        for line in text.splitlines():
            client.execute_command(*shlex.split(line))
        yield server


class Site:
    """A machine with the page's key, where its names stand for what is here."""

    def __init__(self, helper: Helper, vcenter: SimulatedVCenter, redis: RedisServer) -> None:
        self.home, self.vcenter = helper.home, vcenter
        bin_ = self.home / "bin"
        bin_.mkdir()
        (bin_ / "vsphere-session").symlink_to(helper.program[0])
        self.environment = {
            **helper.environment,
            "PATH": os.pathsep.join([str(bin_), os.environ["PATH"]]),
            "VSPHERE_SESSION_FLEET_CA_FILE": str(self.home / "engine.pem"),
            "GOVC_TLS_CA_CERTS": str(vcenter.ca_file),
        }
        redis.authority.cert_pem.write_to_path(str(self.home / "engine.pem"))
        self.run(snippet("docs/fleet", "key"))
        self.key = self.home / "fleet-key"
        (self.home / "deploy.sh").write_text('#!/bin/sh\nenv | grep "^GOVC_PASSWORD=" > deployed\nexit 0\n')
        (self.home / "deploy.sh").chmod(0o755)
        password = self.home / "fleet-password"
        password.write_text(RUNNER)
        password.chmod(0o600)
        self.names = {
            "cache.example.com:6380": f"127.0.0.1:{redis.tls_port}",
            "/run/secrets/vsphere-fleet-key": str(self.key),
            "/run/secrets/vsphere-fleet-password": str(password),
            "terraform@vsphere.local": USER,
            "terraform%40vsphere.local": USER.replace("@", "%40"),
            "vc.example.com": vcenter.authority,
        }

    def run(self, text: str, **environment: str) -> Reply:
        """Lines of shell in the home directory."""
        reply = shell(text, self.home, self.environment | environment)
        assert reply.status == 0, reply
        return reply

    def filled(self, text: str) -> str:
        """A block of the page with the names of what is here."""
        for before, after in self.names.items():
            text = text.replace(before, after)
        return text

    def variables(self, pairs: dict[str, str]) -> dict[str, str]:
        """What a job is given, with the names of what is here."""
        return {name: self.filled(value) for name, value in pairs.items()}

    @property
    def secrets(self) -> dict[str, str]:
        """What a runner's job gets of them."""
        return {"VSPHERE_SESSION_FLEET_KEY": self.key.read_text(), "VSPHERE_SESSION_FLEET_PASSWORD": RUNNER}

    @property
    def login(self) -> dict[str, str]:
        """The same of vCenter."""
        return {"GOVC_USERNAME": USER, "GOVC_PASSWORD": PASSWORD}

    def is_shared(self) -> bool:
        """Whether another machine is handed the session by the engine, without vCenter's password."""
        (self.home / "other").mkdir(mode=0o700, exist_ok=True)
        logins = len(self.vcenter.logins)
        job = self.variables(
            {"VSPHERE_SESSION_FLEET": "rediss://ci-reader@cache.example.com:6380/vs:ci", **self.secrets}
        )
        job |= {"VSPHERE_SESSION_FLEET_PASSWORD": READER, "HOME": str(self.home / "other")}
        self.run(
            """echo '{"api": "soap"}' | vsphere-session get --field username""",
            **job,
            GOVC_URL=self.vcenter.authority,
            GOVC_USERNAME=USER,
        )
        return len(self.vcenter.logins) == logins


@pytest.fixture
def site(helper: Helper, vcenter: SimulatedVCenter, redis: RedisServer) -> Site:
    """A fresh one, with an empty engine."""
    with redis.administrator() as client:
        client.flushall()
    return Site(helper, vcenter, redis)


def test_the_key_is_a_secret_file(site: Site) -> None:
    """Which the program reads."""
    assert site.key.stat().st_mode & 0o777 == 0o600
    assert len(Keys.of_text(site.key.read_text()).ids) == 1


def test_three_lines_share_the_session(site: Site, helper: Helper) -> None:
    """As the configuration file has them."""
    config = site.home / ".config" / "vsphere-session" / "config.toml"
    config.parent.mkdir(parents=True)
    config.write_text(site.filled(snippet("docs/fleet", "config")))
    helper.environment["VSPHERE_SESSION_FLEET_CA_FILE"] = str(site.home / "engine.pem")
    helper.ok("get", request(site.vcenter, password=PASSWORD))
    assert site.is_shared()


def test_one_line_more_shares_several(site: Site, helper: Helper, redis: RedisServer) -> None:
    """A machine uses one of four, and another process of it the same."""
    config = site.home / ".config" / "vsphere-session" / "config.toml"
    config.parent.mkdir(parents=True)
    config.write_text(
        site.filled(snippet("docs/fleet", "config") + snippet("docs/fleet", "several").replace("[fleet]", ""))
    )
    helper.environment["VSPHERE_SESSION_FLEET_CA_FILE"] = str(site.home / "engine.pem")
    first = helper.ok("get", request(site.vcenter, password=PASSWORD))
    helper.environment["GOVMOMI_HOME"] = str(site.home / "empty")
    helper.environment["XDG_STATE_HOME"] = str(site.home / "empty")
    assert helper.ok("get", request(site.vcenter))["soap_session_id"] == first["soap_session_id"]
    with redis.administrator() as client:
        (place,) = [name for name in client.keys("vs:ci:*") if b"." in name]
    assert re.fullmatch(rb"vs:ci:\{[0-9a-f]{64}\.[0-3]\}", place)


def test_dockers_recipe(site: Site) -> None:
    """Its options give what the program in the container asks for; it is run without a container."""
    words = shlex.split(
        site.filled(snippet("docs/fleet", "docker", {"terraform apply -auto-approve": "./deploy.sh"})).replace(
            "\\\n", " "
        )
    )
    assert words[:2] == ["docker", "run"]
    given = [words[at + 1] for at, word in enumerate(words) if word == "-e"]
    caller = site.login | site.secrets | {"GOVC_URL": site.vcenter.authority}
    job = {name: value if equals else caller[name] for name, equals, value in (each.partition("=") for each in given)}
    mounted = words[words.index("-v") + 1].split(":")
    assert mounted[1] == job["VSPHERE_SESSION_FLEET_KEY_FILE"]
    site.run(shlex.join(words[words.index("vsphere-session") :]), **job | {"HOME": str(site.home)})
    assert (site.home / "deployed").read_text() == "", "no password in it"
    assert site.is_shared()


def test_gitlabs_recipe(site: Site) -> None:
    """Its script, as a job runs it."""
    (job,) = yaml.safe_load(site.filled(snippet("docs/fleet", "gitlab"))).values()
    given = {"VSPHERE_FLEET_KEY": str(site.key), "VCENTER_PASSWORD": PASSWORD, "VSPHERE_SESSION_FLEET_PASSWORD": RUNNER}
    site.run("set -e\n" + "\n".join(job["script"]), **job["variables"], **given)
    assert (site.home / "deployed").read_text() == "", "no password in it"
    assert site.is_shared()


def test_githubs_recipe(site: Site) -> None:
    """Its step, with the secrets that it names."""
    (job,) = yaml.safe_load(site.filled(snippet("docs/fleet", "github")))["jobs"].values()
    secrets = {
        "VCENTER_PASSWORD": PASSWORD,
        "VSPHERE_FLEET_KEY": site.key.read_text(),
        "VSPHERE_FLEET_PASSWORD": RUNNER,
    }
    given = {
        name: re.sub(r"\$\{\{ secrets\.(\w+) \}\}", lambda found: secrets[found[1]], value)
        for name, value in job["env"].items()
    }
    (step,) = job["steps"]
    site.run(step["run"], **given)
    assert site.is_shared()


def test_a_clusters_keeper_and_its_jobs(site: Site) -> None:
    """The job has no password of vCenter's, and the engine's account of a reader."""
    keeper, job = yaml.safe_load_all(site.filled(snippet("docs/fleet", "kubernetes")))
    (pod,) = keeper["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"]
    given = {each["name"]: each["value"] for each in pod["env"]}
    home = {"HOME": str(site.home)}
    assert given["HOME"].startswith(pod["volumeMounts"][0]["mountPath"])
    site.run(shlex.join(["vsphere-session", *pod["args"]]) + " </dev/null", **given | site.secrets | site.login | home)
    logins = len(site.vcenter.logins)
    (pod,) = job["spec"]["template"]["spec"]["containers"]
    given = {each["name"]: each["value"] for each in pod["env"]}
    command = shlex.join(pod["command"]).replace("terraform apply -auto-approve", "./deploy.sh")
    secrets = site.secrets | {"VSPHERE_SESSION_FLEET_PASSWORD": READER}
    (site.home / "other").mkdir(mode=0o700)
    site.run(command, **given | secrets | {"HOME": str(site.home / "other")})
    assert (site.home / "deployed").read_text() == "", "no password in it"
    assert len(site.vcenter.logins) == logins == 2


def test_awxs_credential_type(site: Site) -> None:
    """Its injectors give a job what it asks for."""
    kind = yaml.safe_load(snippet("docs/fleet", "awx"))
    said = {
        "fleet": "rediss://ci-runner@cache.example.com:6380/vs:ci",
        "key": site.key.read_text(),
        "password": RUNNER,
    }
    assert [field["id"] for field in kind["fields"]] == list(said)
    given = {
        name: re.sub(r"\{\{ (\w+) \}\}", lambda found: said[found[1]], text)
        for name, text in kind["injectors"]["env"].items()
    }
    job = site.variables(given) | site.login | {"GOVC_URL": site.vcenter.authority}
    site.run("vsphere-session exec -- ./deploy.sh", **job)
    assert site.is_shared()


def test_a_python_program(site: Site) -> None:
    """PyVmomi's ServiceInstance, with the fleet's session."""
    text = site.filled(snippet("docs/fleet", "python")).replace(
        "password=vcenter_password,", f"password={PASSWORD!r}, ca_file={str(site.vcenter.ca_file)!r},"
    )
    text = text.replace("password=engine_password,", f"password={RUNNER!r}, ca_file={str(site.home / 'engine.pem')!r},")
    program = site.home / "program.py"
    program.write_text(text)
    assert "VMware vCenter" in site.run(shlex.join([sys.executable, str(program)])).stdout.decode()
    assert site.is_shared()
