"""The executable: which dialect is spoken, one request or a conversation, and the exit status."""

from __future__ import annotations

import os
import sys

from credential_protocol import native
from credential_protocol.dialects import by_program
from credential_protocol.jsontext import MAX_BYTES
from credential_protocol.messages import Answer, Failure, Output, Request
from vsphere_session.cli import core_dumps as core_files
from vsphere_session.cli.arguments import USAGE, Options, native_verb, own_options, read_options
from vsphere_session.cli.signals import Interrupted, Signals, ignore_signals
from vsphere_session.cli.streams import (
    PROGRAM,
    bug,
    read_stdin,
    reserve_standard_streams,
    say,
    show_trace,
    unreadable,
    write,
)
from vsphere_session.clock import TIMEOUT, Clock
from vsphere_session.endpoint import parse_endpoint
from vsphere_session.errors import InvalidRequestError, StorageError
from vsphere_session.service.call import Host
from vsphere_session.service.verbs import VERBS
from vsphere_session.settings.config_file import Configuration, load, seconds
from vsphere_session.settings.request import FIELDS
from vsphere_session.storage.paths import Paths

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vsphere_session.fastpath.conversation import Repeated


def main() -> None:
    """Run the program and end the process with its status."""
    try:
        status = run(sys.argv[1:], sys.argv[0])
        ignore_signals()  # the answer is out: there is nothing left to interrupt but the interpreter's end
    except Interrupted as interrupted:
        status = interrupted.status
    sys.exit(status)


def run(arguments: list[str], program: str = PROGRAM) -> int:
    """Answer what the caller asks, and return the exit status. `program` is the name under which it was started."""
    core_files.without_memory()
    closed = reserve_standard_streams()
    signals = Signals()
    options = Options()
    dialect = by_program(program)
    try:
        signals.install()
        if 1 in closed:
            raise StorageError("stdout is closed, so the answer has nowhere to go; open it")
        if dialect != "native":
            return _speak(dialect, arguments, signals)
        read_options(arguments, options)
        return _answer(options, signals, program)
    except Interrupted as interrupted:
        return interrupted.status
    except Failure as failure:
        return _write_failure(failure, dialect, options)
    except Exception as error:  # noqa: BLE001  # whatever else happens, a caller gets one line of JSON
        show_trace(error, options.verbose)
        return _write_failure(bug(error), dialect, options)


def _answer(options: Options, signals: Signals, program: str) -> int:
    if options.show:
        return write(Output(_about(options.show).encode()))
    if options.protocol not in ("", "native"):
        if options.field:
            raise InvalidRequestError("--field goes with the native protocol; leave one of the two options out")
        return _speak(options.protocol, options.words, signals, options)
    if options.words in (["exec"], ["export"]):
        return _hand_on(options, signals)
    if options.words[:1] in (["configure"], ["unconfigure"]):
        return _configure(options, program)
    verb = native_verb(options)
    if options.request or options.command or options.host or options.dry_run:
        raise InvalidRequestError(
            "--url, --username and -- go with exec and export, --host and --dry-run with configure; the request is JSON on stdin"
        )
    if options.field and verb != "get":
        raise InvalidRequestError("--field goes with get; leave it out")
    if not verb and os.isatty(0):
        return write(Output(_about("help").encode()))
    host = _host(options, signals)
    try:
        return _answer_one(host, verb, options) if verb else _converse(host, options)
    finally:
        host.give_back()


def _hand_on(options: Options, signals: Signals) -> int:
    from vsphere_session.cli.exec_export import execute, export  # noqa: PLC0415  # not for a warm answer

    fields = dict(options.request)
    if fields.get("url") and parse_endpoint(fields["url"]).password is not None:
        raise InvalidRequestError(
            "a password does not belong on the command line, where others can read it; store it instead"
        )
    request = Request("get", fields.pop("url", ""), fields)
    host = _host(options, signals)
    if options.words == ["exec"]:
        return execute(options.command, request, host)
    return write(export(options.shape, request, host))


def _configure(options: Options, program: str) -> int:
    from vsphere_session.configure.change import change  # noqa: PLC0415  # not for a warm answer

    return write(change(options, program, _config(options), os.environ))


def _speak(dialect: str, arguments: list[str], signals: Signals, options: Options | None = None) -> int:
    from vsphere_session.cli.dialect import refuse, speak  # noqa: PLC0415  # the native protocol is answered here

    try:
        given, words = (options, arguments) if options is not None else own_options(dialect, arguments)
        host = _host(given, signals)
    except Failure as failure:  # the caller must not find native JSON on stdout
        return refuse(dialect, failure)
    return speak(dialect, words, host, given.verbose)


def _host(options: Options, signals: Signals) -> Host:
    config = _config(options)
    configured = config.general.get("timeout", "")
    return Host(
        dict(os.environ),  # which each look-up would have to encode and decode
        config,
        clock=Clock(),
        timeout=options.timeout or (seconds(configured, "timeout") if configured else TIMEOUT),
        secret_store=options.secret_store,
        keep=options.keep,
        caller=os.environ.get("VSPHERE_SESSION_CALLER", ""),
        unbroken=signals.unbroken,
        connecting=core_files.forbid,
        tell=say if options.verbose else None,
    )


def _config(options: Options) -> Configuration:
    path = options.config or Paths(os.environ).config
    return load(path, must_exist=bool(options.config), seconds=options.timeout or TIMEOUT)


# ---- one request


def _answer_one(host: Host, verb: str, options: Options) -> int:
    host.deadline = host.until()  # the time in which the caller sends its request counts
    hint = f'pipe the request in: echo \'{{"url": "HOST"}}\' | {PROGRAM} {verb}'
    request = native.parse(read_stdin(host.timeout, hint), verb, FIELDS)
    answer = VERBS[request.verb](request, host)
    output = _rendered(answer, options)
    status = _deliver(output, host)
    if not status:
        host.remember(output.stdout)
    return status


def _rendered(answer: Answer, options: Options) -> Output:
    if not options.field:
        return native.render(answer)
    from credential_protocol import field  # noqa: PLC0415  # only with --field

    return field.render(answer, options.field)


# ---- a conversation


def _converse(host: Host, options: Options) -> int:
    """Answer each line of stdin with one line, until it ends; nothing goes to stderr, which the caller may not read."""
    from vsphere_session.fastpath.conversation import Repeated  # noqa: PLC0415  # only here is anything asked twice

    repeated = Repeated(host) if not options.verbose else None
    try:
        with open(0, "rb", closefd=False) as stdin:
            while line := stdin.readline(MAX_BYTES + 2):
                if len(line) > MAX_BYTES + 1 and not line.endswith(b"\n"):
                    _skip_line(stdin.readline)
                elif not line.strip():
                    continue
                status = _answer_line(line.rstrip(b"\r\n"), host, options, repeated)
                if status:
                    return status
    except OSError as error:
        raise unreadable(error) from None
    return 0


def _answer_line(line: bytes, host: Host, options: Options, repeated: Repeated | None) -> int:
    try:
        request = native.parse_line(line, FIELDS)
        answer = repeated.answer(request) if repeated is not None else None
        if answer is None:
            began = host.clock.now()
            answer = VERBS[request.verb](request, host)
            if repeated is not None:
                repeated.keep(request, answer, began)
    except Failure as failure:
        return write(Output(native.render_failure(failure, PROGRAM, native.identifier(line)).stdout))
    except Exception as error:  # noqa: BLE001  # one bad request must not end the conversation
        show_trace(error, options.verbose)
        host.give_back()
        return write(Output(native.render_failure(bug(error), PROGRAM, native.identifier(line)).stdout))
    return _deliver(native.render(answer, request.id), host)


def _skip_line(readline: object) -> None:
    if callable(readline):
        while (part := readline(MAX_BYTES)) and not part.endswith(b"\n"):
            pass


# ---- the way out


def _deliver(output: Output, host: Host) -> int:
    """Write the answer. Only then a session that is in no file is the caller's."""
    status = write(output)
    if not status:
        host.told()
    return status


def _write_failure(failure: Failure, dialect: str, options: Options) -> int:
    """In the caller's own way: stdout may be for something else than native JSON."""
    spoken = options.protocol if dialect == "native" else dialect
    if spoken not in ("", "native"):
        from vsphere_session.cli.dialect import refuse  # noqa: PLC0415  # the native protocol is answered here

        return refuse(spoken, failure)
    output = native.render_failure(failure, PROGRAM)
    bare = options.field or options.words[:1] in (["exec"], ["export"], ["configure"], ["unconfigure"])
    return write(Output(b"", output.stderr, output.status) if bare else output)


def _about(show: str) -> str:
    if show != "version":
        return USAGE
    from vsphere_session.cli.build_info import description  # noqa: PLC0415  # only to be shown

    return f"{PROGRAM} {description()}\n"


if __name__ == "__main__":
    main()
