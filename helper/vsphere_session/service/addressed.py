"""Which endpoint is meant, for what needs no session."""

from __future__ import annotations

from typing import TYPE_CHECKING

from credential_protocol.messages import Request
from vsphere_session.service.resolved import Resolved

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vsphere_session.endpoint import Endpoint
    from vsphere_session.service.call import Call


def resolved(fields: Mapping[str, str], call: Call) -> Resolved:
    """What a `get` with these fields means. Raises InvalidRequestError."""
    given = dict(fields)
    return Resolved(Request("get", given.pop("url", ""), given), call)


def addressed(fields: Mapping[str, str], call: Call) -> Endpoint:
    """The endpoint of a `get` with these fields, environment and configuration included. Raises InvalidRequestError."""
    return resolved(fields, call).settings.endpoint
