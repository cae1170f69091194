"""What answers there: a vCenter or ESXi, of which version, by which of its two APIs, at what time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vsphere_session.cache.authenticator import UNIFIED_SINCE
from vsphere_session.clock import rfc3339
from vsphere_session.commands.examining.finding import ok, problem, skipped, warning
from vsphere_session.errors import UnsupportedError
from vsphere_session.vsphere.dates import http_date
from vsphere_session.vsphere.rest import RestWire
from vsphere_session.vsphere.service_content import about_value
from vsphere_session.vsphere.soap import SoapWire

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vsphere_session.commands.examining.case import Case
    from vsphere_session.commands.examining.finding import Finding

_LITTLE, _MUCH = 30.0, 300.0
"""Seconds by which clocks may differ unsaid, and from which on tokens are refused."""
_BY_TOKEN = ("saml", "token", "certificate", "oidc", "api-token")
_TESTED_SINCE = (6, 5)


def service(case: Case) -> Iterator[Finding]:
    """Whether it speaks SOAP as a vCenter does, and what it says of itself. No session is made by that."""
    transport = case.transport()
    wire = SoapWire(transport)
    try:
        case.content = wire.service_content()
        case.date = wire.date, case.clock.now()
    finally:
        transport.close()
    version = about_value(case.content, "apiVersion")
    name = about_value(case.content, "fullName") or about_value(case.content, "apiType")
    yield ok(f"{name}, API {version}")
    if _numbers(version) < _TESTED_SINCE:
        yield warning(
            f"its API {version or 'of no known version'} is older than 6.5, and nobody has tried that",
            "update the server",
        )


def clock(case: Case) -> Iterator[Finding]:
    """Whether both clocks show the same."""
    text, ours = case.date
    theirs = http_date(text)
    if theirs is None:
        yield skipped("the server does not say what time it is")
        return
    apart = round(ours - theirs)
    if abs(apart) <= _LITTLE:
        yield ok(f"the server's clock shows the same as ours, {rfc3339(theirs)}")
        return
    what = f"ours is {abs(apart)} s {'ahead of' if apart > 0 else 'behind'} the server's, which shows {rfc3339(theirs)}"
    login = case.settings.login
    if login is not None and login.name in _BY_TOKEN and abs(apart) > _MUCH:
        yield problem(f"{what}: tokens are refused then", "set the clock that is wrong (NTP)", "login-refused")
    else:
        yield warning(what, "set the clock that is wrong (NTP)")


def rest(case: Case) -> Iterator[Finding]:
    """Whether there are REST sessions."""
    if "rest" not in case.settings.needed_kinds:
        yield ok("it is not asked for (api)")
        return
    transport = case.transport()
    wire = RestWire(transport)
    try:
        wire.current_session()
    except UnsupportedError:
        if case.settings.api == "rest":
            raise
        yield ok("there are no REST sessions, as on an ESXi; SOAP is enough for who asks for both")
        return
    finally:
        transport.close()
    form = "/api/session" if wire.form == "api" else "/rest/com/vmware/cis/session"
    yield ok(f"there are REST sessions ({form})")


def one_id(case: Case) -> Iterator[Finding]:
    """Whether a SOAP session is a REST session, too."""
    since = ".".join(map(str, UNIFIED_SINCE))
    if _numbers(about_value(case.content, "apiVersion")) >= UNIFIED_SINCE:
        yield ok(f"one session is for both APIs (since {since})")
        return
    login = case.settings.login
    if login is not None and not login.has_rest and case.settings.api == "rest":
        yield problem(
            f"a login by {login.name} gives a REST session only from vCenter {since} on, and this one is older",
            'set api = "soap"',
            "unsupported",
        )
        return
    yield ok(f"SOAP and REST have a session each, as before {since}")


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isascii() and part.isdigit() and len(part) < 10)
