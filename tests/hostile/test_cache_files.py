"""Session files that are broken, foreign or changed by hand: never a crash or a hang, never a session sent elsewhere."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from hostile.broken_files import BROKEN_CONTENT, NOT_A_FILE, give_away, inflate, put_in_place
from hostile.inside import Inside
from hostile.measured import Measured
from simulated_vcenter import SimulatedVCenter
from support.program import PASSWORD, Helper, request
from vsphere_session.cache.govmomi_format import read_rest, read_soap

KINDS = ("soap", "rest")
orphans = pytest.mark.sessions_counted_by_hand
"""What a broken file knew, nobody can end: the test says how many sessions are left on the server."""


@pytest.fixture
def inside(vcenter: SimulatedVCenter, home: Path) -> Inside:
    return Inside(home, vcenter)


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def file(inside: Inside, kind: str) -> Path:
    """The file of a cached session of that kind."""
    return Path(inside.get(api=kind)[f"{kind}_session_file"])


# ---- content


def test_a_file_cut_anywhere_is_a_whole_session_or_none(file: Path, kind: str) -> None:
    read = read_soap if kind == "soap" else read_rest
    whole = file.read_bytes()
    session = read(whole)
    assert session is not None
    for length in range(len(whole)):
        cut = read(whole[:length])
        if length < len(whole) - 1:  # all but the line feed at the end is a whole file
            assert cut is None, length
        else:
            assert cut is not None
            assert cut.session_id == session.session_id


@orphans
@pytest.mark.parametrize("broken", BROKEN_CONTENT.values(), ids=BROKEN_CONTENT)
def test_a_broken_file_is_no_session_and_the_next_get_replaces_it(
    inside: Inside, kind: str, file: Path, broken: Callable[[bytes], bytes]
) -> None:
    file.write_bytes(broken(file.read_bytes()))
    assert inside.failure("get", api=kind, password=None).kind == "not-found"
    new = inside.get(api=kind, verify="always")
    assert new["source"] == "login"
    assert inside.get(api=kind, verify="always")["source"] == "cache"
    assert len(inside.vcenter.logins) == inside.vcenter.session_count == 2


@orphans
@pytest.mark.parametrize("broken", BROKEN_CONTENT.values(), ids=BROKEN_CONTENT)
def test_erase_removes_a_broken_file(inside: Inside, kind: str, file: Path, broken: Callable[[bytes], bytes]) -> None:
    file.write_bytes(broken(file.read_bytes()))
    assert inside.ask("erase", api=kind)["erased"] == kind
    assert not file.exists()
    assert inside.vcenter.session_count == 1


@pytest.mark.parametrize("tail", [b"x", b"\0" * 1000, b'{"SessionID":"other"}\n', b"\xff" * 900_000], ids=len)
def test_what_stands_after_the_session_is_ignored(inside: Inside, kind: str, file: Path, tail: bytes) -> None:
    with file.open("ab") as end:
        end.write(tail)
    assert inside.get(api=kind, verify="always")["source"] == "cache"
    assert inside.ask("erase", api=kind) == {"erased": kind}
    assert inside.vcenter.session_count == 0


@orphans
def test_a_file_of_100_mb_is_not_read_and_gets_replaced(
    vcenter: SimulatedVCenter, measured: Measured, kind: str, file: Path
) -> None:
    """In a process of its own, whose memory stays small."""
    inflate(file)
    assert measured.ok("get", request(vcenter, api=kind, password=PASSWORD))["source"] == "login"
    assert file.stat().st_size < 10_000
    inflate(file)
    assert measured.ok("erase", request(vcenter, api=kind)) == {"erased": kind}
    assert not file.exists()
    assert measured.peak_megabytes < 100
    assert len(vcenter.logins) == vcenter.session_count == 2


# ---- what is no file of ours


@orphans
@pytest.mark.parametrize("make", NOT_A_FILE.values(), ids=NOT_A_FILE)
def test_what_is_not_a_file_is_refused_left_alone_and_nobody_logs_in(
    vcenter: SimulatedVCenter, helper: Helper, kind: str, file: Path, make: Callable[[Path], None]
) -> None:
    """In a process of its own: a FIFO must not make it wait."""
    put_in_place(file, make)
    before = file.lstat()
    for verb, fields in (("get", {}), ("get", {"reauth": True}), ("erase", {})):
        given = {"password": PASSWORD} if verb == "get" else {}
        reply = helper.call(verb, request(vcenter, api=kind, **given, **fields))
        assert (reply.kind, reply.status) == ("storage", 9), reply
        assert str(file) in reply.stderr
    assert (file.lstat().st_ino, file.lstat().st_mode) == (before.st_ino, before.st_mode)
    assert vcenter.login_attempts == vcenter.session_count == 1


def test_somebody_elses_file_is_refused_left_alone_and_nobody_logs_in(
    inside: Inside, kind: str, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    give_away(file, monkeypatch)
    content = file.read_bytes()
    for verb, fields in (("get", {}), ("get", {"reauth": True}), ("erase", {"password": None})):
        failure = inside.failure(verb, api=kind, **fields)
        assert failure.kind == "storage"
        assert "belongs to somebody else" in failure.message
    assert file.read_bytes() == content
    assert inside.vcenter.login_attempts == 1


def test_a_file_in_somebody_elses_directory_is_refused(
    inside: Inside, kind: str, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who owns the directory can put any of our files in the place of any other."""
    give_away(file.parent, monkeypatch)
    for fields in ({}, {"reauth": True}):
        failure = inside.failure("get", api=kind, **fields)
        assert failure.kind == "storage"
        assert "belongs to somebody else" in failure.message
    assert inside.vcenter.login_attempts == 1


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o666, 0o777, 0o4755])
def test_a_looser_mode_of_the_file_is_repaired_by_a_mere_get(inside: Inside, kind: str, file: Path, mode: int) -> None:
    file.chmod(mode)
    assert inside.requests_during("get", api=kind) == []
    assert file.stat().st_mode & 0o7777 == 0o600


@pytest.mark.parametrize("mode", [0o755, 0o750, 0o777, 0o1777])
def test_a_looser_mode_of_the_directory_is_repaired_by_a_mere_get(
    inside: Inside, kind: str, file: Path, mode: int
) -> None:
    file.parent.chmod(mode)
    assert inside.requests_during("get", api=kind) == []
    assert file.parent.stat().st_mode & 0o7777 == 0o700


# ---- changed by hand


@orphans
@pytest.mark.parametrize("part", ["Host", "Scheme"])
def test_a_file_whose_url_leads_elsewhere_is_sent_nowhere(inside: Inside, kind: str, file: Path, part: str) -> None:
    """Neither to the other address nor, since it may not be this server's session, to this one."""
    (stolen,) = (session.id for session in inside.vcenter.sessions)
    with SimulatedVCenter() as trap:
        content = json.loads(file.read_bytes())
        content["SoapClient"]["url"][part] = {"Host": trap.authority, "Scheme": "http"}[part]
        file.write_text(json.dumps(content), encoding="utf-8")
        assert inside.ask("erase", api=kind) == {"erased": kind}
        file.write_text(json.dumps(content), encoding="utf-8")
        assert inside.failure("get", api=kind, password=None).kind == "not-found"
        assert inside.get(api=kind, verify="always")["source"] == "login"
        assert trap.requests == []
    seen = inside.vcenter.requests[len(_until_cached(inside)) :]
    assert not any(stolen in str(request.headers) for request in seen)


@orphans
def test_a_file_that_says_insecure_is_not_used_for_a_caller_who_verifies(inside: Inside, kind: str, file: Path) -> None:
    content = json.loads(file.read_bytes())
    content["SoapClient"]["insecure"] = True
    file.write_text(json.dumps(content), encoding="utf-8")
    inside.vcenter.new_certificate()
    old_authority = Path(inside.vcenter.ca_file).with_name("ca-1.pem")
    assert inside.failure("get", api=kind, ca_file=str(old_authority)).kind == "untrusted"
    assert inside.vcenter.requests == _until_cached(inside)
    assert inside.vcenter.session_count == 1


def _until_cached(inside: Inside) -> list[object]:
    """What the vCenter had seen when the session was cached: all up to its first login and the confirmation of it."""
    operations = [seen.operation for seen in inside.vcenter.requests]
    last = "Login" if "Login" in operations else "GET /api/session"
    return list(inside.vcenter.requests[: operations.index(last) + 1])
