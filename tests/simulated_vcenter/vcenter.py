"""The simulated vCenter itself: what a test holds in its hands."""

from __future__ import annotations

import socket
import ssl
import threading
import uuid
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from email.utils import formatdate
from types import TracebackType
from typing import TYPE_CHECKING, Self

from simulated_vcenter import rest, service_content, soap
from simulated_vcenter.accounts import Accounts, Reported
from simulated_vcenter.certificates import NAMES, Certificates
from simulated_vcenter.clock import Clock
from simulated_vcenter.exchange import Exchange
from simulated_vcenter.messages import Request, Response
from simulated_vcenter.routes import Routes
from simulated_vcenter.server import HttpServer
from simulated_vcenter.sessions import Kind, Session, SessionTable
from simulated_vcenter.soap_calls import parse
from simulated_vcenter.state import State
from simulated_vcenter.switchboard import Faults
from simulated_vcenter.ways_in import WaysIn

if TYPE_CHECKING:
    from simulated_vcenter.identity_provider import IdentityProvider
    from simulated_vcenter.sts import Sts

DEFAULT_USERS = {"administrator@vsphere.local": "VMware1!"}
_CREATE = {f"POST {rest.API}", f"POST {rest.REST}"}


class SimulatedVCenter(WaysIn):
    """A vCenter's session services on a loopback port, with faults at the turn of a switch.

    A context manager: it serves within the `with` block (or between `start` and `stop`), and leaving
    it raises whatever went wrong inside the simulator. Everything may be called from any thread.

    `users` maps names to passwords. An ESXi host has no REST session service whatever the other
    switches say. `session_limit` is per user and kind (SOAP, REST), or per user when `unified`.
    Limits and the clock are in seconds. `impersonators` are the accounts that may be somebody else, None for all.
    """

    def __init__(
        self,
        users: Mapping[str, str] | None = None,
        *,
        esxi: bool = False,
        api_session: bool = True,
        rest_session: bool = True,
        quoted_cookie: bool = True,
        unified: bool = False,
        idle_limit: float = 1800.0,
        age_limit: float = 86400.0,
        session_limit: int | None = None,
        reported_names: Reported | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
        tls: bool = True,
        clock: Clock | None = None,
        sts: Sts | None = None,
        identity_provider: IdentityProvider | None = None,
        tunnel: bool = False,
        impersonators: Collection[str] | None = None,
    ) -> None:
        self.clock = clock or Clock()
        self._address = host, port
        self._tls = tls
        self._services = set[str]()
        if not esxi:
            self._services |= {rest.API} if api_session else set()
            self._services |= {rest.REST} if rest_session else set()
        vcenter = service_content.vcenter("8.0.3.0" if unified else "8.0.2.0", str(uuid.uuid4()))
        self._state = State(
            clock=self.clock,
            accounts=Accounts(DEFAULT_USERS if users is None else users, reported_names),
            sessions=SessionTable(
                self.clock, idle_limit=idle_limit, age_limit=age_limit, limit=session_limit, unified=unified
            ),
            content=service_content.esxi() if esxi else vcenter,
            esxi=esxi,
            quoted_cookie=quoted_cookie,
            secure_cookie=tls,
            sts=sts,
            impersonators=None if impersonators is None else set(impersonators),
        )
        self._wants_tunnel = tunnel
        if sts is not None:
            sts.attach(self.clock, self._state.accounts, self._state.refusals)
        self._identity_provider = identity_provider
        if identity_provider is not None:
            identity_provider.attach(self.clock, self._state.refusals, self.sts)
        self._routes = Routes(self._state, self._services, identity_provider)
        self.faults = Faults(self._state)
        self._seen: list[Request] = []
        self._attempts = 0
        self._lock = threading.Lock()
        self._server: HttpServer | None = None
        self._certificates: Certificates | None = None

    def start(self) -> Self:
        """Listen and serve."""
        self._certificates = Certificates()
        self._server = self._listen(self._address[1])
        if self._wants_tunnel:
            from simulated_vcenter.tunnel import SdkTunnel

            self._tunnel = SdkTunnel(self._address[0], lambda: self._trust.leaf, self._read, self._respond, self._work)
        return self

    def stop(self) -> None:
        """Cut all connections, free the port, remove the certificates; raises what went wrong inside."""
        self._running.stop()
        if self._tunnel is not None:
            self._tunnel.stop()
            self._running.errors += self._tunnel.errors
        self._trust.close()
        errors, self._running.errors = self._running.errors, []
        if errors:
            raise ExceptionGroup("the simulated vCenter has bugs", errors)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if error is None:
                self.at_end()
        finally:
            self.stop()

    def at_end(self) -> None:
        """Take a last look at the sessions: called at the end of the `with` block, unless an error ends it. Nothing here."""

    # Where it is and why to trust it

    @property
    def authority(self) -> str:
        """Host and port, as in a URL."""
        host = self._address[0]
        return f"[{host}]:{self._running.port}" if ":" in host else f"{host}:{self._running.port}"

    @property
    def url(self) -> str:
        """The URL of the SDK."""
        return f"{'https' if self._tls else 'http'}://{self.authority}/sdk"

    @property
    def ca_file(self) -> str:
        """The path of the PEM file with the authority of the certificate being served."""
        return self._trust.ca_file

    @property
    def thumbprint(self) -> str:
        """The SHA-256 fingerprint of the certificate being served, `AA:BB:…`."""
        return self._trust.thumbprint

    @property
    def thumbprint_sha1(self) -> str:
        """The SHA-1 fingerprint of the certificate being served, `AA:BB:…`."""
        return self._trust.thumbprint_sha1

    @property
    def tls(self) -> ssl.SSLContext:
        """How it speaks TLS to new connections; a test may narrow that."""
        return self._trust.context

    def new_certificate(self, *names: str, expired: bool = False) -> None:
        """Serve new connections another leaf from another authority, for other names if given, or expired."""
        self._trust.renew(names or NAMES, expired=expired)

    # What it has seen

    @property
    def sessions(self) -> list[Session]:
        """The live sessions, oldest first."""
        return self._state.sessions.live()

    @property
    def session_count(self) -> int:
        """How many sessions are live."""
        return len(self.sessions)

    @property
    def most_sessions(self) -> int:
        """How many there have been at once."""
        return self._state.sessions.most

    @property
    def logins(self) -> list[Session]:
        """Every login that ever succeeded, as the session was then."""
        with self._state.lock:
            return list(self._state.logins)

    @property
    def login_attempts(self) -> int:
        """How many requests to log in came, of both kinds, whatever became of them."""
        with self._lock:
            return self._attempts

    @property
    def requests(self) -> list[Request]:
        """Every request so far, in the order in which they came."""
        with self._lock:
            return list(self._seen)

    # What a test does to it

    def end_all(self) -> None:
        """End every session, as a restart of vCenter does."""
        self._state.sessions.close_all()

    def end(self, session_id: str) -> None:
        """End one session, as an administrator does."""
        self._state.sessions.close(session_id)

    def limit_sessions(self, count: int | None) -> None:
        """Let a user have so many sessions of each kind from now on; None for any number. Those at hand live on."""
        self._state.sessions.limit = count

    @contextmanager
    def offline(self) -> Iterator[None]:
        """Refuse connections within the `with` block; sessions and port are as before afterwards."""
        server = self._running
        server.stop()
        try:
            with socket.socket(server.address_family) as held:  # or the system gives the port to somebody else
                held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                held.bind(server.server_address)
                yield
        finally:
            self._server = self._listen(server.port)
            self._server.errors += server.errors

    def settle(self) -> None:
        """Wait until all that clients had sent which are gone now, such as killed ones, is carried out."""
        self._running.settle()

    def add_session(self, user: str, kind: Kind = "soap", *, agent: str = "somebody else", idle: float = 0.0) -> str:
        """Let somebody else log in, and return the session's id: it counts as no login and no attempt.

        It has been `idle` for so many seconds, since the login.
        """
        opened = self._state.sessions.open(user, kind, user_agent=agent, ip_address="192.0.2.1", idle=idle)
        return opened.id

    def set_password(self, user: str, password: str) -> None:
        """Add an account, or change its password; its sessions live on."""
        self._state.accounts.set_password(user, password)

    # How a request is answered

    def _listen(self, port: int) -> HttpServer:
        return HttpServer(self._address[0], port, self._context, self._read, self._respond, self._work)

    def _read(
        self,
        method: str,
        path: str,
        headers: dict[str, str],
        body: bytes,
        client: str,
        certificate: bytes | None = None,
    ) -> Request:
        call = parse(body) if method == "POST" and path == "/sdk" else None
        operation = call.operation if call else f"{method} {path}"
        request = Request(method, path, operation, headers, body, client, certificate)
        if not path.startswith("/_simulator/"):
            with self._lock:
                self._seen.append(request)
                is_login = operation in soap.ATTEMPTS or (operation in _CREATE and path in self._services)
                self._attempts += is_login
        return request

    def _respond(self, exchange: Exchange) -> None:
        fault = self.faults.meeting(exchange.request)
        if fault is None:
            exchange.send(exchange.perform())
        else:
            fault.strike(exchange)

    def _work(self, request: Request) -> Response:
        answer = self._routes.answer(request)
        return replace(answer, headers={**answer.headers, "Date": formatdate(self.clock.now(), usegmt=True)})

    def _context(self) -> ssl.SSLContext | None:
        return self._trust.context if self._tls else None

    @property
    def _running(self) -> HttpServer:
        if self._server is None:
            raise RuntimeError("the simulated vCenter has not been started")
        return self._server

    @property
    def _trust(self) -> Certificates:
        if self._certificates is None:
            raise RuntimeError("the simulated vCenter has not been started")
        return self._certificates
