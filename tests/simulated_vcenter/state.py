"""What the SOAP and the REST half of the simulated vCenter share."""

from __future__ import annotations

import threading
import uuid
from dataclasses import dataclass, field

from simulated_vcenter.accounts import Accounts
from simulated_vcenter.clock import Clock
from simulated_vcenter.messages import Request
from simulated_vcenter.service_content import ServiceContent
from simulated_vcenter.sessions import Kind, Session, SessionTable


class Refused(Exception):  # noqa: N818  the field's own name for it
    """No such user, or not this password."""


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
    half_dead: bool = False
    missing_permission: bool = False
    logins: list[Session] = field(default_factory=list)
    tickets: dict[str, Session] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def log_in(self, name: str, password: str, kind: Kind, request: Request) -> Session:
        """Open a session for these credentials; raises Refused or SessionLimitReached."""
        account = self.accounts.check(name, password)
        if account is None:
            raise Refused
        return self._open(account, kind, request)

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
        if parent is None or self.sessions.find(parent.id, "soap") is None:
            raise Refused
        return self._open(parent.user, "soap", request)

    def _open(self, account: str, kind: Kind, request: Request) -> Session:
        agent = request.headers.get("user-agent", "")
        session = self.sessions.open(account, kind, user_agent=agent, ip_address=request.client)
        with self.lock:
            self.logins.append(session)
        return session
