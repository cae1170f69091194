"""The pages on operations: what they tell their readers to write, run as it stands there."""

from __future__ import annotations

import configparser
import re
import shlex
from pathlib import Path

import pytest
import yaml  # type: ignore[import-untyped]

from commands.serving import TOKEN, Serving, shared_token, trusting
from interop.desk import Desk
from simulated_vcenter import SimulatedVCenter
from support import build_code
from support.pages import snippet
from support.program import PASSWORD, USER, Helper
from support.socks_proxy import SocksProxy
from vsphere_session.commands.serving.arguments import ServingOptions

with build_code.importable():
    from packages.image import AUTHORITIES, HOME
    from packages.image import USER as IMAGE_USER


@pytest.fixture
def job(vcenter: SimulatedVCenter, helper: Helper) -> Desk:
    """An empty home in which nothing is configured, as a CI system's."""
    desk = Desk(helper, vcenter)
    desk.config.unlink()
    (desk.home / ".local" / "state" / "vsphere-session" / "secrets.json").unlink()
    desk.environment["GOVC_TLS_CA_CERTS"] = str(vcenter.ca_file)
    return desk


def test_a_job_logs_in_once_and_leaves_nothing(job: Desk) -> None:
    """What it starts has the session and no password."""
    (job.home / "deploy.sh").write_text("#!/bin/sh\nenv\n", encoding="utf-8")
    (job.home / "deploy.sh").chmod(0o755)
    names = {"vc.example.com": job.vcenter.authority, "terraform@vsphere.local": USER}
    done = job.shell(f"set -e\n{snippet('operations/ci', 'job', names)}", VCENTER_PASSWORD=PASSWORD)
    assert (done.status, done.stderr) == (0, ""), done
    assert b"VSPHERE_REST_SESSION_ID=" in done.stdout
    assert f"GOVC_PASSWORD={PASSWORD}".encode() not in done.stdout
    assert len(job.vcenter.logins) == 2
    assert job.vcenter.session_count == 0


def test_sessions_and_state_on_a_local_disk(job: Desk, tmp_path: Path) -> None:
    """Nothing is written below the home."""
    local = tmp_path / "local"
    (local / "me").mkdir(parents=True)
    lines = snippet("operations/nfs-homes", "local", {"/local": str(local)})
    before = sorted(job.home.rglob("*"))
    login = {"GOVC_URL": job.vcenter.authority, "GOVC_USERNAME": USER, "GOVC_PASSWORD": PASSWORD}
    done = job.shell(lines, USER="me", **login)
    assert (done.status, done.stderr) == (0, ""), done
    assert sorted(job.home.rglob("*")) == before
    assert list((local / "me" / "govmomi" / "sessions").iterdir())


def test_through_a_jump_host(job: Desk) -> None:
    """To a name that only the proxy knows; but for the proxy's port the line is the page's."""
    job.vcenter.new_certificate("vc.example.com")
    host, port = job.vcenter.authority.split(":")
    with SocksProxy((host, int(port))) as proxy:
        line = snippet("operations/jump-hosts", "through", {"127.0.0.1:1080": f"127.0.0.1:{proxy.port}"})
        login = {"GOVC_URL": "vc.example.com", "GOVC_USERNAME": USER, "GOVC_PASSWORD": PASSWORD}
        done = job.shell(line, **login, GOVC_TLS_CA_CERTS=str(job.vcenter.ca_file))
        assert (done.status, done.stderr) == (0, ""), done
    assert set(proxy.asked) == {("vc.example.com", 443)}


def test_the_file_for_secrets_on_a_jump_host(job: Desk) -> None:
    job.config.write_text(snippet("operations/jump-hosts", "config"), encoding="utf-8")
    kept = job.shell(
        f'echo \'{{"url": "{job.vcenter.authority}", "username": "me", "password": "x"}}\' | vsphere-session store'
    )
    assert (kept.status, kept.stderr) == (0, ""), kept
    secrets = job.home / ".local" / "state" / "vsphere-session" / "secrets.json"
    assert secrets.stat().st_mode & 0o777 == 0o600


def test_the_unit_starts_a_server_of_tickets(helper: Helper, vcenter: SimulatedVCenter, tmp_path: Path) -> None:
    """With its credentials in a directory as systemd gives it, and its variables."""
    serving = Serving(helper, vcenter, tmp_path)
    names = {"vc.example.com": vcenter.authority, "terraform@vsphere.local": USER, "0.0.0.0:8443": "127.0.0.1:0"}
    unit = configparser.ConfigParser(interpolation=None, strict=False)
    unit.optionxform = str  # type: ignore[assignment,method-assign]  # the names' case counts
    unit.read_string(snippet("operations/systemd", "unit", names))
    loaded = re.findall(r"^LoadCredential=([\w.]+):", snippet("operations/systemd", "unit"), flags=re.MULTILINE)
    assert loaded == ["password", "tls.crt", "tls.key", "tokens"]
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    for name in loaded:
        source = {"password": PASSWORD, "tokens": f"{TOKEN}\n"}.get(name) or serving.certificate.read_text(
            encoding="ascii"
        )
        (credentials / name).write_text(source, encoding="ascii")
        (credentials / name).chmod(0o600)

    def filled(text: str) -> list[str]:
        return shlex.split(text.replace("%d", str(credentials)).replace("%S", str(helper.home)))

    program, *words = filled(unit["Service"]["ExecStart"])
    assert program == "/usr/bin/vsphere-session"
    state = helper.home / unit["Service"]["StateDirectory"]
    state.mkdir(mode=0o700)
    serving.arguments = tuple(words)
    helper.environment |= dict(word.split("=", 1) for word in filled(unit["Service"]["Environment"]))
    assert helper.environment["HOME"] == str(state)
    with serving:
        assert shared_token(serving.url, TOKEN, trusting(serving.ca_file))
    assert list((state / ".govmomi" / "sessions").iterdir())


def test_the_deployment_asks_for_what_the_program_has() -> None:
    """Its options are ones that `serve-tickets` takes, its files are mounted, its home is the image's."""
    deployment = yaml.safe_load(snippet("operations/kubernetes", "deployment"))
    pod = deployment["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    verb, verbose, *words = container["args"]
    assert (verb, verbose) == ("serve-tickets", "-v")
    assert ServingOptions(words).place == ("0.0.0.0", 8443)
    mounted = {mount["mountPath"] for mount in container["volumeMounts"]}
    assert HOME in mounted
    assert {mount["name"] for mount in container["volumeMounts"]} == {volume["name"] for volume in pod["volumes"]}
    named = [word for word in (*words, *(each["value"] for each in container["env"])) if word.startswith("/")]
    assert len(named) == 3
    assert {str(Path(word).parent) for word in named} <= mounted


def test_the_containerfile_makes_what_the_released_image_is() -> None:
    """The same paths, user, home and entry point; tests/releases/test_image.py runs those in a root of their own."""
    lines = [line.split(" ", 1) for line in snippet("operations/containers", "containerfile").splitlines()]
    said = dict(lines)
    assert said["USER"] == f"{IMAGE_USER}:{IMAGE_USER}"
    assert said["ENV"] == f"HOME={HOME}"
    assert said["ENTRYPOINT"] == '["/usr/bin/vsphere-session"]'
    assert {rest.split()[1] for word, rest in lines if word == "COPY"} == {
        f"/{AUTHORITIES}",
        "/usr/bin/vsphere-session",
    }
