"""The three REST calls of a session's life, in both of their forms. On the fast path.

`/api/session` (7.0U2 and newer) is tried first, then `/rest/com/vmware/cis/session`; an ESXi has neither. A dead
session is 401 (403 was seen on data calls, terraform-provider-vsphere#1300); on DELETE it counts as ended
(packer-plugin-vsphere#286). See docs/vsphere.md, section 5.
"""

from __future__ import annotations

from credential_protocol.jsontext import decode
from vsphere_session.errors import UnsupportedError
from vsphere_session.http.limits import MAX_NAME_CHARACTERS
from vsphere_session.vsphere.dates import age, unix_seconds
from vsphere_session.vsphere.faults import for_status, login_refused, not_understood
from vsphere_session.vsphere.identity import Identity, cleaned
from vsphere_session.vsphere.session_id import is_session_id

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from vsphere_session.http.response import Response
    from vsphere_session.http.transport import Transport

_PATHS = {"api": "/api/session", "rest": "/rest/com/vmware/cis/session"}
_NOT_THERE = (404, 405)
_DEAD = (401, 403)
_TOO_LARGE = (400, 413, 431)
_USUAL_HEADER = 4096
"""Bytes that every server takes; many end at 8192, each with a status of its own."""


class RestWire:
    """REST sessions on one transport. `form` is the form that the server speaks, once that is known."""

    def __init__(self, transport: Transport, session_id: str = "", *, form: str = "") -> None:
        self.transport = transport
        self.session_id = session_id
        self.form = form

    def login(self, username: str, password: str) -> None:
        """Log in; afterwards `session_id` is the new session's. Raises as `begin` does, and UnsupportedError for a name with a colon."""
        if ":" in username:  # RFC 7617; the server would count a failed login of somebody else
            raise UnsupportedError('a user name with a colon cannot log in to REST; ask for "api": "soap"')
        from binascii import b2a_base64  # noqa: PLC0415  # only a login needs it

        login = b2a_base64(f"{username}:{password}".encode(), newline=False).decode("ascii")
        self.begin(lambda _method, _path: f"Basic {login}")

    def begin(self, authorization: Callable[[str, str], str]) -> None:
        """Make a new session by a request with such an Authorization, for its method and path; afterwards `session_id` is its id.

        Never tried twice. Raises LoginRefusedError, SessionLimitError, UnsupportedError where the server has no REST sessions.
        """
        sizes = [0]

        def headers(path: str) -> dict[str, str]:
            value = authorization("POST", path)
            sizes.append(len(value))
            return {"Authorization": value, "vmware-use-header-authn": "true"}

        response = self._call("POST", headers)
        if response.status in _TOO_LARGE and sizes[-1] > _USUAL_HEADER:
            raise UnsupportedError(
                f"{self._place} takes no header of {sizes[-1]} bytes ({response.status}), which the token needs, as that of a user in many "
                'groups does; ask for "api": "soap"'
            )
        if response.status in (401, 403):
            raise login_refused(self._place, of_credential=response.status == 401)
        session_id = self._value(response, (200, 201))
        if not isinstance(session_id, str) or not is_session_id(session_id):
            raise not_understood(self._place, "a new REST session")
        self.session_id = session_id

    def current_session(self) -> Identity | None:
        """Whose session this is; None if the server does not know it any more."""
        response = self._call("GET", self._authenticated())
        if response.status in _DEAD:
            return None
        found = self._value(response, (200,))
        user = found.get("user") if isinstance(found, dict) else None
        if not isinstance(found, dict) or not isinstance(user, str) or len(user) > MAX_NAME_CHARACTERS:
            raise not_understood(self._place, "a REST session")
        created, last = (
            unix_seconds(str(found.get("created_time", ""))),
            unix_seconds(str(found.get("last_accessed_time", ""))),
        )
        return Identity(cleaned(user), age(created, last))

    def ask_ahead(self) -> None:
        """Have `current_session`'s question sent with the next request, where it is known how this server wants it."""
        if self.form in _PATHS:
            method, path = _question(self.form, "GET")
            self.transport.ask_ahead(method, path, self._authenticated())

    def logout(self) -> None:
        """End the session; one that is gone already counts as ended."""
        response = self._call("DELETE", self._authenticated())
        if response.status not in (200, 204, *_DEAD):
            raise for_status(response, self._place)
        if response.status == 200 and response.body.strip():
            self._value(response, (200,))  # a web page that is in the way has ended nothing

    @property
    def _place(self) -> str:
        return self.transport.endpoint.place

    def _authenticated(self) -> dict[str, str]:
        return {"vmware-api-session-id": self.session_id}

    def _call(self, method: str, headers: dict[str, str] | Callable[[str], dict[str, str]]) -> Response:
        """One request in the form that the server speaks; which one that is, and whether still, is found out by asking."""
        for form in sorted(_PATHS, key=lambda form: form != self.form):
            name, path = _question(form, method)
            response = self.transport.send(name, path, headers(path) if callable(headers) else headers)
            if response.status not in _NOT_THERE:
                self.form = form
                return response
        self.form = ""
        raise UnsupportedError(f'{self._place} has no REST sessions (an ESXi has none); ask for "api": "soap"')

    def _value(self, response: Response, good: tuple[int, ...]) -> object:
        if response.status not in good:
            raise for_status(response, self._place)
        try:
            value = decode(response.body)
        except ValueError:
            raise not_understood(self._place, "JSON") from None
        return value.get("value") if self.form == "rest" and isinstance(value, dict) else value


def _question(form: str, method: str) -> tuple[str, str]:
    """Method and path in this form; the old one asks with an action."""
    asks = form == "rest" and method == "GET"
    return ("POST", f"{_PATHS[form]}?~action=get") if asks else (method, _PATHS[form])
