"""vCenter's security token service (STS) as a client: one request for one token, and what its faults mean.

Sources: WS-Trust 1.3 and WS-Security 1.1 for the faults' names, VMware's Lightwave for when its STS gives which.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vsphere_session.errors import (
    InvalidRequestError,
    LoginRefusedError,
    SessionError,
    UnreachableError,
    UnsupportedError,
)
from vsphere_session.vsphere.dates import http_date, unix_seconds
from vsphere_session.vsphere.faults import for_status, login_refused, not_understood, shown
from vsphere_session.vsphere.namespaces import parse_namespaces
from vsphere_session.vsphere.saml import read_assertion
from vsphere_session.vsphere.security import SOAP, WSSE
from vsphere_session.vsphere.token_messages import ISSUE_ACTION, TOKEN_LIFE, TRUST_NAMESPACE, issue_message

if TYPE_CHECKING:
    from vsphere_session.clock import Clock
    from vsphere_session.http.response import Response
    from vsphere_session.http.transport import Transport
    from vsphere_session.vsphere.namespaces import Node
    from vsphere_session.vsphere.saml import Assertion
    from vsphere_session.vsphere.token_messages import Credential

_HEADERS = {
    "Content-Type": 'text/xml; charset="utf-8"',
    "SOAPAction": f'"{ISSUE_ACTION}"',  # without the quotes its log has a warning for each call (govmomi, 67566aa6)
}
_NOTEWORTHY = 60.0
"""Seconds of difference between two clocks from which it is worth a word; the STS tolerates ten minutes."""
_UNLIKE_OURS = ("InvalidSecurity", "SecurityTokenUnavailable", "InvalidSecurityToken", "UnsupportedAlgorithm")


class NoStsError(UnsupportedError):
    """There is no security token service at this URL, or none for the tenant that its path names."""


class Sts:
    """The security token service at the endpoint of a transport, which has its path."""

    def __init__(self, transport: Transport, clock: Clock) -> None:
        self._transport = transport
        self._clock = clock

    def issue(self, asking: Credential, life: float = TOKEN_LIFE) -> Assertion:
        """A new token for whoever asks; how long it is good for is in it, and may be less than `life` in seconds.

        Never tried twice. Raises LoginRefusedError, whose `of_credential` says whether a password was refused; NoStsError,
        InvalidRequestError for what cannot be sent, UnreachableError and UntrustedError.
        """
        message = issue_message(asking, self._clock.now(), life)
        response = self._transport.send("POST", self._transport.endpoint.escaped_path, _HEADERS, message)
        try:
            root = parse_namespaces(response.body)
        except ValueError:
            raise self._unlike_an_answer(response) from None
        fault = root.first(f"{{{SOAP}}}Body", f"{{{SOAP}}}Fault") if root.name == f"{{{SOAP}}}Envelope" else None
        if fault is not None:
            raise _Fault(fault, asking, self._place, http_date(response.header("date")), self._clock.now()).error()
        if response.status != 200:
            raise self._unlike_an_answer(response)
        try:
            return read_assertion(response.body, root)
        except InvalidRequestError:
            raise not_understood(self._place, "a token") from None

    @property
    def _place(self) -> str:
        return self._transport.endpoint.place

    def _unlike_an_answer(self, response: Response) -> SessionError:
        if response.status in (404, 405, 501):
            return NoStsError(
                f"{self._place} has no token service at {self._transport.endpoint.escaped_path} ({response.status}); "
                "check sts_url, also the tenant at its end"
            )
        return not_understood(self._place, "a token") if response.status == 200 else for_status(response, self._place)


class _Fault:
    """A SOAP fault of the STS: its code by namespace, since its prefix is made up for each answer."""

    def __init__(self, fault: Node, asking: Credential, place: str, there: float | None, here: float) -> None:
        code, said = fault.first("faultcode"), fault.first("faultstring")
        namespace, _, name = (code.qualified(code.text) if code else "").rpartition("}")
        self._asking = asking
        self._namespace = namespace.removeprefix("{")
        self._name = self._harmless(name)
        self._text = self._harmless(said.text if said else "")
        self._place = place
        if there is None and self._name == "MessageExpired":  # the first time in its text is that of the STS
            there = _first_time(self._text)
        self._ahead = None if there is None else there - here

    def _harmless(self, text: str) -> str:
        """What the server says, in case that it repeats what it was told."""
        secret = self._asking.password
        return shown(text.replace(secret, "…")).replace(secret, "…") if secret else shown(text)

    def error(self) -> SessionError:
        """What it means."""
        name = self._name if self._namespace in (TRUST_NAMESPACE, WSSE) else ""
        if name == "FailedAuthentication":
            return self._failed_authentication()
        if name in ("InvalidTimeRange", "MessageExpired"):
            return self._wrong_time()
        if name in _UNLIKE_OURS:
            return UnsupportedError(
                f"the token service of {self._place} does not take this kind of request{self._said}; another method may work"
            )
        what_next = {
            "InvalidRequest": "see what its user may ask for in vCenter's SSO",
            "FailedCheck": "the signature did not arrive as it was made: see whether something in between changes requests",
            "UnsupportedSecurityToken": "see which ways to authenticate vCenter's SSO allows",
        }.get(name)
        if what_next is not None:
            return LoginRefusedError(f"the token service of {self._place} refused the request{self._said}; {what_next}")
        return UnreachableError(
            f"the token service of {self._place} answered with the fault {self._name or 'Fault'}{self._said}; "
            "try again, and see its log on vCenter (/var/log/vmware/sso)"
        )

    @property
    def _said(self) -> str:
        return f" ({self._text})" if self._text else ""

    def _failed_authentication(self) -> SessionError:
        if not self._asking.key_holder:
            return login_refused(self._place, self._text, of_credential=True)
        if self._asking.username:
            refused = LoginRefusedError(
                f"{self._place} refused the login{self._said}; check user name and password before the next try, since failed "
                "tries lock accounts, then the certificate"
            )
            refused.of_credential = True
            return refused
        return LoginRefusedError(
            f"{self._place} refused the certificate{self._said}; it must be the one that is registered in vCenter's SSO for a solution "
            "user that is enabled: see dir-cli service list on vCenter"
        )

    def _wrong_time(self) -> SessionError:
        what = f"the token service of {self._place} refused the time of the request{self._said}"
        differs = self._ahead is not None and abs(self._ahead) >= _NOTEWORTHY
        if self._name == "InvalidTimeRange" and (not differs or "ertificate" in self._text):
            agree = "if the clocks agree," if self._ahead is None else "so"
            return LoginRefusedError(
                f"{what}; {agree} the STS's signing certificate has expired: renew it (VMware KB 316619)"
            )
        if self._ahead is not None and differs:
            return LoginRefusedError(
                f"{what}: its clock is {_spelled(self._ahead)} this machine's; set the clocks, by NTP for instance"
            )
        return LoginRefusedError(f"{what}; compare its clock with this machine's, and set them, by NTP for instance")


def _spelled(ahead: float) -> str:
    seconds = round(abs(ahead))
    amount = f"{seconds} s" if seconds < 120 else f"{round(seconds / 60)} minutes"
    return f"{amount} {'ahead of' if ahead > 0 else 'behind'}"


def _first_time(text: str) -> float | None:
    moments = (unix_seconds(word.strip("[];,.")) for word in text.split())
    return next((moment for moment in moments if moment is not None), None)
