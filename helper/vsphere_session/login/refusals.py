"""Logins that a server has refused lately, so that a loop of callers does not lock the account (docs/vsphere.md, section 1).

One small file per server and account holds when which credential was refused. Of the credential it has only an
HMAC-SHA256 under a secret of this machine, made when it is first needed; what the account's right password is, no file says.
"""

from __future__ import annotations

import os

from credential_protocol.jsontext import decode, encode
from vsphere_session.clock import Deadline, rfc3339
from vsphere_session.digest import sha256_hex
from vsphere_session.errors import BusyError, LoginRefusedError, StorageError
from vsphere_session.storage.files import read_private, remove_leftovers, remove_private, write_private
from vsphere_session.storage.lock import Lock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vsphere_session.clock import Clock
    from vsphere_session.endpoint import Endpoint

_SOAP = "soap"
_SECRET_BYTES = 32
_MOST_MARKS = 16
_SHORT = 1.0  # seconds; what is written under these locks is tiny
_LONGEST_TURN = 10.0
"""Seconds to wait for another caller's login. Whoever hangs there for longer does not keep the others from theirs."""


class Refusals:
    """What one server has refused to one account within the last `window` seconds.

    A refusal by SOAP counts for REST, too; one by REST for REST alone, since a server may refuse that to somebody whom
    it lets in by SOAP. What cannot be written is not remembered: the refusal itself is still an answer.
    """

    def __init__(self, state: str, endpoint: Endpoint, *, window: float, clock: Clock) -> None:
        self._place = endpoint.login_place
        self._username = endpoint.username
        self._window = window
        self._clock = clock
        name = sha256_hex(f"{self._place}\0{self._username}".encode("utf-8", "surrogatepass"))[:40]
        self._path = os.path.join(state, "refusals", name)
        self.lock = Lock(f"{self._path}.lock", clock)
        """Held by who finds out whether the server takes a credential."""

    def take_turn(self, kind: str, secret: str, deadline: Deadline) -> None:
        """Before a login: raise LoginRefusedError if this very credential was refused lately, here or by a caller meanwhile.

        Of many callers at once the first goes ahead and holds `lock`; the others wait until it knows, then all go at once.
        """
        if not self._window:
            return
        self._check(kind, secret)
        try:
            if not self.lock.try_acquire():
                left = Deadline(min(_LONGEST_TURN, deadline.remaining() / 2), self._clock)
                self.lock.acquire(left, lambda: self._refused_at(kind, secret) is not None)
                self.lock.release()
            self._check(kind, secret)  # the one who had the lock may have found out since
        except (BusyError, StorageError):  # who hangs, or a state directory that is not ours, forbids no login
            return

    def remember(self, kind: str, secret: str) -> None:
        """The server has just refused this credential."""
        if not self._window:
            return
        try:
            if not self.lock.held:  # a different one of the same account may have been refused at the same time
                self.lock.acquire(Deadline(_SHORT, self._clock))
            marks = self._marks()
            marks[self._mark(self._key(), kind, secret)] = self._clock.now()
            self._save(marks)
        except (BusyError, StorageError):
            pass

    def settle(self, kind: str, secret: str) -> None:
        """The server has just accepted this credential: whatever was said of it before counts no more."""
        try:
            marks = self._marks()
            if marks and marks.pop(self._mark(self._key(), kind, secret), None) is not None:
                self._save(marks)
        except (BusyError, StorageError):
            pass

    def forget(self) -> None:
        """Whatever was refused to this account may be tried at once. Raises StorageError."""
        remove_private(self._path)

    def _check(self, kind: str, secret: str) -> None:
        refused_at = self._refused_at(kind, secret)
        if refused_at is None:
            return
        ago, until = max(1, round(self._clock.now() - refused_at)), rfc3339(refused_at + self._window)
        raise LoginRefusedError(
            f"{self._place} refused this very login of {self._username} {ago} s ago and was not asked again, since failed tries lock "
            f"accounts: it will be from {until} on. Another password is tried at once; to have this one tried, store it (vsphere-session "
            'store), or send erase with "scope": "password"'
        )

    def _refused_at(self, kind: str, secret: str) -> float | None:
        """When, in Unix seconds. A mark from the future, by a clock that was set back since, says nothing."""
        try:
            marks = self._marks()
            if not marks:
                return None
            key = self._key()
        except (BusyError, StorageError):
            return None
        times = [marks.get(self._mark(key, each, secret), -1.0) for each in (_SOAP, kind)]
        return max((time for time in times if self._is_recent(time)), default=None)

    def _is_recent(self, time: float) -> bool:
        return 0 <= self._clock.now() - time < self._window

    def _mark(self, key: bytes, kind: str, secret: str) -> str:
        from hmac import digest  # noqa: PLC0415  # a login without a refusal marks nothing

        said = "\0".join((kind, self._place, self._username, secret))
        return digest(key, said.encode("utf-8", "surrogatepass"), "sha256").hex()

    def _marks(self) -> dict[str, float]:
        """What the file says, by mark; a file that makes no sense says nothing. Raises StorageError."""
        data = read_private(self._path)
        try:
            value = decode(data) if data else None
            marks = value.get("refused_at") if isinstance(value, dict) else None
            return {mark: float(str(time)) for mark, time in marks.items()} if isinstance(marks, dict) else {}
        except ValueError:
            return {}

    def _save(self, marks: dict[str, float]) -> None:
        recent = {mark: time for mark, time in marks.items() if self._is_recent(time)}
        if not recent:
            self.forget()
            return
        remove_leftovers(self._path)
        latest = dict(sorted(recent.items(), key=lambda item: item[1])[-_MOST_MARKS:])
        write_private(self._path, encode({"version": 1, "refused_at": latest}).encode() + b"\n")

    def _key(self) -> bytes:
        """The secret of this machine. Raises StorageError, BusyError."""
        path = os.path.join(os.path.dirname(self._path), "key")
        key = read_private(path)
        if key is not None and len(key) == _SECRET_BYTES:
            return key
        with Lock(f"{path}.lock", self._clock) as lock:
            lock.acquire(Deadline(_SHORT, self._clock))
            key = read_private(path)  # somebody else may have made it meanwhile
            if key is None or len(key) != _SECRET_BYTES:
                key = os.urandom(_SECRET_BYTES)
                write_private(path, key)
        return key
