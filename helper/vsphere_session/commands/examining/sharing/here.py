"""On this machine: whether the fleet is whole, and its key."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vsphere_session.commands.examining.finding import ok, problem, warning
from vsphere_session.crypto.provider import provider

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vsphere_session.commands.examining.finding import Finding
    from vsphere_session.commands.examining.sharing.case import FleetCase


def configuration(case: FleetCase) -> Iterator[Finding]:
    """Whether all that has to be said of it is, and where."""
    base = case.case
    if base.config_error is not None:
        raise base.config_error
    settings = case.settings
    source = f"[fleet] in {base.config.path}" if settings.source == "[fleet]" else settings.source
    yield ok(f"{settings.url}, namespace {settings.namespace}, by {source}; engine_down is {settings.engine_down}")
    if base.config.text("fleet", base.endpoint) == "false":
        of = base.endpoint.place if base.endpoint is not None else "all endpoints"
        yield warning(f"fleet = false keeps {of} out of it", "take that out of the configuration, or leave it so")


def key(case: FleetCase) -> Iterator[Finding]:
    """Which keys there are, by their IDs."""
    first, *others = case.read_keys().ids
    yield ok(", ".join([f"{first} (seals and opens)", *(f"{each} (opens)" for each in others)]))
    if provider() is None:
        yield problem(
            "nothing here can seal or open a session", "pip install 'vsphere-session-helper[fleet]'", "unsupported"
        )
