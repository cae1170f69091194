"""A secret that a way to log in takes: given as such, in a file, or printed by a command when it is needed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from credential_protocol.jsontext import in_utf8
from vsphere_session.errors import InvalidRequestError, NotFoundError

if TYPE_CHECKING:
    from vsphere_session.login.ground import Ground
    from vsphere_session.login.values import Values


def raw_secret(name: str, ground: Ground, values: Values) -> bytes | None:
    """The secret, of several lines perhaps; None where nobody gives it. Raises what its file or command does."""
    at_hand = values.secret_at_hand(name)
    if at_hand is not None:
        return at_hand
    words = values.command(f"{name}_command")
    if not words:
        return None
    from vsphere_session.login.command import run  # noqa: PLC0415  # most secrets are at hand

    ground.tell(f"running {name}_command")
    return run(words, f"{name}_command", ground.until(), several_lines=True).encode("utf-8", "surrogateescape")


def secret(name: str, ground: Ground, values: Values) -> str | None:
    """The same where it is one line. Raises InvalidRequestError where it is not."""
    raw = raw_secret(name, ground, values)
    if raw is None:
        return None
    try:
        text = in_utf8(raw).decode().strip()
    except UnicodeDecodeError:
        raise InvalidRequestError(f"{values.source(name)} is not UTF-8 text; correct it") from None
    if not text:
        raise NotFoundError(f"{values.source(name)} gives nothing; look what is there")
    if not text.isprintable():
        raise InvalidRequestError(
            f"{values.source(name)} gives more than one line, or control characters; give the secret alone"
        )
    return text


def needed_secret(name: str, what: str, ground: Ground, values: Values) -> str:
    """The same. Raises NotFoundError where nobody gives it, which is `what`."""
    found = secret(name, ground, values)
    if found is None:
        raise NotFoundError(f"there is no {what}; give {name}, {name}_file or {name}_command")
    return found


def passphrase_of_key(ground: Ground, values: Values) -> str:
    """What `key_passphrase_command` prints; empty without one."""
    words = values.command("key_passphrase_command")
    if not words:
        return ""
    from vsphere_session.login.command import run  # noqa: PLC0415  # few keys have a passphrase here

    return run(words, "key_passphrase_command", ground.until())
