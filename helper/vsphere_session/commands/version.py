"""`version`: what this program is and is made of, and where it keeps things."""

from __future__ import annotations

import ssl
import sys
from typing import TYPE_CHECKING

from vsphere_session.commands.options import command, json_option
from vsphere_session.errors import SessionError
from vsphere_session.storage.paths import Paths
from vsphere_session.version import PROGRAM, __version__

if TYPE_CHECKING:
    from vsphere_session.commands.invocation import Invocation

_SHOWN = {
    "version": "Version",
    "build": "Built from",
    "python": "Python",
    "openssl": "OpenSSL",
    "configuration": "Configuration",
    "state": "State",
    "soap_sessions": "SOAP sessions",
    "rest_sessions": "REST sessions",
}


@command(
    "Show what this program is and is made of, and where it looks for its configuration, its state and the sessions.",
    f"{PROGRAM} version\n{PROGRAM} version --json",
)
@json_option
def version_command(invocation: Invocation, *, as_json: bool) -> None:
    """See above."""
    found = _found(invocation)
    if as_json:
        invocation.screen.json(found)
    else:
        invocation.screen.facts((_SHOWN[name], value) for name, value in found.items())


def _found(invocation: Invocation) -> dict[str, str]:
    return {
        "version": __version__,
        "build": invocation.build.partition(" (")[2].removesuffix(")"),
        "python": sys.version.partition(" ")[0],
        "openssl": ssl.OPENSSL_VERSION.removeprefix("OpenSSL "),
        **_places(invocation),
    }


def _places(invocation: Invocation) -> dict[str, str]:
    """The files and directories; without a home directory what is wrong, since all else is still to be shown."""
    try:
        paths = Paths(invocation.environ)
    except SessionError as error:
        return {"state": str(error)}
    return {
        "configuration": invocation.common.config or paths.config,
        "state": paths.state,
        "soap_sessions": paths.soap_sessions,
        "rest_sessions": paths.rest_sessions,
    }
