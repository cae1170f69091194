"""In place of `redis.observability.metrics`: why a connection was closed, in the words of the library."""

from __future__ import annotations

from enum import Enum


class CloseReason(Enum):
    """As the library has it."""

    APPLICATION_CLOSE = "application_close"
    ERROR = "error"
    HEALTHCHECK_FAILED = "healthcheck_failed"
