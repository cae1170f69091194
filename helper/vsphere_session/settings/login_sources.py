"""Where what is said of a way to log in comes from: the request, the environment, the configuration."""

from __future__ import annotations

import os
import stat

from credential_protocol.jsontext import clean, decode, described, in_utf8
from vsphere_session.digest import sha256_hex
from vsphere_session.errors import InvalidRequestError, StorageError
from vsphere_session.settings import login_fields
from vsphere_session.storage.paths import named_paths

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from vsphere_session.storage.reading import Reader

MAX_FILE_BYTES = 1024 * 1024


class Level:
    """One source of settings.

    name          for messages
    values        its settings
    directory     where its relative paths begin; empty for the current one
    file          the configuration file that it comes from, empty for another source
    has_password  whether it gives a password, too
    """

    __slots__ = ("directory", "file", "has_password", "name", "values")

    def __init__(
        self, name: str, values: Mapping[str, str], *, directory: str = "", file: str = "", has_password: bool = False
    ) -> None:
        self.name = name
        self.values = values
        self.directory = directory
        self.file = file
        self.has_password = has_password


class LoginValues:
    """Looks settings up, in the order of their precedence. `levels` have the first one first."""

    def __init__(self, levels: list[Level], reader: Reader, environ: Mapping[str, str], seconds: float) -> None:
        self.levels = levels
        self._reader = reader
        self._environ = environ
        self._seconds = seconds
        self._contents: dict[str, bytes] = {}

    def text(self, name: str) -> str:
        """The setting; empty where nobody says it. Raises InvalidRequestError for control characters."""
        text = next((value for level in self.levels if (value := level.values.get(name, ""))), "")
        if not clean(text) and name not in login_fields.SECRETS:
            raise InvalidRequestError(f"{name} {described(text)}")
        return text

    def needed(self, name: str, what: str) -> str:
        """The setting, which is `what`. Raises InvalidRequestError where nobody says it."""
        text = self.text(name)
        if not text:
            raise InvalidRequestError(f"{name} is not given: {what}; add it")
        return text

    def path(self, name: str) -> str:
        """The path that the setting is, seen from where it is written; empty where nobody says it."""
        for level in self.levels:
            text = level.values.get(name, "")
            if text:
                first, *more = text.split(os.pathsep) if name == "login_ca_file" else [text]
                paths = [
                    named_paths(each, self._environ, level.directory) if os.pathsep not in each else each
                    for each in (first, *more)
                ]
                return os.pathsep.join(paths)
        return ""

    def content(self, name: str) -> str:
        """What is in the file that the setting names, as text; the cached answer depends on it. Raises StorageError."""
        return in_utf8(self.data(name)).decode("utf-8", "replace")

    def data(self, name: str) -> bytes:
        """What is in the file that the setting names. Raises StorageError, InvalidRequestError."""
        path = self.path(name) or self.needed(name, "the path of a file, as PEM where it is a certificate")
        if path not in self._contents:
            try:
                self._contents[path] = self._reader.named(path, MAX_FILE_BYTES + 1, f"the {name}", self._seconds)
            except OSError as error:
                raise StorageError(
                    f"cannot read the {name} {path}: {os.strerror(error.errno or 0)}; check path and mode"
                ) from None
        if len(self._contents[path]) > MAX_FILE_BYTES:
            raise InvalidRequestError(f"the {name} {path} is longer than {MAX_FILE_BYTES} bytes; is it the right file?")
        return self._contents[path]

    def command(self, name: str) -> list[str]:
        """The words of a command; empty where nobody says it. Raises InvalidRequestError, StorageError for a file that others may change."""
        for level in self.levels:
            text = level.values.get(name, "")
            if text:
                if level.file:
                    _check_only_ours(level.file, name)
                return _words(name, text)
        return []

    # ---- secrets, which come as such, from a file or from a command

    def source(self, name: str) -> str:
        """Where a secret comes from: `name`, `NAME_file` or `NAME_command`; empty where nobody says any of them."""
        for level in self.levels:
            found = [each for each in (name, f"{name}_file", f"{name}_command") if level.values.get(each)]
            if len(found) > 1:
                raise InvalidRequestError(f"{level.name} gives both {' and '.join(found)}; leave one out")
            if found:
                return found[0]
        return ""

    def secret_at_hand(self, name: str) -> bytes | None:
        """The secret, or what is in its file; None where it takes a command, or nobody says it."""
        source = self.source(name)
        if source == name:
            return self.text(name).encode("utf-8", "surrogatepass")
        return self.data(source) if source == f"{name}_file" else None

    def identifying(self, name: str) -> str:
        """What tells this secret's source from another one, and the secret itself only to who has it."""
        at_hand = self.secret_at_hand(name)
        return self.text(f"{name}_command") if at_hand is None else sha256_hex(at_hand.strip())


def _words(name: str, text: str) -> list[str]:
    if text.startswith("["):
        try:
            words = decode(text.encode())
        except ValueError:
            words = None
        if isinstance(words, list) and words and all(isinstance(word, str) for word in words):
            return [str(word) for word in words]
        raise InvalidRequestError(f'{name} is no list of words; write it as ["pass", "show", "vcenter"]')
    import shlex  # noqa: PLC0415  # few write it so

    try:
        return shlex.split(text)
    except ValueError:
        raise InvalidRequestError(
            f"{name} has a quote that does not end; correct it, or write a list of words"
        ) from None


def _check_only_ours(path: str, name: str) -> None:
    """A program is started for who wrote the file: that must be nobody but this user or root."""
    if os.name != "posix":
        return
    try:
        found = os.stat(path)
    except OSError:
        return
    if found.st_uid not in (os.geteuid(), 0) or (stat.S_ISREG(found.st_mode) and found.st_mode & 0o022):
        raise StorageError(
            f"{path} can be written by others, so the {name} in it is not run; make it yours alone: chmod go-w {path}"
        )
