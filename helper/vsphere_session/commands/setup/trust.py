"""Whether the server is believed: a certificate that nobody vouches for is shown, and pinned if the person says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vsphere_session.cache.clients import SoapClient
from vsphere_session.commands.cert import facts
from vsphere_session.errors import UntrustedError
from vsphere_session.http.presented import presented
from vsphere_session.http.proxy import proxy_for

if TYPE_CHECKING:
    from vsphere_session.commands.invocation import Invocation
    from vsphere_session.commands.prompts import Prompts
    from vsphere_session.http.presented import Certificate
    from vsphere_session.service.resolved import Resolved

_OPTIONS = "--thumbprint, if the server's console shows that fingerprint, or --ca-file"


def believed(asked: Resolved, invocation: Invocation, prompts: Prompts) -> Certificate | None:
    """The certificate that is to be pinned, or is already; None where the server is believed without.

    It is asked for nothing but what it shows to everybody. Raises UntrustedError where nobody says that it is the right one.
    """
    session = asked.session(asked.user())
    client = SoapClient()
    session.connect(client)
    try:
        client.prepare()
    except UntrustedError as error:
        if not prompts.somebody:
            error.args = (f"{error.args[0]} (options of login: {_OPTIONS})",)
            raise
        return _confirmed(asked, invocation, prompts, error)
    finally:
        client.close()
    return _shown(asked, invocation) if asked.settings.thumbprint else None


def _confirmed(asked: Resolved, invocation: Invocation, prompts: Prompts, error: UntrustedError) -> Certificate:
    endpoint, screen = asked.settings.endpoint, invocation.screen
    shown = _shown(asked, invocation)
    before = asked.settings.thumbprint
    changed = "is not the one that is pinned" if before else "is not vouched for by an authority that is trusted here"
    screen.tell(f"The certificate of {endpoint.place} {changed}:")
    for name, value in [*facts(shown), *([("Pinned", before)] if before else [])]:
        screen.tell(f"  {name}: {value}")
    screen.tell(
        "Compare it with the server's console or ask who runs it: whoever sits in between would get the password."
    )
    if not prompts.confirm("Pin this certificate", _OPTIONS):
        raise error
    return shown


def _shown(asked: Resolved, invocation: Invocation) -> Certificate:
    around = invocation.call().around
    return presented(asked.settings.endpoint, around.until(), proxy_for(asked.settings.endpoint, around.environ))[0]
