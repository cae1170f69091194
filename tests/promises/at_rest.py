"""Promise 8: with `session_store = "encrypted"` no file has a session in clear, and none opens that was not closed for its key."""

from __future__ import annotations

import json
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from peers import Govc
from promises import forged
from promises.canaries import PASSWORD as CANARY
from promises.canaries import Canaries
from promises.crowd import BINARY, PROCESS, SINGLE_FILE, Caller, all_wait, crowd, kinds, mixed
from promises.features import Call, calls
from promises.rows import Progress, Row, Size
from promises.secrecy import Scene
from simulated_vcenter import SimulatedVCenter, faults
from support.encrypted_files import SETTING, encrypt, sealed_files, sealed_ids
from support.file_keyring import install, session_key, times_set
from support.program import PASSWORD, USER, Helper, program, request

CROWDS = {Size.SHORT: (20,), Size.LONG: (2, 20, 100)}
KEY = "vsphere-session:session-key"


def rows(size: Size, progress: Progress) -> Iterator[Row]:
    """The rows of this promise; a step is a call, or a file that is tried."""
    yield _nothing_in_clear(size, progress)
    yield from forged.rows(size, progress)
    yield _cold_callers(size, progress)
    yield _cold_users(size, progress)


# ---- nothing in clear


class SealedScene(Scene):
    """A home with a keyring, and encrypted sessions: the contract puts no session id into any file."""

    def __init__(self, place: Path, vcenter: SimulatedVCenter) -> None:
        super().__init__(place, vcenter)
        config = place / "home" / ".config" / "vsphere-session" / "config.toml"
        config.write_text(SETTING + config.read_text(encoding="utf-8"), encoding="utf-8")
        self.keyring = install(self.helper)

    @property
    def allowed(self) -> dict[Path, str]:
        """The file store's password."""
        return {place: what for place, what in super().allowed.items() if what == "password"}


@contextmanager
def _scene(command: list[str]) -> Iterator[SealedScene]:
    with tempfile.TemporaryDirectory() as place, SimulatedVCenter({USER: CANARY}) as vcenter:
        it = SealedScene(Path(place), vcenter)
        it.helper.program = command
        yield it
        assert {session.id for session in vcenter.sessions} == sealed_ids(
            it.helper.home, session_key(it.keyring), vcenter
        )
        it.helper.ok("erase", request(vcenter))
        assert vcenter.session_count == 0


def _nothing_in_clear(size: Size, progress: Progress) -> Row:
    done, issued, files, searched = 0, 0, 0, 0
    for command in [program(), *([[str(SINGLE_FILE)]] if size is Size.LONG and BINARY in kinds(size) else [])]:
        with _scene(command) as it:
            for call in _calls(it.vcenter, size):
                reply = it.run(call)
                it.look(call, reply.stdout, reply.stderr.encode(), call.shows)
                done += 1
                progress(1)
            _killed(it)
            progress(1)
            done += 1
            issued += len(it.vcenter.logins)
            files += sum(path.is_file() for path in it.place.rglob("*"))
            searched += it.canaries.bytes_searched
    held, of = _in_clear_by_govc()
    return Row(
        f"{done} calls {'with every feature' if size is Size.LONG else 'of the three verbs'}, one killed in its login; every file searched after each for {issued} session ids, in 14 "
        "encodings; govc: `session.login`",
        f"found in 0 of {files} files ({searched / 1e6:.1f} MB searched)",
        f"in clear in {held} of {of} files",
    )


def _calls(vcenter: SimulatedVCenter, size: Size) -> Iterator[Call]:
    """Promise 6's, with what the encrypted store gives up; in the short run the three verbs alone."""
    for call in calls(vcenter):
        if "DBUS_SESSION_BUS_ADDRESS" in call.environment:
            continue  # a host without a keyring
        if {"exec", "export"} & set(call.arguments):
            changed = replace(call, status=10, shows=frozenset())
        elif b'"output": "files"' in call.stdin:
            changed = replace(call, status=2)
        else:
            changed = call
        if size is Size.LONG or (
            call.arguments[-1] in ("get", "store", "erase") and "--protocol" not in call.arguments
        ):
            yield changed


def _killed(it: SealedScene) -> None:
    """SIGKILL when the server has made the session and nothing is saved yet."""
    fault = it.vcenter.faults.add("GET /api/session", faults.stall(), times=1)
    killed = it.helper.start("get")
    assert killed.stdin is not None
    killed.stdin.write(json.dumps(request(it.vcenter, password=CANARY, api="rest")).encode())
    killed.stdin.close()
    killed.stdin = None
    assert fault.reached.wait(30.0), "the login never came to its end"
    killed.kill()
    killed.communicate()
    (left,) = [session.id for session in it.vcenter.sessions if session.kind == "rest"]
    assert sealed_ids(it.helper.home, session_key(it.keyring), it.vcenter) >= {left}, (
        "a killed call's session is in no file"
    )
    it.look("a get that was killed in its login", b"", b"")


def _in_clear_by_govc() -> tuple[int, int]:
    """How many of the session files of govc have the session id as it is."""
    with tempfile.TemporaryDirectory() as place, SimulatedVCenter() as vcenter:
        govc = Govc(Path(place), vcenter.url, USER, PASSWORD, ca_file=Path(vcenter.ca_file))
        govc.ok("session.login")
        govc.ok("session.login", "-r")
        canaries = Canaries(lambda: {session.id for session in vcenter.sessions})
        paths = [*govc.soap_files(), *govc.rest_files()]
        held = sum("session" in canaries.found(path.read_bytes()) for path in paths)
        vcenter.end_all()
    return held, len(paths)


# ---- one key


def _cold_callers(size: Size, progress: Progress) -> Row:
    """The login is held until all the others wait; so nobody can have been late."""
    of = [kind for kind in kinds(size) if kind in (PROCESS, BINARY)] if size is Size.LONG else [PROCESS]
    for number in CROWDS[size]:
        with _home() as (vcenter, helper, keyring):
            given = _all_at_once(vcenter, helper, number, of)
            made = [session.kind for session in vcenter.logins]
            assert made == ["soap", "rest"], f"{number} callers made the logins {made}"
            assert len(set(given)) == 1, f"{number} callers were given {len(set(given))} pairs of sessions"
            assert times_set(keyring) == [KEY], f"{number} callers made {len(times_set(keyring))} keys"
            assert set(given[0]) == sealed_ids(helper.home, session_key(keyring), vcenter)
            progress(number)
    numbers = ", ".join(map(str, CROWDS[size]))
    return Row(
        f"N = {numbers} cold callers at once without a key ({', '.join(of)})",
        "1 key, 1 login per session kind, the same sessions for all",
    )


def _all_at_once(vcenter: SimulatedVCenter, helper: Helper, number: int, of: list[str]) -> list[tuple[str, str]]:
    """The sessions that each caller of a crowd was given, the first login held until all the others wait for it."""
    release = threading.Event()
    held = vcenter.faults.add("=Login", faults.wait_for(release), times=1)
    with crowd(vcenter, helper.home, mixed(number, of)) as callers:
        assert held.reached.wait(60.0), "nobody has reached the login"
        all_wait(callers, but=1)
        release.set()
        return [_sessions(caller) for caller in callers]


def _cold_users(size: Size, progress: Progress) -> Row:
    """Each has a lock of its own, so the key's lock is the only one that they share."""
    number = max(CROWDS[size])
    users = {f"user{count}@vsphere.local": PASSWORD for count in range(number)}
    with _home(users) as (vcenter, helper, keyring):
        running = [helper.start("--timeout", "90", "get") for _ in users]
        for process, user in zip(running, users, strict=True):
            assert process.stdin is not None
            process.stdin.write(json.dumps(request(vcenter, username=user, password=PASSWORD, api="soap")).encode())
            process.stdin.close()
            process.stdin = None
        answers = [json.loads(process.communicate(timeout=120)[0]) for process in running]
        failed = [answer for answer in answers if "error" in answer]
        assert not failed, f"of {number} users these got no session: {failed}"
        assert times_set(keyring) == [KEY], f"{number} users at once made {len(times_set(keyring))} keys"
        key = session_key(keyring)
        for user, answer in zip(users, answers, strict=True):
            there = sealed_ids(helper.home, key, vcenter, user)
            assert there == {answer["soap_session_id"]}, f"the session of {user} is not under the key"
            progress(1)
    return Row(
        f"{number} users' first calls at once, without a key",
        f"1 key, under which {number} of {number} sessions can be read",
    )


@contextmanager
def _home(users: dict[str, str] | None = None) -> Iterator[tuple[SimulatedVCenter, Helper, Path]]:
    with tempfile.TemporaryDirectory() as place, SimulatedVCenter(users) as vcenter:
        helper = Helper(Path(place))
        keyring = install(helper)
        encrypt(helper.home)
        yield vcenter, helper, keyring
        assert vcenter.session_count == len(sealed_files(helper.home)), "sessions on the server are not those in files"


def _sessions(caller: Caller) -> tuple[str, str]:
    answer = caller.answer()
    assert "error" not in answer, f"{caller.name}: {answer}"
    return answer["soap_session_id"], answer["rest_session_id"]
