"""What servers answer when something is wrong, as our kinds. The one place that knows both SOAP's and REST's words.

Sources: docs/vsphere.md, sections 1 (limits and their texts) and 5 (status codes, federation).

On the fast path.
"""

from __future__ import annotations

from vsphere_session.errors import (
    InvalidRequestError,
    LoginRefusedError,
    SessionError,
    SessionLimitError,
    UnreachableError,
    UnsupportedError,
)
from vsphere_session.http.limits import MAX_SHOWN_CHARACTERS
from vsphere_session.http.response import Response

LIMIT_MARKS = (
    b"failedToLoginMaxUserSessionCountReached",
    b"User session count is limited",
    b"Out of HTTP sessions",
    b"Too many active sessions",
    b"SessionCreationException",
)
DEAD_SESSION_FAULTS = ("NotAuthenticated", "ManagedObjectNotFound")
_WRONG_CREDENTIAL = "InvalidLogin"
_REFUSALS = (
    _WRONG_CREDENTIAL,
    "NoPermission",
    "NotAuthenticated",
    "InvalidClientCertificate",
    "NoClientCertificate",
    "SSPIChallenge",
)


class SoapFaultError(Exception):
    """A SOAP fault: `name` is the vSphere fault's type (`InvalidLogin`), or the SOAP code where it has none."""

    def __init__(self, name: str, text: str) -> None:
        super().__init__(name)
        self.name = shown(name)
        self.text = shown(text)


def for_login_fault(fault: SoapFaultError, place: str) -> SessionError:
    """A fault that answers a login."""
    if fault.name in _REFUSALS:
        return login_refused(place, fault.text, of_credential=fault.name == _WRONG_CREDENTIAL)
    if fault.name == "InvalidLocale":
        return InvalidRequestError(
            f"{place} does not know the locale ({fault.text}); write it as de or de_DE, or leave locale and GOVMOMI_LOCALE out"
        )
    return for_fault(fault, place)


def for_fault(fault: SoapFaultError, place: str) -> SessionError:
    """A fault that answers anything else."""
    if any(mark in fault.text.encode() for mark in LIMIT_MARKS):
        return session_limit(place)
    return UnreachableError(
        f"{place} answered with the fault {fault.name} ({fault.text}); try again, and see the server's vpxd log"
    )


def login_refused(place: str, text: str = "", *, of_credential: bool) -> LoginRefusedError:
    """The server said no: to the credential, or to what its owner may do."""
    said = f" ({text})" if text else ""
    refused = LoginRefusedError(
        f"{place} refused the login{said}; check user name and password before the next try, since failed tries lock accounts. With a "
        "federated identity provider or MFA a password never works here"
    )
    refused.of_credential = of_credential
    return refused


def session_limit(place: str) -> SessionLimitError:
    """The server has no session left."""
    return SessionLimitError(
        f"{place} has no session left for this user; end some (vsphere-session sessions, or govc session.ls and session.rm), or wait until idle ones expire"
    )


def for_status(response: Response, place: str) -> SessionError:
    """An HTTP status that is no answer to what was asked; the body is shown only as far as it is known to be harmless."""
    if any(mark in response.body for mark in LIMIT_MARKS):
        return session_limit(place)
    if response.status == 503:
        return UnreachableError(
            f"{place} is not available (503): it is starting, overloaded, or out of sessions; try again in a minute"
        )
    if response.status in (404, 405, 501):
        return UnsupportedError(
            f"{place} has no such service ({response.status}); check the url, and that it is a vCenter or ESXi"
        )
    return UnreachableError(
        f"{place} answered with HTTP status {response.status}; try again, and see the server's logs"
    )


def not_understood(place: str, what: str) -> UnreachableError:
    """An answer that is no answer."""
    return UnreachableError(
        f"{place} answered with something that is not {what}; check that the url is that of a vCenter or ESXi"
    )


def shown(text: str) -> str:
    """A server's text, safe to show: one line, printable, short."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line if len(line) <= MAX_SHOWN_CHARACTERS else line[:MAX_SHOWN_CHARACTERS] + "…"
