"""What an engine of Redis or Valkey means when it refuses a command, in words for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vsphere_session.fleet.engine import DeniedError, DownError, EngineError

if TYPE_CHECKING:
    from vsphere_session.fleet.redis_place import Place
    from vsphere_session.fleet.redis_wire import RefusedError

_MAX_SHOWN_CHARACTERS = 100
_DENIED = {"NOPERM", "NOAUTH", "WRONGPASS"}
_DENIED_TEXTS = (
    "can't run this command",  # a script's, by an account that may not do all that is in it
    "no permissions",
    "invalid password",
    "without any password configured",
    "but no password is set",
)
_DOWN = {
    "READONLY": "is a replica, which only reads: name the primary",
    "LOADING": "is still loading its data",
    "MASTERDOWN": "is a replica that has lost its primary",
    "OOM": "has no memory left",
    "NOREPLICAS": "has fewer replicas than it wants",
    "CLUSTERDOWN": "is part of a cluster that is down",
    "MOVED": "points to another address, which is not followed: name the node that has the data, or a proxy",
    "ASK": "points to another address, which is not followed: name the node that has the data, or a proxy",
    "TRYAGAIN": "is part of a cluster that is being rearranged",
    "CROSSSLOT": "is part of a cluster that does not take this command",
    "MISCONF": "cannot save its data, and takes none",
    "BUSY": "is busy with another's script",
    "WRONGTYPE": "keeps something else under a name of the fleet",
}
_TOO_OLD = "unknown command", "unknown redis command", "unknown subcommand", "number of arguments for 'auth'"
_FULL = "max number of clients"


class FullError(Exception):
    """The engine takes no more connections for now."""


def is_certain(refused: RefusedError) -> bool:
    """Whether it surely was the engine itself that spoke, before it did anything: a proxy's word may come after."""
    text = refused.text.lower()
    return (
        refused.code in _DENIED or refused.code in _DOWN or any(t in text for t in (*_DENIED_TEXTS, *_TOO_OLD, _FULL))
    )


def meaning(refused: RefusedError, place: Place, password: str) -> EngineError | FullError:
    """The error to raise. Its text has no control character, and neither the password nor what a command was given."""
    text = refused.text.lower()
    shown = _shown(refused.text, password)
    if _FULL in text:
        return FullError()
    if refused.code in _DENIED or any(denied in text for denied in _DENIED_TEXTS):
        return DeniedError(f"{place} does not allow that to {place.user or 'its default user'}: {shown}")
    if any(old in text for old in _TOO_OLD):
        return DownError(f"{place} does not know a command ({shown}): Redis 6.2 or Valkey 7.2 is needed, or newer")
    return DownError(f"{place} {_DOWN.get(refused.code, 'refuses')} ({shown})")


def _shown(text: str, password: str) -> str:
    """As much of an engine's text as may be shown: what a command was given is repeated at its end."""
    said = text.partition(", with args")[0]
    if password and password in said:
        return "its text is not shown"
    return "".join(c if c.isprintable() else "?" for c in said[:_MAX_SHOWN_CHARACTERS])
