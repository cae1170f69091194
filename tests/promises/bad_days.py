"""The cases of promise 4: what can happen to a cached session, and what the contract says of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack

from promises.bad_day import (
    ALL_VERBS,
    ERASE,
    GET,
    GONE,
    KEPT,
    NO_PASSWORD,
    REAUTH,
    REPLACED,
    REST,
    SOAP,
    SOON,
    STORE,
    VERIFY,
    Case,
    Day,
    Outcome,
    Verb,
)
from simulated_vcenter import Fault, faults
from simulated_vcenter.exchange import Exchange
from support.connect_proxy import ConnectProxy

MINUTE, HOUR = 60.0, 3600.0
LIMIT = b'{"messages": [{"id": "com.vmware.vapi.endpoint.failedToLoginMaxUserSessionCountReached"}]}'

# ---- what the contract says


def cannot_ask(kind: str) -> dict[Verb, Outcome]:
    """Nobody can be asked: the session is kept, and handed out where nobody has to be; erase removes what it is told to."""
    expected = dict.fromkeys(ALL_VERBS, Outcome(kind))
    return expected | {GET: Outcome("cache"), ERASE: Outcome("erased with a warning", GONE, GONE)}


def untrusted() -> dict[Verb, Outcome]:
    """The session is kept and not sent, also not to end it."""
    return cannot_ask("untrusted") | {ERASE: Outcome("untrusted")}


def alive() -> dict[Verb, Outcome]:
    """The server confirms both."""
    return dict.fromkeys(ALL_VERBS, Outcome("cache")) | {
        REAUTH: Outcome("login", REPLACED, REPLACED),
        STORE: Outcome("stored", REPLACED),
        ERASE: Outcome("erased", GONE, GONE),
    }


def dead(soap: str = REPLACED, rest: str = REPLACED) -> dict[Verb, Outcome]:
    """The server says that one or both are gone: those are replaced, and without a password there is nothing to hand out.

    Within the trust window `verify` `auto` asks nobody.
    """
    return alive() | {
        VERIFY: Outcome("login", soap, rest),
        SOAP: Outcome("cache" if soap == KEPT else "login", soap),
        REST: Outcome("cache" if rest == KEPT else "login", KEPT, rest),
        NO_PASSWORD: Outcome("not-found"),
    }


def all_gone() -> dict[Verb, Outcome]:
    """The same, and the one that was to be stored is gone, too."""
    return dead() | {STORE: Outcome("login-refused")}


def too_old() -> dict[Verb, Outcome]:
    """The same, found out also without `verify`, since the last confirmation is long ago."""
    return dead() | {GET: Outcome("login", REPLACED, REPLACED)}


def no_login(kind: str, soap: str = KEPT) -> dict[Verb, Outcome]:
    """All is well but for new logins."""
    return alive() | {REAUTH: Outcome(kind, soap)}


# ---- what happens


def met(fault: Callable[[], Fault], where: str = "*", *, slow: bool = False, orphans: int = 0) -> Callable[[Day], None]:
    """Requests meet a fault from now on; `orphans` sessions are made whose ids never arrive."""

    def happens(today: Day) -> None:
        today.seconds = SOON if slow else today.seconds
        today.expects_orphans = orphans
        today.vcenter.faults.add(where, fault())

    return happens


def answers_then_resets() -> Fault:
    """The answer arrives whole, and then the connection is reset."""

    def act(exchange: Exchange) -> None:
        exchange.send(exchange.perform())
        exchange.reset()

    return Fault(act)


def names_nobody() -> Fault:
    """RetrievePropertiesEx with status 200 and no currentSession: the session lives for everything but its own services."""
    body = (
        b'<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body>'
        b'<RetrievePropertiesExResponse xmlns="urn:vim25"><returnval><objects><obj type="SessionManager">SessionManager</obj>'
        b"</objects></returnval></RetrievePropertiesExResponse></soapenv:Body></soapenv:Envelope>"
    )
    return faults.status(200, body, {"Content-Type": "text/xml"})


def for_these_soap_sessions(fault: Fault) -> Callable[[Day], None]:
    """The fault meets the requests of the sessions of this moment, and of no later one."""

    def happens(today: Day) -> None:
        ids = today.cached["soap"]

        def act(exchange: Exchange) -> None:
            if ids in exchange.request.headers.get("cookie", ""):
                fault.act(exchange)
            else:
                exchange.send(exchange.perform())

        today.vcenter.faults.add("=RetrievePropertiesEx", Fault(act))

    return happens


def ended(kind: str) -> Callable[[Day], None]:
    """Somebody ends one of the two."""
    return lambda today: today.vcenter.end(today.cached[kind])


def half_dead(today: Day) -> None:
    """The SOAP sessions of now answer with NotAuthenticated in the missingSet, under status 200."""
    today.vcenter.faults.half_dead = True


def offline(today: Day) -> None:
    """Connections are refused."""
    today.undo.enter_context(today.vcenter.offline())


def through_a_proxy_that_goes(today: Day) -> None:
    """Log in by a name that the proxy finds and the name servers do not; then there is no proxy any more."""
    host, _, port = today.vcenter.authority.rpartition(":")
    today.fields |= {"url": "no-such-host.invalid", "thumbprint": today.vcenter.thumbprint}
    for path in today.home.glob(".govmomi/*/*"):
        path.unlink()  # the session of the other name: the vCenter forgets it, too
    today.vcenter.end_all()
    with ExitStack() as stack:
        proxy = stack.enter_context(ConnectProxy((host, int(port))))
        today.environment["HTTPS_PROXY"] = proxy.url
        told, reply = today.ask(GET)
        assert told == "login", reply
        del today.environment["HTTPS_PROXY"]


def client_clock(seconds: float) -> Callable[[Day], None]:
    """The clock of this machine jumps."""

    def happens(today: Day) -> None:
        today.machine.shift += seconds

    return happens


def server_clock(seconds: float) -> Callable[[Day], None]:
    """The vCenter's clock jumps."""
    return lambda today: today.vcenter.clock.advance(seconds)


def both_clocks(seconds: float) -> Callable[[Day], None]:
    """Time goes by."""

    def happens(today: Day) -> None:
        client_clock(seconds)(today)
        server_clock(seconds)(today)

    return happens


def restart(today: Day) -> None:
    """All sessions are gone."""
    today.vcenter.end_all()


def restarting(today: Day) -> None:
    """All sessions are gone, and the services are not there yet."""
    today.vcenter.end_all()
    today.vcenter.faults.add("*", faults.status(503, b"Service Unavailable"))


# ---- the table

PATIENT = {"idle_limit": 1e9, "age_limit": 1e9}
DOWN, LIMITED = cannot_ask("unreachable"), cannot_ask("session-limit")
ESXI = {"esxi": True}


def esxi(expected: Mapping[Verb, Outcome]) -> dict[Verb, Outcome]:
    """The same on a host without REST sessions, where `both` means `soap`."""
    told = {verb: Outcome(outcome.told, outcome.soap) for verb, outcome in expected.items() if verb is not REST}
    return told | {REST: Outcome("unsupported")}


CASES: dict[str, list[Case]] = {
    "nobody can be asked": [
        Case("connection refused", offline, DOWN),
        Case("a time-out", met(faults.stall, slow=True), DOWN, hangs=True),
        Case("a time-out, headers byte by byte", met(faults.slow_headers, slow=True), DOWN, hangs=True),
        Case("a time-out, body byte by byte", met(faults.drip, slow=True), DOWN, hangs=True),
        Case("status 500", met(lambda: faults.status(500)), DOWN),
        Case("status 502", met(lambda: faults.status(502, b"<html>bad gateway</html>")), DOWN),
        Case("status 503: down", met(lambda: faults.status(503, b"Service Unavailable")), DOWN),
        Case("status 503: no session left", met(lambda: faults.status(503, LIMIT)), LIMITED),
        Case("status 504", met(lambda: faults.status(504)), DOWN),
        Case("a web page in the way", met(faults.html), DOWN),
        Case("a reset before the answer", met(faults.reset), DOWN),
        Case("a reset in the answer", met(faults.close_mid_answer), DOWN),
        Case("a reset after the answer", met(answers_then_resets, "GET /api/session"), alive()),
        Case("the name is not found", lambda today: today.unknown_host(), DOWN, inside=True),
        Case("the name is not found without a proxy", through_a_proxy_that_goes, DOWN),
    ],
    "another certificate": [
        Case("the certificate changed", lambda today: today.vcenter.new_certificate(), untrusted()),
        Case("the certificate expired", lambda today: today.vcenter.new_certificate(expired=True), untrusted()),
    ],
    "the server has ended sessions, or half of them": [
        Case("vCenter restarted", restart, all_gone()),
        Case("vCenter is restarting", restarting, DOWN),
        Case("SOAP half-dead: missingSet", half_dead, dead(rest=KEPT) | {STORE: Outcome("login-refused")}),
        Case("SOAP half-dead: nobody named", for_these_soap_sessions(names_nobody()), dead(rest=KEPT)),
        Case("SOAP half-dead: NotAuthenticated", for_these_soap_sessions(faults.not_authenticated()), dead(rest=KEPT)),
        Case("ESXi, all is well", lambda _: None, esxi(alive()), ESXI),
        Case("ESXi, half-dead", half_dead, esxi(dead() | {STORE: Outcome("login-refused")}), ESXI),
        Case("SOAP dead, REST alive", ended("soap"), dead(rest=KEPT)),
        Case("REST dead, SOAP alive", ended("rest"), dead(soap=KEPT)),
    ],
    "logins fail, in each of their steps": [
        Case("no login, SOAP: 500", met(lambda: faults.status(500), "=Login"), no_login("unreachable")),
        Case("no login, SOAP: 503, down", met(lambda: faults.status(503), "=Login"), no_login("unreachable")),
        Case("no login, SOAP: 503, limit", met(lambda: faults.status(503, LIMIT), "=Login"), no_login("session-limit")),
        Case("no login, SOAP: refused", met(faults.invalid_login, "=Login"), no_login("login-refused")),
        Case("no login, SOAP: reset before", met(faults.reset, "=Login"), no_login("unreachable")),
        Case("no login, SOAP: reset in", met(faults.close_mid_answer, "=Login"), no_login("unreachable")),
        Case("login lost, SOAP", met(faults.drop_after_work, "=Login", orphans=1), no_login("unreachable")),
        Case("no login, REST: 500", met(lambda: faults.status(500), "POST /api"), no_login("unreachable", REPLACED)),
        Case(
            "no login, REST: 503, down", met(lambda: faults.status(503), "POST /api"), no_login("unreachable", REPLACED)
        ),
        Case(
            "no login, REST: 503, limit",
            met(lambda: faults.status(503, LIMIT), "POST /api"),
            no_login("session-limit", REPLACED),
        ),
        Case("no login, REST: refused", met(faults.invalid_login, "POST /api"), no_login("login-refused", REPLACED)),
        Case(
            "login lost, REST", met(faults.drop_after_work, "POST /api", orphans=1), no_login("unreachable", REPLACED)
        ),
    ],
    "clocks jump, time goes by": [
        Case("client's clock 1 h back", client_clock(-HOUR), alive(), inside=True),
        Case("client's clock 30 years back", client_clock(-30 * 8760 * HOUR), alive(), inside=True),
        Case("client's clock 20 min ahead", client_clock(20 * MINUTE), alive(), inside=True),
        Case("client's clock 100 h ahead", client_clock(100 * HOUR), alive(), PATIENT, inside=True),
        Case("server's clock 10 h back", server_clock(-10 * HOUR), alive()),
        Case("server's clock 20 min ahead", server_clock(20 * MINUTE), alive()),
        Case("server's clock 25 h ahead", server_clock(25 * HOUR), dead(), PATIENT),
        Case("31 idle minutes", both_clocks(31 * MINUTE), too_old() | {STORE: Outcome("login-refused")}, inside=True),
        Case("25 h, and alive", both_clocks(25 * HOUR), too_old(), PATIENT, inside=True),
    ],
}
