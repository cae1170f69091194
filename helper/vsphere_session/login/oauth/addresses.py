"""URLs of an identity provider: which of them may be called, where they lead, and the way there.

A token endpoint is shown passwords and secrets. So it is https with a verified certificate; without TLS it may be on this
machine alone (RFC 8252, 8.3), which is what local test providers are.
"""

from __future__ import annotations

from collections.abc import Callable

from vsphere_session.endpoint import Endpoint, parse_endpoint
from vsphere_session.errors import InvalidRequestError, SessionError
from vsphere_session.http.transport import Transport

Connect = Callable[[Endpoint], Transport]
"""The way to a host that is not the vCenter's: with trust of its own, the deadline of the call, and no redirects."""


def split_url(url: str, what: str, error: type[SessionError] = InvalidRequestError) -> tuple[Endpoint, str]:
    """The server of `url`, and what is asked there: path and query. `what` is the name of the setting, or of the URL.

    Raises `error` unless it is a URL for https, or for http on this machine, without user and fragment.
    """
    scheme, separator, rest = url.partition("://")
    authority, slash, target = rest.partition("/")
    plain = url.isascii() and url.isprintable() and not any(c in url for c in ' "<>\\^`{|}#')
    if not separator or scheme.lower() not in ("https", "http") or not plain or "@" in authority or "?" in authority:
        raise error(f"the {what} is not a URL for https without a user in it; write https://HOST/PATH")
    try:
        endpoint = parse_endpoint(f"{scheme}://{authority}")
    except InvalidRequestError as wrong:
        raise error(f"the {what} names no host: {wrong}") from None
    if endpoint.scheme == "http" and not is_loopback(endpoint.host):
        raise error(
            f"the {what} is for http, and secrets would go to {endpoint.place} unencrypted; write https:// (http is for this machine alone)"
        )
    return endpoint, slash + target or "/"


def is_loopback(host: str) -> bool:
    """Whether `host` is this machine, whatever a name server says."""
    return host.lower() in ("localhost", "::1") or (
        host.startswith("127.") and all(part.isdigit() and len(part) <= 3 for part in host.split("."))
    )
