"""What an engine has to do: keep small documents, and replace one only if it is still the one that was read.

All that makes a fleet of it (leases, fences, what is retired) is in `document.py`, for every engine alike.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

MAX_DOCUMENT_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Seen:
    """A document as it was when the engine answered.

    version  for equality only; never comes twice for a name. Empty where nothing is there
    data     the document's bytes; empty where nothing is there
    now      the engine's own time, in Unix seconds
    """

    version: bytes
    data: bytes
    now: float


@dataclass(frozen=True, slots=True)
class Facts:
    """What an engine says of itself; empty where it may not be asked or does not say.

    name, version  such as `valkey` and `9.1.2`
    user           the account that is used
    durable        how safe a confirmed `put` is: `always`, `second` or `no`
    eviction       its policy, such as `noeviction`
    replicas       how many follow it; -1 where that is not known
    rights         what the account may do beside the commands and names of a fleet
    step           seconds in which its clock counts
    tls            such as `TLSv1.3`; empty for clear text
    """

    name: str = ""
    version: str = ""
    user: str = ""
    durable: str = ""
    eviction: str = ""
    replicas: int = -1
    rights: tuple[str, ...] = ()
    step: float = 0.0
    tls: str = ""


class Engine(Protocol):
    """Every method raises DeniedError, DownError; each ends when the budget that the engine was made with is over."""

    def get(self, name: str) -> Seen:
        """The document of this name."""

    def put(self, name: str, version: bytes, data: bytes, keep: float) -> Seen:
        """Replace it if `version` is what is there, and let it go after `keep` seconds without another `put`.

        Raises ConflictError with what is there, TooBigError before anything is sent, UnknownError where the answer was lost.
        """

    def wait(self, name: str, version: bytes, seconds: float) -> bool:
        """Whether another version than this is there, at once or within so many seconds."""

    def about(self) -> Facts:
        """What it says of itself."""

    def close(self) -> None:
        """Give its connection back."""


class EngineError(Exception):
    """What went wrong, for people: one line without a secret."""


class ConflictError(EngineError):
    """Another version is there: `seen`. Nothing was changed."""

    def __init__(self, seen: Seen) -> None:
        super().__init__("another version is there")
        self.seen = seen


class DeniedError(EngineError):
    """The account may not do that."""


class TooBigError(EngineError):
    """A document of more than MAX_DOCUMENT_BYTES."""


class DownError(EngineError):
    """The engine could not be asked; nothing was changed.

    hung_up  it took the connection and closed it: it has too many, or is being started
    """

    def __init__(self, text: str, *, hung_up: bool = False) -> None:
        super().__init__(text)
        self.hung_up = hung_up


class UnknownError(EngineError):
    """It was sent, and nobody knows whether it took effect."""
