"""The five SOAP messages of a session's life: ServiceContent, Login, currentSession, Logout. On the fast path.

Source: the vSphere Web Services API. Whether a session lives is read from `SessionManager.currentSession`, which needs
no privilege (cluster-api-provider-vsphere#1569: `SessionIsActive` does, and leaked a session per check); a `missingSet`
of NotAuthenticated in an answer of status 200 is a dead session (docs/vsphere.md, section 3).
"""

from __future__ import annotations

from vsphere_session.errors import UnreachableError
from vsphere_session.http.limits import MAX_NAME_CHARACTERS
from vsphere_session.vsphere.dates import age, http_date, unix_seconds
from vsphere_session.vsphere.faults import (
    DEAD_SESSION_FAULTS,
    SoapFaultError,
    for_fault,
    for_login_fault,
    for_status,
    login_refused,
    not_understood,
)
from vsphere_session.vsphere.identity import Identity, cleaned
from vsphere_session.vsphere.service_content import ABOUT, MANAGERS
from vsphere_session.vsphere.session_id import GOVMOMI_VIM_VERSION, SOAP_COOKIE, is_session_id
from vsphere_session.vsphere.xml import Element, escape_xml, parse_xml

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from vsphere_session.http.response import Response
    from vsphere_session.http.transport import Transport

_ENVELOPE = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<Envelope xmlns="http://schemas.xmlsoap.org/soap/envelope/"><Body>'
    '<{name} xmlns="urn:vim25" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">{inner}</{name}></Body></Envelope>'
)


class SoapWire:
    """SOAP on one transport, with the session id (the cookie's value without quotes) once there is one."""

    def __init__(self, transport: Transport, session_id: str = "", *, quoted: bool = False) -> None:
        self.transport = transport
        self.session_id = session_id
        self.quoted = quoted
        self._date = ""
        self.secrets: tuple[str, ...] = ()
        """What was sent and must not be shown, should the server repeat it."""

    def service_content(self) -> dict[str, object]:
        """ServiceContent in Go's JSON shape; needs no session. Raises UnreachableError, UnsupportedError, UntrustedError."""
        try:
            answer = self._call(
                "RetrieveServiceContent", '<_this type="ServiceInstance">ServiceInstance</_this>', take_cookie=True
            )
        except SoapFaultError as fault:
            raise for_fault(fault, self._place) from None
        returned = answer.find("returnval")
        content = _content(returned) if returned is not None else {}
        if "sessionManager" not in content:
            raise not_understood(self._place, "a ServiceContent")
        return content

    def login(
        self, content: Mapping[str, object], username: str, password: str, made: Callable[[], None], locale: str = ""
    ) -> Identity:
        """Log in; afterwards `session_id` is the new session's. Raises as `begin` does."""
        self.secrets = (password,)
        inner = f"<userName>{escape_xml(username)}</userName><password>{escape_xml(password)}</password>"
        return self.begin(call_of(content, "Login", f"{inner}{in_locale(locale)}"), made)

    def begin(self, envelope: bytes, made: Callable[[], None], *, version: str = "") -> Identity:
        """Make a new session by this message, and say whose it is; afterwards `session_id` is the new session's. Never tried twice.

        `made` is called as soon as that is known. `version` is one of the server's own, where only such a one will do. Raises LoginRefusedError, UnreachableError, SessionLimitError and others.
        """
        try:
            answer = self._exchange(envelope, take_cookie=True, refusals=(401, 403), version=version)
        except SoapFaultError as fault:
            raise for_login_fault(fault, self._place) from None
        user_session = answer.find("returnval")
        if user_session is None or not self.session_id:
            raise not_understood(self._place, "a new session")
        made()
        return self._identity(user_session)

    def ask(self, name: str, inner: str) -> Element:
        """The Body of the answer to a call that needs no session of ours. Raises SoapFaultError, UnreachableError and others."""
        return self._call(name, inner)

    def clone_ticket(self, content: Mapping[str, object]) -> str | None:
        """A ticket for one further session; None if the server does not know this session any more."""
        try:
            answer = self._call("AcquireCloneTicket", _this(content, "sessionManager"))
        except SoapFaultError as fault:
            if fault.name in DEAD_SESSION_FAULTS:
                return None
            raise for_fault(fault, self._place) from None
        response = answer.find("AcquireCloneTicketResponse")
        ticket = response.value("returnval") if response is not None else ""
        if not ticket.isprintable() or not 0 < len(ticket) <= MAX_NAME_CHARACTERS:
            raise not_understood(self._place, "a clone ticket")
        return ticket

    def current_session(self, content: Mapping[str, object]) -> Identity | None:
        """Whose session this is; None if the server does not know it any more."""
        inner = (
            f"{_this(content, 'propertyCollector')}<specSet><propSet><type>SessionManager</type><pathSet>currentSession</pathSet></propSet>"
            f"<objectSet>{_reference(content, 'sessionManager', 'obj')}</objectSet></specSet><options></options>"
        )
        try:
            answer = self._call("RetrievePropertiesEx", inner)
        except SoapFaultError as fault:
            if fault.name in DEAD_SESSION_FAULTS:
                return None
            raise for_fault(fault, self._place) from None
        if answer.find("RetrievePropertiesExResponse") is None:
            raise not_understood(self._place, "a SOAP answer")
        for found in answer.find_all("propSet"):
            value = found.child("val")
            if found.value("name") == "currentSession" and value is not None and value.child("userName") is not None:
                return self._identity(value)
        return None

    def logout(self, content: Mapping[str, object]) -> None:
        """End the session; one that is gone already counts as ended."""
        try:
            answer = self._call("Logout", _this(content, "sessionManager"))
            if answer.find("LogoutResponse") is None:
                raise not_understood(self._place, "a SOAP answer")
        except SoapFaultError as fault:
            if fault.name not in DEAD_SESSION_FAULTS:
                raise for_fault(fault, self._place) from None

    @property
    def date(self) -> str:
        """The Date header of the last answer, empty without one."""
        return self._date

    @property
    def _place(self) -> str:
        return self.transport.endpoint.place

    def _call(self, name: str, inner: str, *, take_cookie: bool = False) -> Element:
        return self._exchange(_ENVELOPE.format(name=name, inner=inner).encode("utf-8"), take_cookie=take_cookie)

    def _exchange(
        self, body: bytes, *, take_cookie: bool = False, refusals: tuple[int, ...] = (), version: str = ""
    ) -> Element:
        action = f"urn:vim25/{version or GOVMOMI_VIM_VERSION}"
        headers = {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": action}
        if self.session_id:
            headers["Cookie"] = (
                f'{SOAP_COOKIE}="{self.session_id}"' if self.quoted else f"{SOAP_COOKIE}={self.session_id}"
            )
        try:
            response = self.transport.send("POST", self.transport.endpoint.escaped_path, headers, body)
        except UnreachableError as error:
            if take_cookie:
                self._take_cookie(error.headers)
            raise
        self._date = response.header("date")
        if take_cookie:
            self._take_cookie(response.headers)
        return self._body(response, refusals)

    def _body(self, response: Response, refusals: tuple[int, ...]) -> Element:
        try:
            body = parse_xml(response.body).child("Body")
        except ValueError:
            body = None
        fault = body.child("Fault") if body is not None else None
        if fault is not None:
            raise SoapFaultError(*map(self._without_secrets, (_fault_name(fault), fault.value("faultstring"))))
        if response.status in refusals:
            raise login_refused(self._place, of_credential=response.status == 401)
        if response.status != 200:
            raise for_status(response, self._place)
        if body is None:
            raise not_understood(self._place, "SOAP")
        return body

    def _without_secrets(self, text: str) -> str:
        """What the server says, in case that it repeats what it was told."""
        for secret in filter(None, (*self.secrets, self.session_id)):
            text = text.replace(secret, "…")
        return text

    def _take_cookie(self, headers: Sequence[tuple[str, str]]) -> None:
        for name, value in headers:
            if name == "set-cookie" and value.startswith(f"{SOAP_COOKIE}="):
                text = value.partition("=")[2].partition(";")[0].strip()
                bare = text.removeprefix('"').removesuffix('"')
                if is_session_id(bare):
                    self.session_id, self.quoted = bare, bare != text

    def _identity(self, user_session: Element) -> Identity:
        login_time, active = (unix_seconds(user_session.value(name)) for name in ("loginTime", "lastActiveTime"))
        username = user_session.value("userName")
        if len(username) > MAX_NAME_CHARACTERS:
            raise not_understood(self._place, "a session")
        key = user_session.value("key")[:MAX_NAME_CHARACTERS]
        return Identity(cleaned(username), age(login_time, http_date(self._date), active), key)


def _content(returned: Element) -> dict[str, object]:
    content: dict[str, object] = {}
    texts = (
        part.text + part.attributes.get("type", "") for child in returned.children for part in (child, *child.children)
    )
    if any(len(text) > MAX_NAME_CHARACTERS for text in texts):
        return content
    for child in returned.children:
        if child.name == "about":
            content["about"] = {part.name: part.text for part in child.children if part.name in ABOUT}
        elif child.name in MANAGERS:
            reference = {"type": child.attributes.get("type", ""), "value": child.text}
            server = child.attributes.get("serverGuid", "")
            content[child.name] = reference | ({"serverGuid": server} if server else {})
    return content


def _reference(content: Mapping[str, object], manager: str, tag: str) -> str:
    found = content.get(manager)
    reference = found if isinstance(found, dict) else {}
    kind, value = (
        escape_xml(str(reference.get("type", ""))).replace('"', "&quot;"),
        escape_xml(str(reference.get("value", ""))),
    )
    return f'<{tag} type="{kind}">{value}</{tag}>'


def call_of(content: Mapping[str, object], name: str, inner: str = "") -> bytes:
    """The message that calls this method of the SessionManager."""
    return _ENVELOPE.format(name=name, inner=f"{_this(content, 'sessionManager')}{inner}").encode("utf-8")


def in_locale(locale: str) -> str:
    """The argument of a Login method that says so; nothing for the server's own."""
    return f"<locale>{escape_xml(locale)}</locale>" if locale else ""


def _this(content: Mapping[str, object], manager: str) -> str:
    return _reference(content, manager, "_this")


def _fault_name(fault: Element) -> str:
    detail = fault.child("detail")
    if detail is not None and detail.children:
        inner = detail.children[0]
        return (inner.attributes.get("type") or inner.name.removesuffix("Fault")).rpartition(":")[2]
    return fault.value("faultcode").rpartition(":")[2] or "Fault"
