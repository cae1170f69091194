"""One request in a caller's own protocol: its dialect reads it, `callers` answers it, the dialect writes it."""

from __future__ import annotations

import os

from credential_protocol.dialects import DIALECTS, load
from credential_protocol.messages import Failure, Output
from vsphere_session.cli.streams import PROGRAM, bug, read_stdin, show_trace, write
from vsphere_session.service.single_secret import answer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from credential_protocol.messages import Request
    from vsphere_session.service.call import Host


def refuse(name: str, failure: Failure) -> int:
    """Write, in the caller's own way, why its request was not even read; return the exit status."""
    return write(load(name).render_failure(None, failure, PROGRAM))


def speak(name: str, arguments: list[str], host: Host, verbose: int) -> int:
    """Answer the caller, and return the exit status; a failure is written in the caller's own way.

    What goes to the log is the same line for every caller, so that one search finds them all.
    """
    dialect = load(name)
    request: Request | None = None
    try:
        host.deadline = host.until()
        hint = f"{DIALECTS[name].program or PROGRAM} is for {DIALECTS[name].caller} to call"
        stdin = read_stdin(host.timeout, hint) if dialect.wants_stdin(arguments) else b""
        parsed = dialect.parse(arguments, stdin, os.environ)
        if isinstance(parsed, Output):
            return write(parsed)
        request = parsed
        output = dialect.render(request, answer(name, request, host))
        status = write(output)
        if not status:
            host.remember(output.stdout)
        return status
    except Failure as failure:
        return write(dialect.render_failure(request, failure, PROGRAM))
    except Exception as error:  # noqa: BLE001  # whatever else happens, a caller gets an answer of its protocol
        show_trace(error, verbose)
        return write(dialect.render_failure(request, bug(error), PROGRAM))
