"""An auth of the library `requests` that lives as long as the program, though sessions do not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from requests.exceptions import RequestException
from requests.utils import rewind_body
from urllib3.exceptions import HTTPError

from vsphere_session.cache.endpoint_auth import HEADER, EndpointAuth

if TYPE_CHECKING:
    import requests

    from vsphere_session.endpoint import Endpoint

_SMALL = 64 * 1024


class HoldsRestSession(Protocol):
    """What a VsphereAuth takes its ids from: a `Session`."""

    def endpoint(self) -> Endpoint:
        """Where the session is."""

    def rest_session_id(self) -> str:
        """The id of one that is good now."""

    def recheck(self, session_id: str = "") -> None:
        """Have the server asked before this one is handed out again."""


class VsphereAuth(EndpointAuth):
    """Sends the session's REST id to its endpoint, and renews the session after a 401.

        requests.get("https://vc.example.com/api/vcenter/vm", auth=VsphereAuth(session), verify="company.pem")

    After a 401 the server is asked about the session. If it is gone, one login is made, whichever thread asks, and the
    request is sent again, once: what comes then is the caller's. A body that cannot be read again from its beginning is
    never sent twice; its caller gets the 401, and a good session with the next request. Another host never gets the id,
    nor does a redirect to one.

    What goes wrong in a login is raised out of the request: see `SessionError`.
    """

    def __init__(self, session: HoldsRestSession) -> None:
        super().__init__(session.endpoint(), session.rest_session_id)
        self._session = session

    def refused(self, response: requests.Response, **sending: Any) -> requests.Response:
        """As EndpointAuth says."""
        request = response.request
        sent = str(request.headers[HEADER])
        self._session.recheck(sent)
        if not _can_be_sent_again(request):
            return response
        now = self._session.rest_session_id()
        if now == sent:
            return response  # the server knows it: the 401 has another reason
        _put_away(response)
        request.headers[HEADER] = now
        again: requests.Response = response.connection.send(request, **sending)
        again.history.append(response)
        again.request = request
        return again


def _can_be_sent_again(request: requests.PreparedRequest) -> bool:
    """Whether the body is there as a whole, or has been taken back to its beginning."""
    if request.body is None or isinstance(request.body, (str, bytes)):
        return True
    try:
        rewind_body(request)
    except (RequestException, OSError, ValueError):  # a closed file is a ValueError
        return False
    return True


def _put_away(response: requests.Response) -> None:
    """Let the connection be used again; an answer that is long is not read for that."""
    try:
        response.raw.read(_SMALL, decode_content=False)
    except (HTTPError, OSError):
        pass
    response.close()
