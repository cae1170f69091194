"""The configuration file: general settings, and settings for one endpoint. On the fast path.

    verify = "auto"
    idle_limit = "25m"

    [endpoint."vc.example.com"]
    username = "terraform@vsphere.local"
    thumbprint = "AA:BB:…"

    [fleet]
    url = "rediss://ci-runner@cache.example.com:6380"

A relative path is seen from the file's own directory, and `~` is the home directory. There is no place for a password in it: that is what the secret store is for.
"""

from __future__ import annotations

import os

from credential_protocol.jsontext import clean, described, encode, in_utf8
from vsphere_session.cache.policy import Policy
from vsphere_session.clock import TIMEOUT
from vsphere_session.endpoint import Endpoint, parse_endpoint
from vsphere_session.errors import InvalidRequestError, StorageError
from vsphere_session.settings import login_fields
from vsphere_session.storage.reading import Reader

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from vsphere_session.fastpath.configuration import Kept

    Keep = Callable[[str, os.stat_result], Kept | None]

TEXTS = ("username", "ca_file", "thumbprint", "url")
CHOICES = {
    "api": ("soap", "rest", "both"),
    "verify": ("auto", "always", "never"),
    "output": ("tokens", "files"),
    "method": login_fields.METHODS,
    "grant": login_fields.GRANTS,
    "secret_store": ("keyring", "file"),
    "session_store": ("files", "encrypted"),
}
OF_REQUESTS = {"output": ("clone_ticket", "login")}
"""What is to be asked for by its name each time, and never configured."""
BOOLEANS = ("insecure", "passthrough", "remember", "hand_out_login", "fleet")
DURATIONS = ("timeout", *Policy.DURATIONS)
KEYS = (*TEXTS, *CHOICES, *BOOLEANS, *DURATIONS, *login_fields.CONFIGURED)
GENERAL = ("url", "timeout")
"""Keys that mean nothing for one endpoint."""
OF_ENDPOINTS = ("hand_out_login",)
"""Keys that are to be said of each endpoint by itself."""
_UNITS = {"s": 1, "m": 60, "h": 3600}
MAX_CONFIG_BYTES = 2 * 1024 * 1024  # 10,000 endpoints with a few settings each
MAX_DOTS_IN_LINE = 256  # tomllib takes time by the square of a dotted key's parts


LONG = 16 * 1024
"""From so many bytes on, some hundred endpoints, what a file says is kept, see `fastpath/configuration.py`."""


class Configuration:
    """The file's content; everything is text, as in a request. What was `kept` of it has its endpoints.

    fleet  what `[fleet]` says, empty without it; see `fleet_settings.py`
    """

    def __init__(
        self,
        path: str,
        general: dict[str, str],
        endpoints: dict[str, dict[str, str]],
        kept: Kept | None = None,
        *,
        fleet: dict[str, str] | None = None,
    ) -> None:
        self.path = path
        self.general = general
        self.fleet = fleet or {}
        self._endpoints = endpoints
        self._kept = kept

    @property
    def endpoints(self) -> dict[str, dict[str, str]]:
        """The settings of each endpoint that has some of its own."""
        if self._kept is not None:
            self._endpoints, self._kept = self._kept.endpoints(), None
        return self._endpoints

    def section(self, place: str) -> dict[str, str] | None:
        """The settings of one endpoint; None where it has none of its own."""
        return self._endpoints.get(place) if self._kept is None else self._kept.section(place)

    def directory(self) -> str:
        """Where relative paths in the file begin; empty for a file without a place of its own, such as a shell's `<(…)`."""
        directory = os.path.dirname(self.path)
        return "" if directory.startswith(("/dev/", "/proc/")) else directory

    def text(self, name: str, endpoint: Endpoint | None = None) -> str:
        """The setting for this endpoint, then the general one, else empty."""
        own = self.section(endpoint.place) if endpoint is not None and (self._kept or self._endpoints) else None
        return (own or {}).get(name) or self.general.get(name, "")


def load(
    path: str,
    *,
    must_exist: bool = False,
    seconds: float = TIMEOUT,
    reader: Reader | None = None,
    keep: Keep | None = None,
) -> Configuration:
    """Read the file, a pipe within `seconds`; where there is none, nothing is configured.

    `keep` is where what reading takes long for is kept. Raises InvalidRequestError with file and line, StorageError.
    """
    kept: Kept | None = None

    def is_kept(found: os.stat_result) -> bool:
        nonlocal kept
        kept = keep(path, found) if keep is not None and LONG < found.st_size <= MAX_CONFIG_BYTES else None
        return kept is not None and kept.find()

    try:
        data = (reader or Reader()).named(path, MAX_CONFIG_BYTES + 1, path, seconds, skip=is_kept)
    except FileNotFoundError:
        if must_exist:
            raise StorageError(f"there is no configuration file {path}; check the path") from None
        return Configuration(path, {}, {})
    except NotADirectoryError:
        return Configuration(path, {}, {})
    except OSError as error:
        raise StorageError(f"cannot read {path}: {os.strerror(error.errno or 0)}; check its owner and mode") from None
    if kept is not None and kept.found:
        return Configuration(path, kept.general, {}, kept, fleet=kept.fleet)
    configuration = parse(_checked_bytes(data, path), path)
    if kept is not None:
        kept.write(configuration.general, configuration.endpoints, configuration.fleet)
    return configuration


def _checked_bytes(data: bytes, path: str) -> bytes:
    """As UTF-8, and no longer than can be read in a moment."""
    if len(data) > MAX_CONFIG_BYTES:
        raise InvalidRequestError(f"{path} is longer than {MAX_CONFIG_BYTES} bytes; is it the right file?")
    try:
        data = in_utf8(data)
    except UnicodeDecodeError:
        raise InvalidRequestError(f"{path} begins as UTF-16, and is not; save it as UTF-8") from None
    for number, line in enumerate(data.split(b"\n"), 1):
        if line.count(b".") > MAX_DOTS_IN_LINE:
            raise InvalidRequestError(f"{path}, line {number}: more than {MAX_DOTS_IN_LINE} dots; write shorter keys")
    return data


def parse(data: bytes, path: str) -> Configuration:
    """What a file at `path` with these bytes says. Raises InvalidRequestError with file and line."""
    try:
        text = data.decode("utf-8")
        content = _read_plain(text) or _read(text)
    except (ValueError, RecursionError) as error:
        reason = str(error) if type(error).__name__ == "TOMLDecodeError" else "not UTF-8, or nested too deeply"
        raise InvalidRequestError(f"{path} is not TOML: {reason}; correct it") from None
    sections = content.pop("endpoint", {})
    if not isinstance(sections, dict) or not all(isinstance(section, dict) for section in sections.values()):
        raise InvalidRequestError(f'{path}: write the settings of an endpoint under [endpoint."HOST"]')
    fleet = content.get("fleet")
    if isinstance(fleet, dict):
        del content["fleet"]
    general = _settings(content, path, text)
    endpoints = {}
    for name, section in sections.items():
        try:
            place = parse_endpoint(name).place
        except InvalidRequestError as error:
            raise InvalidRequestError(f'{path}: [endpoint."{name}"]: {error.message}') from None
        endpoints[place] = _settings(section, path, text, name)
    return Configuration(path, general, endpoints, fleet=_fleet(fleet, path, text) if isinstance(fleet, dict) else None)


def fleet_configured(environ: Mapping[str, str], config: Configuration) -> bool:
    """Whether the environment or the configuration names a fleet; `fleet_settings` has what they say."""
    said = environ.get("VSPHERE_SESSION_FLEET")
    return bool(config.fleet) if said is None else said.strip().lower() not in ("", "off")


def _read(text: str) -> dict[str, object]:
    import tomllib  # noqa: PLC0415  # takes longer than all else that a warm answer does

    return tomllib.loads(text)


def _read_plain(text: str) -> dict[str, object] | None:
    """What `tomllib` makes of a file as people write it: settings, `[fleet]`, `[endpoint."HOST"]`. None where it is any other."""
    if not text.replace("\n", "").isprintable():
        return None
    endpoints: dict[str, dict[str, object]] = {}
    content: dict[str, object] = {"endpoint": endpoints}
    section = content
    keys: tuple[str, ...] = KEYS
    commands: tuple[str, ...] = login_fields.COMMANDS
    for line in text.split("\n"):
        stripped = line.strip(" ")
        if stripped.startswith('[endpoint."'):
            name, _, rest = stripped[11:].partition('"')
            if "\\" in name or name in endpoints or rest[:1] != "]" or not _says_nothing(rest[1:]):
                return None
            section = endpoints[name] = {}
            keys, commands = KEYS, login_fields.COMMANDS
        elif stripped.startswith("[fleet]"):
            if "fleet" in content or not _says_nothing(stripped[7:]):
                return None
            from vsphere_session.settings import fleet_fields  # noqa: PLC0415  # few have one

            content["fleet"] = section = {}
            keys, commands = fleet_fields.KEYS, fleet_fields.COMMANDS
        elif not _says_nothing(stripped):
            key, _, written = (part.strip(" ") for part in stripped.partition("="))
            value = _plain_words(written) if written[:1] == "[" and key in commands else _plain_value(written)
            if key not in keys or key in section or value is None:
                return None
            section[key] = value
    return content


def _plain_value(written: str) -> str | bool | int | None:
    if written.startswith('"'):
        inside, quote, rest = written[1:].partition('"')
        return inside if quote and "\\" not in inside and _says_nothing(rest) else None
    bare = written.partition("#")[0].rstrip(" ")
    if bare in ("true", "false"):
        return bare == "true"
    whole = bare.isascii() and bare.isdigit() and len(bare) < 10 and (bare == "0" or bare[0] != "0")
    return int(bare) if whole else None


def _plain_words(written: str) -> list[str] | None:
    """A list of words on one line; None for any other."""
    words: list[str] = []
    rest = written[1:].lstrip(" ")
    while rest[:1] == '"':
        word, quote, rest = rest[1:].partition('"')
        if not quote or "\\" in word:
            return None
        words.append(word)
        rest = rest.lstrip(" ")
        if rest[:1] != ",":
            break
        rest = rest[1:].lstrip(" ")
    return words if rest[:1] == "]" and _says_nothing(rest[1:]) else None


def _says_nothing(text: str) -> bool:
    text = text.lstrip(" ")
    return not text or text[0] == "#"


def _settings(section: dict[str, object], path: str, text: str, endpoint: str = "") -> dict[str, str]:
    settings = {}
    for key, value in section.items():
        try:
            settings[key] = _setting(key, value, general=not endpoint)
        except InvalidRequestError as error:
            raise _at(path, text, key, endpoint, error) from None
    return settings


def _fleet(section: dict[str, object], path: str, text: str) -> dict[str, str]:
    """What `[fleet]` says, and each value by itself is one; whether they go together is looked at when they are needed."""
    from vsphere_session.settings import fleet_fields as fields  # noqa: PLC0415  # few have one

    settings = {}
    for key, value in section.items():
        try:
            fields.check_key(key)
            said = _text(key, value, fields.COMMANDS)
            settings[key] = checked(key, said, fields.CHOICES, fields.BOOLEANS, fields.DURATIONS)
            if key == "url":
                fields.check_url(said, key)
            if key in fields.COUNTS:
                fields.count(said, key)
        except InvalidRequestError as error:
            raise _at(path, text, key, "[fleet]", error) from None
    return settings


def _at(path: str, text: str, key: str, table: str, error: InvalidRequestError) -> InvalidRequestError:
    """The error with its place in the file; `table` is an endpoint, `[fleet]`, or empty."""
    from vsphere_session.settings.config_mistakes import line_of  # noqa: PLC0415  # only a mistake pays for it

    where = f'[endpoint."{table}"]: ' if table and table != "[fleet]" else f"{table}: " if table else ""
    return InvalidRequestError(f"{path}{line_of(text, key, table)}: {where}{error.message}")


def _setting(key: str, value: object, *, general: bool) -> str:
    if key not in KEYS:
        from vsphere_session.settings.config_mistakes import unknown  # noqa: PLC0415  # only a mistake pays for it

        raise InvalidRequestError(unknown(key, (*KEYS, "endpoint")))
    if key in GENERAL and not general:
        raise InvalidRequestError(f"{key} is for all endpoints; write it above the first [endpoint]")
    if key in OF_ENDPOINTS and general:
        raise InvalidRequestError(f'{key} is for one endpoint; write it under its [endpoint."HOST"]')
    if key == "fleet" and not isinstance(value, bool):
        raise InvalidRequestError("fleet is neither true nor false; what a fleet is goes under [fleet], such as url")
    return checked(key, _text(key, value, login_fields.COMMANDS))


def _text(key: str, value: object, commands: tuple[str, ...]) -> str:
    """The value as it would stand in a request."""
    if key in commands and isinstance(value, list):
        return _words(key, value)
    if not isinstance(value, str | int | float):
        raise InvalidRequestError(f"{key} is neither a string, a number nor a boolean")
    try:
        text = str(value).lower() if isinstance(value, bool) else str(value)
    except ValueError:  # TOML knows hexadecimal numbers that Python will not write as decimal ones
        raise InvalidRequestError(f"{key} is too large a number") from None
    if not clean(text):
        raise InvalidRequestError(f"{key} {described(text)}")
    return text


def _words(key: str, words: list[object]) -> str:
    """A command's words as one text, a list in JSON."""
    if not words or not all(isinstance(word, str) and word.isprintable() for word in words):
        raise InvalidRequestError(f'{key} is no list of words; write it as ["pass", "show", "vcenter"]')
    return encode(words)


def checked(
    name: str,
    text: str,
    choices: Mapping[str, tuple[str, ...]] = CHOICES,
    booleans: tuple[str, ...] = BOOLEANS,
    durations: tuple[str, ...] = DURATIONS,
) -> str:
    """`text`, if it is a value for the setting `name`. Raises InvalidRequestError."""
    if not text:
        return text
    if name in choices and text not in choices[name]:
        raise InvalidRequestError(f"{name} is neither {' nor '.join((*choices[name], *OF_REQUESTS.get(name, ())))}")
    if name in booleans:
        from vsphere_session.settings.environment import boolean  # noqa: PLC0415  # not needed where none is given

        return str(boolean(text, name)).lower()
    if name in durations and not seconds(text, name) and name == "timeout":
        raise InvalidRequestError("timeout is zero; write the seconds that a call may take")
    return text


def seconds(text: str, name: str) -> float:
    """A duration in seconds: `90`, `1.5`, `25m`, `24h`. Raises InvalidRequestError with `name`."""
    unit = _UNITS.get(text[-1:], 0)
    try:
        value = float(text[:-1] if unit else text) * (unit or 1)
    except ValueError:
        value = -1.0
    if not 0 <= value < 1e9:
        raise InvalidRequestError(f"{name} is no duration; write seconds, or a number with s, m or h")
    return value
