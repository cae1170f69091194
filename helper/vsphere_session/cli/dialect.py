"""One request in a caller's own protocol: its dialect reads it, `single_secret` answers it, the dialect writes it."""

from __future__ import annotations

import os

from credential_protocol.dialects import DIALECTS, load
from credential_protocol.messages import Failure, Output
from vsphere_session.cli.native import deliver
from vsphere_session.cli.streams import bug, read_stdin, show_trace, write
from vsphere_session.service.single_secret import answer
from vsphere_session.version import PROGRAM

TYPE_CHECKING = False
if TYPE_CHECKING:
    from credential_protocol.messages import Request
    from vsphere_session.fastpath.launcher import Handed
    from vsphere_session.service.call import Call


def refuse(name: str, failure: Failure) -> int:
    """Write, in the caller's own way, why its request was not even read; return the exit status."""
    return write(load(name).render_failure(None, failure, PROGRAM))


def speak(name: str, arguments: list[str], call: Call, handed: Handed | None, verbose: int) -> int:
    """Answer the caller, and return the exit status; a failure is written in the caller's own way.

    What goes to the log is the same line for every caller, so that one search finds them all.
    """
    dialect = load(name)
    request: Request | None = None
    try:
        hint = f"{DIALECTS[name].program or PROGRAM} is for {DIALECTS[name].caller} to call"
        reads = dialect.wants_stdin(arguments)
        early = call.around.reader.count
        stdin = read_stdin(call.around.until(), hint, handed) if reads else None
        parsed = dialect.parse(arguments, stdin or b"", os.environ)
        if isinstance(parsed, Output):
            return write(parsed)
        request = parsed
        output = dialect.render(request, answer(name, request, call))
        return deliver(output, call, handed, early=early, stdin=stdin)
    except Failure as failure:
        return write(dialect.render_failure(request, failure, PROGRAM))
    except Exception as error:  # noqa: BLE001  # whatever else happens, a caller gets an answer of its protocol
        show_trace(error, verbose)
        return write(dialect.render_failure(request, bug(error), PROGRAM))
