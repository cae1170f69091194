"""`configure terraform-cli` and `configure bazel`: a marked block in a text file, of which nothing else changes."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

import peers
from configure.setting_up import OTHER, Setup

TEXTS = ["", "\n", "# mine", "# mine\n", "# mine\r\n# ü\r\n", "# mine\n\n\n"]
FILES = {"terraform-cli": ".terraformrc", "bazel": ".bazelrc"}
CALLERS = pytest.mark.parametrize("caller", FILES)


@CALLERS
def test_without_a_file_one_is_made_and_removed_again(setup: Setup, caller: str) -> None:
    setup.round(caller, changes=2)


@CALLERS
@pytest.mark.parametrize("text", TEXTS)
def test_a_file_is_changed_and_back_to_the_byte(setup: Setup, caller: str, text: str) -> None:
    setup.write(setup.home / FILES[caller], text)
    setup.round(caller, changes=2)


@CALLERS
def test_what_the_user_adds_later_stays(setup: Setup, caller: str) -> None:
    path = setup.write(setup.home / FILES[caller], "# before\n")
    setup.ok("configure", caller)
    path.write_text(path.read_text() + "# after\n")
    setup.ok("unconfigure", caller)
    assert path.read_text() == "# before\n# after\n"


# ---- Terraform


def test_terraform_calls_the_program(setup: Setup) -> None:
    """`terraform logout` of a stored login has it forgotten."""
    setup.write(setup.home / ".terraformrc", "disable_checkpoint = true")
    link = setup.home / ".terraform.d" / "plugins" / "terraform-credentials-vsphere"
    assert setup.ok("configure", "terraform-cli") == [
        f"link {link} -> {setup.program}",
        f'add credentials_helper "vsphere" to {setup.home / ".terraformrc"}',
    ]
    assert setup.desk.run(str(link), "store", OTHER, stdin=b'{"token":"t0ken"}').status == 0
    subprocess.run(
        [*peers.terraform(), "logout", OTHER], env=setup.desk.environment, check=True, capture_output=True, timeout=120
    )
    assert setup.desk.run(str(link), "get", OTHER).stdout == b"{}\n"


def test_tf_cli_config_file_says_where_the_file_is(setup: Setup) -> None:
    path = setup.home / "my.tfrc"
    setup.ok("configure", "terraform-cli", TF_CLI_CONFIG_FILE=str(path))
    assert 'credentials_helper "vsphere"' in path.read_text()
    assert not (setup.home / ".terraformrc").exists()


@pytest.mark.parametrize(
    "text",
    [
        'credentials_helper "mine" {\n}\n',
        '  credentials_helper "vsphere" { args = [] }',
        '{"disable_checkpoint": true}',
    ],
)
def test_another_credentials_helper_stays(setup: Setup, text: str) -> None:
    """Terraform takes one only; and what is JSON has no place for the marks."""
    path = setup.write(setup.home / ".terraformrc", text)
    assert str(path) in setup.refused(2, "configure", "terraform-cli")
    assert setup.ok("unconfigure", "terraform-cli") == ["nothing to do"]


def test_a_commented_out_helper_is_none(setup: Setup) -> None:
    setup.write(setup.home / ".terraformrc", '# credentials_helper "mine" {\n')
    setup.round("terraform-cli", changes=2)


def test_terraform_has_one_helper_for_every_host(setup: Setup) -> None:
    assert "--host" in setup.refused(2, "configure", "terraform-cli", "--host", OTHER)


def test_options_that_the_user_adds_to_the_block_stay(setup: Setup) -> None:
    path = setup.home / ".terraformrc"
    setup.ok("configure", "terraform-cli")
    path.write_text(path.read_text().replace("}", '  args = ["-v"]\n}'))
    assert setup.ok("configure", "terraform-cli") == ["nothing to do"]


# ---- Bazel


def test_bazel_is_given_a_script_that_answers_it(setup: Setup) -> None:
    """The line names the host without its port, as Bazel compares it."""
    script = setup.bin / "bazel-vsphere-session"
    host = setup.authority.partition(":")[0]
    assert setup.ok("configure", "bazel") == [
        f"write the script {script}",
        f"set --credential_helper for {host} in {setup.home / '.bazelrc'}",
    ]
    assert f"common --credential_helper={host}={script}\n" in (setup.home / ".bazelrc").read_text()
    asked = setup.desk.run(str(script), "get", stdin=json.dumps({"uri": f"https://{setup.authority}/api"}).encode())
    (session,) = setup.desk.vcenter.sessions
    assert json.loads(asked.stdout)["headers"] == {"vmware-api-session-id": [session.id]}


def test_the_script_stays_until_the_last_host_is_gone(setup: Setup) -> None:
    path = setup.home / ".bazelrc"
    setup.ok("configure", "bazel", "--host", "one.example.com")
    one = path.read_text()
    assert len(setup.ok("configure", "bazel", "--host", OTHER)) == 1
    assert len(setup.ok("unconfigure", "bazel", "--host", OTHER)) == 1
    assert path.read_text() == one
    assert len(setup.ok("unconfigure", "bazel")) == 2
    assert not path.exists()
    assert not (setup.bin / "bazel-vsphere-session").exists()


@pytest.mark.parametrize("line", ["common --credential_helper={}=/mine", "build --x '--credential_helper={}=/mine'"])
def test_another_helper_for_the_host_stays(setup: Setup, line: str) -> None:
    path = setup.write(setup.home / ".bazelrc", line.format(OTHER))
    assert str(path) in setup.refused(2, "configure", "bazel", "--host", OTHER)
    assert setup.ok("unconfigure", "bazel") == ["nothing to do"]
    setup.ok("configure", "bazel", "--host", "an" + OTHER)


@pytest.mark.parametrize("text", ["#!/bin/sh\n", None])
def test_what_has_the_scripts_name_stays(setup: Setup, text: str | None) -> None:
    path = setup.bin / "bazel-vsphere-session"
    if text is None:
        path.symlink_to("vsphere-session")
    else:
        path.write_text(text)
    assert str(path) in setup.refused(9, "configure", "bazel")
    assert setup.ok("unconfigure", "bazel") == ["nothing to do"]
    assert Path(path).exists()


def test_bazel_has_no_helpers_for_addresses_in_brackets(setup: Setup) -> None:
    assert "IPv6" in setup.refused(2, "configure", "bazel", "--host", "[2001:db8::1]")
