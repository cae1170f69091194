"""What is meant by fields that are no request yet: which request, and which endpoint."""

from __future__ import annotations

from typing import TYPE_CHECKING

from credential_protocol.messages import Request
from vsphere_session.service.resolved import Resolved

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vsphere_session.endpoint import Endpoint
    from vsphere_session.service.call import Call


def request(fields: Mapping[str, str], verb: str = "get") -> Request:
    """The request with these fields, `url` among them."""
    return Request(verb, fields.get("url", ""), {name: text for name, text in fields.items() if name != "url"})


def resolved(fields: Mapping[str, str], call: Call) -> Resolved:
    """What a `get` with these fields means. Raises InvalidRequestError."""
    return Resolved(request(fields), call)


def addressed(fields: Mapping[str, str], call: Call) -> Endpoint:
    """The endpoint of a `get` with these fields, environment and configuration included. Raises InvalidRequestError."""
    return resolved(fields, call).settings.endpoint
