"""`python -m simulated_vcenter`, as a script and a person use it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from simulated_vcenter.selftest.raw import API, REST, Raw

TESTS = Path(__file__).resolve().parents[2]
USER, PASSWORD = "administrator@vsphere.local", "VMware1!"


@contextmanager
def running(*arguments: str, stdin: int = subprocess.PIPE) -> Iterator[subprocess.Popen[str]]:
    """Run the command; it is killed if it has not ended by then."""
    command = [sys.executable, "-m", "simulated_vcenter", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(TESTS)}
    with subprocess.Popen(command, env=environment, stdin=stdin, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def told(process: subprocess.Popen[str]) -> dict[str, str]:
    """Read the one line that it prints."""
    assert process.stdout is not None
    line: dict[str, str] = json.loads(process.stdout.readline())
    assert line.keys() == {"url", "ca_file", "thumbprint"}
    return line


def test_it_prints_where_it_is_serves_and_ends_with_its_stdin() -> None:
    with running() as process:
        line = told(process)
        client = Raw(line["url"], line["ca_file"])
        assert client.whoami(client.login(USER, PASSWORD).session_id)
        assert [each["user"] for each in client.ask("GET", "/_simulator/sessions").json] == [USER]
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(60) == 0
        assert not Path(line["ca_file"]).exists()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_as_a_background_job_without_stdin_it_serves_until_a_signal(number: signal.Signals) -> None:
    with running(stdin=subprocess.DEVNULL) as process:
        line = told(process)
        client = Raw(line["url"], line["ca_file"])
        assert [client.login(USER, PASSWORD).status for _ in range(50)] == [200] * 50
        process.send_signal(number)
        assert process.wait(60) == 0
        assert not Path(line["ca_file"]).exists()


def test_every_switch_of_the_class_is_an_option() -> None:
    options = [
        "--user",
        "jane@example.com",
        "--password",
        "hers",
        "--unified",
        "--no-api-session",
        "--no-tls",
    ]
    options += ["--host", "localhost", "--session-limit", "1", "--unquoted-cookie"]
    with running(*options) as process:
        line = told(process)
        assert line["url"].startswith("http://localhost:")
        client = Raw(line["url"], None)
        assert client.call("RetrieveServiceContent", "ServiceInstance").element("apiVersion") == "8.0.3.0"
        assert client.rest_login("jane@example.com", "hers", API).status == 404
        assert client.login("jane@example.com", "hers").cookie.startswith("vmware_soap_session=")
        assert '"' not in client.login(USER, PASSWORD).cookie
        assert client.login("jane@example.com", "hers").status == 503


@pytest.mark.parametrize(("option", "absent", "left"), [("api", API, REST), ("rest", REST, API)])
def test_either_rest_service_can_be_left_out(option: str, absent: str, left: str) -> None:
    with running(f"--no-{option}-session") as process:
        line = told(process)
        client = Raw(line["url"], line["ca_file"])
        assert client.rest_login(USER, PASSWORD, absent).status == 404
        assert client.rest_login(USER, PASSWORD, left).status in {200, 201}


def test_it_can_be_an_esxi_host_whose_sessions_end_at_once() -> None:
    options = ["--esxi", "--idle-limit", "-1", "--age-limit", "3600"]
    with running(*options) as process:
        line = told(process)
        client = Raw(line["url"], line["ca_file"], esxi=True)
        assert client.call("RetrieveServiceContent", "ServiceInstance").element("apiType") == "HostAgent"
        assert client.login(USER, PASSWORD).status == 200
        assert client.ask("GET", "/_simulator/sessions").json == []
