"""What `[fleet]` in the configuration, and the environment, can say of a fleet, by name. Read only where one of them does."""

from __future__ import annotations

from credential_protocol.native import nearest
from vsphere_session.errors import InvalidRequestError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

TEXTS = ("url", "namespace")
PATHS = ("key_file", "password_file", "ca_file")
COMMANDS = ("key_command", "password_command")
CHOICES = {"engine_down": ("refuse", "login")}
BOOLEANS = ("clear", "verify_pulled")
DURATIONS = ("login_spread",)
COUNTS = ("sessions",)
MAX_SESSIONS = 100
SECRETS = ("key", "password")
KEYS = (*TEXTS, *PATHS, *COMMANDS, *CHOICES, *BOOLEANS, *DURATIONS, *COUNTS)

URL = "VSPHERE_SESSION_FLEET"
VARIABLES = {
    "url": URL,
    **{
        name: f"{URL}_{name.upper()}"
        for name in ("namespace", "key", "key_file", "password", "password_file", "ca_file", "engine_down", "sessions")
    },
}
"""Where the environment says the same; it alone can say a key or a password itself."""
_HOW = {
    "key": f"name its file (key_file) or the command that prints it (key_command), or set {VARIABLES['key']}",
    "password": f"name its file (password_file) or the command that prints it (password_command), or set {VARIABLES['password']}",
}


def has_password(url: str) -> bool:
    """Whether there is, or may be, a password in it."""
    return ":" in url.rpartition("@")[0].rpartition("://")[2]


def check_key(key: str) -> None:
    """Raises InvalidRequestError for a key that `[fleet]` does not have."""
    if key in SECRETS:
        raise InvalidRequestError(f"{key} is a secret, and does not belong into the configuration; {_HOW[key]}")
    if key not in KEYS:
        shown = f'"{key[:40]}"' if key.isprintable() else "that"
        raise InvalidRequestError(f'{shown} is not known; did you mean "{nearest(key, KEYS)}"?')


def count(text: str, name: str) -> int:
    """A number of sessions. Raises InvalidRequestError with `name`."""
    if text.isascii() and text.isdigit() and len(text) <= len(str(MAX_SESSIONS)) and 1 <= int(text) <= MAX_SESSIONS:
        return int(text)
    raise InvalidRequestError(f"{name} is no number from 1 to {MAX_SESSIONS}")


def check_url(url: str, name: str) -> None:
    """Raises InvalidRequestError with `name` for one with a password, and does not show it."""
    if has_password(url):
        raise InvalidRequestError(f"{name} has a password, which has no place in it; {_HOW['password']}")


def secret_variables(environ: Mapping[str, str]) -> Iterator[str]:
    """The variables of these that have a secret."""
    yield from (VARIABLES[name] for name in SECRETS if VARIABLES[name] in environ)
    if has_password(environ.get(URL, "")):
        yield URL
