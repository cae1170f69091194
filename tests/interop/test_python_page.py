"""The page for Python: each of its programs runs as it stands there, with the libraries that it speaks of."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

import peers
from crypto.keys import certificate, kind, rsa_key
from interop.desk import Desk
from simulated_vcenter import SimulatedVCenter, faults
from simulated_vcenter.sts import Sts
from support.pages import snippet
from support.ports import free_port
from support.program import PASSWORD, USER, Helper, Reply
from vsphere_session import Session, SoapClient

REST_USER = "administrator@VSPHERE.LOCAL"


def run(environment: dict[str, str], code: str, stdin: bytes = b"") -> Reply:
    """Run a program of the page's."""
    command = [sys.executable, "-W", "ignore::DeprecationWarning", "-c", code]
    return Reply(subprocess.run(command, input=stdin, capture_output=True, env=environment, timeout=100, check=False))


def said(done: Reply) -> str:
    """What it has printed; it had nothing to complain of."""
    assert (done.status, done.stderr) == (0, ""), done
    return done.stdout.decode()


@pytest.fixture
def place(desk: Desk) -> dict[str, str]:
    """The vCenter and its authority in the place of the page's examples."""
    return {"vc.example.com": desk.vcenter.authority, "/etc/ssl/company.pem": str(desk.vcenter.ca_file)}


# ---- a session


def test_a_session(desk: Desk, place: dict[str, str]) -> None:
    """User and password are the ones that were stored once; the executable finds the session."""
    code = snippet("python", "session", place)
    assert said(run(desk.environment, code)) == f"8.0.2.0\n{REST_USER}\n"
    assert said(run(desk.environment, code)) == f"8.0.2.0\n{REST_USER}\n"
    assert desk.shell("vsphere-session get </dev/null").fields["source"] == "cache"
    assert len(desk.vcenter.logins) == 2


def test_a_way_to_log_in(helper: Helper, tmp_path: Path) -> None:
    with SimulatedVCenter(sts=Sts()) as vcenter:
        own = certificate(rsa_key())
        vcenter.sts.register_solution_user("robot-1", own)
        (tmp_path / "robot.pem").write_bytes(own)
        (tmp_path / "robot.key").write_bytes(kind("PKCS#8"))
        names = {"vc.example.com": vcenter.authority, "/etc/ssl/company.pem": str(vcenter.ca_file)}
        code = snippet("python", "login", {**names, "/etc/robot": str(tmp_path)})
        assert said(run(helper.environment, code)) == "8.0.2.0\n"
        assert [each.user for each in vcenter.logins] == ["robot-1@vsphere.local"]


@pytest.mark.parametrize(("state", "line"), [("refused", "ask for another password: "), ("down", "unreachable ")])
def test_what_can_go_wrong(desk: Desk, place: dict[str, str], state: str, line: str) -> None:
    code = snippet("python", "refused", place)
    if state == "refused":
        desk.vcenter.set_password(USER, "another")
        assert said(run(desk.environment, code)).startswith(line)
        return
    with desk.vcenter.offline():
        assert said(run(desk.environment, code)).startswith(line)


def test_a_log(desk: Desk, place: dict[str, str]) -> None:
    done = run(desk.environment, snippet("python", "log", place))
    assert re.match(
        r"vsphere_session: logging in to .* for a new SOAP session\nvsphere_session: the new SOAP", done.stderr
    )
    assert PASSWORD not in done.stderr


# ---- requests, threads, asyncio


def test_a_session_of_requests_of_ones_own(desk: Desk, place: dict[str, str]) -> None:
    code = snippet("python", "auth", place)
    assert said(run(desk.environment, code)) == f"{REST_USER}\n"
    desk.vcenter.end_all()
    assert said(run(desk.environment, code)) == f"{REST_USER}\n"
    assert len(desk.vcenter.logins) == 2


def test_asyncio(desk: Desk, place: dict[str, str]) -> None:
    """Five at once, one login."""
    assert said(run(desk.environment, snippet("python", "asyncio", place))) == f"{[REST_USER] * 5}\n"
    assert len(desk.vcenter.logins) == 1


# ---- a service


@pytest.fixture
def simulator() -> Iterator[peers.VcSim]:
    with peers.VcSim(user=USER, password=PASSWORD) as server:
        yield server


def test_a_service_goes_on_when_its_session_was_ended(helper: Helper, simulator: peers.VcSim) -> None:
    """With a line for each minute that passes; the third comes after somebody has ended the session."""
    login = {"url": simulator.url, "username": USER, "password": PASSWORD, "ca_file": str(simulator.ca_file)}
    helper.ok("store", login, "--secret-store", "file")
    names = {"vc.example.com": simulator.authority, "/etc/ssl/company.pem": str(simulator.ca_file)}
    code = snippet("python", "service", {**names, "time.sleep(60)": "input()"})
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=helper.environment, text=True
    ) as service:
        assert service.stdin is not None
        assert service.stdout is not None
        counts = [service.stdout.readline()]
        for end in (False, True):
            if end:
                with Session(
                    simulator.url, username=USER, ca_file=simulator.ca_file, environ=helper.environment
                ) as other:
                    assert other.erase(SoapClient())
            service.stdin.write("\n")
            service.stdin.flush()
            counts.append(service.stdout.readline())
        service.kill()
    assert len(set(counts)) == 1
    assert int(counts[0]) > 0
    assert len(simulator.sessions()) == 1


def test_a_prometheus_exporter(desk: Desk, place: dict[str, str]) -> None:
    """What a scrape gets: machines, and with vCenter down why there are none."""
    port = str(free_port())
    scrape = textwrap.indent(
        f"from urllib.request import urlopen\nprint(urlopen('http://127.0.0.1:{port}/metrics').read().decode())\n",
        "    ",
    ).strip()
    code = snippet("python", "prometheus", {**place, "9272": port, "threading.Event().wait()": scrape})
    machines = [{"power_state": "POWERED_ON"}, {"power_state": "POWERED_OFF"}, {"power_state": "POWERED_ON"}]
    desk.vcenter.faults.add("/api/vcenter/vm", faults.status(200, json.dumps(machines).encode()))
    shown = said(run(desk.environment, code))
    assert 'vsphere_up{kind=""} 1.0' in shown
    assert 'vsphere_machines{power="POWERED_ON"} 2.0' in shown
    with desk.vcenter.offline():
        desk.environment["GOVMOMI_HOME"] = str(desk.home / "elsewhere")  # where nothing is cached
        assert 'vsphere_up{kind="unreachable"} 0.0' in said(run(desk.environment, code))
    assert len(desk.vcenter.logins) == 1


# ---- the SDK


def test_the_automation_sdk_uses_the_session_and_leaves_it(desk: Desk, place: dict[str, str]) -> None:
    """Also after the server has forgotten it, in one and the same program."""
    code = snippet("python", "sdk", place)
    assert said(run(desk.environment, code)) == f"{REST_USER}\n"
    again = "    input()\n    print(SessionService(config).get().user)\n"
    with subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", code + again],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=desk.environment,
        text=True,
    ) as program:
        assert program.stdout is not None
        assert program.stdout.readline() == f"{REST_USER}\n"
        desk.vcenter.end_all()
        shown, _ = program.communicate("\n")
    assert (program.returncode, shown) == (0, f"{REST_USER}\n")
    assert [(each.kind, each.user) for each in desk.vcenter.sessions] == [("rest", USER)]
    assert len(desk.vcenter.logins) == 2


def test_the_sdks_own_client_would_end_it(desk: Desk, place: dict[str, str]) -> None:
    """As the page says: the reason for its longer program."""
    code = snippet("python", "session", place)
    said(run(desk.environment, code))
    client = f"""
import requests
from vmware.vapi.vsphere.client import create_vsphere_client
http = requests.Session()
http.verify = {str(desk.vcenter.ca_file)!r}
create_vsphere_client({desk.vcenter.authority!r}, session=http, session_id={desk.vcenter.sessions[-1].id!r})
"""
    assert [each.kind for each in desk.vcenter.sessions] == ["soap", "rest"]
    run(desk.environment, client)
    assert [each.kind for each in desk.vcenter.sessions] == ["soap"]


# ---- Ansible


def test_an_ansible_module(desk: Desk, place: dict[str, str], tmp_path: Path) -> None:
    """Run by ansible, twice: the variables are those of the collections, and the login is one."""
    (tmp_path / "vsphere_user.py").write_text(
        snippet("python", "ansible", {"/etc/ssl/company.pem": place["/etc/ssl/company.pem"]}), encoding="utf-8"
    )
    ansible = [
        str(Path(sys.executable).parent / "ansible"),
        "localhost",
        "-o",
        "-M",
        str(tmp_path),
        "-m",
        "vsphere_user",
    ]
    environment = {
        **desk.environment,
        "LC_ALL": "C.UTF-8",
        "ANSIBLE_LOCAL_TEMP": str(tmp_path / "local"),
        "ANSIBLE_REMOTE_TEMP": str(tmp_path / "remote"),
        "ANSIBLE_PYTHON_INTERPRETER": sys.executable,
        "ANSIBLE_LOCALHOST_WARNING": "false",
        "ANSIBLE_INVENTORY_UNPARSED_WARNING": "false",
        "VMWARE_HOST": desk.vcenter.authority,
        "VMWARE_USER": USER,
        "VMWARE_PASSWORD": PASSWORD,
    }
    for _ in range(2):
        done = subprocess.run(ansible, capture_output=True, env=environment, timeout=100, check=False, text=True)
        assert done.returncode == 0, done
        assert json.loads(done.stdout.partition("=>")[2])["user"] == REST_USER
        assert PASSWORD not in done.stdout + done.stderr
    assert len(desk.vcenter.logins) == 1
    desk.vcenter.set_password(USER, "another")
    desk.vcenter.end_all()
    done = subprocess.run(ansible, capture_output=True, env=environment, timeout=100, check=False, text=True)
    assert json.loads(done.stdout.partition("=>")[2])["kind"] == "login-refused"
