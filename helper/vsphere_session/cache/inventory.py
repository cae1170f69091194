"""What is cached, of all endpoints and users: govmomi's files, the helper's own, and the records beside them.

Nothing is asked and nothing changed. A cache file does not say whose it is: its name is a digest, which is compared with
those of the users that are known here. A file that no session can be had from is named, with what is wrong with it.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from credential_protocol.jsontext import decode
from vsphere_session.cache.govmomi_format import StoredSession, path_in, read_rest, read_soap
from vsphere_session.cache.record import Record
from vsphere_session.cache.repository import record_name
from vsphere_session.digest import session_digest
from vsphere_session.endpoint import REST_PATH, SOAP_PATH, Endpoint, parse_endpoint
from vsphere_session.errors import InvalidRequestError, StorageError
from vsphere_session.storage.reading import Reader
from vsphere_session.storage.unchanged import look_into, names_in, others_can_read

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

    from vsphere_session.cache.record import Known
    from vsphere_session.storage.paths import Paths

_PATHS = {"soap": SOAP_PATH, "rest": REST_PATH}
_HEXADECIMAL = frozenset("0123456789abcdef")
_NAME_LENGTHS = (64, 40)
"""Of govmomi's names, and of those of older ones."""
_ASIDE = "that a call has set aside which was killed, or is at work"


@dataclass(frozen=True)
class Directories:
    """Where sessions of both kinds are kept together; `sealed`: encrypted."""

    soap: str
    rest: str
    sealed: bool = False

    def by_kind(self) -> dict[str, str]:
        """As a repository wants them."""
        return {"soap": self.soap, "rest": self.rest}


@dataclass(frozen=True)
class Cached:
    """One cached session.

    endpoint    with the user's name, as the file is named; without one where `anonymous` or nobody knows it
    user_known  whether the user is the one of `endpoint`
    stored      what the file says; None where it is sealed. It has the session's id
    known       what the record says; None where the helper has never handed the session out
    written     when the file was, in Unix seconds
    remark      what is wrong with the file, though it can be used
    """

    kind: str
    path: str
    endpoint: Endpoint
    user_known: bool
    insecure: bool
    directories: Directories
    stored: StoredSession | None = field(repr=False)
    known: Known | None
    written: float
    remark: str = ""


@dataclass(frozen=True)
class Unusable:
    """A file that no session can be had from, and why."""

    path: str
    what: str


@dataclass(frozen=True)
class Names:
    """What cache files may be named after: `places` are (scheme, authority)."""

    places: Collection[tuple[str, str]]
    users: Collection[str]


class Inventory:
    """All that is cached, and what is in its way."""

    def __init__(self, paths: Paths, environ: Mapping[str, str], names: Names) -> None:
        self.sessions: list[Cached] = []
        self.unusable: list[Unusable] = []
        self._state = paths.state
        self._reader = Reader(only_looks=True)
        self._names = names
        self._seen: set[tuple[str, str]] = set()
        self._records = dict(self._read_records())
        users = [name.partition(":")[2] for known in self._records.values() for name in [known.login] if ":" in name]
        self._users = list(dict.fromkeys(["", *names.users, *users]))
        for directories in _directories(paths, environ, self._names_in):
            for kind, directory in directories.by_kind().items():
                self._take(kind, directory, directories)
        self.sessions.sort(
            key=lambda one: (one.endpoint.place, one.endpoint.username, one.insecure, one.kind != "soap")
        )

    def _take(self, kind: str, directory: str, directories: Directories) -> None:
        place = kind, os.path.realpath(directory)
        if place in self._seen:
            return
        self._seen.add(place)
        for name in self._names_in(directory):
            path = os.path.join(directory, name)
            if name.startswith(".") and name.endswith(".tmp"):
                continue  # half written, by a call at work or one that was killed
            try:
                found = look_into(path)
                if found is not None:
                    self._take_file(kind, path, directories, *found)
            except StorageError as error:
                self.unusable.append(Unusable(path, error.message.removeprefix(f"{path} ")))

    def _take_file(self, kind: str, path: str, directories: Directories, data: bytes, found: os.stat_result) -> None:
        name, aside = _name_of(path)
        if len(name) not in _NAME_LENGTHS or not _HEXADECIMAL.issuperset(name):
            raise StorageError("is no session's file; move it away")
        remark = "others can read the file; the next call mends that" if others_can_read(found) else ""
        if directories.sealed:
            endpoint, insecure = self._named_like(kind, name)
            own = record_name(endpoint, insecure=insecure, directories=directories.by_kind())
            known = Record(os.path.join(self._state, "records", own), self._reader).kinds.get(kind)
            one = Cached(kind, path, endpoint, True, insecure, directories, None, known, found.st_mtime)
        else:
            one = self._in_clear(kind, path, directories, data, found.st_mtime)
        if aside and (directories.sealed or not one.user_known):
            raise StorageError(f"is a session {_ASIDE}; the next login of its user ends it")
        self.sessions.append(replace(one, remark=f"the session is one {_ASIDE}" if aside else remark))

    def _in_clear(self, kind: str, path: str, directories: Directories, data: bytes, written: float) -> Cached:
        stored = read_soap(data) if kind == "soap" else read_rest(data)
        if stored is None:
            raise StorageError("holds no session: it is empty, cut short or damaged; the next login replaces it")
        name, _ = _name_of(path)
        if stored.authority:
            user, insecure = self._user(kind, name, stored), stored.insecure
            sdk = path_in(data) if kind == "soap" else ""
            endpoint = Endpoint(stored.scheme, stored.authority, sdk or SOAP_PATH, user or "", None)
            _check(endpoint)
        else:
            endpoint, insecure = self._named_like(kind, name)
            user = endpoint.username
        known = self._records.get((kind, session_digest(stored.session_id)))
        return Cached(kind, path, endpoint, user is not None, insecure, directories, stored, known, written)

    def _user(self, kind: str, name: str, stored: StoredSession) -> str | None:
        """The user whose file has this name; None where nobody who is known here has."""
        for user in self._users:
            endpoint = Endpoint(stored.scheme, stored.authority, SOAP_PATH, user, None)
            if name == _file_name(endpoint, kind, len(name), insecure=stored.insecure):
                return user
        return None

    def _named_like(self, kind: str, name: str) -> tuple[Endpoint, bool]:
        """The endpoint and `insecure` whose file has this name. Raises StorageError where none is known."""
        for scheme, authority in self._names.places:
            for user in self._users:
                endpoint = Endpoint(scheme, authority, SOAP_PATH, user, None)
                for insecure in (False, True):
                    if name == _file_name(endpoint, kind, len(name), insecure=insecure):
                        return endpoint, insecure
        raise StorageError("does not tell of which server and user it is; name them to see it")

    def _names_in(self, directory: str) -> list[str]:
        try:
            return names_in(directory)
        except StorageError as error:
            self.unusable.append(Unusable(directory, error.message))
            return []

    def _read_records(self) -> Iterator[tuple[tuple[str, str], Known]]:
        directory = os.path.join(self._state, "records")
        for name in self._names_in(directory):
            path = os.path.join(directory, name)
            if name.startswith("."):
                continue
            try:
                found = look_into(path)
                if found is not None and not isinstance(decode(found[0]), dict):
                    raise ValueError
            except StorageError as error:
                self.unusable.append(Unusable(path, error.message.removeprefix(f"{path} ")))
                continue
            except ValueError:
                self.unusable.append(Unusable(path, "is damaged: how its sessions were made is not known any more"))
                continue
            record = Record(path, self._reader)
            for kind, known in record.kinds.items():
                record.bring_up(kind, known)
                yield (kind, known.digest), known


def _directories(
    paths: Paths, environ: Mapping[str, str], list_names: Callable[[str], list[str]]
) -> Iterator[Directories]:
    """All that sessions are kept in: those that variables name, govmomi's, the helper's own."""
    named = Directories(
        _absolute(environ.get("VSPHERE_VIM_SESSION_PATH", "")) or paths.soap_sessions,
        _absolute(environ.get("VSPHERE_REST_SESSION_PATH", "")) or paths.rest_sessions,
    )
    yield named
    yield Directories(paths.soap_sessions, paths.rest_sessions)
    unnamed = os.path.join(paths.state, "unnamed")
    for name in list_names(unnamed):
        home = os.path.join(unnamed, name)
        yield Directories(os.path.join(home, "sessions"), os.path.join(home, "rest_sessions"))
    sealed = os.path.join(paths.state, "encrypted")
    yield Directories(os.path.join(sealed, "soap"), os.path.join(sealed, "rest"), sealed=True)


def _name_of(path: str) -> tuple[str, bool]:
    """The name of a cache file, and whether this is one that is set aside beside it (see `Repository.set_aside`)."""
    name = os.path.basename(path)
    aside = name.startswith(".") and name.endswith(".session")
    return (name[1:].partition(".")[0] if aside else name), aside


def _absolute(path: str) -> str:
    return os.path.abspath(path) if path else ""


def _file_name(endpoint: Endpoint, kind: str, length: int, *, insecure: bool) -> str:
    path = _PATHS[kind]
    newest = length == _NAME_LENGTHS[0]
    return endpoint.file_name(path, insecure=insecure) if newest else endpoint.legacy_file_name(path, insecure=insecure)


def _check(endpoint: Endpoint) -> None:
    try:
        parse_endpoint(endpoint.url)
    except InvalidRequestError:
        raise StorageError("names no server that there could be; remove it") from None
