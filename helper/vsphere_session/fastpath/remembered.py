"""Answers for the launcher of the single file, which gives the same one to the same call without starting Python.

Within the trust window a cached session is handed out unasked, so the answer depends on the call and on files alone.
What is written down here is which files those are, what the system says of them, until when the answer holds, and the
answer itself; but for the session ids, which stay where they are: a file holds at most their places in the cache files.
Of a call there are two files: one by what is known without its stdin, which has the files that were read before that,
and whether stdin was read; one by its stdin, too. `packaging/binary/answer.c` reads them, and derives from them alone
what a command line means. All numbers are unsigned, of 64 bits, in the machine's own order:

    checksum of the rest
    the keyed hash (HMAC-SHA256) of the call, of whose hexadecimal digits the first 40 are the file's name
    the executable, nanoseconds from which and until which the answer holds, the number of files
    of each file: kind, device, inode, mode, owner, size, modified, changed (in nanoseconds); path
    of the first, `r` or `n`: whether stdin is read, or not
    of the second, each part: kind and length; and the bytes, or of a file itself: device ... changed, offset; path

A path is its length and its bytes. A file's own time is the one until which it holds, so that anybody can clear it away.
"""

from __future__ import annotations

import os
import sys
from time import time

from vsphere_session.digest import hmac_sha256
from vsphere_session.errors import StorageError
from vsphere_session.storage.files import (
    make_private_directory,
    read_private,
    remove_quietly,
    replace_private,
    write_private,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from vsphere_session.fastpath.launcher import Handed
    from vsphere_session.storage.reading import Identity

    Seen = list[tuple[str, Identity]]

VARIABLES = (
    *("HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME", "SUDO_UID", "GOVMOMI_HOME", "VSPHERE_SESSION_CONFIG"),
    *(
        "GOVC_URL",
        "GOVC_USERNAME",
        "GOVC_INSECURE",
        "GOVC_PERSIST_SESSION",
        "GOVC_TLS_CA_CERTS",
        "GOVC_TLS_KNOWN_HOSTS",
        "GOVC_CERTIFICATE",
        "GOVC_PRIVATE_KEY",
    ),
    *("VSPHERE_SESSION_TOKEN", "VSPHERE_SESSION_API_TOKEN"),
    *("VSPHERE_SERVER", "VSPHERE_USER", "VSPHERE_ALLOW_UNVERIFIED_SSL"),
    *("VSPHERE_VIM_SESSION_PATH", "VSPHERE_REST_SESSION_PATH"),
    *("VMWARE_HOST", "VMWARE_SERVER", "VMWARE_PORT", "VMWARE_USER", "VMWARE_USERNAME", "VMWARE_VALIDATE_CERTS"),
    "KUBERNETES_EXEC_INFO",
)
"""On which variables an answer that nobody is asked about can depend. Passwords never count. Two are secrets, which say whose answer it is:
of those, too, a file's name has no more than an HMAC under this user's own key."""
LITERAL, OF_A_FILE = 0, 2
MOST = 128
"""Files that are kept; each is worth a few milliseconds, and only for a minute."""
_KEY_BYTES = 32
_EVERY_BIT = 2**64 - 1


def remember(
    handed: Handed,
    answer: bytes,
    stdin: bytes | None,
    *,
    early: Seen,
    seen: Seen,
    contents: Mapping[str, bytes],
    holds: tuple[Mapping[str, str], float, float],
    others: int,
) -> None:
    """Write an answer down, if nothing speaks against it. Nothing here fails: the answer has been given already.

    stdin  all that was read of it; None where it was not touched
    early  of the files that were `seen` those that were read before stdin was
    contents  what was in them when they were what they are
    holds  the cache file of each session id that may be in the answer, and from and until when it holds (Unix seconds)
    others  how many files there are already
    """
    if b"password" in (stdin or b"").lower():  # no hash of one, however it is keyed
        return
    sessions, since, until = holds
    times = since, until
    try:
        parts = _parts(answer, sessions, dict(seen), contents) if seen else []
        if parts:
            directory = _directory(handed.state)
            make_private_directory(directory)
            if others >= MOST - 1:
                _remove_all(directory)
            key = _key(handed.state)
            call = hmac_sha256(key, handed.question)
            mac = hmac_sha256(key, call + (stdin or b""))
            reads = b"n" if stdin is None else b"r"
            _write(f"{directory}/{_name(call)}.call", _packed(handed, call, early, times) + reads, handed, until)
            _write(f"{directory}/{_name(mac)}", _packed(handed, mac, seen, times) + b"".join(parts), handed, until)
    except (OSError, StorageError, ValueError):
        pass  # the next call takes the long way, too


def forget_all(state: str) -> None:
    """Have no answer given again: a session has been erased."""
    _remove_all(_directory(state))


def tidy(state: str) -> int:
    """Remove the answers whose time is over; how many files stay."""
    now, stay = time(), 0
    for path in _files(_directory(state)):
        try:
            if os.lstat(path).st_mtime < now:
                remove_quietly(path)
            else:
                stay += 1
        except OSError:
            continue  # somebody else was quicker
    return stay


def _directory(state: str) -> str:
    return os.path.join(state, "answers")


def _files(directory: str) -> list[str]:
    try:
        return [os.path.join(directory, name) for name in os.listdir(directory)]
    except OSError:
        return []


def _remove_all(directory: str) -> None:
    for path in _files(directory):
        remove_quietly(path)


def _key(state: str) -> bytes:
    """The secret of this user's answers, made when it is first needed. Raises StorageError."""
    path = os.path.join(state, "answers.key")
    key = read_private(path)
    if key is None or len(key) != _KEY_BYTES:
        key = os.urandom(_KEY_BYTES)  # of two callers at once one has written for nobody
        write_private(path, key)
    return key


def _name(mac: bytes) -> str:
    return mac.hex()[:40]


def _parts(
    answer: bytes, sessions: Mapping[str, str], seen: Mapping[str, Identity], contents: Mapping[str, bytes]
) -> list[bytes]:
    """The answer in parts, each session id as a place in its file; nothing if one cannot be found there."""
    parts: list[bytes | tuple[str, int, int]] = [answer]
    for session_id, path in sessions.items():
        secret = session_id.encode()
        if not session_id.replace("-", "").isalnum():  # it may stand in the answer in another spelling
            return []
        offset = contents.get(path, b"").find(secret)
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
    """Of a time before 1970 what C makes of it, too."""
    return b"".join((number & _EVERY_BIT).to_bytes(8, sys.byteorder) for number in numbers)


def _text(path: str) -> bytes:
    data = os.fsencode(path)
    return _numbers(len(data)) + data


def _packed(handed: Handed, mac: bytes, seen: Seen, times: tuple[float, float]) -> bytes:
    """What has to hold."""
    head = mac + _numbers(handed.build, *(int(second * 1e9) for second in times), len(seen))
    return head + b"".join(_numbers(*found) + _text(name) for name, found in seen)


def _write(path: str, data: bytes, handed: Handed, until: float) -> None:
    """Not synced: after a power cut the checksum tells."""
    beside = f"{path}.{os.getpid()}"
    try:
        fd = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            if os.name == "posix":
                os.fchmod(fd, 0o600)  # a umask such as 0777 takes away our own right to read it
            os.write(fd, _numbers(handed.checksum(data)) + data)
        finally:
            os.close(fd)
        os.utime(beside, (until, until))
    except OSError:
        remove_quietly(beside)
        raise
    replace_private(path, beside, synced=False)
