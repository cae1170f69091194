"""Secrets that are looked for everywhere, and in every shape that something could give them."""

from __future__ import annotations

import os
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

CORE = "Zq7Kx9Wv3Jp5"
"""In every password and token of a run: letters and digits, which percent-, JSON-, XML- and shell-quoting leave alone."""
PASSWORD = f"""p{CORE}&<"'\\/ %ü"""
WRONG_PASSWORD = f"wrong{CORE}!"
TOKEN = f"ghp_{CORE}x"

SHAPES: dict[str, Callable[[bytes], bytes]] = {
    "as it is": lambda secret: secret,
    "UTF-16 LE": lambda secret: secret.decode().encode("utf-16-le"),
    "UTF-16 BE": lambda secret: secret.decode().encode("utf-16-be"),
    "UTF-32": lambda secret: secret.decode().encode("utf-32-le"),
    "hexadecimal": lambda secret: secret.hex().encode(),
    "HEXADECIMAL": lambda secret: secret.hex().upper().encode(),
    "backwards": lambda secret: secret[::-1],
    "percent": lambda secret: b"".join(b"%%%02X" % byte for byte in secret),
    "\\x": lambda secret: b"".join(b"\\x%02x" % byte for byte in secret),
    "\\u": lambda secret: b"".join(b"\\u%04x" % byte for byte in secret),
    "&#": lambda secret: b"".join(b"&#%d;" % byte for byte in secret),
    "base64": lambda secret: _in_the_middle(secret, 0),
    "base64 after 1 byte": lambda secret: _in_the_middle(secret, 1),
    "base64 after 2 bytes": lambda secret: _in_the_middle(secret, 2),
}


def _in_the_middle(secret: bytes, before: int) -> bytes:
    """What base64 makes of the secret behind so many other bytes: the characters that depend on nothing else."""
    text = b64encode(b"\0" * before + secret)
    end = (before + len(secret)) // 3 * 4
    return text[4 if before else 0 : end]


class Canaries:
    """Looks for secrets: `passwords` are all that have CORE in them, `sessions` the ids that a server has issued."""

    def __init__(self, sessions: Callable[[], Iterable[str]]) -> None:
        self._sessions = sessions
        self._passwords = _shapes(CORE)
        self._known: dict[str, list[bytes]] = {}
        self.bytes_searched = 0
        for name, shape in SHAPES.items():  # or a search that finds nothing would prove nothing
            found = self.found(b"before " + shape(b"..." + PASSWORD.encode() + b"...") + b" after")
            assert found == {"password"}, f"a password {name} would not be found"

    def found(self, data: bytes) -> set[str]:
        """Which of `password` and `session` is in `data`."""
        self.bytes_searched += len(data)
        found = {"password"} if any(shape in data for shape in self._passwords) else set()
        if any(shape in data for session in self._sessions() for shape in self._of(session)):
            found.add("session")
        return found

    def _of(self, session: str) -> list[bytes]:
        if session not in self._known:
            self._known[session] = _shapes(session)
        return self._known[session]

    def in_files(self, *roots: Path) -> Iterator[tuple[Path, set[str]]]:
        """The files below the directories that hold something, in their content, name or target."""
        for root in roots:
            for directory, names, files in os.walk(root):
                for name in [*names, *files]:
                    path = Path(directory) / name
                    data = os.fsencode(name)
                    if path.is_symlink():
                        data += os.fsencode(path.readlink())
                    elif path.is_file():
                        data += path.read_bytes()
                    if found := self.found(data):
                        yield path, found


def _shapes(secret: str) -> list[bytes]:
    return [shape(secret.encode()) for shape in SHAPES.values()]
