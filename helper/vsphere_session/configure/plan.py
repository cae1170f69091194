"""The kinds of changes: a link, a script, a file's new text, a command of the caller's own.

Each function returns the changes that are still to be made, an empty list where there are none, and raises before
anything is changed where something stands in the way that this program did not write.
"""

from __future__ import annotations

import os
import stat
import subprocess
from dataclasses import dataclass

from vsphere_session.endpoint import Endpoint
from vsphere_session.errors import InvalidRequestError, NotFoundError, StorageError
from vsphere_session.settings.child_environment import as_it_was, without_passwords
from vsphere_session.storage.files import read_named

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

MAX_FILE_BYTES = 16 * 1024 * 1024  # of a caller's own configuration
_TIMEOUT = 30.0


@dataclass(frozen=True)
class Change:
    """One thing to change: `line` says it to the user, `make` does it."""

    line: str
    make: Callable[[], object]


@dataclass(frozen=True)
class Target:
    """Whose configuration it is, and what for.

    program  the absolute path of this program, to which links lead
    home     the user's home directory
    hosts    those to configure; for `unconfigure` those to leave, all of them where it is empty
    """

    environ: Mapping[str, str]
    program: str
    home: str
    hosts: list[Endpoint]

    def leaves(self, name: str, *, of: Callable[[Endpoint], str]) -> bool:
        """Whether `unconfigure` is about the host that the caller's configuration calls `name`."""
        return not self.hosts or name in [of(host) for host in self.hosts]


# ---- links and scripts


def link(path: str, target: str) -> list[Change]:
    """A symbolic link. Raises StorageError where another file or link has its name."""
    if not os.path.lexists(path):
        return [Change(f"link {path} -> {target}", lambda: _made(path, lambda: os.symlink(target, path)))]
    if os.path.islink(path) and os.path.realpath(path) == os.path.realpath(target):
        return []
    raise _in_the_way(path)


def unlink(path: str, target: str) -> list[Change]:
    """Remove the link that `link` made, and no other."""
    try:
        ours = os.readlink(path) == target
    except OSError:
        ours = False
    return [Change(f"remove the link {path}", lambda: _made(path, lambda: os.unlink(path)))] if ours else []


def script(path: str, text: str) -> list[Change]:
    """An executable script with exactly this text. Raises StorageError where anything else has its name."""
    if not os.path.lexists(path):
        return [Change(f"write the script {path}", lambda: _replace(path, text.encode(), 0o755))]
    if _is_script(path, text):
        return []
    raise _in_the_way(path)


def unscript(path: str, text: str) -> list[Change]:
    """Remove the script that `script` wrote, and no other."""
    ours = _is_script(path, text)
    return [Change(f"remove the script {path}", lambda: _made(path, lambda: os.unlink(path)))] if ours else []


def _is_script(path: str, text: str) -> bool:
    return not os.path.islink(path) and os.path.isfile(path) and read(path) == text.encode()


def _in_the_way(path: str) -> StorageError:
    what = f"leads to {os.readlink(path)}" if os.path.islink(path) else "is a file of another program"
    return StorageError(f"{path} {what}, and stays as it is; remove it, then try again")


# ---- files


def read(path: str) -> bytes | None:
    """The bytes of a caller's file, None where there is none. Raises StorageError."""
    try:
        data = read_named(path, MAX_FILE_BYTES + 1, path, _TIMEOUT)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _cannot("read", path, error) from None
    if len(data) > MAX_FILE_BYTES:
        raise StorageError(f"{path} is longer than {MAX_FILE_BYTES} bytes, and stays as it is; is it the right file?")
    return data


def read_text(path: str) -> str | None:
    """The same as UTF-8 text, line ends as they are. Raises StorageError."""
    data = read(path)
    try:
        return None if data is None else data.decode()
    except UnicodeDecodeError:
        raise StorageError(f"{path} is not UTF-8 text, and stays as it is; correct it") from None


def rewrite(path: str, after: str | None, line: str) -> Change:
    """Replace a file by `after`, None to remove it. It keeps its mode and, where it is a link, stays one."""
    place = os.path.realpath(path)
    if after is None:
        return Change(line, lambda: _made(place, lambda: os.unlink(place)))
    return Change(line, lambda: _replace(place, after.encode(), 0o600))


def _replace(path: str, data: bytes, mode: int) -> None:
    temporary = f"{path}.{os.getpid()}.{os.urandom(4).hex()}.tmp"
    _made(path, lambda: _write(temporary, path, data, mode))


def _write(temporary: str, path: str, data: bytes, mode: int) -> None:
    try:
        found = os.stat(path)
    except FileNotFoundError:
        pass
    else:
        if os.name == "posix" and found.st_uid != os.geteuid():
            raise StorageError(f"{path} belongs to somebody else (uid {found.st_uid}); run this as its owner")
        mode = stat.S_IMODE(found.st_mode)
    try:
        with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, mode)
        os.replace(temporary, path)
    finally:
        if os.path.lexists(temporary):
            os.unlink(temporary)


def _made(path: str, make: Callable[[], object]) -> None:
    try:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        make()
    except OSError as error:
        raise _cannot("change", path, error) from None


def _cannot(verb: str, path: str, error: OSError) -> StorageError:
    return StorageError(f"cannot {verb} {path}: {os.strerror(error.errno or 0)}; check its owner and mode")


# ---- the caller's own tool


def command(line: str, target: Target, *words: str) -> Change:
    """Run the caller's own tool to change its configuration."""
    return Change(line, lambda: ask(target, *words))


def ask(target: Target, *words: str, fine: tuple[int, ...] = (0,)) -> str:
    """What a tool prints. Raises NotFoundError where there is no such tool, StorageError where it fails."""
    try:
        done = subprocess.run(  # noqa: S603  # nosec B603  # the tool whose configuration the user wants changed
            words,
            env=without_passwords(as_it_was(target.environ)),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_TIMEOUT,
            check=False,
        )
    except FileNotFoundError:
        raise NotFoundError(f"{words[0]} cannot be found; install it, or correct PATH") from None
    except (OSError, subprocess.TimeoutExpired):
        raise StorageError(f"{words[0]} cannot be run, or does not end; try it by hand") from None
    if done.returncode not in fine:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines() or [f"exit status {done.returncode}"]
        raise StorageError(f"{words[0]} refused: {said[-1][:300]}; correct that, then try again")
    return done.stdout.decode("utf-8", "replace")


def taken(where: str, host: str) -> InvalidRequestError:
    """Why a host that has another helper is left alone."""
    return InvalidRequestError(
        f"{where} has another credential helper for {host}, which stays; remove it, then try again"
    )
