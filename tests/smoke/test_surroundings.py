"""The main job where little is as it is at home; on the single file and on a wheel's console script alike."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from hostile.surroundings import mounted
from simulated_vcenter import SimulatedVCenter
from smoke.main_job import do_main_job
from support.program import PASSWORD, USER, Helper, request


def test_the_version_says_what_it_was_built_from(helper: Helper) -> None:
    reply = helper.run("--version")
    assert reply.status == 0
    assert reply.stdout.startswith(b"vsphere-session ")
    assert b"Python 3." in reply.stdout
    assert (b"wheel" in reply.stdout) != (b"OpenSSL 3." in reply.stdout)


def test_with_a_home_directory_and_no_other_variable(vcenter: SimulatedVCenter, helper: Helper) -> None:
    helper.environment = {"HOME": str(helper.home)}
    do_main_job(helper, vcenter)


@pytest.mark.sessions_counted_by_hand
def test_with_no_variable_at_all(vcenter: SimulatedVCenter, helper: Helper) -> None:
    """Not even HOME. The caller owns the session, so that this machine's own home is left alone."""
    helper.environment = {}
    mine = helper.ok("get", request(vcenter, password=PASSWORD, passthrough=True))
    assert mine["source"] == "login"
    ids = {name: mine[name] for name in ("soap_session_id", "rest_session_id")}
    assert helper.ok("erase", request(vcenter, passthrough=True, **ids)) == {"erased": "soap,rest"}
    assert vcenter.session_count == 0


def test_with_directories_that_variables_name_and_no_home(vcenter: SimulatedVCenter, helper: Helper) -> None:
    names = {"GOVMOMI_HOME": ".govmomi", "XDG_STATE_HOME": "state", "XDG_CONFIG_HOME": "config"}
    helper.environment = {name: str(helper.home / directory) for name, directory in names.items()}
    do_main_job(helper, vcenter)


def test_with_no_python_on_the_path(vcenter: SimulatedVCenter, helper: Helper, tmp_path: Path) -> None:
    helper.environment["PATH"] = str(tmp_path)
    assert shutil.which("python3", path=helper.environment["PATH"]) is None
    do_main_job(helper, vcenter)


@pytest.mark.parametrize("locale", ["C", "POSIX", "ja_JP.eucJP", "de_DE.ISO-8859-1"])
def test_in_any_locale_and_with_a_home_that_ascii_cannot_spell(
    vcenter: SimulatedVCenter, tmp_path: Path, locale: str
) -> None:
    home = tmp_path / "Büro 東京"
    home.mkdir()
    helper = Helper(home, {"LC_ALL": locale})
    do_main_job(helper, vcenter)
    stored = helper.ok("store", {"url": "vc", "username": "Jürgen", "password": "€"}, "--secret-store", "file")
    assert stored == {"stored": "password"}
    secrets = home / ".local" / "state" / "vsphere-session" / "secrets.json"
    assert secrets.is_file()


def test_from_a_path_with_spaces(vcenter: SimulatedVCenter, helper: Helper, tmp_path: Path) -> None:
    place = tmp_path / "Program Files (ä)" / "vSphere session"
    place.parent.mkdir()
    shutil.copy(helper.program[0], place)
    helper.program = [str(place)]
    do_main_job(helper, vcenter)


def test_through_a_symbolic_link_and_from_the_path(vcenter: SimulatedVCenter, helper: Helper, tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "vsphere-session").symlink_to(helper.program[0])
    helper.program = ["/bin/sh", "-c", 'cd / && exec vsphere-session "$@"', "sh"]
    helper.environment["PATH"] = str(tmp_path / "bin")
    do_main_job(helper, vcenter)


def test_in_a_home_directory_that_cannot_be_written(vcenter: SimulatedVCenter, helper: Helper, home: Path) -> None:
    """What is cached is handed out. A login is refused beforehand, lest its session be lost."""
    cached = helper.ok("get", request(vcenter, password=PASSWORD))
    with mounted(home, 'mount --bind "$place" "$place" && mount -o remount,ro,bind "$place"') as place:
        if place is not None:
            closed = Helper(place)
            assert closed.ok("get", request(vcenter))["soap_session_id"] == cached["soap_session_id"]
        else:  # nobody may mount here: a file in the place of a directory cannot be written either
            (home / "file").touch()
            closed = Helper(home / "file")
        attempts = vcenter.login_attempts
        other = {"username": "somebody@vsphere.local", "password": "x"}
        assert closed.call("get", request(vcenter) | other).kind == "storage"
        assert vcenter.login_attempts == attempts


def test_a_conversation(vcenter: SimulatedVCenter, helper: Helper) -> None:
    lines = [
        b'{"action": "get", "id": 1, "url": "%s", "username": "%s", "password": "%s", "ca_file": "%s"}'
        % (vcenter.authority.encode(), USER.encode(), PASSWORD.encode(), os.fsencode(vcenter.ca_file)),
        b'{"action": "get", "id": 2, "url": "file:///etc"}',
        b'{"action": "erase", "id": 3, "url": "%s", "username": "%s", "ca_file": "%s"}'
        % (vcenter.authority.encode(), USER.encode(), os.fsencode(vcenter.ca_file)),
    ]
    reply = helper.run(stdin=b"\n".join(lines))
    first, second, third = reply.stdout.splitlines()
    assert b'"source": "login"' in first
    assert b'"error": "invalid-request"' in second
    assert b'"erased": "soap,rest"' in third
    assert reply.status == 0
