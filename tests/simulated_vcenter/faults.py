"""What can go wrong: one small constructor per fault, for `vc.faults.add`.

    vc.faults.add("Login", faults.status(503), times=1)

Those that only mean harm are in `hostile` and exported here.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping

from simulated_vcenter import rest, soap_faults
from simulated_vcenter.exchange import Exchange
from simulated_vcenter.hostile import (
    deep_xml,
    drip,
    entity_bomb,
    gzip_bomb,
    huge,
    huge_headers,
    slow_headers,
)
from simulated_vcenter.messages import Response
from simulated_vcenter.switchboard import Fault

__all__ = [
    "Fault", "after", "before", "close_mid_answer", "deep_xml", "drip", "drop_after_work",
    "entity_bomb", "gzip_bomb", "html", "huge", "huge_headers", "invalid_login", "not_authenticated",
    "redirect", "reset", "slow_headers", "stall", "status", "wait_for",
]  # fmt: skip

_PAGE = b"<!DOCTYPE html>\n<html><head><title>Sign in</title></head><body>Please sign in</body></html>\n"


def status(code: int, body: bytes = b"", headers: Mapping[str, str] | None = None) -> Fault:
    """Answer with this status and nothing done."""
    return Fault(lambda exchange: exchange.send(Response(code, body, headers or {})))


def html(code: int = 200) -> Fault:
    """Answer with a web page, as proxies and captive portals do."""
    return status(code, _PAGE, {"Content-Type": "text/html; charset=utf-8"})


def redirect(location: str, code: int = 302) -> Fault:
    """Send the client elsewhere."""
    return status(code, b"", {"Location": location})


def invalid_login() -> Fault:
    """Refuse the credentials, whatever they are."""

    def act(exchange: Exchange) -> None:
        path = exchange.request.path
        refusal = soap_faults.invalid_login().response() if _is_soap(path) else rest.unauthenticated(path)
        exchange.send(refusal)

    return Fault(act)


def not_authenticated() -> Fault:
    """Deny that there is a session, whatever id came with the request."""

    def act(exchange: Exchange) -> None:
        path = exchange.request.path
        fault = soap_faults.not_authenticated("SessionManager", "SessionManager")
        exchange.send(fault.response() if _is_soap(path) else rest.unauthenticated(path))

    return Fault(act)


def reset() -> Fault:
    """Reset the TCP connection: nothing done, nothing answered."""
    return Fault(Exchange.reset)


def drop_after_work() -> Fault:
    """Do what was asked for, then reset: a login exists on the server, and the client never learns of it."""
    return Fault(Exchange.reset, work_first=True)


def close_mid_answer() -> Fault:
    """Do what was asked for, and close the connection in the middle of the answer."""

    def act(exchange: Exchange) -> None:
        answer = exchange.perform()
        whole = answer.head() + answer.body
        exchange.write(whole[: len(whole) - max(1, len(answer.body) // 2)])
        exchange.close()

    return Fault(act, work_first=True)


def stall() -> Fault:
    """Take the request and never answer, until the client leaves or the server stops."""

    def act(exchange: Exchange) -> None:
        exchange.gone()

    return Fault(act)


def wait_for(event: threading.Event) -> Fault:
    """Do what was asked for, and hold the answer until the event is set; `reached` tells that it is held."""

    def act(exchange: Exchange) -> None:
        while not event.is_set():
            if exchange.gone(0.02):
                return
        exchange.send(exchange.perform())

    return Fault(act, work_first=True)


def before(hook: Callable[[], object]) -> Fault:
    """Call the hook, then do what was asked for and answer."""

    def act(exchange: Exchange) -> None:
        hook()
        exchange.send(exchange.perform())

    return Fault(act)


def after(hook: Callable[[], object]) -> Fault:
    """Do what was asked for, call the hook, then answer."""

    def act(exchange: Exchange) -> None:
        hook()
        exchange.send(exchange.perform())

    return Fault(act, work_first=True)


def _is_soap(path: str) -> bool:
    return path.startswith("/sdk")
