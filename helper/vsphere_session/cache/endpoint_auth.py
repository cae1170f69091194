"""The header of a REST session in requests of the library `requests`: to one endpoint, and to no other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

import requests
from requests.auth import AuthBase
from requests.utils import requote_uri

if TYPE_CHECKING:
    from collections.abc import Callable

    from vsphere_session.endpoint import Endpoint

HEADER = "vmware-api-session-id"


class EndpointAuth(AuthBase):
    """Sends the id that `session_id` gives to the endpoint only, also when that redirects elsewhere."""

    def __init__(self, endpoint: Endpoint, session_id: Callable[[], str]) -> None:
        self.base = f"{endpoint.scheme}://{endpoint.authority}/"
        self._place = _place(requests.Request("GET", self.base).prepare().url)
        self._session_id = session_id

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Give the request its header, if it goes to the endpoint."""
        if _place(request.url) == self._place:
            request.headers[HEADER] = self._session_id()
            if self._look not in request.hooks["response"]:  # a redirected request comes here again
                request.register_hook("response", self._look)  # type: ignore[no-untyped-call]
        return request

    def _look(self, response: requests.Response, **sending: Any) -> requests.Response:  # as `requests` calls a hook
        sent = response.request
        if response.status_code == 401 and sent.headers.get(HEADER) and _place(sent.url) == self._place:
            response = self.refused(response, **sending)
        if response.is_redirect and not self._leads_here(response):
            sent.headers.pop(HEADER, None)  # `requests` makes the next request from this one, and knows nothing of it
        return response

    def refused(self, response: requests.Response, **_sending: Any) -> requests.Response:
        """The answer that the caller gets in place of this one, which is a 401. `_sending` are what it was sent with."""
        return response

    def _leads_here(self, response: requests.Response) -> bool:
        try:
            target = requote_uri(urljoin(response.url, response.headers["location"]))
            return "@" not in urlsplit(target).netloc and _place(target) == self._place
        except ValueError:
            return False


def _place(url: str | None) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url or "")
    return parts.scheme, parts.hostname, parts.port or {"https": 443, "http": 80}.get(parts.scheme)
