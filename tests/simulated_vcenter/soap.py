"""The SOAP half: /sdk."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from simulated_vcenter import soap_templates as xml
from simulated_vcenter import token_login
from simulated_vcenter.clock import iso_time
from simulated_vcenter.messages import Request, Response, text_response, xml_response
from simulated_vcenter.properties import Reader
from simulated_vcenter.sessions import Session, SessionLimitReached
from simulated_vcenter.soap_calls import Call, Element, children, parse
from simulated_vcenter.soap_faults import (
    SoapFault,
    invalid_argument,
    invalid_locale,
    invalid_login,
    invalid_name,
    invalid_request,
    no_client_certificate,
    no_permission,
    not_authenticated,
    not_found,
    object_not_found,
)
from simulated_vcenter.state import Refused, State, UnknownLocale

COOKIE = "vmware_soap_session"
# What a caller without a session may ask for.
LOGINS = {"Login", "LoginByToken", "LoginExtensionByCertificate", "CloneSession"}
ATTEMPTS = LOGINS | {"ImpersonateUser"}
_ANONYMOUS = LOGINS | {"QueryOptions", "RetrieveServiceContent", "RetrieveProperties", "RetrievePropertiesEx", "Fetch"}


def answer(state: State, request: Request) -> Response:
    """Return the answer to one request to /sdk."""
    if request.method != "POST":
        return text_response(405, "the SDK takes POST only\n")
    call = parse(request.body)
    if call is None:
        return invalid_request("The request is no SOAP envelope.").response()
    session = state.sessions.find(request.cookie(COOKIE), "soap")
    if session is not None:
        session = state.sessions.touch(session.id)
    try:
        return _Turn(state, request, call, session).take()
    except SoapFault as fault:
        return fault.response()


@dataclass(frozen=True, slots=True)
class _Turn:
    """One call of one caller."""

    state: State
    request: Request
    call: Call
    session: Session | None

    def take(self) -> Response:
        call = self.call
        target = call.target_type, call.target
        if target != ("ServiceInstance", "ServiceInstance") and not self.state.content.knows(*target):
            raise object_not_found(call.target_type, call.target)
        operation = _OPERATIONS.get(call.operation)
        if operation is None:
            kind = call.target_type
            raise invalid_request(f"Unable to resolve WSDL method name {call.operation} for class {kind}")
        dead = self.session is None or (self.session.half_dead and call.operation != "Logout")
        if dead and call.operation not in _ANONYMOUS:
            raise not_authenticated(call.target_type, call.target)
        return operation(self)

    def service_content(self) -> Response:
        return self._answer(xml.returnval(xml.service_content(self.state.content)))

    def current_time(self) -> Response:
        return self._answer(xml.returnval(iso_time(self.state.clock.now())))

    def log_in(self) -> Response:
        name, password = self.call.text("userName"), self.call.text("password")
        return self._begin(lambda: self.state.log_in(name, password, "soap", self.request, self._locale))

    def log_in_by_token(self) -> Response:
        return self._begin(lambda: token_login.by_message(self.state, self.request, self._locale))

    def clone(self) -> Response:
        ticket = self.call.text("cloneTicket")
        return self._begin(lambda: self.state.redeem_ticket(ticket, self.request))

    def log_in_extension(self) -> Response:
        if not self.request.certificate:
            self.state.refusals.append("no client certificate")
            raise no_client_certificate()
        key = self.call.text("extensionKey")
        return self._begin(lambda: self.state.log_in_extension(key, self.request, self._locale))

    def impersonate(self) -> Response:
        """The connection is the target's from now on; the caller's own session stays."""
        assert self.session is not None, "only with a session does a call get here"
        privileged = self.state.impersonators
        if self.state.missing_permission or (privileged is not None and self.session.user not in privileged):
            raise no_permission(self.call.target_type, self.call.target, "Sessions.ImpersonateUser")
        name = self.call.text("userName")
        return self._open(lambda: self.state.impersonate(name, self.request, self._locale))

    def issue_ticket(self) -> Response:
        assert self.session is not None, "only with a session does a call get here"
        return self._answer(xml.returnval(self.state.issue_ticket(self.session)))

    def _begin(self, opening: Callable[[], Session]) -> Response:
        if self.session is not None and not self.session.half_dead:
            raise invalid_login()  # the session at hand has to end first
        return self._open(opening)

    def _open(self, opening: Callable[[], Session]) -> Response:
        try:
            session = opening()
        except Refused:
            raise invalid_login() from None
        except UnknownLocale:
            raise invalid_locale() from None
        except SessionLimitReached:
            # vpxd turns the request away before any SOAP is spoken (kops#2747)
            return text_response(503, "503 Service Unavailable\n")
        value = f'"{session.id}"' if self.state.quoted_cookie else session.id
        secure = "; Secure" if self.state.secure_cookie else ""
        cookie = {"Set-Cookie": f"{COOKIE}={value}; Path=/; HttpOnly{secure};"}
        return self._answer(xml.returnval(self._user_session(session)), cookie)

    def log_out(self) -> Response:
        if self.session is not None:
            self.state.sessions.close(self.session.id)
        return self._answer("")

    def terminate(self) -> Response:
        self._demand("Sessions.TerminateSession")
        if self.session is not None and self.session.key in self.call.texts("sessionId"):
            raise invalid_argument("sessionId")  # one's own session ends by Logout only
        for key in self.call.texts("sessionId"):
            if not self.state.sessions.close_by_key(key):
                raise not_found()
        return self._answer("")

    def is_active(self) -> Response:
        self._demand("Sessions.ValidateSession")
        if self.state.esxi:
            raise SoapFault("NotImplemented", "The operation is not implemented.")
        wanted = self.call.text("sessionID"), self.call.text("userName")
        name = self.state.accounts.soap_name
        active = any((each.key, name(each.user)) == wanted for each in self.state.sessions.live())
        return self._answer(xml.returnval("true" if active else "false"))

    def retrieve(self) -> Response:
        return self._answer("".join(map(xml.returnval, self._reader().retrieve(self._specs()))))

    def retrieve_ex(self) -> Response:
        objects = "".join(xml.typed("objects", each) for each in self._reader().retrieve(self._specs()))
        return self._answer(xml.returnval(objects) if objects else "")

    def query_options(self) -> Response:
        """Where the STS is, anybody may ask (govmomi does before it logs in)."""
        name = self.call.text("name")
        if name != "config.vpxd.sso.sts.uri" or self.state.sts is None:
            if self.session is None:
                raise not_authenticated(self.call.target_type, self.call.target)
            raise invalid_name(name)
        where = f"{self._origin}/sts/STSService/{self.state.sts.tenant}"
        return self._answer(xml.option_value(name, where))

    def fetch(self) -> Response:
        reader = self._reader()
        return self._answer(reader.fetch(self.call.target_type, self.call.target, self.call.text("prop")))

    def _answer(self, result: str, headers: dict[str, str] | None = None) -> Response:
        return xml_response(200, xml.answer(self.call.operation, result), headers)

    def _demand(self, privilege: str) -> None:
        if self.state.missing_permission:
            raise no_permission(self.call.target_type, self.call.target, privilege)

    @property
    def _locale(self) -> str:
        return self.call.text("locale")

    @property
    def _origin(self) -> str:
        return f"{'https' if self.state.secure_cookie else 'http'}://{self.request.headers.get('host', 'localhost')}"

    def _reader(self) -> Reader:
        return Reader(self.state, self.session)

    def _specs(self) -> Iterator[Element]:
        return children(self.call.arguments, "specSet")

    def _user_session(self, session: Session) -> str:
        return xml.user_session(session, self.state.accounts.soap_name(session.user))


_OPERATIONS: dict[str, Callable[[_Turn], Response]] = {
    "RetrieveServiceContent": _Turn.service_content,
    "CurrentTime": _Turn.current_time,
    "Login": _Turn.log_in,
    "LoginByToken": _Turn.log_in_by_token,
    "LoginExtensionByCertificate": _Turn.log_in_extension,
    "ImpersonateUser": _Turn.impersonate,
    "CloneSession": _Turn.clone,
    "AcquireCloneTicket": _Turn.issue_ticket,
    "Logout": _Turn.log_out,
    "TerminateSession": _Turn.terminate,
    "SessionIsActive": _Turn.is_active,
    "RetrieveProperties": _Turn.retrieve,
    "RetrievePropertiesEx": _Turn.retrieve_ex,
    "QueryOptions": _Turn.query_options,
    "Fetch": _Turn.fetch,
}
