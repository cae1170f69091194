"""The native protocol: one request, or a conversation of JSON Lines. On the fast path."""

from __future__ import annotations

from credential_protocol import native
from credential_protocol.jsontext import MAX_BYTES
from credential_protocol.messages import Answer, Failure, InvalidRequest, Output
from vsphere_session.cli.signals import ignore_signals
from vsphere_session.cli.streams import bug, read_stdin, show_trace, unreadable, write
from vsphere_session.service.verbs import VERBS
from vsphere_session.settings.request import FIELDS
from vsphere_session.version import PROGRAM

TYPE_CHECKING = False
if TYPE_CHECKING:
    from credential_protocol.messages import Request
    from vsphere_session.fastpath.conversation import Repeated
    from vsphere_session.fastpath.launcher import Handed
    from vsphere_session.service.call import Call


def answer(verb: str, call: Call, handed: Handed | None, given: Request | None, field: str) -> int:
    """Answer the request that was `given`, else the one on stdin; the exit status.

    With one `field` of the answer where that is not empty.
    """
    early, stdin = call.around.reader.count, None
    try:
        request = given
        if request is None:
            stdin = read_stdin(call.around.until(), HINT.format(verb=verb), handed)
            request = _parsed(stdin, verb)
        output = _rendered(VERBS[request.verb](request, call), field)
        return deliver(output, call, handed, early=early, stdin=stdin)
    finally:
        call.outcome.give_back()


HINT = f'pipe the request in: echo \'{{{{"url": "HOST"}}}}\' | {PROGRAM} {{verb}}; or, for get and erase: --url HOST'


def _parsed(stdin: bytes, verb: str) -> Request:
    try:
        return native.parse(stdin, verb, FIELDS)
    except InvalidRequest as error:
        if stdin.lstrip()[:1] in (b"{", b"["):
            raise
        raise InvalidRequest(
            f"{error.message}; if stdin is not meant for {PROGRAM}, as in a shell's `while read`: {verb} </dev/null, or --url HOST"
        ) from None


def deliver(output: Output, call: Call, handed: Handed | None, *, early: int, stdin: bytes | None) -> int:
    """Write the answer; the exit status. Only then a session that is in no file is the caller's.

    What comes after that changes nothing for this caller: neither a signal nor a mistake ends in another answer.

    early  how many files had been read before stdin was
    stdin  what was read of it; None where it was not touched
    """
    status = write(output)
    if status:
        return status
    call.outcome.told()
    ignore_signals()
    if handed is not None and handed.state:
        try:
            _remember(output.stdout, call, handed, early, stdin)
        except Exception as error:  # noqa: BLE001  # the answer has been given
            show_trace(error, 2 if call.around.verbose else 0)
    return 0


def _remember(answer: bytes, call: Call, handed: Handed, early: int, stdin: bytes | None) -> None:
    from vsphere_session.fastpath import remembered  # noqa: PLC0415  # only where there is a launcher

    others, holds = remembered.tidy(handed.state), call.outcome.holds
    if holds is None or call.around.verbose:
        return
    reader = call.around.reader
    seen = reader.seen(handed.began)
    remembered.remember(
        handed, answer, stdin, early=seen[:early], seen=seen, contents=reader.contents, holds=holds, others=others
    )


def _rendered(found: Answer, field: str) -> Output:
    if not field:
        return native.render(found)
    from credential_protocol.field import render  # noqa: PLC0415  # only with --field

    return render(found, field)


# ---- a conversation


def converse(call: Call, verbose: int) -> int:
    """Answer each line of stdin with one line, until it ends; nothing goes to stderr, which the caller may not read."""
    from vsphere_session.fastpath.conversation import Repeated  # noqa: PLC0415  # only here is anything asked twice

    repeated = Repeated(call.around.clock) if call.remember and not verbose else None
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
        again = repeated.line(line) if repeated is not None else None
        if again is not None:
            return write(Output(again))
        request = native.parse_line(line, FIELDS)
        found = repeated.answer(request) if repeated is not None else None
        if found is None:
            call = conversation.again()
            began = call.around.clock.now()
            found = VERBS[request.verb](request, call)
            if repeated is not None and call.outcome.holds is not None:
                _, since, until = call.outcome.holds
                repeated.keep(request, found, (since, until), call.around.reader.seen(began))
        output = native.render(found, request.id)
        if repeated is not None:
            repeated.keep_line(line, request, output.stdout)
        status = write(output)
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
