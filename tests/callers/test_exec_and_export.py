"""A session in the environment of another program, and the password nowhere."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys

import pytest

import peers
from simulated_vcenter import SimulatedVCenter
from support import PASSWORD, USER, Helper, Server


def armed(helper: Helper, server: Server) -> Helper:
    """A user who has everything in the environment, the password included."""
    helper.environment |= {
        "GOVC_URL": f"https://{server.authority}/sdk",
        "GOVC_USERNAME": USER,
        "GOVC_PASSWORD": PASSWORD,
        "GOVC_TLS_CA_CERTS": str(server.ca_file),
        "VSPHERE_PASSWORD": PASSWORD,
        "VMWARE_PASSWORD": PASSWORD,
        "VMWARE_HOST": f"u:{PASSWORD}@{server.authority}",
    }
    return helper


SHOW = "import os, json; print(json.dumps([dict(os.environ), open(f'/proc/{os.getpid()}/cmdline').read()]))"


def test_exec_gives_the_child_a_session_and_no_password(vcenter: SimulatedVCenter, helper: Helper) -> None:
    """Neither in its environment nor in its arguments."""
    reply = armed(helper, vcenter).run("exec", "--", sys.executable, "-c", SHOW)
    assert (reply.status, reply.stderr) == (0, "")
    assert PASSWORD.encode() not in reply.stdout
    [variables, _] = json.loads(reply.stdout)
    assert {variables["VSPHERE_SOAP_SESSION_ID"], variables["VSPHERE_REST_SESSION_ID"]} == helper.sessions_in_files
    assert len(vcenter.logins) == 2


def test_exec_passes_the_exit_status_through(vcenter: SimulatedVCenter, helper: Helper) -> None:
    """The child's own."""
    assert armed(helper, vcenter).run("exec", "--", "sh", "-c", "exit 7").status == 7


def test_exec_passes_signals_through(vcenter: SimulatedVCenter, helper: Helper) -> None:
    """The child decides what a SIGTERM means to it."""
    script = "trap 'echo caught; exit 9' TERM; echo ready; while :; do read -r _ || exit 1; done"
    with armed(helper, vcenter).start("exec", "--", "sh", "-c", script) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        process.send_signal(signal.SIGTERM)
        assert process.stdin is not None
        process.stdin.write(b"\n")
        process.stdin.flush()
        assert process.stdout.read() == b"caught\n"
        assert process.wait() == 9


def test_exec_leaves_sigpipe_as_a_shell_does(vcenter: SimulatedVCenter, helper: Helper) -> None:
    """Python ignores it, and a child would inherit that."""
    reply = armed(helper, vcenter).run("exec", "--", "sh", "-c", "grep SigIgn /proc/self/status")
    assert not int(reply.stdout.split()[1], 16) & (1 << (signal.SIGPIPE - 1))


def test_exec_of_a_command_that_does_not_exist_is_one_clear_line(vcenter: SimulatedVCenter, helper: Helper) -> None:
    """Nothing on stdout, which is the command's."""
    reply = armed(helper, vcenter).run("exec", "--", "no-such-command")
    assert (reply.status, reply.stdout) == (3, b"")
    assert reply.stderr == "vsphere-session: the command cannot be found; check its name and PATH\n"


def test_exec_without_a_command_and_a_password_on_the_command_line_are_refused(helper: Helper) -> None:
    """Before anything is sent."""
    assert helper.run("exec").status == 2
    reply = helper.run("--url", "u:canary@vc.example.com", "exec", "--", "true")
    assert reply.status == 2
    assert "canary" not in reply.stderr


def test_exec_govc_needs_no_password(helper: Helper, vcsim: peers.VcSim) -> None:
    """The real govc finds the session in the cache: one SOAP session, no login of its own."""
    govc = str(peers.build().govc)
    reply = armed(helper, vcsim).run("exec", "--", govc, "session.ls")
    assert reply.status == 0, reply
    assert USER.encode() in reply.stdout
    assert vcsim.session_count() == 1


@pytest.mark.parametrize(("shape", "shell"), [("env", "sh"), ("fish", "fish"), ("powershell", "pwsh"), ("json", "")])
def test_export_prints_the_same_variables(vcenter: SimulatedVCenter, helper: Helper, shape: str, shell: str) -> None:
    """In the language of each shell; where the shell is here, it reads them."""
    reply = armed(helper, vcenter).run("--format", shape, "export")
    assert (reply.status, reply.stderr) == (0, "")
    assert PASSWORD.encode() not in reply.stdout
    if shape == "json":
        assert reply.fields["GOVC_USERNAME"] == USER
    elif shell == "sh":
        done = subprocess.run(
            [shell, "-c", f"{reply.stdout.decode()}\necho $GOVC_USERNAME"],
            capture_output=True,
            text=True,
            check=True,
            env={"PATH": os.defpath},
        )
        assert done.stdout == f"{USER}\n"
    else:
        line = {"fish": f"set -gx GOVC_USERNAME '{USER}'", "powershell": f"$env:GOVC_USERNAME = '{USER}'"}[shape]
        assert line in reply.stdout.decode().splitlines()


def test_export_in_an_unknown_format_names_the_known_ones(vcenter: SimulatedVCenter, helper: Helper) -> None:
    """And logs nobody in."""
    reply = armed(helper, vcenter).run("--format", "xml", "export")
    assert reply.status == 2
    assert "env nor json nor powershell nor fish" in reply.stderr
    assert vcenter.requests == []


def test_exec_terraform_sees_no_password(vcenter: SimulatedVCenter, helper: Helper) -> None:
    """The real Terraform runs with the session in its environment."""
    terraform = peers.terraform()
    reply = armed(helper, vcenter).run("exec", "--", *terraform, "version", CHECKPOINT_DISABLE="1")
    assert reply.status == 0, reply
    assert b"Terraform v" in reply.stdout


@pytest.mark.parametrize("arguments", [["export"], ["exec", "--", "true"]])
def test_a_session_outside_the_cache_is_not_handed_on(
    vcenter: SimulatedVCenter, helper: Helper, arguments: list[str]
) -> None:
    """Nobody would end it; and nothing is logged in to find that out."""
    helper.environment["GOVC_PERSIST_SESSION"] = "false"
    reply = armed(helper, vcenter).run(*arguments)
    assert (reply.status, reply.stdout) == (10, b"")
    assert "passthrough" in reply.stderr
    assert vcenter.requests == []
