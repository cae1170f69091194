"""What the SOAP and the REST half of the simulated vCenter share."""

from __future__ import annotations

import re
import threading
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from simulated_vcenter.accounts import Accounts
from simulated_vcenter.clock import Clock
from simulated_vcenter.messages import Request
from simulated_vcenter.service_content import ServiceContent
from simulated_vcenter.sessions import Kind, Session, SessionTable

if TYPE_CHECKING:
    from simulated_vcenter.sts import Sts

_LOCALE = re.compile(r"[a-z]{2,3}(_[A-Z]{2})?")


class Refused(Exception):  # noqa: N818  the field's own name for it
    """No such user, or not this password; the reason is for the test alone."""


class UnknownLocale(Exception):  # noqa: N818  the field's own name for it
    """No locale is spelled like this."""


@dataclass
class State:
    """The server's memory; the tables in it are safe to use from several threads."""

    clock: Clock
    accounts: Accounts
    sessions: SessionTable
    content: ServiceContent
    esxi: bool
    quoted_cookie: bool
    secure_cookie: bool
    sts: Sts | None = None
    extensions: dict[str, bytes] = field(default_factory=dict)  # key: DER of the certificate
    impersonators: set[str] | None = None  # accounts with the privilege, None: all
    refusals: list[str] = field(default_factory=list)  # why each was, in the order of the requests
    nonces: set[str] = field(default_factory=set)  # of SIGN, seen
    half_dead: bool = False
    missing_permission: bool = False
    logins: list[Session] = field(default_factory=list)
    tickets: dict[str, Session] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def log_in(self, name: str, password: str, kind: Kind, request: Request, locale: str = "") -> Session:
        """Open a session for these credentials; raises Refused, UnknownLocale or SessionLimitReached."""
        account = self.accounts.check(name, password)
        if account is None:
            raise self.refusal("wrong user or password")
        return self.open(account, kind, request, locale=locale)

    def issue_ticket(self, parent: Session) -> str:
        """Return a clone ticket: good for one session of this account, and only while its parent lives."""
        ticket = f"cst-VCT-{uuid.uuid4()}"
        with self.lock:
            self.tickets[ticket] = parent
        return ticket

    def redeem_ticket(self, ticket: str, request: Request) -> Session:
        """Open a session for this clone ticket; raises Refused or SessionLimitReached."""
        with self.lock:
            parent = self.tickets.pop(ticket, None)
        if parent is None:
            raise self.refusal("unknown or used clone ticket")
        if self.sessions.find(parent.id, "soap") is None:
            raise self.refusal("the session that issued the clone ticket is over")
        return self.open(parent.user, "soap", request, locale=parent.locale)

    def impersonate(self, name: str, request: Request, locale: str) -> Session:
        """Open a session of a user who has one already; raises Refused, UnknownLocale or SessionLimitReached."""
        account = self.accounts.known(name)
        if not any(session.user == account and session.kind != "rest" for session in self.sessions.live()):
            raise self.refusal(f"{name} has no session")
        return self.open(account, "soap", request, locale=locale)

    def log_in_extension(self, key: str, request: Request, locale: str) -> Session:
        """Open a session of an extension for its certificate; raises Refused, UnknownLocale or SessionLimitReached."""
        if key not in self.extensions:
            raise self.refusal(f"no extension {key}")
        if request.certificate != self.extensions[key]:
            raise self.refusal("not the extension's certificate")
        return self.open(key, "soap", request, locale=locale, extension=True)

    def refusal(self, reason: str) -> Refused:
        """Note why somebody is refused, and return what to raise."""
        self.refusals.append(reason)
        return Refused(reason)

    def open(
        self,
        account: str,
        kind: Kind,
        request: Request,
        *,
        locale: str = "",
        extension: bool = False,
        ends: float | None = None,
    ) -> Session:
        """Open a session of this account; raises UnknownLocale or SessionLimitReached."""
        if locale and not _LOCALE.fullmatch(locale):
            raise UnknownLocale(locale)
        agent = request.headers.get("user-agent", "")
        session = self.sessions.open(
            account,
            kind,
            user_agent=agent,
            ip_address=request.client,
            locale=locale or "en",
            extension=extension,
            ends=ends,
        )
        with self.lock:
            self.logins.append(session)
        return session
