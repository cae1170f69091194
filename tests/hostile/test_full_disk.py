"""A disk that is full at any write: a `storage` error, the old session intact, none left that no file knows."""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from shutil import rmtree

import pytest

from credential_protocol.messages import Failure
from hostile.inside import Inside
from hostile.surroundings import limited, mounted
from simulated_vcenter import SimulatedVCenter
from support.cache_files import session_ids
from support.program import PASSWORD, USER, Helper, request

WRITERS = ("mkdir", "write", "pwrite", "ftruncate", "fsync", "fchmod", "chmod", "replace")
"""What a full or broken disk can refuse; creating a file is `open` with O_CREAT."""


class FailingDisk:
    """Lets the `number`-th change to the disk fail with `code`, and those after it if the disk `stays` broken."""

    def __init__(self, patch: pytest.MonkeyPatch, number: int, code: int, *, stays: bool) -> None:
        self.failed: str = ""
        self._left = number
        self._stays = stays
        self._code = code
        self._thread = threading.get_ident()
        for name in WRITERS:
            patch.setattr(os, name, self._counted(name, getattr(os, name)))
        self._open = os.open
        patch.setattr(os, "open", self._opened)

    def _counted(self, name: str, real: Callable[..., object]) -> Callable[..., object]:
        def call(*arguments: object, **named: object) -> object:
            self._change(name)
            return real(*arguments, **named)

        return call

    def _opened(self, path: str, flags: int, mode: int = 0o777, **named: object) -> int:
        if flags & os.O_CREAT:
            self._change("open")
        return self._open(path, flags, mode, **named)  # type: ignore[arg-type]

    def _change(self, name: str) -> None:
        if threading.get_ident() != self._thread:  # the simulated vCenter's own
            return
        self._left -= 1
        if self._left == 0 or (self._left < 0 and self._stays):
            self.failed = self.failed or name
            raise OSError(self._code, os.strerror(self._code))


def every_change(
    home: Path, code: int, *, stays: bool, prepare: Callable[[], object] | None = None, call: Callable[[], object]
) -> Iterator[str]:
    """Let `call` meet a failing disk at its first change, at its second, and so on until there are no more.

    Yields after each, on a sound disk again: the kind of the failure, or empty where the call did without.
    """
    for number in range(1, 200):
        if prepare is not None:
            prepare()
        with pytest.MonkeyPatch.context() as patch:
            disk = FailingDisk(patch, number, code, stays=stays)
            kind = ""
            try:
                call()
            except Failure as failure:
                kind = failure.kind
        assert not list(home.rglob("*.tmp")), f"a half-written file is left after {disk.failed}"
        if not disk.failed:
            assert number > 3, "the call changes nothing"
            return
        yield kind
    pytest.fail("there is no end to the changes")


@pytest.fixture
def inside(vcenter: SimulatedVCenter, home: Path) -> Inside:
    return Inside(home, vcenter)


broken = pytest.mark.parametrize(
    ("code", "stays"), [(errno.ENOSPC, True), (errno.EIO, False)], ids=["full from then on", "one error"]
)


def known(inside: Inside) -> bool:
    """Whether every session on the server is in a file."""
    return {session.id for session in inside.vcenter.sessions} <= session_ids(inside.home / ".govmomi")


@broken
def test_a_first_login_fails_whole_and_the_next_call_succeeds(inside: Inside, code: int, stays: bool) -> None:
    def forget_everything() -> None:
        inside.vcenter.end_all()
        rmtree(inside.home)
        inside.home.mkdir()

    for kind in every_change(inside.home, code, stays=stays, prepare=forget_everything, call=inside.get):
        assert kind in ("storage", "")
        assert known(inside)
        assert inside.get(verify="always")["soap_session_id"]
        assert known(inside)


@broken
@pytest.mark.parametrize("api", ["soap", "rest"])
def test_a_failed_replacement_leaves_the_old_session_as_it_was(
    inside: Inside, api: str, code: int, stays: bool
) -> None:
    """The file to the byte, and the session alive; or else the new one is in place, and the old one ended."""
    file = Path(inside.get(api=api)[f"{api}_session_file"])
    before = file.read_bytes()
    for kind in every_change(inside.home, code, stays=stays, call=lambda: inside.get(api=api, reauth=True)):
        assert kind in ("storage", "")
        assert (file.read_bytes() == before) == bool(kind)
        assert known(inside)
        assert inside.vcenter.session_count == 1
        assert inside.ask("get", api=api, verify="always")["source"] == "cache"
        before = file.read_bytes()


@broken
def test_a_failed_replacement_of_both_leaves_no_session_that_no_file_knows(
    inside: Inside, code: int, stays: bool
) -> None:
    inside.get()
    for kind in every_change(inside.home, code, stays=stays, call=lambda: inside.get(reauth=True)):
        assert kind in ("storage", "")
        assert known(inside)
        assert inside.get(verify="always")["rest_session_id"]


@broken
def test_a_cached_session_is_handed_out_whatever_cannot_be_noted(inside: Inside, code: int, stays: bool) -> None:
    inside.get()
    for kind in every_change(inside.home, code, stays=stays, call=lambda: inside.ask("get", verify="always")):
        assert kind == ""
    assert len(inside.vcenter.logins) == 2


@broken
def test_erase_that_fails_can_be_done_again_and_an_ended_session_is_never_handed_out(
    inside: Inside, code: int, stays: bool
) -> None:
    for kind in every_change(inside.home, code, stays=stays, prepare=inside.get, call=lambda: inside.ask("erase")):
        assert kind in ("storage", "")
        assert known(inside)
        live = {session.id for session in inside.vcenter.sessions}
        reply = inside.get()
        if reply["source"] == "cache":
            assert {reply["soap_session_id"], reply["rest_session_id"]} <= live
        inside.ask("erase")
        assert inside.vcenter.session_count == 0


def test_a_session_that_was_ended_and_whose_file_cannot_be_removed_is_not_handed_out(
    inside: Inside, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Although the server confirmed it a moment ago."""
    inside.get()
    with monkeypatch.context() as patch:

        def refuse(path: str) -> None:
            raise OSError(errno.EROFS, os.strerror(errno.EROFS), path)

        patch.setattr(os, "unlink", refuse)
        assert inside.failure("erase", api="soap").kind == "storage"
    assert inside.vcenter.session_count == 1
    assert inside.get(api="soap")["source"] == "login"


@broken
def test_a_stored_password_is_either_to_be_had_or_nowhere(inside: Inside, code: int, stays: bool) -> None:
    """And in no case does a failed `store` lose the login that was there before."""
    inside.secret_store = "file"
    inside.ask("store", username="other", password="other-password")

    for kind in every_change(inside.home, code, stays=stays, call=lambda: inside.ask("store", password=PASSWORD)):
        assert kind in ("storage", "")
        secrets = [path for path in inside.home.rglob("*") if path.is_file() and PASSWORD in path.read_text()]
        erased = inside.ask("erase", scope="password")["erased"]
        assert erased == "password" or not secrets, "a password is on the disk and cannot be erased"
        if kind and not stays:
            assert erased == "", "a store that failed has left something behind"
        assert not [path for path in secrets if path.exists() and PASSWORD in path.read_text()]
        assert inside.ask("erase", scope="password", username="other")["erased"] == "password"
        inside.ask("store", username="other", password="other-password")


@broken
def test_an_adopted_session_is_in_its_file_or_the_old_one_is(inside: Inside, code: int, stays: bool) -> None:
    file = Path(inside.get(api="soap")["soap_session_file"])

    def adopt() -> None:
        inside.ask("store", soap_session_id=inside.vcenter.add_session(USER))

    for kind in every_change(inside.home, code, stays=stays, call=adopt):
        assert kind in ("storage", "")
        assert session_ids(inside.home / ".govmomi") <= {session.id for session in inside.vcenter.sessions}
        assert inside.ask("get", api="soap", verify="always")["source"] == "cache"
        for session in inside.vcenter.sessions:
            if session.id not in file.read_text():
                inside.ask("erase", soap_session_id=session.id)


NEW = "new-Passw0rd"


def passwords(home: Path) -> set[str]:
    """Those of the administrator's that are anywhere on the disk."""
    texts = [path.read_text(errors="replace") for path in home.rglob("*") if path.is_file()]
    return {password for password in (PASSWORD, NEW) if any(password in text for text in texts)}


@broken
@pytest.mark.parametrize("before", ["nothing", "another default", "the same user"])
def test_a_store_of_all_three_is_whole_or_nothing(inside: Inside, before: str, code: int, stays: bool) -> None:
    """Password, SOAP and REST session: what was there before is there after a failure, or the message says what is there."""
    inside.secret_store = "file"
    sessions = {f"{kind}_session_id": inside.vcenter.add_session(USER, kind) for kind in ("soap", "rest")}
    told = []

    def prepare() -> None:
        rmtree(inside.home)
        inside.home.mkdir()
        if before == "the same user":
            inside.ask("store", password=PASSWORD)
        if before != "nothing":
            inside.ask("store", username="other", password="other-password")

    def store() -> None:
        try:
            inside.ask("store", password=NEW, **sessions)
        except Failure as failure:
            told.append(failure.message)
            raise

    expected = {PASSWORD} if before == "the same user" else set()
    for kind in every_change(inside.home, code, stays=stays, prepare=prepare, call=store):
        assert kind in ("storage", "")
        assert {session.id for session in inside.vcenter.sessions} == set(sessions.values()), (
            "they are the caller's own"
        )
        assert list(inside.home.rglob("*.session")) == []
        if not kind:
            assert passwords(inside.home) == {NEW}
            assert session_ids(inside.home / ".govmomi") == set(sessions.values())
            continue
        assert session_ids(inside.home / ".govmomi") == set()
        if "stored all the same" in told[-1]:
            assert stays, "an undo that works leaves nothing"
            assert inside.ask("erase", scope="password")["erased"] == "password"
        else:
            assert passwords(inside.home) == expected
        if before != "nothing":
            assert inside.ask("erase", scope="password", username="other")["erased"] == "password"
    inside.vcenter.end_all()


@broken
def test_a_store_that_fails_leaves_the_sessions_that_it_would_have_replaced(
    inside: Inside, code: int, stays: bool
) -> None:
    """Unless one has taken its place already, when a file could not even be renamed: the message says so."""
    old = inside.get()
    before = {old["soap_session_id"], old["rest_session_id"]}
    ours = {f"{kind}_session_id": inside.vcenter.add_session(USER, kind) for kind in ("soap", "rest")}
    told = [""]

    def store() -> None:
        try:
            inside.ask("store", **ours)
        except Failure as failure:
            told.append(failure.message)
            raise

    for kind in every_change(inside.home, code, stays=stays, call=store):
        live, kept = {session.id for session in inside.vcenter.sessions}, session_ids(inside.home / ".govmomi")
        if not kind:
            assert live == set(ours.values()) == kept
            break
        if (
            "the SOAP session is stored all the same" in told[-1]
        ):  # what it has replaced was ended before REST's turn came
            assert kept == {ours["soap_session_id"], old["rest_session_id"]}
            assert live == {*ours.values(), old["rest_session_id"]}
            before = kept
            continue
        assert live == before | set(ours.values())
        assert kept == before
        assert inside.ask("get", verify="always")["source"] == "cache"
    inside.ask("erase")
    inside.vcenter.end_all()


# ---- real disks


@pytest.mark.parametrize("limit", [0, 1, 5, 100, 300, 500, 1000, 3000, 4000, 4095, 4096])
def test_a_limit_on_the_size_of_files_is_a_storage_error_and_the_old_session_stays(
    vcenter: SimulatedVCenter, helper: Helper, limit: int
) -> None:
    tight = limited(helper, "RLIMIT_FSIZE", limit)
    assert tight.call("get", request(vcenter, password=PASSWORD)).kind == "storage"
    assert vcenter.session_count == 0
    first = helper.ok("get", request(vcenter, password=PASSWORD, api="soap"))
    assert tight.call("get", request(vcenter, password=PASSWORD, api="soap", reauth=True)).kind == "storage"
    assert tight.ok("get", request(vcenter, api="soap", verify="always"))["source"] == "cache"
    assert [session.id for session in vcenter.sessions] == [first["soap_session_id"]]


@pytest.mark.parametrize(
    ("pages", "inodes"), [*((pages, 99) for pages in range(1, 8)), *((99, inodes) for inodes in range(4, 12))]
)
def test_a_disk_with_little_room_is_a_storage_error_or_enough(
    vcenter: SimulatedVCenter, helper: Helper, home: Path, pages: int, inodes: int
) -> None:
    """A real one of a few pages or files, where this machine lets us mount it; else a limit on the size of files."""
    options = f"size={pages * 4096},nr_inodes={inodes},mode=0700"
    with mounted(home, f'mount -t tmpfs -o {options} none "$place"') as place:
        small = Helper(place) if place is not None else limited(helper, "RLIMIT_FSIZE", (pages - 1) * 1000)
        reply = small.call("get", request(vcenter, password=PASSWORD))
        assert reply.status == 0 or reply.kind == "storage"
        assert {session.id for session in vcenter.sessions} <= small.sessions_in_files
        again = small.call("get", request(vcenter, password=PASSWORD, reauth=True))
        assert again.status == 0 or again.kind == "storage"
        assert {session.id for session in vcenter.sessions} <= small.sessions_in_files
        assert not list(small.home.rglob("*.tmp"))
        gone = small.call("erase", request(vcenter))
        assert gone.status == 0 or gone.kind == "storage"
        for session in vcenter.sessions:
            assert session.id in small.sessions_in_files
    vcenter.end_all()


SMALL = [*((pages, 99) for pages in range(1, 12)), *((99, inodes) for inodes in range(4, 18))]


@pytest.mark.parametrize(("pages", "inodes"), SMALL)
def test_a_store_on_a_disk_with_little_room_is_whole_or_nothing(
    vcenter: SimulatedVCenter, helper: Helper, home: Path, pages: int, inodes: int
) -> None:
    """A real one, of which nothing is left over: neither the password, nor a file of the sessions."""
    sessions = {f"{kind}_session_id": vcenter.add_session(USER, kind) for kind in ("soap", "rest")}
    options = f"size={pages * 4096},nr_inodes={inodes},mode=0700"
    with mounted(home, f'mount -t tmpfs -o {options} none "$place"') as place:
        small = Helper(place) if place is not None else limited(helper, "RLIMIT_FSIZE", (pages - 1) * 100)
        reply = small.call("store", request(vcenter, password=PASSWORD, **sessions), "--secret-store", "file")
        if reply.status == 0:
            assert passwords(small.home) == {PASSWORD}
            assert small.sessions_in_files == set(sessions.values())
        else:
            assert reply.kind == "storage"
            assert passwords(small.home) == set()
            assert small.sessions_in_files == set()
            assert small.ok("erase", request(vcenter, scope="password"))["erased"] == ""
    assert vcenter.session_count == 2
    vcenter.end_all()


STORED = {
    "git": ([], "protocol=https\nhost=h\nusername=u\npassword=%s\n\n", "protocol=https\nhost=h\n\n"),
    "docker": ([], '{"ServerURL": "h", "Username": "u-%.1s", "Secret": "%s"}', "h"),
    "terraform-cli": (["h"], '{"token": "%s"}', ""),
}
"""Arguments behind the verb, what `store` reads with a secret in it, and what `get` reads."""


@pytest.mark.parametrize(
    ("pages", "inodes"), [*((pages, 99) for pages in range(1, 8)), *((99, n) for n in range(5, 11))]
)
@pytest.mark.parametrize("dialect", STORED)
def test_what_another_caller_stores_on_such_a_disk_is_there_or_is_not(
    helper: Helper, home: Path, dialect: str, pages: int, inodes: int
) -> None:
    """And what was stored before stays; docker's with another user, which has one login for a server."""
    words, stdin, asked = STORED[dialect]
    call = ["--secret-store", "file", "--protocol", dialect]
    options = f"size={pages * 4096},nr_inodes={inodes},mode=0700"
    secrets = ["first", "second" * 300, "third"]
    with mounted(home, f'mount -t tmpfs -o {options} none "$place"') as place:
        small = Helper(place) if place is not None else limited(helper, "RLIMIT_FSIZE", (pages - 1) * 100)
        held: list[str] = []
        for secret in secrets:
            given = stdin % ((secret, secret) if dialect == "docker" else secret)
            if small.run(*call, "store", *words, stdin=given.encode()).status == 0:
                held = [secret]
            found = small.run(*call, "get", *words, stdin=asked.encode()).stdout.decode()
            assert [each for each in secrets if f'{each}"' in found or f"{each}\n" in found] == held
