"""A session bus with a Secret Service on it, as far as `keyring` speaks to one: in this process, on a socket.

Secrets cross the bus encrypted, as with gnome-keyring and KWallet. The key exchange is secretstorage's own, which is
symmetrical.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from jeepney import (  # type: ignore[import-untyped]
    HeaderFields,
    Message,
    Parser,
    new_error,
    new_method_return,
)
from secretstorage.dhcrypto import Session
from secretstorage.util import format_secret

COLLECTION = "/org/freedesktop/secrets/collection/login"
NO_PROMPT = "/"
Answer = tuple[str, tuple[Any, ...]]  # signature and body


class SecretService:
    """Serves within the `with` block at `address`, the value for DBUS_SESSION_BUS_ADDRESS.

    `secrets` maps an item's attributes to its secret in clear; `sent` is all that clients have sent.
    """

    def __init__(self, directory: Path) -> None:
        self.secrets: dict[frozenset[tuple[str, str]], bytes] = {}
        self.sent = b""
        self.address = f"unix:path={directory}/bus"
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(f"{directory}/bus")
        self._thread = threading.Thread(target=self._serve)

    def __enter__(self) -> Self:
        self._listener.listen()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listener.close()

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:  # shut down
                return
            with client:
                _Conversation(self, client).carry_on()


class _Conversation:
    """One client, from its first byte to its last."""

    def __init__(self, service: SecretService, client: socket.socket) -> None:
        self._service = service
        self._client = client
        self._serial = 0
        self._session = Session()
        self._methods: dict[str, Callable[..., Answer]] = {
            "Hello": lambda: ("s", (":1.1",)),
            "AddMatch": lambda _rule: ("", ()),
            "NameHasOwner": lambda _name: ("b", (True,)),
            "ReadAlias": lambda _name: ("o", (COLLECTION,)),
            "Get": self._get,
            "Unlock": lambda paths: ("aoo", (paths, NO_PROMPT)),
            "OpenSession": self._open_session,
            "SearchItems": lambda attributes: ("ao", (self._items(attributes),)),
            "CreateItem": self._create_item,
        }

    def carry_on(self) -> None:
        parser = Parser()
        self._authenticate()
        while data := self._client.recv(65536):
            self._service.sent += data
            parser.add_data(data)
            while (message := parser.get_next_message()) is not None:
                self._answer(message)

    def _authenticate(self) -> None:
        with self._client.makefile("rb", buffering=0) as lines:
            while (line := lines.readline()) != b"BEGIN\r\n":
                if not line:
                    return
                known = {
                    b"\0AUTH": b"OK 0123456789abcdef0123456789abcdef\r\n",
                    b"NEGOTIATE_UNIX_FD": b"AGREE_UNIX_FD\r\n",
                }
                self._client.sendall(known[line.split()[0]])

    def _answer(self, call: Message) -> None:
        path, member = (call.header.fields[field] for field in (HeaderFields.path, HeaderFields.member))
        of_item: dict[str, Callable[..., Answer]] = {
            "Get": self._get,
            "GetSecret": lambda _session: ("(oayays)", (self._encrypted(self._paths()[path]),)),
            "Delete": lambda: self._delete(path),
        }
        method = (of_item if path in self._paths() else self._methods).get(member)
        if method is None:
            reply = new_error(call, "org.freedesktop.DBus.Error.UnknownMethod", "s", (member,))
        else:
            reply = new_method_return(call, *method(*call.body))
        self._serial += 1
        self._client.sendall(reply.serialise(serial=self._serial))

    def _get(self, _interface: str, name: str) -> Answer:
        return "v", ({"Locked": ("b", False), "Label": ("s", "Login")}[name],)

    def _open_session(self, _algorithm: str, key: tuple[str, bytes]) -> Answer:
        self._session.set_server_public_key(int.from_bytes(key[1], "big"))
        self._session.object_path = "/org/freedesktop/secrets/session/1"
        mine = self._session.my_public_key.to_bytes(128, "big")
        return "vo", (("ay", mine), self._session.object_path)

    def _create_item(self, properties: dict[str, Any], secret: tuple[str, bytes, bytes, str], _replace: bool) -> Answer:
        _, attributes = properties["org.freedesktop.Secret.Item.Attributes"]
        self._service.secrets[frozenset(attributes.items())] = self._decrypted(secret)
        (item,) = self._items(attributes)
        return "oo", (item, NO_PROMPT)

    def _delete(self, path: str) -> Answer:
        del self._service.secrets[self._attributes(path)]
        return "o", (NO_PROMPT,)

    def _paths(self) -> dict[str, bytes]:
        return {f"{COLLECTION}/{number}": secret for number, secret in enumerate(self._service.secrets.values())}

    def _attributes(self, path: str) -> frozenset[tuple[str, str]]:
        return list(self._service.secrets)[int(path.rpartition("/")[2])]

    def _items(self, wanted: dict[str, str]) -> list[str]:
        return [path for path in self._paths() if set(wanted.items()) <= self._attributes(path)]

    def _encrypted(self, secret: bytes) -> tuple[str, bytes, bytes, str]:
        return format_secret(self._session, secret, "text/plain")

    def _decrypted(self, secret: tuple[str, bytes, bytes, str]) -> bytes:
        assert self._session.aes_key is not None
        decryptor = Cipher(algorithms.AES(self._session.aes_key), modes.CBC(secret[1])).decryptor()
        padded = decryptor.update(secret[2]) + decryptor.finalize()
        return padded[: -padded[-1]]
