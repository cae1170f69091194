"""A session in the environment of another program, and the password nowhere."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

import peers
from simulated_vcenter import SimulatedVCenter
from support.program import PASSWORD, USER, Helper, Reply, Server


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


def test_exec_leaves_the_search_path_for_libraries_as_it_is(vcenter: SimulatedVCenter, helper: Helper) -> None:
    """It is the user's: the single file has not changed it for itself."""
    helper.environment["LD_LIBRARY_PATH"] = "/opt/vendor/lib"
    reply = armed(helper, vcenter).run("exec", "--", "sh", "-c", 'echo "$LD_LIBRARY_PATH"')
    assert (reply.status, reply.stdout) == (0, b"/opt/vendor/lib\n")


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
        with suppress(BrokenPipeError):  # the trap may not have waited for the line
            os.write(process.stdin.fileno(), b"\n")
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


def seen_by(helper: Helper, name: str, *command: str | Path) -> Path:
    """Put a script under `name` in the home directory that notes what it is given and then becomes `command`.

    The file returned here holds its environment and arguments, as the system itself shows them.
    """
    seen = helper.home / f"{name}.seen"
    script = helper.home / name
    real = shlex.join(map(str, command))
    note = f'cat /proc/self/environ /proc/self/cmdline /proc/$$/environ /proc/$$/cmdline >> "{seen}"'
    script.write_text(f'#!/bin/sh\n{note}\nexec {real} "$@"\n', encoding="utf-8")
    script.chmod(0o755)
    helper.environment["PATH"] = os.pathsep.join([str(helper.home), helper.environment["PATH"]])
    return seen


def test_exec_govc_ls_needs_no_password(helper: Helper, vcsim: peers.VcSim) -> None:
    """The real govc finds the session in the cache: one SOAP session, no login of its own, the password nowhere."""
    seen = seen_by(helper, "govc", peers.build().govc)
    armed(helper, vcsim)
    for _ in range(2):
        reply = helper.run("exec", "--", "govc", "ls")
        assert (reply.status, reply.stderr) == (0, ""), reply
        assert b"/DC0/vm\n" in reply.stdout
    reply = helper.run("exec", "--", "govc", "session.ls")
    assert USER.encode() in reply.stdout
    assert vcsim.session_count() == 1
    given = seen.read_bytes()
    assert b"GOVC_URL=" in given
    assert b"session.ls" in given
    assert PASSWORD.encode() not in given


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


CHILDREN = """
resource "terraform_data" "inventory" {
  provisioner "local-exec" {
    command = "govc ls > inventory"
  }
}
"""


def test_exec_terraform_applies_with_what_its_children_find(helper: Helper, vcsim: peers.VcSim, tmp_path: Path) -> None:
    """The real Terraform: its data source runs this program, its provisioner the real govc, all without the password.

    Terraform's own exit status comes through: 2 from a plan that has changes, 0 from one that has none, 1 on an error.
    """
    seen = [seen_by(helper, "govc", peers.build().govc), seen_by(helper, "terraform", *peers.terraform())]
    armed(helper, vcsim)
    (tmp_path / "terraform").mkdir()
    program = [*helper.program, "get"]
    workspace = peers.TerraformWorkspace(tmp_path / "terraform", program, {"output": "files"}, helper.environment)
    main = workspace.directory / "main.tf"
    main.write_text(main.read_text(encoding="utf-8") + CHILDREN, encoding="utf-8")
    workspace.init()
    helper.environment |= workspace.environment

    def terraform(verb: str, *options: str) -> Reply:
        chdir = f"-chdir={workspace.directory}"
        return helper.run("exec", "--", "terraform", chdir, verb, "-no-color", "-input=false", *options)

    assert terraform("plan", "-detailed-exitcode").status == 2
    done = terraform("apply", "-auto-approve")
    assert (done.status, done.stderr) == (0, ""), done
    assert terraform("plan", "-detailed-exitcode").status == 0
    assert "/DC0/vm" in (workspace.directory / "inventory").read_text(encoding="utf-8").splitlines()
    state = json.loads(workspace.state_file.read_text(encoding="utf-8"))
    assert state["outputs"]["result"]["value"]["source"] == "cache"
    assert vcsim.session_count() == 1
    main.write_text("no HCL", encoding="utf-8")
    assert terraform("apply", "-auto-approve").status == 1
    for file in [*seen, workspace.state_file]:
        assert PASSWORD.encode() not in file.read_bytes(), file.name


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
