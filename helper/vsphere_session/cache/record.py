"""The helper's own record beside a cached session: who, how and when, for which govmomi's format has no place.

One small file per endpoint, user and `insecure`, in the state directory. It never holds a session id, only a digest
by which it recognises the one it speaks of: a session that govc has put there meanwhile has no record, and is asked
about. A record that cannot be read is no record.

Beside the sessions it holds, for good, what the server calls the user of this key, as logins have shown.

That the server has confirmed a session again, which changes nothing but the time, goes to a second file that is not
synced: lost, it costs one question. Only what the record itself knows and trusts can be confirmed there.

On the fast path.
"""

from __future__ import annotations

import os

from credential_protocol.jsontext import decode, encode
from vsphere_session.digest import session_digest
from vsphere_session.errors import StorageError
from vsphere_session.storage.files import remove_quietly, write_private
from vsphere_session.storage.reading import Reader

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

VERSION = "1"
_FIELDS = ("username", "login", "form", "api_version", "pinned")
_KINDS = ("soap", "rest")
_PROVEN, _OF = "proven", "of"
PINNED = "yes"
ROUNDING = 2.0
"""Seconds by which two answers of a server may differ on when one session was logged in: it counts whole ones."""


class Known:
    """What is known of one session. Times are Unix seconds by this machine's clock.

    username      the identity that the server reports
    login         how it was logged in and for whom: `password:NAME`, `adopted`, a login method's own name, or empty
    form          the form of REST that the server speaks (see WireClient.form)
    pinned        PINNED if nothing but a thumbprint vouched for the server when it was logged in (`insecure`), else empty
    login_at      when it was logged in
    confirmed_at  when the server last said that it lives
    until         when what it was logged in with ends, such as a token, and it with that; 0 where nothing says so
    """

    __slots__ = ("api_version", "confirmed_at", "digest", "form", "login", "login_at", "pinned", "until", "username")

    def __init__(
        self,
        digest: str,
        *,
        username: str = "",
        login: str = "",
        form: str = "",
        api_version: str = "",
        pinned: str = "",
        login_at: float = 0.0,
        confirmed_at: float = 0.0,
        until: float = 0.0,
    ) -> None:
        self.digest = digest
        self.username = username
        self.login = login
        self.form = form
        self.api_version = api_version
        self.pinned = pinned
        self.login_at = login_at
        self.confirmed_at = confirmed_at
        self.until = until

    def is_as(self, other: Known) -> bool:
        """Whether both say the same, but for when it was confirmed."""
        return all(getattr(self, name) == getattr(other, name) for name in ("digest", "login_at", "until", *_FIELDS))

    def is_about(self, session_id: str) -> bool:
        """Whether this is the session that is meant."""
        return self.digest == session_digest(session_id)


class Record:
    """The record file of one cache key, read when it is first asked and again after `forget`.

    A missing, broken, foreign or newer file knows nothing. What changes it raises StorageError.
    """

    def __init__(self, path: str, reader: Reader | None = None) -> None:
        self.path = path
        state, name = os.path.split(path)
        self._later = os.path.join(os.path.dirname(state), "confirmed", name)
        self._reader = reader or Reader()
        self._confirmed: dict[str, tuple[str, float]] | None = None
        self._read: tuple[dict[str, Known], dict[str, str]] | None = None

    @property
    def kinds(self) -> dict[str, Known]:
        """What is known of the session of each kind, `soap` and `rest`."""
        return self._content[0]

    @property
    def proven(self) -> tuple[str, ...]:
        """What the server calls the user of this key, for SOAP and for REST: it said so when that user logged in."""
        return tuple(self._content[1].values())

    def prove(self, kind: str, name: str) -> None:
        """A login by the user's own credential has shown what the server calls them; `change` writes it down."""
        if name:
            self._content[1][kind] = name

    @property
    def _content(self) -> tuple[dict[str, Known], dict[str, str]]:
        if self._read is None:
            try:
                value = _value(self._reader.private(self.path) or b"")
            except StorageError:
                value = {}
            self._read = _sessions(value), _names(value, os.path.basename(self.path))
        return self._read

    def forget(self) -> None:
        """Read both files again the next time: another process may have changed them."""
        self._read = self._confirmed = None

    def known(self, kind: str, session_id: str) -> Known | None:
        """What is known of the session with this id; None if the record speaks of another or of none."""
        found = self.kinds.get(kind)
        return found if found is not None and found.is_about(session_id) else None

    def bring_up(self, kind: str, known: Known) -> None:
        """Let `known`, the session of this kind in the record, say when the server has confirmed it since."""
        digest, at = self._times.get(kind, ("", 0.0))
        if known is self.kinds.get(kind) and digest == known.digest and 0 < known.confirmed_at < at:
            known.confirmed_at = at

    def confirm(self, changes: Mapping[str, Known | None]) -> bool:
        """Note that the server has confirmed these sessions; False if there is more to note. Raises StorageError."""
        times = dict(self._times)
        for kind, known in changes.items():
            before = self.kinds.get(kind)
            if known is None or before is None or known is before or not known.is_as(before):
                return False
            if not 0 < before.confirmed_at < known.confirmed_at:  # it is distrusted, or the clock was set back
                return False
            times[kind] = known.digest, known.confirmed_at
        value = {kind: {"digest": digest, "login_at": at, "confirmed_at": at} for kind, (digest, at) in times.items()}
        data = encode({"version": int(VERSION), **value}).encode() + b"\n"
        write_private(self._later, data, synced=False)
        return True

    @property
    def _times(self) -> dict[str, tuple[str, float]]:
        """What the second file says: by kind the session's digest, and when it was confirmed. One that is cut short says nothing."""
        if self._confirmed is None:
            try:
                value = _value(self._reader.private(self._later) or b"")
            except StorageError:
                value = {}
            self._confirmed = {kind: (one.digest, one.confirmed_at) for kind, one in _sessions(value).items()}
        return self._confirmed

    def _drop_times(self) -> None:
        """The record itself says all of it again, or what was confirmed counts no more."""
        if self._confirmed != {}:
            self._confirmed = {}
            remove_quietly(self._later)

    def change(self, changes: Mapping[str, Known | None]) -> None:
        """Write down what is known of the session of each kind now; None: nothing."""
        for kind, known in changes.items():
            self.kinds.pop(kind, None)
            if known is not None:
                self.kinds[kind] = known
        if changes:
            self._save()

    def restore(self, before: Mapping[str, Known | None]) -> None:
        """Go back to what was known of each kind; where that cannot be written, the server is asked the next time."""
        for kind, known in before.items():
            self.kinds.pop(kind, None)
            if known is not None:
                self.kinds[kind] = known
        self._save_quietly()

    def distrust(self, session_id: str) -> None:
        """Have the server asked before anybody uses this session again. On a full disk that is lost."""
        about = [known for known in self.kinds.values() if known.is_about(session_id)]
        for known in about:
            known.confirmed_at = 0.0
        if about:
            self._save_quietly()

    def remove(self, kind: str, session_id: str) -> None:
        """Know nothing of the session of this kind any more, and do not trust the other kind's if it is the same one (8.0U3)."""
        if self.kinds.pop(kind, None) is not None:
            for known in self.kinds.values():
                if known.is_about(session_id):
                    known.confirmed_at = 0.0
            self._save_quietly()

    def _save_quietly(self) -> None:
        try:
            self._save()
        except StorageError:
            pass  # on a full disk; it speaks of a session that is gone, or about to go

    def _save(self) -> None:
        kinds = {
            kind: {"digest": known.digest, "login_at": known.login_at, "confirmed_at": known.confirmed_at}
            | {name: getattr(known, name) for name in _FIELDS}
            | ({"until": known.until} if known.until else {})
            for kind, known in self.kinds.items()
        }
        # with the key: a record that was copied here from another one's place shows nothing of this user
        names = self._content[1]
        proven = {_PROVEN: {_OF: os.path.basename(self.path), **names}} if names else {}
        self._drop_times()
        write_private(self.path, encode({"version": int(VERSION), **kinds, **proven}).encode() + b"\n")


def _value(data: bytes) -> dict[str, object]:
    try:
        value = decode(data)
    except ValueError:
        return {}
    return value if isinstance(value, dict) and value.get("version") == VERSION else {}


def _names(value: dict[str, object], key: str) -> dict[str, str]:
    part = value.get(_PROVEN)
    if not isinstance(part, dict) or part.get(_OF) != key:
        return {}
    return {kind: name for kind in _KINDS if isinstance(name := part.get(kind), str) and name}


def _sessions(value: dict[str, object]) -> dict[str, Known]:
    found = {}
    for kind in _KINDS:
        part = value.get(kind)
        if isinstance(part, dict):
            known = _known(part)
            if known is not None:
                found[kind] = known
    return found


def _known(part: dict[str, object]) -> Known | None:
    names = (*_FIELDS, "digest", "login_at", "confirmed_at", "until")
    texts = {name: text for name in names if isinstance(text := part.get(name, ""), str)}
    try:
        return Known(
            texts["digest"],
            username=texts["username"],
            login=texts["login"],
            form=texts["form"],
            api_version=texts["api_version"],
            pinned=texts["pinned"],
            login_at=float(texts["login_at"]),
            confirmed_at=float(texts["confirmed_at"]),
            until=float(texts["until"] or 0.0),
        )
    except (KeyError, ValueError):
        return None
