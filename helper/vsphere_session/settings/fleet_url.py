"""The URL of a fleet, as people write it: the engine, and the namespace behind it (`rediss://USER@HOST:PORT/NAMESPACE`)."""

from __future__ import annotations

from vsphere_session.errors import InvalidRequestError
from vsphere_session.fleet.redis_place import parse_place
from vsphere_session.settings.fleet_fields import check_url

MAX_NAMESPACE = 64


class FleetUrl:
    """One such URL, without a password.

    engine     the URL of the engine alone
    namespace  empty where it has none; that of a Unix socket never has one
    place      where the engine is, and whose account it is
    """

    __slots__ = ("engine", "namespace", "place")

    def __init__(self, text: str, name: str, *, clear: bool) -> None:
        """`name` is where the text comes from; `clear` allows `redis://` to another machine. Raises InvalidRequestError."""
        check_url(text, name)
        scheme, separator, rest = text.strip(" ").partition("://")
        authority, _, path = rest.partition("/") if scheme.lower() != "unix" else (rest, "", "")
        self.engine = f"{scheme.lower()}{separator}{authority}"
        self.namespace = path.removesuffix("/")
        try:
            self.place = parse_place(self.engine, allow_clear=clear)
        except InvalidRequestError as error:
            raise InvalidRequestError(f"{name}: {error.message}") from None


def check_namespace(text: str) -> None:
    """Raises InvalidRequestError for one that an engine's account could not be held to, or that people could not tell apart."""
    if not text.isprintable() or any(c in text for c in "{}%?# ") or len(text) > MAX_NAMESPACE:
        raise InvalidRequestError(
            f"the fleet's namespace has a brace, a blank or a control character, one of % ? #, or more than {MAX_NAMESPACE} "
            "characters; write a short one, such as vs:ci"
        )
