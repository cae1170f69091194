"""Homes, directories, limits and clocks that are not as they should be: the right kind, nothing lost, nothing leaked."""

from __future__ import annotations

import pwd
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from hostile.inside import Inside
from hostile.surroundings import ORDINARY, limited, mounted, within
from simulated_vcenter import SimulatedVCenter
from support.program import PASSWORD, Helper, Reply, request
from vsphere_session.errors import StorageError
from vsphere_session.storage.paths import Paths

MOUNT_READ_ONLY = 'mount --bind "$place" "$place" && mount -o remount,bind,ro "$place"'


def own_modes(home: Path) -> set[str]:
    """The modes of all that is in a home, kind by kind."""
    return {f"{'d' if path.is_dir() else 'f'}{path.stat().st_mode & 0o7777:04o}" for path in home.rglob("*")}


def login(helper: Helper, vcenter: SimulatedVCenter, **fields: object) -> Reply:
    return helper.call("get", request(vcenter, password=PASSWORD, **fields))


# ---- no home, or none that can be written


@pytest.mark.parametrize("home_variable", [{}, {"HOME": ""}, {"HOME": "relative"}, {"HOME": "."}], ids=str)
def test_without_a_usable_home_the_user_database_says_where_it_is(
    home_variable: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pwd, "getpwuid", lambda _uid: SimpleNamespace(pw_dir=str(tmp_path)))
    assert Path(Paths(home_variable).soap_sessions) == tmp_path / ".govmomi/sessions"


@pytest.mark.parametrize("home_variable", [{}, {"HOME": ""}, {"HOME": "relative"}], ids=str)
def test_without_any_home_it_is_a_storage_error_and_never_the_current_directory(
    home_variable: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def nobody(_uid: int) -> None:
        raise KeyError("no such user")

    monkeypatch.setattr(pwd, "getpwuid", nobody)
    with pytest.raises(StorageError, match="HOME is not set"):
        Paths(home_variable)


@pytest.mark.parametrize("home_variable", ["", "relative", "../x"])
def test_with_a_home_that_is_not_absolute_nothing_is_put_into_the_current_directory(
    vcenter: SimulatedVCenter, helper: Helper, home: Path, tmp_path: Path, home_variable: str
) -> None:
    """The other directories are named, so that the test leaves this machine's own home alone."""
    here = tmp_path / "here"
    here.mkdir()
    places = {
        "HOME": home_variable,
        "GOVMOMI_HOME": str(home / ".govmomi"),
        "XDG_STATE_HOME": str(home / "state"),
        "XDG_CONFIG_HOME": str(home / "config"),
    }
    reply = within(helper, f"os.chdir({str(here)!r})").call("get", request(vcenter, password=PASSWORD), **places)
    assert reply.fields["source"] == "login"
    assert list(here.iterdir()) == []
    assert set(tmp_path.iterdir()) == {here, home}


def assert_refused_before_any_login(reply: Reply, vcenter: SimulatedVCenter) -> None:
    assert (reply.kind, reply.status) == ("storage", 9), reply
    assert vcenter.login_attempts == 0


@pytest.mark.parametrize("name", [".govmomi", ".govmomi/sessions", ".local", ".local/state/vsphere-session"])
def test_a_file_in_the_place_of_a_directory_is_a_storage_error_before_any_login(
    vcenter: SimulatedVCenter, helper: Helper, home: Path, name: str
) -> None:
    (home / name).parent.mkdir(parents=True, exist_ok=True)
    (home / name).write_bytes(b"mine")
    assert_refused_before_any_login(login(helper, vcenter), vcenter)
    assert (home / name).read_bytes() == b"mine"
    (home / name).unlink()
    assert login(helper, vcenter).fields["source"] == "login"


def test_a_home_that_is_a_file_or_missing_or_no_path_at_all_is_a_storage_error(
    vcenter: SimulatedVCenter, helper: Helper, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    for home in (tmp_path / "file", Path("/dev/null"), Path("/proc/self/nowhere"), Path("/" + "x" * 300)):
        reply = helper.call("get", request(vcenter, password=PASSWORD), HOME=str(home))
        assert_refused_before_any_login(reply, vcenter)


@pytest.mark.parametrize("name", ["", ".govmomi", ".local/state"])
def test_a_directory_that_may_not_be_written_is_a_storage_error_before_any_login(
    vcenter: SimulatedVCenter, helper: Helper, home: Path, name: str
) -> None:
    """One that is there already, and that the helper does not call its own: its own gets its mode repaired."""
    closed = home / name
    closed.mkdir(parents=True, exist_ok=True)
    closed.chmod(0o500)
    assert_refused_before_any_login(login(within(helper, ORDINARY), vcenter), vcenter)
    closed.chmod(0o700)
    assert login(within(helper, ORDINARY), vcenter).fields["source"] == "login"


@pytest.fixture
def read_only(vcenter: SimulatedVCenter, helper: Helper, home: Path) -> Iterator[Helper]:
    """A helper with cached sessions in a home that is read-only: mounted so, or where nobody may mount without room."""
    assert login(helper, vcenter).status == 0
    with mounted(home, MOUNT_READ_ONLY) as place:
        yield Helper(place) if place is not None else limited(helper, "RLIMIT_FSIZE", 0)


def test_a_read_only_home_still_gives_out_what_is_cached(vcenter: SimulatedVCenter, read_only: Helper) -> None:
    for verify in ("auto", "always", "never"):
        reply = read_only.call("get", request(vcenter, verify=verify))
        assert reply.fields["source"] == "cache"
        assert reply.stderr == ""
    assert len(vcenter.logins) == 2


def test_in_a_read_only_home_nothing_is_replaced_or_erased(vcenter: SimulatedVCenter, read_only: Helper) -> None:
    before = vcenter.sessions
    calls: list[tuple[str, dict[str, object]]] = [
        ("get", {"reauth": True, "password": PASSWORD}),
        ("erase", {}),
        ("store", {"password": PASSWORD}),
    ]
    for verb, fields in calls:
        assert read_only.call(verb, request(vcenter, **fields), "--secret-store", "file").kind == "storage"
    assert [session.id for session in vcenter.sessions] == [session.id for session in before]


def test_passthrough_needs_no_directory_at_all(vcenter: SimulatedVCenter, helper: Helper) -> None:
    reply = helper.call("get", request(vcenter, password=PASSWORD, passthrough=True), HOME="/dev/null")
    ids = {name: value for name, value in reply.fields.items() if name.endswith("_session_id")}
    assert set(ids.values()) == {session.id for session in vcenter.sessions}
    gone = helper.call("erase", request(vcenter, passthrough=True, **ids), HOME="/dev/null")
    assert gone.fields == {"erased": "soap,rest"}
    assert vcenter.session_count == 0


# ---- the current directory


def test_a_current_directory_that_is_gone_does_not_matter(
    vcenter: SimulatedVCenter, helper: Helper, tmp_path: Path
) -> None:
    nowhere = within(helper, f"os.chdir({str(tmp_path)!r}); os.mkdir('gone'); os.chdir('gone'); os.rmdir('../gone')")
    assert login(nowhere, vcenter).fields["source"] == "login"
    assert nowhere.ok("get", request(vcenter))["source"] == "cache"
    assert nowhere.ok("erase", request(vcenter)) == {"erased": "soap,rest"}


def test_a_relative_govmomi_home_in_a_directory_that_is_gone_is_a_storage_error(
    vcenter: SimulatedVCenter, helper: Helper, tmp_path: Path
) -> None:
    nowhere = within(helper, f"os.chdir({str(tmp_path)!r}); os.mkdir('gone'); os.chdir('gone'); os.rmdir('../gone')")
    reply = nowhere.call("get", request(vcenter, password=PASSWORD), GOVMOMI_HOME="here")
    assert_refused_before_any_login(reply, vcenter)
    assert "GOVMOMI_HOME" in reply.stderr


# ---- modes


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077, 0o777], ids=oct)
def test_the_umask_does_not_matter(vcenter: SimulatedVCenter, helper: Helper, home: Path, umask: int) -> None:
    masked = within(helper, f"{ORDINARY}\nos.umask({umask})")
    assert login(masked, vcenter).fields["source"] == "login"
    assert masked.ok("get", request(vcenter, verify="always"))["source"] == "cache"
    assert login(masked, vcenter, reauth=True).fields["source"] == "login"
    masked.ok("store", request(vcenter, password=PASSWORD), "--secret-store", "file")
    assert own_modes(home) == {"d0700", "f0600"}
    assert masked.ok("erase", request(vcenter)) == {"erased": "password,soap,rest"}


# ---- limits


@pytest.mark.parametrize("fields", [{}, {"api": "rest"}, {"insecure": True}, {"passthrough": True}], ids=str)
def test_with_too_few_files_to_open_it_is_a_storage_error_and_no_session_is_left(
    vcenter: SimulatedVCenter, helper: Helper, fields: dict[str, object]
) -> None:
    """From the smallest number with which the program says its version, up to one with which a login succeeds."""
    enough = next(n for n in range(3, 64) if limited(helper, "RLIMIT_NOFILE", n).run("--version").status == 0)
    for number in range(enough, 64):
        reply = login(limited(helper, "RLIMIT_NOFILE", number), vcenter, **fields)
        if reply.status == 0:
            break
        assert reply.kind == "storage", (number, reply)
        assert "too many" in reply.stderr.lower(), (number, reply)
        assert vcenter.session_count == 0, number
    ids = {name: value for name, value in reply.fields.items() if name.endswith("_session_id")}
    assert helper.ok("erase", request(vcenter, **fields, **ids))["erased"]
    assert vcenter.session_count == 0


# ---- the clock


@pytest.mark.parametrize("back", [61, 3600, 30 * 86400, 40 * 365 * 86400])
def test_a_clock_set_back_costs_a_question_to_the_server_and_no_session(
    vcenter: SimulatedVCenter, home: Path, back: int
) -> None:
    inside = Inside(home, vcenter)
    inside.get()
    inside.clock.shift = -back
    now = inside.clock.now()
    assert inside.requests_during("get") == ["RetrievePropertiesEx", "GET /api/session"]
    assert inside.ask("get")["expires_at"] <= _rfc3339(now + 25 * 60 + 60)
    assert inside.requests_during("get") == []
    inside.clock.shift = 0.0
    assert inside.requests_during("get")[0] == "RetrievePropertiesEx"
    assert len(vcenter.logins) == 2


def test_a_clock_that_was_ahead_at_the_login_and_is_right_now_loses_no_session(
    vcenter: SimulatedVCenter, home: Path
) -> None:
    inside = Inside(home, vcenter)
    inside.clock.shift = 365 * 86400.0
    inside.get()
    inside.clock.shift = 0.0
    for _ in range(3):
        assert inside.ask("get")["source"] == "cache"
    assert inside.ask("erase") == {"erased": "soap,rest"}
    assert vcenter.session_count == 0


def _rfc3339(seconds: float) -> str:
    from vsphere_session.clock import rfc3339

    return rfc3339(seconds)
