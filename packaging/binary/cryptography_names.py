"""The names of `cryptography` that `secretstorage` imports, by the OpenSSL that is linked into the single file.

The build puts this one file into the single file as the module `cryptography`; the package itself, whose library is
Rust, cannot be loaded there. It makes the modules below itself. Nothing but AES-128-CBC for the Secret Service is here:
whoever asks for more gets an ImportError, as where `cryptography` is not installed.
"""

from __future__ import annotations

import sys
from types import ModuleType, SimpleNamespace

import _vsphere_session_crypto as crypto  # type: ignore[import-not-found]  # in the single file only

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

_BLOCK = 16


class AES:
    """A key of 128 bits."""

    def __init__(self, key: bytes) -> None:
        if len(key) != _BLOCK:
            raise ValueError("there is AES with 128 bits only")
        self.key = key


class CBC:
    """Cipher block chaining from this first vector."""

    def __init__(self, initialization_vector: bytes) -> None:
        self.initialization_vector = initialization_vector


class Cipher:
    """AES in CBC mode. Padding is the caller's."""

    def __init__(self, algorithm: AES, mode: CBC, backend: object = None) -> None:  # noqa: ARG002  # there is one
        self._key, self._vector = algorithm.key, mode.initialization_vector
        if len(self._vector) != _BLOCK:
            raise ValueError("CBC takes an initialization vector of 16 bytes")

    def encryptor(self) -> _Context:
        """To encrypt one text."""
        return _Context(crypto.encrypt_cbc, self._key, self._vector, lambda _given, made: made)

    def decryptor(self) -> _Context:
        """To decrypt one text."""
        return _Context(crypto.decrypt_cbc, self._key, self._vector, lambda given, _made: given)


class _Context:
    """One text in pieces of any size; `encrypted` says which of the two is."""

    def __init__(
        self,
        work: Callable[[bytes, bytes, bytes], bytes],
        key: bytes,
        vector: bytes,
        encrypted: Callable[[bytes, bytes], bytes],
    ) -> None:
        self._work, self._key, self._vector, self._encrypted = work, key, vector, encrypted
        self._rest = b""

    def update(self, data: bytes) -> bytes:
        """What whole blocks become; the rest waits for more."""
        data = self._rest + data
        whole = len(data) - len(data) % _BLOCK
        given, self._rest = data[:whole], data[whole:]
        made = self._work(self._key, self._vector, given)
        self._vector = (self._vector + self._encrypted(given, made))[-_BLOCK:]
        return made

    def finalize(self) -> bytes:
        """Nothing more. Raises ValueError if a block was not whole."""
        if self._rest:
            raise ValueError("the data is not a multiple of the block of 16 bytes")
        return b""


_MODULES: dict[str, dict[str, object]] = {
    "hazmat": {},
    "hazmat.backends": {"default_backend": lambda: None},
    "hazmat.primitives": {},
    "hazmat.primitives.ciphers": {
        "Cipher": Cipher,
        "algorithms": SimpleNamespace(AES=AES),
        "modes": SimpleNamespace(CBC=CBC),
    },
}
for _name, _names in _MODULES.items():
    _module = ModuleType(f"{__name__}.{_name}")
    vars(_module).update(_names)
    sys.modules[_module.__name__] = _module
