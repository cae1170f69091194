"""The same directories, names and bytes as govc 0.56, and what either of them makes of the other's changes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from interop.pairs import USERS, Pair
from peers import VcSim
from simulated_vcenter import SimulatedVCenter
from support.program import PASSWORD, USER, Helper


@pytest.fixture(params=[*USERS, ""], ids=["upn", "domain", "odd", "umlaut", "none"])
def user(request: pytest.FixtureRequest) -> str:
    """The user names of the vectors."""
    name: str = request.param
    return name


@pytest.mark.parametrize("insecure", [False, True])
def test_the_helpers_files_are_those_of_govc_for_the_same_session_to_the_byte(
    tmp_path: Path, home: Path, user: str, insecure: bool
) -> None:
    with VcSim(user or USER, PASSWORD) as server:
        pair = Pair(server, home, user, insecure=insecure)
        if user:
            ids = pair.helper_sessions(password=PASSWORD)
        else:
            pair.kinds = ["soap"]
            ids = {"soap": Pair(server, tmp_path / "elsewhere", USER).govc(PASSWORD).ok("session.login", "-l")}
            pair.helper.ok("store", pair.request(soap_session_id=ids["soap"]))
        other = pair.govc(home=tmp_path / "other")
        for kind, session_id in ids.items():
            other.ok("session.login", *(["-r"] if kind == "rest" else []), "-cookie", session_id)
            ours = pair.govmomi_home / ("sessions" if kind == "soap" else "rest_sessions")
            (theirs,) = other.soap_files() if kind == "soap" else other.rest_files()
            assert [file.name for file in ours.iterdir()] == [theirs.name]
            assert (ours / theirs.name).read_bytes() == theirs.read_bytes()
            assert (ours / theirs.name).stat().st_mode == theirs.stat().st_mode
            assert ours.stat().st_mode == theirs.parent.stat().st_mode


@pytest.fixture
def pair(home: Path) -> Iterator[Pair]:
    """The helper and govc on a simulated vCenter with quoted cookies."""
    with SimulatedVCenter() as server:
        yield Pair(server, home, USER)


def test_a_session_of_govc_is_used_as_it_lies_there(pair: Pair) -> None:
    pair.govc_logs_in()
    before = {path: path.read_bytes() for path in pair.govmomi_home.rglob("*") if path.is_file()}
    pair.helper_sessions()
    pair.helper_sessions(verify="always")
    assert {path: path.read_bytes() for path in pair.govmomi_home.rglob("*") if path.is_file()} == before


def test_the_helpers_file_with_a_quoted_cookie_is_govcs_own_but_for_the_ids(pair: Pair, tmp_path: Path) -> None:
    ids = pair.helper_sessions(password=PASSWORD)
    theirs = Pair(pair.server, tmp_path / "their", USER)
    their_ids = theirs.govc_logs_in()
    for directory, kind in (("sessions", "soap"), ("rest_sessions", "rest")):
        (ours,) = (pair.govmomi_home / directory).iterdir()
        (other,) = (theirs.govmomi_home / directory).iterdir()
        assert ours.name == other.name
        assert ours.read_text().replace(ids[kind], their_ids[kind]) == other.read_text()


# ---- GOVMOMI_HOME


@pytest.mark.parametrize("first", ["govc", "helper"])
def test_govmomi_home_moves_the_sessions_of_both(pair: Pair, tmp_path: Path, first: str) -> None:
    pair.govmomi_home = tmp_path / "govmomi home ü"
    pair.helper.environment["GOVMOMI_HOME"] = str(pair.govmomi_home)
    if first == "govc":
        ids = pair.govc_logs_in()
        assert pair.helper_sessions() == ids
    else:
        ids = pair.helper_sessions(password=PASSWORD)
        assert pair.govc_sessions(pair.govc()) == ids
    assert sorted(path.name for path in pair.govmomi_home.iterdir()) == ["rest_sessions", "sessions"]
    assert len(pair.files()) == 2
    assert not (pair.helper.home / ".govmomi").exists()
    assert pair.count() == pair.expected


def test_two_govmomi_homes_are_two_caches_of_the_helper_as_of_govc(pair: Pair, tmp_path: Path) -> None:
    seen = []
    for name in ("a", "b", "a"):
        pair.helper.environment["GOVMOMI_HOME"] = str(tmp_path / name)
        seen.append(pair.helper.ok("get", pair.request(password=PASSWORD))["soap_session_id"])
    assert seen[0] == seen[2] != seen[1]
    assert pair.count() == 4


def test_an_empty_govmomi_home_is_none(pair: Pair) -> None:
    pair.helper.environment["GOVMOMI_HOME"] = ""
    ids = pair.helper_sessions(password=PASSWORD)
    assert pair.govc_sessions(pair.govc()) == ids


# ---- ends


def test_after_the_helpers_erase_govc_has_no_session_and_logs_in_anew_with_a_password(pair: Pair) -> None:
    old = pair.helper_sessions(password=PASSWORD)
    assert pair.govc_sessions(pair.govc()) == old
    assert pair.helper.ok("erase", pair.request()) == {"erased": "soap,rest"}
    assert pair.count() == 0
    assert pair.files() == {}
    assert pair.govc().run("session.login").returncode != 0
    new = pair.govc_logs_in()
    assert not set(new.values()) & set(old.values())
    assert pair.count() == 2


def test_the_helper_erases_what_govc_logged_in(pair: Pair) -> None:
    pair.govc_logs_in()
    assert pair.helper.ok("erase", pair.request()) == {"erased": "soap,rest"}
    assert pair.count() == 0
    assert pair.files() == {}


def test_after_govcs_logout_the_helper_finds_its_session_dead_and_logs_in_anew(pair: Pair) -> None:
    """Govc leaves the files of what it has ended."""
    old = pair.helper_sessions(password=PASSWORD)
    pair.govc().ok("session.logout", "-r")
    assert pair.count() == 0
    assert pair.helper.call("get", pair.request(verify="always")).kind == "not-found"
    reply = pair.helper.ok("get", pair.request(password=PASSWORD))
    assert reply["source"] == "login"
    assert reply["soap_session_id"] not in old.values()
    assert pair.count() == 2


def test_what_govc_puts_in_place_of_the_helpers_session_is_asked_about_and_used(pair: Pair) -> None:
    """Within the trust window, too: what was confirmed was another session."""
    replaced = pair.helper_sessions(password=PASSWORD)["soap"]
    elsewhere = Pair(pair.server, pair.helper.home / "elsewhere", USER)
    new = elsewhere.govc_logs_in()["soap"]
    (file,) = (pair.govmomi_home / "sessions").iterdir()
    file.write_bytes((elsewhere.govmomi_home / "sessions" / file.name).read_bytes())
    assert pair.helper_sessions()["soap"] == new
    assert isinstance(pair.server, SimulatedVCenter)
    pair.server.end(replaced)  # whoever copies over a file ends what was in it


def test_the_helpers_reauth_is_govcs_new_session_and_the_old_one_is_ended(pair: Pair) -> None:
    old = pair.govc_logs_in()
    new = pair.helper_sessions(password=PASSWORD, reauth=True)
    assert pair.govc_sessions(pair.govc()) == new
    assert not set(new.values()) & set(old.values())
    assert pair.count() == 2


def test_passthrough_leaves_govcs_session_alone_and_nothing_for_govc(pair: Pair) -> None:
    ids = pair.govc_logs_in()
    before = pair.files()
    reply = pair.helper.ok("get", pair.request(password=PASSWORD, passthrough=True))
    assert reply["soap_session_id"] not in ids.values()
    assert pair.files() == before
    assert pair.govc_sessions(pair.govc()) == ids
    own = {f"{kind}_session_id": reply[f"{kind}_session_id"] for kind in pair.kinds}
    pair.helper.ok("erase", pair.request(passthrough=True, **own))
    assert pair.count() == 2


def test_the_helper_in_another_home_shares_nothing(pair: Pair, tmp_path: Path) -> None:
    pair.helper_sessions(password=PASSWORD)
    other = Helper(tmp_path / "other")
    assert other.call("get", pair.request()).kind == "not-found"
