"""The plainest client of both APIs: http.client, and XML by hand. It knows no more than the wire."""

from __future__ import annotations

import base64
import http.client
import json
import ssl
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit
from xml.sax.saxutils import escape

COOKIE = "vmware_soap_session"
HEADER = "vmware-api-session-id"
REST = "/rest/com/vmware/cis/session"
API = "/api/session"


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode()

    @property
    def json(self) -> Any:
        """The body parsed as JSON."""
        return json.loads(self.body)

    @property
    def cookie(self) -> str:
        """The whole Set-Cookie header."""
        return self.headers.get("set-cookie", "")

    @property
    def session_id(self) -> str:
        """The SOAP session id that was set, without quotes."""
        name, _, rest = self.cookie.partition("=")
        assert name == COOKIE, f"no session cookie in {self.headers}"
        return rest.partition(";")[0].strip('"')

    def element(self, name: str) -> str:
        """Return the text of the first element of this name, "" if there is none."""
        _, found, rest = self.text.partition(f"<{name}>")
        return rest.partition("<")[0] if found else ""


class Raw:
    """One server, a new connection for each request."""

    def __init__(self, url: str, ca_file: str | None, *, esxi: bool = False) -> None:
        self._manager = "SessionManager:ha-sessionmgr" if esxi else "SessionManager"
        self._collector = "PropertyCollector:" + ("ha-property-collector" if esxi else "propertyCollector")
        parts = urlsplit(url)
        self._plain = parts.scheme == "http"
        self._host, self._port = parts.hostname or "", parts.port
        self._trust = ssl.create_default_context(cafile=ca_file)
        if ca_file is None:
            self._trust.check_hostname = False
            self._trust.verify_mode = ssl.CERT_NONE

    def connection(self) -> http.client.HTTPConnection:
        """Return a connection that the caller closes."""
        if self._plain:
            return http.client.HTTPConnection(self._host, self._port, timeout=60)
        return http.client.HTTPSConnection(self._host, self._port, timeout=60, context=self._trust)

    def ask(self, method: str, path: str, headers: dict[str, str] | None = None, body: bytes = b"") -> Answer:
        """One request and its answer."""
        connection = self.connection()
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            told = {name.lower(): value for name, value in answer.getheaders()}
            return Answer(answer.status, told, answer.read())
        finally:
            connection.close()

    # SOAP

    def call(self, operation: str, target: str, arguments: str = "", session: str = "") -> Answer:
        """One SOAP operation on `Type` or `Type:id`, the id being like the type if not given."""
        body = soap_request(operation, target, arguments)
        headers = {"Content-Type": "text/xml", "SOAPAction": "urn:vim25/8.0"}
        if session:
            headers["Cookie"] = f"{COOKIE}={session}"
        return self.ask("POST", "/sdk", headers, body)

    def login(self, user: str, password: str, session: str = "") -> Answer:
        """Log in over SOAP."""
        arguments = f"<userName>{escape(user)}</userName><password>{escape(password)}</password>"
        return self.call("Login", self._manager, arguments, session)

    def logout(self, session: str) -> Answer:
        """Log out over SOAP."""
        return self.call("Logout", self._manager, "", session)

    def read(self, *names: str, session: str = "") -> Answer:
        """Read the named properties of the session manager."""
        manager = self._manager.rpartition(":")[2]
        paths = "".join(f"<pathSet>{name}</pathSet>" for name in names)
        spec = (
            f"<specSet><propSet><type>SessionManager</type>{paths}</propSet>"
            f'<objectSet><obj type="SessionManager">{manager}</obj></objectSet></specSet><options/>'
        )
        return self.call("RetrievePropertiesEx", self._collector, spec, session)

    def whoami(self, session: str) -> str:
        """Return the userName of the session's currentSession, "" if the id is nobody's."""
        return self.read("currentSession", session=session).element("userName")

    # REST

    def rest_login(self, user: str, password: str, path: str = API) -> Answer:
        """Create a REST session at either service."""
        basic = base64.b64encode(f"{user}:{password}".encode()).decode()
        return self.ask("POST", path, {"Authorization": f"Basic {basic}"})

    def rest(self, method: str, path: str, session: str) -> Answer:
        """One REST request with this session id."""
        return self.ask(method, path, {HEADER: session})


def soap_request(operation: str, target: str, arguments: str = "") -> bytes:
    """Return the envelope of one operation on `Type` or `Type:id`, the id being like the type if not given."""
    kind, _, value = target.partition(":")
    return (
        '<?xml version="1.0"?><Envelope xmlns="http://schemas.xmlsoap.org/soap/envelope/"><Body>'
        f'<{operation} xmlns="urn:vim25"><_this type="{kind}">{value or kind}</_this>{arguments}'
        f"</{operation}></Body></Envelope>"
    ).encode()
