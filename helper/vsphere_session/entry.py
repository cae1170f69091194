"""The executable: bytes in, bytes out, and the only place that exits or writes to stdout and stderr."""

from __future__ import annotations

import errno
import os
import sys

from credential_protocol import native
from credential_protocol.jsontext import MAX_BYTES
from credential_protocol.messages import Answer, Failure, Output, Request
from vsphere_session.clock import Clock
from vsphere_session.config import load, seconds
from vsphere_session.errors import InvalidRequestError, StorageError
from vsphere_session.options import USAGE, Options, read_options
from vsphere_session.paths import Paths
from vsphere_session.service import VERBS, Host
from vsphere_session.settings import FIELDS
from vsphere_session.signals import Alarm, Interrupted, Signals, ignore_signals

PROGRAM = "vsphere-session"
TIMEOUT = 30.0
_BROKEN_PIPE_STATUS = 141


def main() -> None:
    """Run the program and end the process with its status."""
    try:
        status = run(sys.argv[1:])
        ignore_signals()  # the answer is out: there is nothing left to interrupt but the interpreter's end
    except Interrupted as interrupted:
        status = interrupted.status
    sys.exit(status)


def run(arguments: list[str]) -> int:
    """Answer what stdin asks, and return the exit status."""
    closed = _reserve_standard_streams()
    signals = Signals()
    options = Options()
    try:
        if 1 in closed:
            raise StorageError("stdout is closed, so the answer has nowhere to go; open it")
        signals.install()
        options = read_options(arguments)
        if options.show or (not options.verb and os.isatty(0)):
            return _write(Output(_about(options.show).encode()))
        host = _host(options, signals)
        return _converse(host, options) if not options.verb else _answer_one(host, options)
    except Interrupted as interrupted:
        return interrupted.status
    except Failure as failure:
        return _write_failure(failure, options)
    except Exception as error:  # noqa: BLE001  # whatever else happens, a caller gets one line of JSON
        return _write_failure(_bug(error), options, error)


def _host(options: Options, signals: Signals) -> Host:
    config = load(options.config or Paths(os.environ).config, must_exist=bool(options.config))
    configured = config.general.get("timeout", "")
    return Host(
        os.environ,
        config,
        clock=Clock(),
        timeout=options.timeout or (seconds(configured, "timeout") if configured else TIMEOUT),
        secret_store=options.secret_store,
        caller=os.environ.get("VSPHERE_SESSION_CALLER", ""),
        unbroken=signals.unbroken,
        tell=_say if options.verbose else None,
    )


# ---- one request


def _answer_one(host: Host, options: Options) -> int:
    host.deadline = host.until()  # the time in which the caller sends its request counts
    request = native.parse(_read_request(host.timeout, options.verb), options.verb, FIELDS)
    answer = VERBS[request.verb](request, host)
    return _deliver(native.render(answer), request, answer, host)


def _read_request(timeout: float, verb: str) -> bytes:
    """All of stdin, up to a little more than a request may have."""
    if os.isatty(0):
        raise InvalidRequestError(
            f'stdin is a terminal; pipe the request in: echo \'{{"url": "HOST"}}\' | {PROGRAM} {verb}'
        )
    late = InvalidRequestError(f"the request did not end within {timeout:g} s; close stdin after the JSON object")
    parts: list[bytes] = []
    total = 0
    with Alarm(timeout, late):
        while total <= MAX_BYTES:
            try:
                part = os.read(0, 65536)
            except OSError as error:
                raise _unreadable(error) from None
            if not part:
                break
            parts.append(part)
            total += len(part)
    return b"".join(parts)


def _unreadable(error: OSError) -> InvalidRequestError:
    return InvalidRequestError(f"stdin cannot be read ({os.strerror(error.errno or errno.EBADF)}); pipe JSON in")


# ---- a conversation


def _converse(host: Host, options: Options) -> int:
    """Answer each line of stdin with one line, until it ends; nothing goes to stderr, which the caller may not read."""
    try:
        with open(0, "rb", closefd=False) as stdin:
            while line := stdin.readline(MAX_BYTES + 2):
                if len(line) > MAX_BYTES + 1 and not line.endswith(b"\n"):
                    _skip_line(stdin.readline)
                elif not line.strip():
                    continue
                status = _answer_line(line.rstrip(b"\r\n"), host, options)
                if status:
                    return status
    except OSError as error:
        raise _unreadable(error) from None
    return 0


def _answer_line(line: bytes, host: Host, options: Options) -> int:
    try:
        request = native.parse_line(line, FIELDS)
        answer = VERBS[request.verb](request, host)
    except Failure as failure:
        return _write(Output(native.render_failure(failure, PROGRAM, native.identifier(line)).stdout))
    except Exception as error:  # noqa: BLE001  # one bad request must not end the conversation
        _show_trace(error, options)
        return _write(Output(native.render_failure(_bug(error), PROGRAM, native.identifier(line)).stdout))
    return _deliver(native.render(answer, request.id), request, answer, host)


def _skip_line(readline: object) -> None:
    if callable(readline):
        while (part := readline(MAX_BYTES)) and not part.endswith(b"\n"):
            pass


# ---- the way out


def _deliver(output: Output, request: Request, answer: Answer, host: Host) -> int:
    """Write the answer. A session that is in no file and cannot be handed over is ended."""
    status = 0
    try:
        status = _write(output)
    except Interrupted:
        _give_back(request, answer, host)
        raise
    if status:
        _give_back(request, answer, host)
    return status


def _give_back(request: Request, answer: Answer, host: Host) -> None:
    fields = {name: value for name, value in answer.fields.items() if name.endswith("_session_id")}
    if request.verb == "get" and fields and not any(name.endswith("_session_file") for name in answer.fields):
        try:
            VERBS["erase"](Request("erase", request.target, request.attributes | fields), host)
        except Failure:
            pass


def _write(output: Output) -> int:
    """Write both streams and return the exit status; nothing is on stdout before all of it is ready."""
    try:
        view = memoryview(output.stdout)
        while view:
            view = view[os.write(1, view) :]
    except OSError as error:
        if output.status:  # an error that nobody can read on stdout keeps its status, and its line on stderr
            _say_line(output.stderr)
            return output.status
        if error.errno == errno.EPIPE:
            return _BROKEN_PIPE_STATUS
        failure = StorageError(
            f"the answer cannot be written to stdout ({os.strerror(error.errno or 0)}); check where it goes"
        )
        _say(failure.message)
        return failure.status
    if output.stderr:
        _say_line(output.stderr)
    return output.status


def _write_failure(failure: Failure, options: Options, error: Exception | None = None) -> int:
    if error is not None:
        _show_trace(error, options)
    return _write(native.render_failure(failure, PROGRAM))


def _say(line: str) -> None:
    _say_line(f"{PROGRAM}: {line}")


def _say_line(line: str) -> None:
    try:
        os.write(2, line.encode("utf-8", "replace") + b"\n")
    except OSError:
        pass


def _bug(error: Exception) -> Failure:
    """A bug as one line. The exception's own text stays out of it: nobody knows what is in there."""
    if isinstance(error, OSError) and error.errno in (errno.EMFILE, errno.ENFILE):  # anywhere, also in an import
        return StorageError("too many files are open; allow more (ulimit -n), then try again")
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = f" at {os.path.basename(trace.tb_frame.f_code.co_filename)}:{trace.tb_lineno}" if trace is not None else ""
    return Failure(
        f"a bug: {type(error).__name__}{place}; please report it with what -vv shows and {PROGRAM} --version"
    )


def _show_trace(error: Exception, options: Options) -> None:
    if options.verbose > 1:
        import traceback  # noqa: PLC0415  # only for a bug

        for part in traceback.format_tb(error.__traceback__):
            _say_line(part.rstrip("\n"))


def _about(show: str) -> str:
    if show != "version":
        return USAGE
    from vsphere_session.build import description  # noqa: PLC0415  # only to be shown

    return f"{PROGRAM} {description()}\n"


def _reserve_standard_streams() -> list[int]:
    """Open /dev/null where a standard stream is closed, or the next file to be opened, a session's, would become it.

    Returns the numbers of those that were closed.
    """
    closed = []
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            closed.append(number)
            opened = os.open(os.devnull, os.O_RDWR)
            if opened != number:
                os.dup2(opened, number)
                os.close(opened)
    return closed


if __name__ == "__main__":
    main()
