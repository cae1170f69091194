"""The helper's own files, broken in every way.

A broken record costs a question to the server and nothing else; a broken index of logins, or a broken file of them, is
an error where they are needed, since what it hides must not count as forgotten.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from hostile.broken_files import BROKEN_CONTENT, NOT_A_FILE, give_away, inflate, put_in_place
from hostile.inside import Inside
from simulated_vcenter import SimulatedVCenter
from support.program import PASSWORD, USER
from vsphere_session.cache.record import Record
from vsphere_session.storage.paths import Paths

BROKEN_LOGINS = {name: broken for name, broken in BROKEN_CONTENT.items() if name not in ("an empty object", "UTF-16")}
"""An empty object is a good file without any login in it, and JSON may be UTF-16."""
CONFIRMATIONS = {"soap": ["RetrievePropertiesEx"], "rest": ["GET /api/session"]}


@pytest.fixture
def inside(vcenter: SimulatedVCenter, home: Path) -> Inside:
    return Inside(home, vcenter)


def own_files(inside: Inside, name: str) -> list[Path]:
    return sorted(Path(Paths(inside.environment).state).glob(name))


@pytest.fixture(params=["soap", "rest"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def record(inside: Inside, kind: str) -> Path:
    """The record beside a cached session of that kind."""
    inside.get(api=kind)
    (path,) = own_files(inside, "records/*")
    return path


def assert_only_a_question(inside: Inside, kind: str) -> None:
    """Without a password, so that a login would be an error; afterwards the record is well again."""
    assert set(inside.requests_during("get", api=kind)) <= {*CONFIRMATIONS[kind], "POST /rest/com/vmware/cis/session"}
    assert inside.requests_during("get", api=kind) == []


# ---- the record


def test_a_record_cut_anywhere_costs_a_question_to_the_server(inside: Inside, kind: str, record: Path) -> None:
    whole = record.read_bytes()
    for length in range(len(whole) - 1):
        record.write_bytes(whole[:length])
        assert Record(str(record)).kinds == {}, length
        if length % 29:
            continue
        assert inside.requests_during("get", api=kind) == CONFIRMATIONS[kind], length
    assert inside.vcenter.login_attempts == 1


@pytest.mark.parametrize("broken", BROKEN_CONTENT.values(), ids=BROKEN_CONTENT)
def test_a_broken_record_costs_a_question_to_the_server(
    inside: Inside, kind: str, record: Path, broken: Callable[[bytes], bytes]
) -> None:
    record.write_bytes(broken(record.read_bytes()))
    assert inside.requests_during("get", api=kind) == CONFIRMATIONS[kind]
    assert_only_a_question(inside, kind)


@pytest.mark.parametrize(
    "broken",
    [lambda path: path.write_bytes(path.read_bytes() + b"{}"), inflate, Path.unlink],
    ids=["with a tail", "100 MB", "missing"],
)
def test_a_record_of_the_wrong_length_costs_a_question_to_the_server(
    inside: Inside, kind: str, record: Path, broken: Callable[[Path], object]
) -> None:
    broken(record)
    assert_only_a_question(inside, kind)


@pytest.mark.parametrize("wrong", [None, True, 0, -1, 1e300, "", "x", [], {}, [[]], "nan", "-inf", "\ud800"], ids=repr)
def test_wrong_types_and_numbers_in_a_record_cost_a_question_to_the_server(
    inside: Inside, kind: str, record: Path, wrong: object
) -> None:
    whole = json.loads(record.read_bytes())
    for name in whole[kind]:
        if name == "login_at" and wrong in (0, -1, "-inf"):
            continue  # a good number, and a session as old as that has reached its largest age
        record.write_text(json.dumps(whole | {kind: whole[kind] | {name: wrong}}), encoding="utf-8")
        assert_only_a_question(inside, kind)
    for name in whole:
        record.write_text(json.dumps(whole | {name: wrong}), encoding="utf-8")
        assert_only_a_question(inside, kind)


@pytest.mark.parametrize("make", NOT_A_FILE.values(), ids=NOT_A_FILE)
def test_a_record_that_is_no_file_costs_a_question_each_time(
    inside: Inside, kind: str, record: Path, make: Callable[[Path], None]
) -> None:
    put_in_place(record, make)
    for _ in range(2):
        assert inside.requests_during("get", api=kind) == CONFIRMATIONS[kind]
    assert inside.ask("erase", api=kind) == {"erased": kind}


def test_somebody_elses_record_is_not_believed(
    inside: Inside, kind: str, record: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    give_away(record, monkeypatch)
    assert inside.requests_during("get", api=kind) == CONFIRMATIONS[kind]


@pytest.mark.parametrize("make", NOT_A_FILE.values(), ids=NOT_A_FILE)
def test_no_login_is_made_whose_record_cannot_be_written(
    inside: Inside, kind: str, record: Path, make: Callable[[Path], None]
) -> None:
    """And the cached session stays as it was."""
    put_in_place(record, make)
    failure = inside.failure("get", api=kind, reauth=True)
    assert failure.kind == "storage"
    assert str(record) in failure.message
    assert inside.vcenter.login_attempts == 1
    assert inside.get(api=kind)["source"] == "cache"


# ---- the lock


@pytest.mark.parametrize("make", NOT_A_FILE.values(), ids=NOT_A_FILE)
def test_a_lock_that_is_no_file_keeps_from_logging_in_and_not_from_using_the_session(
    inside: Inside, kind: str, make: Callable[[Path], None]
) -> None:
    inside.get(api=kind)
    (lock,) = own_files(inside, "locks/*")
    put_in_place(lock, make)
    failure = inside.failure("get", api=kind, reauth=True)
    assert failure.kind == "storage"
    assert str(lock) in failure.message
    assert inside.get(api=kind, verify="always")["source"] == "cache"
    assert inside.vcenter.login_attempts == 1


@pytest.mark.parametrize("content", [b"", b"garbage", b"\xff" * 100, b"9" * 100], ids=len)
def test_what_a_lock_file_holds_does_not_matter(inside: Inside, kind: str, content: bytes) -> None:
    inside.get(api=kind)
    (lock,) = own_files(inside, "locks/*")
    lock.write_bytes(content)
    lock.chmod(0o666)
    assert inside.get(api=kind, reauth=True)["source"] == "login"
    assert lock.stat().st_mode & 0o7777 == 0o600
    assert inside.vcenter.session_count == 1


# ---- the stored logins


@pytest.fixture
def stored(inside: Inside) -> list[Path]:
    """The index of logins and the file with the secrets, both with one login in them."""
    inside.secret_store = "file"
    inside.ask("store", password=PASSWORD)
    files = [*own_files(inside, "logins/*"), *own_files(inside, "secrets.json")]
    assert len(files) == 2
    return files


def assert_login_is_not_lost(inside: Inside, broken: Path) -> None:
    """Whoever needs the login gets an error that names the file; nobody logs in, and erase does not claim success."""
    for verb, fields in (
        ("get", {"password": None}),
        ("erase", {"password": None}),
        ("store", {}),
    ):
        failure = inside.failure(verb, **fields)
        assert failure.kind == "storage", (verb, failure.message)
        assert str(broken) in failure.message
    assert inside.vcenter.requests == []


@pytest.mark.parametrize("which", [0, 1], ids=["index", "secrets"])
@pytest.mark.parametrize("broken", BROKEN_LOGINS.values(), ids=BROKEN_LOGINS)
def test_a_broken_file_of_logins_is_an_error_where_it_is_needed(
    inside: Inside, stored: list[Path], which: int, broken: Callable[[bytes], bytes]
) -> None:
    content = broken(stored[which].read_bytes())
    stored[which].write_bytes(content)
    assert_login_is_not_lost(inside, stored[which])
    assert stored[which].read_bytes() == content
    assert PASSWORD.encode() in stored[1].read_bytes() or which == 1


@pytest.mark.parametrize("which", [0, 1], ids=["index", "secrets"])
@pytest.mark.parametrize("make", NOT_A_FILE.values(), ids=NOT_A_FILE)
def test_a_file_of_logins_that_is_no_file_is_an_error_where_it_is_needed(
    inside: Inside, stored: list[Path], which: int, make: Callable[[Path], None]
) -> None:
    put_in_place(stored[which], make)
    assert_login_is_not_lost(inside, stored[which])


@pytest.mark.parametrize("which", [0, 1], ids=["index", "secrets"])
def test_a_file_of_logins_of_100_mb_is_an_error_where_it_is_needed(
    inside: Inside, stored: list[Path], which: int
) -> None:
    inflate(stored[which])
    assert_login_is_not_lost(inside, stored[which])


@pytest.mark.parametrize("which", [0, 1], ids=["index", "secrets"])
def test_somebody_elses_file_of_logins_is_an_error_where_it_is_needed(
    inside: Inside, stored: list[Path], which: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    give_away(stored[which], monkeypatch)
    for username in (USER, ""):
        assert inside.failure("get", password=None, username=username).kind == "storage"
    assert inside.vcenter.requests == []


@pytest.mark.parametrize("which", [0, 1], ids=["index", "secrets"])
def test_a_broken_file_of_logins_is_in_nobodys_way_who_brings_a_password(
    inside: Inside, stored: list[Path], which: int
) -> None:
    stored[which].write_bytes(b"{")
    assert inside.get()["source"] == "login"
    assert inside.ask("get")["source"] == "cache"
    assert inside.ask("erase", scope="session")["erased"] == "soap,rest"


@pytest.mark.parametrize("wrong", [None, True, 0, "x", [], [[]], {"x": True}, {USER: ["file"]}, {USER: None}], ids=repr)
def test_wrong_types_in_the_index_or_the_secrets_are_an_error(
    inside: Inside, stored: list[Path], wrong: object
) -> None:
    index, secrets = stored
    for path, name in ((index, "users"), (secrets, inside.vcenter.authority)):
        whole = json.loads(path.read_bytes())
        path.write_text(json.dumps(whole | {name: wrong}), encoding="utf-8")
        assert_login_is_not_lost(inside, path)
        path.write_text(json.dumps(whole), encoding="utf-8")
