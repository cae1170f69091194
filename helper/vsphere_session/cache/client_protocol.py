"""What a cache asks of a client, as a type: in a module of its own, since a warm answer can do without `typing`."""

from __future__ import annotations

from typing import Protocol


class Client(Protocol):
    """What can be cached. `SoapClient` and `RestClient` meet it; a third-party client can, too."""

    @property
    def path(self) -> str:
        """The path that stands in the cache's key, such as `/sdk`."""

    def marshal_json(self) -> bytes:
        """The bytes to keep."""

    def unmarshal_json(self, data: bytes) -> None:
        """Become what `data` says; broken data leaves a client that is not `valid`."""

    def valid(self) -> bool:
        """Whether there is something to use in it; asks nobody."""
