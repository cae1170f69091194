"""An engine of Redis 6.2 or newer, or Valkey 7.2 or newer: a stream of length one for each document, its entry's id the version.

An id is the engine's time, so it does not come again after the engine has forgotten everything. For `get` and `wait` an
account needs `+time +xrevrange +xread`, for `put` also `+eval +xadd +pexpire`, and `+auth` to be one.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any, TypeVar

from vsphere_session.clock import Clock, Deadline
from vsphere_session.errors import InvalidRequestError
from vsphere_session.fleet.engine import (
    MAX_DOCUMENT_BYTES,
    ConflictError,
    DownError,
    Facts,
    Seen,
    TooBigError,
    UnknownError,
)
from vsphere_session.fleet.redis_facts import facts
from vsphere_session.fleet.redis_place import connect, parse_place
from vsphere_session.fleet.redis_refusals import FullError, is_certain, meaning
from vsphere_session.fleet.redis_wire import GarbledError, LostError, RefusedError, Wire

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

    from vsphere_session.http.tls import Context

    T = TypeVar("T")

_FIRST_PAUSE, _LONGEST_PAUSE = 0.2, 2.0
_ID = re.compile(rb"(\d{1,20})-(\d{1,20})")
_PUT = b"""\
local now = redis.call('TIME')
local newest = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)
if (newest[1] and newest[1][1] or '') ~= ARGV[1] then
  return {0, now, newest}
end
if redis.acl_check_cmd and not redis.acl_check_cmd('PEXPIRE', KEYS[1], ARGV[3]) then
  return redis.error_reply('NOPERM no permissions for pexpire')
end
local id = redis.call('XADD', KEYS[1], 'MAXLEN', 1, '*', 'd', ARGV[2])
if type(redis.pcall('PEXPIRE', KEYS[1], ARGV[3])) == 'table' then
  return redis.error_reply('ERR it is there without an end')
end
return {1, now, {{id, {'d', ''}}}}
"""
"""What may fail is tried before anything is written; Redis 6.2 cannot say what an account may, and leaves a put in doubt then.

XADD is the first to write, as an engine without memory refuses a script's first writing command only.
"""


class RedisEngine:
    """One connection, made when it is needed, and made again where it broke between two calls. Not for two threads at once."""

    def __init__(
        self,
        url: str,
        *,
        password: str = "",
        tls: Context | ssl.SSLContext | None,
        remaining: Callable[[], float],
        connect_seconds: float = 1.0,
        answer_seconds: float = 1.0,
        allow_clear: bool = False,
        clock: Clock | None = None,
    ) -> None:
        """`url` as `parse_place` has it; `remaining` says how many seconds the whole call may still take.

        Of those a connection takes at most `connect_seconds`, and an answer `answer_seconds`, that of `wait` so many more.
        Raises InvalidRequestError.
        """
        self._place = parse_place(url, allow_clear=allow_clear)
        if self._place.secure and tls is None:
            raise InvalidRequestError("the fleet's engine is asked by TLS, and nothing says whom to trust")
        self._password = password
        self._tls = tls
        self._remaining = remaining
        self._connect_seconds = connect_seconds
        self._answer_seconds = answer_seconds
        self._clock = clock or Clock()
        self._wire: Wire | None = None
        self._may_block = True

    def __repr__(self) -> str:
        return f"RedisEngine({self._place})"

    def get(self, name: str) -> Seen:
        """As `Engine` has it."""
        return self._carried_out(lambda wire: self._get(wire, name), self._patience(), again=True)

    def put(self, name: str, version: bytes, data: bytes, keep: float) -> Seen:
        """As `Engine` has it. Never sent twice."""
        if len(data) > MAX_DOCUMENT_BYTES:
            raise TooBigError(f"a document of the fleet has at most {MAX_DOCUMENT_BYTES} bytes, not {len(data)}")
        command = (b"EVAL", _PUT, 1, name, version, data, max(1, int(keep * 1000)))
        return self._carried_out(lambda wire: self._put(wire, command, data), self._patience(), again=False)

    def wait(self, name: str, version: bytes, seconds: float) -> bool:
        """As `Engine` has it; where blocking is refused, by looking again and again."""
        until = Deadline(max(0.0, min(seconds, self._remaining() * 0.9)), self._clock)
        while self._may_block:
            changed = self._carried_out(lambda wire: self._block(wire, name, version, until), until, again=True)
            if changed is not None:
                return changed
        pauses = _Pauses(self._clock, until)
        while self.get(name).version == version:
            if not pauses.pause():
                return False
        return True

    def about(self) -> Facts:
        """As `Engine` has it; rights are those that were found beside the ones that a fleet needs."""
        return self._carried_out(self._about, self._patience(), again=True)

    def close(self) -> None:
        """As `Engine` has it; the next call makes a new one."""
        wire, self._wire = self._wire, None
        if wire is not None:
            wire.hang_up()

    def _get(self, wire: Wire, name: str) -> Seen:
        wire.guarded.grant(self._within(self._answer_seconds))
        now, entries = self._agreed(wire.ask((b"TIME",), _newest(name)))
        return _seen(now, entries)

    def _put(self, wire: Wire, command: tuple[bytes | str | int, ...], data: bytes) -> Seen:
        wire.guarded.grant(self._within(self._answer_seconds))
        try:
            (answer,) = wire.ask(command)
            if isinstance(answer, RefusedError) and not is_certain(answer):
                raise GarbledError
            ((written, now, entries),) = self._agreed([answer])
            seen = _seen(now, entries)
        except (LostError, GarbledError, ValueError, TypeError) as error:
            self.close()
            why = error if isinstance(error, LostError) else GarbledError()
            raise UnknownError(f"{self._place} was asked to keep a document, and {why}") from None
        if written != 1:
            raise ConflictError(seen)
        return Seen(seen.version, data, seen.now)

    def _block(self, wire: Wire, name: str, version: bytes, until: Deadline) -> bool | None:
        """Whether there is another one; None where the engine does not let us wait.

        Two commands in one trip: XREAD answers to what is newer, and knows nothing of a document that is gone.
        """
        seconds = max(0.001, until.remaining())
        wire.guarded.grant(self._within(seconds + self._answer_seconds))
        block = (b"XREAD", b"BLOCK", max(1, int(seconds * 1000)), b"STREAMS", name, version or b"0-0")
        wire.send(_newest(name), block)
        (entries,) = self._agreed([wire.answer()])
        newest = _entry(entries)[0]
        if newest != version and not _is_newer(newest, version):
            self.close()  # XREAD would go on waiting
            return True
        answer = wire.answer()
        if isinstance(answer, RefusedError):
            if answer.code not in ("ERR", "NOPERM"):
                self._agreed([answer])
            self._may_block = False
            return newest != version or None
        return newest != version or answer is not None

    def _about(self, wire: Wire) -> Facts:
        wire.guarded.grant(self._within(self._answer_seconds))
        return facts(wire, self._place.user)

    def _carried_out(self, work: Callable[[Wire], T], until: Deadline, *, again: bool) -> T:
        """What `work` gives on a connection; waits in turn where the engine has too many of them.

        again  whether work that was begun on a connection from before may be begun once more
        """
        pauses = _Pauses(self._clock, until)
        while True:
            kept = False
            try:
                wire, kept = self._connected()
                return work(wire)
            except FullError:
                self.close()
                if not pauses.pause():
                    raise DownError(f"{self._place} has as many connections as it takes; allow it more") from None
            except (LostError, GarbledError, ValueError, TypeError) as error:
                self.close()
                if not (again and kept and isinstance(error, LostError) and not error.late):
                    why = error if isinstance(error, LostError) else GarbledError()
                    hung_up = isinstance(error, LostError) and not error.late
                    raise DownError(f"{self._place} was asked, and {why}", hung_up=hung_up) from None
            except ConflictError:
                raise
            except BaseException:  # an answer may still come
                self.close()
                raise

    def _connected(self) -> tuple[Wire, bool]:
        """A connection, and whether it is one from before."""
        if self._wire is not None:
            if self._wire.is_usable(self._within(self._answer_seconds)):
                return self._wire, True
            self.close()
        deadline = self._within(self._connect_seconds)
        self._wire = Wire(
            connect(self._place, self._tls if self._place.secure else None, deadline), self._place.user, self._password
        )
        try:
            self._wire.log_in(deadline)
        except RefusedError as refused:
            self._agreed([refused])
        return self._wire, False

    def _agreed(self, answers: list[Any]) -> list[Any]:
        """The answers, where none of them is a refusal. Raises what the first one means."""
        for answer in answers:
            if isinstance(answer, RefusedError):
                raise meaning(answer, self._place, self._password)
        return answers

    def _patience(self) -> Deadline:
        """With an engine that is there and full: half of what the call has left."""
        return self._within(max(self._connect_seconds + self._answer_seconds, self._remaining() / 2))

    def _within(self, seconds: float) -> Deadline:
        left = min(seconds, self._remaining())
        if left <= 0:
            raise DownError(f"no time was left to ask {self._place}")
        return Deadline(left, self._clock)


class _Pauses:
    """Longer and longer ones, none like that of another runner."""

    def __init__(self, clock: Clock, until: Deadline) -> None:
        self._clock = clock
        self._until = until
        self._next = _FIRST_PAUSE

    def pause(self) -> bool:
        """Wait; False where there is no time left for it."""
        left = self._until.remaining()
        if left <= 0:
            return False
        self._clock.sleep(min(left, self._next * (0.5 + os.urandom(1)[0] / 510)))
        self._next = min(self._next * 2, _LONGEST_PAUSE)
        return True


def _newest(name: str) -> tuple[bytes | str | int, ...]:
    return (b"XREVRANGE", name, b"+", b"-", b"COUNT", 1)


def _seen(now: Any, entries: Any) -> Seen:
    """Of `[seconds, microseconds]` and a list of at most one entry. Raises ValueError, TypeError."""
    seconds, micros = now
    version, data = _entry(entries)
    return Seen(version, data, int(seconds) + int(micros) / 1_000_000)


def _entry(entries: Any) -> tuple[bytes, bytes]:
    """Id and document of a list of at most one `[id, ["d", document]]`. Raises ValueError, TypeError."""
    if entries == []:
        return b"", b""
    ((version, (field, data)),) = entries
    if field != b"d" or not isinstance(data, bytes) or not _ID.fullmatch(version):
        raise ValueError
    return version, data


def _is_newer(version: bytes, than: bytes) -> bool:
    """Whether XREAD from `than` answers with `version`."""
    new, old = _ID.fullmatch(version), _ID.fullmatch(than or b"0-0")
    return bool(new and old) and tuple(map(int, new.groups())) > tuple(map(int, old.groups()))  # type: ignore[union-attr]
