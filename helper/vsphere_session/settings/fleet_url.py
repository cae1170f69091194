"""Where a fleet's engine is, as a URL says it: `rediss://USER@HOST:PORT/NAMESPACE`, `redis://…`, `unix:///run/redis.sock`."""

from __future__ import annotations

from vsphere_session.endpoint import parse_endpoint
from vsphere_session.errors import InvalidRequestError
from vsphere_session.settings.fleet_fields import check_url

SCHEMES = ("rediss", "redis", "unix")
PORT = 6379
MAX_NAMESPACE = 64


class FleetUrl:
    """One such URL, without a password. `namespace` is its path, empty without one; `socket` that of a Unix socket, or empty."""

    __slots__ = ("host", "namespace", "port", "scheme", "socket", "user")

    def __init__(self, text: str, name: str) -> None:
        """`name` is where the text comes from, for a message. Raises InvalidRequestError, which shows no password."""
        check_url(text, name)
        self.scheme, separator, rest = text.strip(" ").partition("://")
        if not separator or self.scheme not in SCHEMES:
            raise InvalidRequestError(f"{name} is no engine that is known; write rediss://USER@HOST:PORT")
        if any(c in text for c in "%?#") or not text.isprintable():
            raise InvalidRequestError(f"{name} has a character that has no place in it; write rediss://USER@HOST:PORT")
        authority, _, path = rest.partition("/")
        self.socket = f"/{path}" if self.scheme == "unix" else ""
        self.namespace = "" if self.socket else path.strip("/")
        user, _, host = authority.rpartition("@")
        if self.socket:
            self.user, self.host, self.port = user, "", 0
            if host or not path:
                raise InvalidRequestError(f"{name} names no socket; write unix:///PATH or unix://USER@/PATH")
            return
        try:
            server = parse_endpoint(f"https://{authority}")
        except InvalidRequestError:
            raise InvalidRequestError(f"{name} names no host; write rediss://USER@HOST:PORT") from None
        written = ":" in server.authority.rpartition("]")[2]
        self.user, self.host, self.port = server.username, server.host, server.port if written else PORT

    @property
    def text(self) -> str:
        """The URL without its namespace; the same for the same engine and user."""
        user = f"{self.user}@" if self.user else ""
        if self.socket:
            return f"unix://{user}{self.socket}"
        host = f"[{self.host}]" if ":" in self.host else self.host.lower()
        return f"{self.scheme}://{user}{host}:{self.port}"


def check_namespace(text: str) -> None:
    """Raises InvalidRequestError for one that an engine's account could not be held to, or that people could not tell apart."""
    if not text.isprintable() or any(c in text for c in "{} ") or len(text) > MAX_NAMESPACE:
        raise InvalidRequestError(
            f"the fleet's namespace has a brace, a blank or a control character, or more than {MAX_NAMESPACE} characters; "
            "write a short one, such as vs:ci"
        )
