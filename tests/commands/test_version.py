"""`version`: what a bug report needs, and where things are."""

from __future__ import annotations

import json

from support.program import Helper
from vsphere_session.version import __version__


def test_it_says_what_the_program_is_made_of_and_where_it_keeps_things(helper: Helper) -> None:
    found = json.loads(helper.run("version", "--json").stdout)
    assert found["version"] == __version__
    assert found["build"] in helper.run("--version").stdout.decode()
    assert found["python"] in found["build"]
    assert found["openssl"].startswith("3.")
    assert found["configuration"] == f"{helper.home}/.config/vsphere-session/config.toml"
    assert found["state"] == f"{helper.home}/.local/state/vsphere-session"
    assert found["soap_sessions"] == f"{helper.home}/.govmomi/sessions"
    assert found["rest_sessions"] == f"{helper.home}/.govmomi/rest_sessions"


def test_a_person_reads_the_same_a_line_each(helper: Helper) -> None:
    lines = helper.run("version").stdout.decode().splitlines()
    values = list(json.loads(helper.run("version", "--json").stdout).values())
    assert [line.partition(": ")[2] for line in lines] == values


def test_variables_and_options_count(helper: Helper) -> None:
    """What is shown is what the next call takes."""
    reply = helper.run("version", "--json", "--config", "/etc/vs.toml", GOVMOMI_HOME="/srv/govmomi")
    found = json.loads(reply.stdout)
    assert (found["configuration"], found["soap_sessions"]) == ("/etc/vs.toml", "/srv/govmomi/sessions")


def test_where_no_place_is_known_all_else_is_still_shown(helper: Helper) -> None:
    """It is asked for when something is wrong."""
    found = json.loads(helper.run("version", "--json", GOVMOMI_HOME='"quoted"').stdout)
    assert found["version"] == __version__
    assert "GOVMOMI_HOME" in found["state"]
    assert "configuration" not in found


def test_it_needs_no_configuration_that_can_be_read(helper: Helper) -> None:
    (helper.home / ".config/vsphere-session").mkdir(parents=True)
    (helper.home / ".config/vsphere-session/config.toml").write_text("not TOML")
    assert helper.run("version").status == 0
