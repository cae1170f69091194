"""The native protocol: one request, or a conversation of JSON Lines. On the fast path."""

from __future__ import annotations

from credential_protocol import native
from credential_protocol.jsontext import MAX_BYTES
from credential_protocol.messages import Answer, Failure, Output
from vsphere_session.cli.streams import bug, read_stdin, show_trace, unreadable, write
from vsphere_session.service.verbs import VERBS
from vsphere_session.settings.request import FIELDS
from vsphere_session.version import PROGRAM

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vsphere_session.fastpath.conversation import Repeated
    from vsphere_session.fastpath.launcher import Handed
    from vsphere_session.service.call import Call


def answer(verb: str, call: Call, handed: Handed, field: str) -> int:
    """Answer the one request on stdin, with one `field` of the answer where it is not empty; the exit status."""
    hint = f'pipe the request in: echo \'{{"url": "HOST"}}\' | {PROGRAM} {verb}'
    try:
        request = native.parse(read_stdin(call.around.timeout, hint, handed), verb, FIELDS)
        output = _rendered(VERBS[request.verb](request, call), field)
        return deliver(output, call, handed)
    finally:
        call.outcome.give_back()


def deliver(output: Output, call: Call, handed: Handed) -> int:
    """Write the answer; the exit status. Only then a session that is in no file is the caller's."""
    status = write(output)
    if status:
        return status
    call.outcome.told()
    holds = call.outcome.holds
    if handed.answer and holds is not None and not call.around.verbose:
        from vsphere_session.fastpath.remembered import remember  # noqa: PLC0415  # only where there is a launcher

        sessions, since, until = holds
        remember(handed, call.around.reader, output.stdout, sessions=sessions, since=since, until=until)
    return 0


def _rendered(found: Answer, field: str) -> Output:
    if not field:
        return native.render(found)
    from credential_protocol.field import render  # noqa: PLC0415  # only with --field

    return render(found, field)


# ---- a conversation


def converse(call: Call, verbose: int) -> int:
    """Answer each line of stdin with one line, until it ends; nothing goes to stderr, which the caller may not read."""
    from vsphere_session.fastpath.conversation import Repeated  # noqa: PLC0415  # only here is anything asked twice

    repeated = Repeated(call.around.clock) if not verbose else None
    try:
        with open(0, "rb", closefd=False) as stdin:
            while line := stdin.readline(MAX_BYTES + 2):
                if len(line) > MAX_BYTES + 1 and not line.endswith(b"\n"):
                    _skip_line(stdin.readline)
                elif not line.strip():
                    continue
                status = _answer_line(line.rstrip(b"\r\n"), call, verbose, repeated)
                if status:
                    return status
    except OSError as error:
        raise unreadable(error) from None
    return 0


def _answer_line(line: bytes, conversation: Call, verbose: int, repeated: Repeated | None) -> int:
    call = conversation
    try:
        request = native.parse_line(line, FIELDS)
        found = repeated.answer(request) if repeated is not None else None
        if found is None:
            call = conversation.again()
            began = call.around.clock.now()
            found = VERBS[request.verb](request, call)
            if repeated is not None and call.outcome.holds is not None:
                _, since, until = call.outcome.holds
                repeated.keep(request, found, (since, until), call.around.reader.seen(began))
        status = write(native.render(found, request.id))
        if not status:
            call.outcome.told()
        return status
    except Failure as failure:
        return write(Output(native.render_failure(failure, PROGRAM, native.identifier(line)).stdout))
    except Exception as error:  # noqa: BLE001  # one bad request must not end the conversation
        show_trace(error, verbose)
        return write(Output(native.render_failure(bug(error), PROGRAM, native.identifier(line)).stdout))
    finally:
        call.outcome.give_back()


def _skip_line(readline: object) -> None:
    if callable(readline):
        while (part := readline(MAX_BYTES)) and not part.endswith(b"\n"):
            pass
