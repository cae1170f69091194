"""A long configuration is read and checked once; from then on what it says is at hand, until it changes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from simulated_vcenter import SimulatedVCenter
from support.program import PASSWORD, USER, Helper, settle

OTHERS = "".join(f'[endpoint."vc{number:04}.example.com"]\nusername = "other"\n\n' for number in range(500))


@pytest.fixture
def config(helper: Helper) -> Path:
    """The configuration file, which is not there yet."""
    path = helper.home / ".config" / "vsphere-session" / "config.toml"
    path.parent.mkdir(parents=True)
    return path


def write(config: Path, helper: Helper, vcenter: SimulatedVCenter, *lines: str) -> None:
    """The settings of the one endpoint, behind those of many others; the file is no news any more."""
    own = f'username = "{USER}"\nca_file = "{vcenter.ca_file}"\n'
    config.write_text(f'{OTHERS}[endpoint."{vcenter.authority}"]\n{own}' + "".join(f"{line}\n" for line in lines))
    settle(helper)


def kept(helper: Helper) -> list[Path]:
    return sorted((helper.home / ".local/state/vsphere-session/configurations").glob("*"))


def test_it_is_kept_by_the_first_call_and_says_the_same_to_the_second(
    vcenter: SimulatedVCenter, helper: Helper, config: Path
) -> None:
    write(config, helper, vcenter)
    first = helper.ok("get", {"url": vcenter.authority, "password": PASSWORD})
    (file,) = kept(helper)
    assert file.stat().st_mode & 0o777 == 0o600
    second = helper.ok("get", {"url": vcenter.authority}, "--no-remember")
    assert {**first, "source": "cache"} == second
    assert kept(helper) == [file]


def test_a_change_is_seen_by_the_next_call(vcenter: SimulatedVCenter, helper: Helper, config: Path) -> None:
    write(config, helper, vcenter)
    helper.ok("get", {"url": vcenter.authority, "password": PASSWORD})
    write(config, helper, vcenter, 'api = "soap"')
    assert "rest_session_id" not in helper.ok("get", {"url": vcenter.authority})


@pytest.mark.parametrize("wrong", ['usrname = "me"', "api = 1", "verify = ", '[endpoint."vc0001.example.com"]'])
def test_a_mistake_in_it_is_told_by_every_call(
    vcenter: SimulatedVCenter, helper: Helper, config: Path, wrong: str
) -> None:
    write(config, helper, vcenter)
    helper.ok("get", {"url": vcenter.authority, "password": PASSWORD})
    write(config, helper, vcenter, wrong)
    said = [helper.call("get", {"url": vcenter.authority}) for _ in range(2)]
    assert said[0].kind == "invalid-request"
    assert str(config) in said[0].stderr
    assert said[0].stderr == said[1].stderr


@pytest.mark.parametrize("data", [b"", b"{}\n", b"[1]\n{", b"\0" * 4096])
def test_what_was_kept_and_is_broken_counts_for_nothing(
    vcenter: SimulatedVCenter, helper: Helper, config: Path, data: bytes
) -> None:
    write(config, helper, vcenter)
    helper.ok("get", {"url": vcenter.authority, "password": PASSWORD})
    (file,) = kept(helper)
    whole = file.read_bytes()
    file.write_bytes(data)
    assert helper.ok("get", {"url": vcenter.authority}, "--no-remember")["source"] == "cache"
    assert file.read_bytes() == whole


def test_a_url_with_a_login_in_it_is_not_copied(vcenter: SimulatedVCenter, helper: Helper, config: Path) -> None:
    config.write_text(f'url = "https://{USER}:canary@{vcenter.authority}"\nca_file = "{vcenter.ca_file}"\n{OTHERS}')
    settle(helper)
    helper.call("get", {"password": PASSWORD})
    assert kept(helper) == []


def test_new_files_with_each_call_leave_no_heap(vcenter: SimulatedVCenter, helper: Helper, config: Path) -> None:
    write(config, helper, vcenter)
    for number in range(12):
        other = config.with_name(f"{number}.toml")
        os.link(config, other)
    settle(helper)
    for number in range(12):
        helper.ok(
            "get", {"url": vcenter.authority, "password": PASSWORD}, "--config", str(config.with_name(f"{number}.toml"))
        )
    assert 0 < len(kept(helper)) <= 8


def test_without_a_place_to_keep_it_nothing_is_amiss(vcenter: SimulatedVCenter, helper: Helper, config: Path) -> None:
    write(config, helper, vcenter)
    state = helper.home / ".local/state/vsphere-session"
    state.mkdir(parents=True, mode=0o700)
    (state / "configurations").write_text("in the way")
    assert helper.ok("get", {"url": vcenter.authority, "password": PASSWORD})["source"] == "login"
