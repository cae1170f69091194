"""Logins that a server has refused lately, so that a loop of callers does not lock the account (docs/vsphere.md, section 1).

One small file per server and account holds when which credential was refused, and how often. Of the credential it has only
an HMAC-SHA256 under a secret of this machine, made when it is first needed; what the account's right password is, no file says.
"""

from __future__ import annotations

import os

from credential_protocol.jsontext import decode, encode
from vsphere_session import back_off
from vsphere_session.clock import Deadline, rfc3339
from vsphere_session.digest import sha256_hex
from vsphere_session.errors import BusyError, LoginRefusedError, StorageError
from vsphere_session.login.account import KnownServer, bare_name, normal_place, path_of_place
from vsphere_session.login.turn import Turn
from vsphere_session.storage.files import remove_leftovers, remove_private, write_private
from vsphere_session.storage.lock import Lock
from vsphere_session.storage.reading import Reader

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType
    from typing import Self

    from vsphere_session.back_off import Marks
    from vsphere_session.clock import Clock
    from vsphere_session.endpoint import Endpoint

_SOAP = "soap"
_SECRET_BYTES = 32
_SHORT = 1.0  # seconds; what is written under these locks is tiny


class Refusals:
    """What one server has refused to one account: for `window` seconds, twice as many each further time, up to an hour.

    A refusal by SOAP counts for REST, too; one by REST for REST alone, since a server may refuse that to somebody whom
    it lets in by SOAP. What cannot be written is not remembered: the refusal itself is still an answer.

    A context manager: at its end the turn that was taken is given back.
    """

    def __init__(
        self, state: str, endpoint: Endpoint, *, window: float, clock: Clock, reader: Reader | None = None
    ) -> None:
        self._reader = reader or Reader()
        self._directory = os.path.join(state, "refusals")
        self._place = endpoint.login_place
        self._normal_place = normal_place(endpoint)
        self._username = endpoint.username
        self._account = bare_name(endpoint.username)
        self._window = window
        self._clock = clock
        self._server = KnownServer(path_of_place(self._directory, endpoint), clock, self._reader)
        self._turn: Turn | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _value: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.end_turn(accepted=False)

    # ---- which server

    @property
    def needs_server(self) -> bool:
        """Whether the server is to be asked who it is before a turn is taken."""
        return bool(self._window) and self._server.instance is None

    def locate(self, instance: str) -> bool:
        """The server has said who it is, or that it does not say (empty); whether that is another than was thought.

        Then a turn that was taken is given back: it was for another account.
        """
        moved = self._server.instance not in (None, instance)
        if moved:
            self.end_turn(accepted=False)
        self._server.instance = instance
        if moved:
            self._server.keep()
        return moved

    def drop_server(self) -> None:
        """Leave nothing behind of a login that went well: a `passthrough` writes no more than locks."""
        self._server.drop()

    # ---- whose turn

    def look(self, kind: str, secret: str) -> None:
        """Whether this very credential would be tried, without taking a turn. Raises LoginRefusedError where it would not."""
        if self._window and os.path.lexists(self._key_file):
            self._check(kind, secret)

    def take_turn(self, kind: str, secret: str, deadline: Deadline, began: float | None = None) -> bool:
        """Before a login: wait until no other one of the account is under way whose outcome nobody knows; whether that took time.

        The call began with the deadline, or at `began`. Raises LoginRefusedError if this very credential was refused lately,
        here or by a caller meanwhile, and BusyError.
        """
        if not self._window:
            return False
        self._turn = Turn(f"{self._path()}.lock", self._clock)
        since = deadline.began if began is None else min(began, deadline.began)
        waited = self._turn.take(f"{kind}\0{secret}", since, deadline, lambda: self._check(kind, secret))
        self._server.keep()  # whoever comes by the same name finds out whose turn it is without asking a slow server
        return waited

    def end_turn(self, *, accepted: bool, unanswered: bool = False) -> None:
        """The server has answered, or will not: whoever waits may go on."""
        turn, self._turn = self._turn, None
        if turn is not None:
            turn.end(accepted=accepted, unanswered=unanswered)

    # ---- what became of it

    def remember(self, kind: str, secret: str) -> None:
        """The server has just refused this credential."""
        if not self._window:
            return
        try:
            self._server.settle()
            with self._writing(self._path()):
                marks = self._marks(self._path())
                mark = self._mark(self._key(), self._name(), kind, secret)
                times = max((times for _, times in self._found(secret, (kind,))), default=0)
                marks[mark] = self._clock.now(), times + 1
                self._save(self._path(), marks)
        except (BusyError, StorageError):
            pass

    def settle(self, kind: str, secret: str) -> None:
        """The server has just accepted this credential: whatever was said of it before counts no more."""
        kinds = (_SOAP,) if kind == _SOAP else (_SOAP, kind)
        for name, path in self._files():
            try:
                if not self._marks(path):
                    continue
                with self._writing(path):
                    marks = self._marks(path)
                    key = self._key()
                    if [each for each in kinds if marks.pop(self._mark(key, name, each, secret), None) is not None]:
                        self._save(path, marks)
            except (BusyError, StorageError):
                pass

    def forget(self) -> None:
        """Whatever was refused to this account may be tried at once. Raises StorageError.

        Where it is not known which server this place leads to, that is so on all of them: asking might take long.
        """
        paths = [path for _, path in self._files()]
        if self._server.instance is None:
            paths += self._of_all_servers()
        for path in paths:
            remove_private(path)

    def _check(self, kind: str, secret: str) -> None:
        now = self._clock.now()
        found = [(at + back_off.wait(self._window, times), at) for at, times in self._found(secret, (_SOAP, kind))]
        until, refused_at = max(found, default=(0.0, 0.0))
        if until <= now:
            return
        ago = max(1, round(now - refused_at))
        raise LoginRefusedError(
            f"{self._place} refused this very login of {self._username} {ago} s ago and was not asked again, since failed tries lock "
            f"accounts: it will be from {rfc3339(until)} on. Another password is tried at once; to have this one tried, store it "
            '(vsphere-session store), or send erase with "scope": "password"'
        )

    # ---- the files

    def _found(self, secret: str, kinds: tuple[str, ...]) -> list[tuple[float, int]]:
        """When this credential was refused last, in Unix seconds, and how often in a row; by each of the names of the server."""
        found, now = [], self._clock.now()
        for name, path in self._files():
            try:
                marks = self._marks(path)
                key = self._key() if marks else b""
            except (BusyError, StorageError):
                continue
            marked = [marks.get(self._mark(key, name, kind, secret)) for kind in kinds] if marks else []
            found += [each for each in marked if each is not None and back_off.counts(self._window, *each, now)]
        return found

    def _name(self) -> str:
        return self._server.instance or self._normal_place

    def _files(self) -> Iterator[tuple[str, str]]:
        """The server's names, with a file for each: what it was refused under before it said who it is counts, too."""
        for name in dict.fromkeys((self._name(), self._normal_place)):
            yield name, self._path(name)

    def _path(self, name: str = "") -> str:
        digests = (_digest(self._account), _digest(name or self._name()))
        return os.path.join(self._directory, "".join(digests))

    def _of_all_servers(self) -> list[str]:
        try:
            names = os.listdir(self._directory)
        except OSError:
            return []
        return [
            os.path.join(self._directory, name)
            for name in names
            if name.startswith(_digest(self._account)) and "." not in name
        ]

    def _mark(self, key: bytes, name: str, kind: str, secret: str) -> str:
        from hmac import digest  # noqa: PLC0415  # a login without a refusal marks nothing

        said = "\0".join((kind, name, self._account, secret))
        return digest(key, said.encode("utf-8", "surrogatepass"), "sha256").hex()

    def _marks(self, path: str) -> Marks:
        """What the file says, by mark; a file that makes no sense says nothing. Raises StorageError."""
        data = self._reader.unnoted(path)
        try:
            value = decode(data) if data else None
            marks, times = (value.get("refused_at"), value.get("times")) if isinstance(value, dict) else (None, None)
            counts = times if isinstance(times, dict) else {}
            found = marks.items() if isinstance(marks, dict) else ()
            return {mark: (float(str(at)), max(1, int(str(counts.get(mark, 1))))) for mark, at in found}
        except ValueError:
            return {}

    def _save(self, path: str, marks: Marks) -> None:
        kept = back_off.kept(marks, self._window, self._clock.now())
        if not kept:
            remove_private(path)
            return
        remove_leftovers(path)
        value = {
            "version": 2,
            "refused_at": {mark: at for mark, (at, _) in kept.items()},
            "times": {mark: times for mark, (_, times) in kept.items()},
        }
        write_private(path, encode(value).encode() + b"\n")

    def _writing(self, path: str) -> Lock:
        """The lock under which a file is changed: two who go beside each other must not lose one another's marks."""
        lock = Lock(f"{path}.marks.lock", self._clock)
        lock.acquire(Deadline(_SHORT, self._clock))
        return lock

    @property
    def _key_file(self) -> str:
        return os.path.join(self._directory, "key")

    def _key(self) -> bytes:
        """The secret of this machine. Raises StorageError, BusyError."""
        path = self._key_file
        key = self._reader.unnoted(path)
        if key is not None and len(key) == _SECRET_BYTES:
            return key
        with Lock(f"{path}.lock", self._clock) as lock:
            lock.acquire(Deadline(_SHORT, self._clock))
            key = self._reader.unnoted(path)  # somebody else may have made it meanwhile
            if key is None or len(key) != _SECRET_BYTES:
                key = os.urandom(_SECRET_BYTES)
                write_private(path, key)
        return key


def _digest(text: str) -> str:
    return sha256_hex(text.encode("utf-8", "surrogatepass"))[:20]
