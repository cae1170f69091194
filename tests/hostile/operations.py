"""The seven things that the helper asks of a server, and the call in which each of them comes up."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from hostile.inside import Inside


@dataclass(frozen=True)
class Operation:
    """`where` is what the simulated vCenter calls it; `cached`: it is about a session that is in the cache."""

    where: str
    kind: str
    verb: str
    cached: bool

    def prepare(self, inside: Inside) -> None:
        """Cache a session, if this operation is about one."""
        if self.cached:
            inside.get(api=self.kind)

    @property
    def fields(self) -> dict[str, object]:
        """The request in which the operation comes up."""
        fields: dict[str, object] = {"api": self.kind}
        return fields | ({"verify": "always"} if self.verb == "get" else {})

    def file(self, inside: Inside) -> Path | None:
        """The cache file, None if there is none."""
        directory = inside.home / ".govmomi" / ("sessions" if self.kind == "soap" else "rest_sessions")
        return next(directory.glob("[0-9a-f]*"), None)


OPERATIONS = [
    Operation("RetrieveServiceContent", "soap", "get", cached=False),
    Operation("Login", "soap", "get", cached=False),
    Operation("RetrievePropertiesEx", "soap", "get", cached=True),
    Operation("Logout", "soap", "erase", cached=True),
    Operation("POST /api/session", "rest", "get", cached=False),
    Operation("GET /api/session", "rest", "get", cached=True),
    Operation("DELETE /api/session", "rest", "erase", cached=True),
]
