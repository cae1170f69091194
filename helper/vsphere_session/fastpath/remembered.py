"""Answers for the launcher of the single file, which gives the same one to the same call without starting Python.

Within the trust window a cached session is handed out unasked, so the answer depends on the call and on files alone.
What is written down here is which files those are, what the system says of them, until when the answer holds, and the
answer itself; but for the session ids, which stay where they are: a file holds at most their places in the cache files.
`packaging/binary/answer.c` reads it. All numbers are unsigned, of 64 bits, in the machine's own order:

    checksum of the rest
    the executable, nanoseconds from which and until which the answer holds, the number of files
    of each file: kind, device, inode, mode, owner, size, modified, changed (in nanoseconds), length of path; path
    of each part: kind, length, and the bytes; or of a file itself: device ... changed, offset, length of path; path
"""

from __future__ import annotations

import os
import sys

from vsphere_session.errors import StorageError
from vsphere_session.storage.files import MAX_BYTES, make_private_directory, remove_quietly
from vsphere_session.storage.reading import look

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from vsphere_session.fastpath.launcher import Handed
    from vsphere_session.storage.reading import Identity, Reader

LITERAL, OF_A_FILE = 0, 2
MOST = 128
"""Answers that are kept; each is of one call, such as one with this stdin in that directory."""


def remember(
    handed: Handed, reader: Reader, answer: bytes, *, sessions: Mapping[str, str], since: float, until: float
) -> None:
    """Write down the answer to this call, if nothing speaks against it.

    reader    what the answer depends on
    sessions  the cache file of each session id that may be in the answer
    since     Unix seconds before which the answer does not hold: the server's last word
    until     Unix seconds from which it does not
    """
    if b"password" in handed.stdin.lower():  # the call is in the name of the file, as a hash
        return
    try:
        directory = os.path.dirname(handed.answer)
        seen = reader.seen(handed.began)
        parts = _parts(answer, sessions, dict(seen)) if seen else []
        if parts:
            make_private_directory(directory)
            _make_room(directory)
            seen.append((directory, look(directory) or ()))
            _write(handed.answer, _packed(handed, seen, parts, (since, until)))
    except (OSError, StorageError):
        pass  # the next call takes the long way, too


def _packed(handed: Handed, seen: list[tuple[str, Identity]], parts: list[bytes], holds: tuple[float, float]) -> bytes:
    """The file's content."""
    head = _numbers(handed.build, *(int(second * 1e9) for second in holds), len(seen))
    body = head + b"".join(_numbers(*found) + _text(path) for path, found in seen) + b"".join(parts)
    return _numbers(handed.checksum(body)) + body


def _parts(answer: bytes, sessions: Mapping[str, str], seen: Mapping[str, Identity]) -> list[bytes]:
    """The answer in parts, each session id as a place in its file; nothing if one cannot be found there."""
    parts: list[bytes | tuple[str, int, int]] = [answer]
    for session_id, path in sessions.items():
        secret = session_id.encode()
        if not session_id.replace("-", "").isalnum():  # it may stand in the answer in another spelling
            return []
        with open(path, "rb") as file:
            offset = file.read(MAX_BYTES).find(secret)
        if offset < 0 or path not in seen:
            return []
        parts = [piece for part in parts for piece in _split(part, secret, (path, offset, len(secret)))]
    return [
        _numbers(LITERAL, len(part)) + part
        if isinstance(part, bytes)
        else _numbers(OF_A_FILE, part[2], *seen[part[0]][1:], part[1]) + _text(part[0])
        for part in parts
    ]


def _split(
    part: bytes | tuple[str, int, int], secret: bytes, place: tuple[str, int, int]
) -> Iterable[bytes | tuple[str, int, int]]:
    if not isinstance(part, bytes):
        yield part
        return
    first, *others = part.split(secret)
    yield first
    for other in others:
        yield place
        yield other


def _numbers(*numbers: int) -> bytes:
    return b"".join(number.to_bytes(8, sys.byteorder) for number in numbers)


def _text(path: str) -> bytes:
    data = os.fsencode(path)
    return _numbers(len(data)) + data


def _make_room(directory: str) -> None:
    """Remove all answers if there are many: each is worth a few milliseconds, and only for a minute."""
    names = os.listdir(directory)
    if len(names) >= MOST:
        for name in names:
            remove_quietly(os.path.join(directory, name))


def _write(path: str, data: bytes) -> None:
    """Not synced: after a power cut the checksum tells."""
    beside = f"{path}.{os.getpid()}"
    try:
        fd = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            os.write(fd, data)
        finally:
            os.close(fd)
        os.replace(beside, path)
    except OSError:
        remove_quietly(beside)
        raise
