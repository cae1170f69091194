"""Sealed files that somebody has changed, or put in the place of another one: none of them is a session."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import permutations
from pathlib import Path

import keyring
from keyring.backend import KeyringBackend

from promises.rows import Progress, Row, Size
from simulated_vcenter import SimulatedVCenter
from support.encrypted_files import key_text, sealed_file
from support.program import PASSWORD, USER
from vsphere_session import RestClient, Session, SoapClient, parse_endpoint

BITS = {Size.SHORT: (0,), Size.LONG: range(8)}
USERS = {USER: PASSWORD, "operator@vsphere.local": PASSWORD}


class InMemory(KeyringBackend):
    """A keyring that is forgotten with the run."""

    priority = 1

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._secrets: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        """The secret."""
        return self._secrets.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        """Keep it."""
        self._secrets[service, username] = password


class Owner:
    """One key's session: its server, user and kind, its file, and a Session that looks for it without a password."""

    def __init__(self, home: Path, vcenter: SimulatedVCenter, user: str, kind: str, *, insecure: bool) -> None:
        self.name = f"{user} at {vcenter.authority}, {kind}{', insecure' if insecure else ''}"
        self.path = sealed_file(home, key_text(vcenter, kind, user, insecure=insecure))
        self._kind = kind
        url = parse_endpoint(vcenter.url).with_user(user, PASSWORD)
        self._session = Session(
            url,
            insecure=insecure,
            ca_file="" if insecure else vcenter.ca_file,
            environ={"HOME": str(home)},
            encrypted=True,
        )
        with self._client() as client:
            assert self._session.login(client), f"{self.name}: no login"
        self.sealed = self.path.read_bytes()

    def _client(self) -> SoapClient | RestClient:
        return SoapClient() if self._kind == "soap" else RestClient()

    def finds(self, data: bytes) -> bool:
        """Whether these bytes in the file's place are a session for this key."""
        self.path.write_bytes(data)
        with self._client() as client:
            return self._session.repository.read(client)


def rows(size: Size, progress: Progress) -> Iterator[Row]:
    """Both rows; a step is a file that is tried."""
    before = keyring.get_keyring()
    keyring.set_keyring(InMemory())
    try:
        yield _tampered(size, progress)
        yield _swapped(size, progress)
    finally:
        keyring.set_keyring(before)


def _tampered(size: Size, progress: Progress) -> Row:
    tried = 0
    with _owners(1, insecure=False, users=[USER]) as owners:
        for owner in owners:
            for what, data in _forgeries(owner.sealed, size):
                assert not owner.finds(data), f"{owner.name}: a file with {what} is taken for a session"
                tried += 1
                progress(1)
            assert owner.finds(owner.sealed), f"{owner.name}: not even the right file is a session"
    return Row(
        "sealed files with one bit changed (in every byte), cut at every length, made longer",
        f"{tried:,} of {tried:,} are no session",
    )


def _forgeries(data: bytes, size: Size) -> Iterator[tuple[str, bytes]]:
    for at in range(len(data)):
        for bit in BITS[size]:
            yield f"bit {bit} of byte {at} changed", data[:at] + bytes([data[at] ^ 1 << bit]) + data[at + 1 :]
        yield f"{at} bytes", data[:at]
    yield "a byte more", data + b"\0"
    yield "itself twice", data + data


def _swapped(size: Size, progress: Progress) -> Row:
    tried = 0
    with _owners(2, insecure=size is Size.LONG, users=list(USERS)) as owners:
        for owner, other in permutations(owners, 2):
            assert not owner.finds(other.sealed), f"the file of {other.name} is a session for {owner.name}"
            tried += 1
            progress(1)
        for owner in owners:
            assert owner.finds(owner.sealed), f"{owner.name}: not even its own file is a session"
    sorts = "user, server, kind" + (", insecure" if size is Size.LONG else "")
    return Row(
        f"each of {len(owners)} sealed files in the place of each other one ({sorts})",
        f"{tried} of {tried} are no session",
    )


@contextmanager
def _owners(servers: int, *, insecure: bool, users: list[str]) -> Iterator[list[Owner]]:
    with tempfile.TemporaryDirectory() as place, SimulatedVCenter(USERS) as first, SimulatedVCenter(USERS) as second:
        owners = [
            Owner(Path(place), vcenter, user, kind, insecure=unsure)
            for vcenter in (first, second)[:servers]
            for user in users
            for kind in ("soap", "rest")
            for unsure in (False, True)[: 1 + insecure]
        ]
        yield owners
        assert first.session_count + second.session_count == len(owners), (
            "sessions on the servers are not those in files"
        )
