"""The executable: which protocol is spoken, and the exit status. On the fast path."""

from __future__ import annotations

import os
import sys

from credential_protocol import native
from credential_protocol.dialects import by_program
from credential_protocol.messages import Failure, Output, Request
from vsphere_session.cache.surroundings import Surroundings
from vsphere_session.cli import core_dumps
from vsphere_session.cli.arguments import (
    FOR_PEOPLE,
    USAGE,
    Options,
    check_native,
    native_verb,
    own_options,
    read_options,
)
from vsphere_session.cli.native import answer, converse
from vsphere_session.cli.signals import Interrupted, Signals, ignore_signals
from vsphere_session.cli.streams import bug, reserve_standard_streams, say, show_trace, write
from vsphere_session.clock import TIMEOUT, Clock, Deadline
from vsphere_session.endpoint import parse_endpoint
from vsphere_session.errors import InvalidRequestError, StorageError
from vsphere_session.service.call import Call
from vsphere_session.settings.config_file import Configuration, load, seconds
from vsphere_session.settings.environment import boolean
from vsphere_session.storage.paths import Paths
from vsphere_session.storage.reading import Reader
from vsphere_session.version import PROGRAM, __version__

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vsphere_session.fastpath.configuration import Kept
    from vsphere_session.fastpath.launcher import Handed
    from vsphere_session.login.ground import Person
    from vsphere_session.settings.config_file import Keep


BESIDE_THE_VERBS = (
    ["exec"],
    ["export"],
    ["serve-tickets"],
    ["configure"],
    ["unconfigure"],
    *([word] for word in FOR_PEOPLE),
)

FOR_A_PERSON_TO_SET_UP = ("not-found", "login-refused")
"""Kinds of errors after which a login is what somebody can do next."""


def main(handed: Handed | None = None) -> None:
    """Run the program and end the process with its status. `handed` is what the single file's launcher hands over."""
    try:
        status = run(sys.argv[1:], sys.argv[0], handed)
        ignore_signals()  # the answer is out: there is nothing left to interrupt but the interpreter's end
    except Interrupted as interrupted:
        status = interrupted.status
    sys.exit(status)


def run(arguments: list[str], program: str = PROGRAM, handed: Handed | None = None) -> int:
    """Answer what the caller asks, and return the exit status. `program` is the name under which it was started."""
    core_dumps.without_memory(handed)
    closed = reserve_standard_streams()
    signals = Signals()
    options = Options()
    dialect = by_program(program)
    try:
        signals.install()
        if 1 in closed:
            raise StorageError("stdout is closed, so the answer has nowhere to go; open it")
        if dialect != "native":
            return _speak(dialect, arguments, signals, handed)
        read_options(arguments, options)
        return _answer(options, signals, program, handed)
    except Interrupted as interrupted:
        return interrupted.status
    except Failure as failure:
        return _write_failure(failure, dialect, options)
    except Exception as error:  # noqa: BLE001  # whatever else happens, a caller gets one line of JSON
        show_trace(error, options.verbose)
        return _write_failure(bug(error), dialect, options)


def _answer(options: Options, signals: Signals, program: str, handed: Handed | None) -> int:
    if options.show:
        return write(Output(_about(options.show).encode()))
    if options.protocol not in ("", "native"):
        if options.field:
            raise InvalidRequestError("--field goes with the native protocol; leave one of the two options out")
        return _speak(options.protocol, options.words, signals, handed, options)
    if options.words[:1] in BESIDE_THE_VERBS:
        return _beside_the_verbs(options, signals, program, handed)
    verb = native_verb(options)
    check_native(options, verb)
    if not verb and os.isatty(0):
        return write(Output(_about("help").encode()))
    call = _call(options, signals, handed)
    given = _request(verb, options) if options.request else None
    return answer(verb, call, handed, given, options.field) if verb else converse(call, options.verbose)


def _speak(
    dialect: str, arguments: list[str], signals: Signals, handed: Handed | None, options: Options | None = None
) -> int:
    from vsphere_session.cli.dialect import refuse, speak  # noqa: PLC0415  # the native protocol is answered elsewhere

    try:
        given, words = (options, arguments) if options is not None else own_options(dialect, arguments)
        call = _call(given, signals, handed)
    except Failure as failure:  # the caller must not find native JSON on stdout
        return refuse(dialect, failure)
    return speak(dialect, words, call, handed, given.verbose)


def _request(verb: str, options: Options) -> Request:
    """The request that the command line is."""
    fields = dict(options.request)
    if fields.get("url") and parse_endpoint(fields["url"]).password is not None:
        raise InvalidRequestError(
            "a password does not belong on the command line, where others can read it; store it instead"
        )
    return Request(verb, fields.pop("url", ""), fields)


def _beside_the_verbs(options: Options, signals: Signals, program: str, handed: Handed | None) -> int:
    word = options.words[0]
    if word in ("exec", "export") and len(options.words) == 1:
        return _hand_on(options, signals, handed)
    if word in FOR_PEOPLE:
        return _for_a_person(options, signals, handed)
    if word == "serve-tickets":
        return _serve_tickets(options, signals, handed)
    if word in ("configure", "unconfigure"):
        return _configure(options, program)
    native_verb(options)  # says what is wrong
    return 2


def _hand_on(options: Options, signals: Signals, handed: Handed | None) -> int:
    from vsphere_session.cli.exec_export import execute, export  # noqa: PLC0415  # not for a warm answer

    request = _request("get", options)
    call = _call(options, signals, handed)
    if options.words == ["exec"]:
        return execute(options.command, request, call, handed.ignored if handed is not None else frozenset())
    return write(export(options.shape, request, call))


def _for_a_person(options: Options, signals: Signals, handed: Handed | None) -> int:
    from vsphere_session.cli.build_info import description  # noqa: PLC0415  # not for a program
    from vsphere_session.commands.invocation import Common, Invocation  # noqa: PLC0415
    from vsphere_session.commands.program import run as carry_out  # noqa: PLC0415

    def make_call(common: Common, person: Person | None) -> Call:
        options.config, options.timeout, options.secret_store = common.config, common.timeout, common.secret_store
        options.verbose = common.verbose
        return _call(options, signals, handed, person)

    common = Common(
        options.config,
        options.timeout,
        options.secret_store,
        options.verbose,
        options.request.get("url", ""),
        options.request.get("username", ""),
        options.no_browser,
    )
    words, options.command = [*options.words, *options.command], []
    invocation = Invocation(make_call, os.environ, common, description(), USAGE, connecting=core_dumps.forbid)
    return write(carry_out(words, invocation))


def _serve_tickets(options: Options, signals: Signals, handed: Handed | None) -> int:
    from vsphere_session.commands.serve_tickets import serve  # noqa: PLC0415  # not for a warm answer
    from vsphere_session.commands.serving.arguments import USAGE as OWN_USAGE  # noqa: PLC0415
    from vsphere_session.commands.serving.arguments import ServingOptions  # noqa: PLC0415

    own, options.command = ServingOptions(options.command), []
    read_options(own.others, options)
    if options.show:
        return write(Output((OWN_USAGE if options.show == "help" else _about(options.show)).encode()))
    if len(options.words) > 1 or options.command:
        raise InvalidRequestError("serve-tickets takes options alone; see vsphere-session serve-tickets --help")
    request = _request("get", options)
    call = _call(options, signals, handed)

    def ready(address: str) -> None:
        write(Output(f"listening on {address}\n".encode()))

    return serve(own, {"url": request.target, **request.attributes}, call, ready)


def _configure(options: Options, program: str) -> int:
    from vsphere_session.configure.change import change  # noqa: PLC0415  # not for a warm answer

    config = _config(options, Reader())
    return write(change(options.words, program, config, os.environ, host=options.host, dry_run=options.dry_run))


def _call(options: Options, signals: Signals, handed: Handed | None, person: Person | None = None) -> Call:
    reader = Reader()
    config = _config(options, reader, lambda path, found: _kept(path, found, handed))
    configured = config.general.get("timeout", "")
    timeout = options.timeout or (seconds(configured, "timeout") if configured else TIMEOUT)
    clock = Clock()
    around = Surroundings(
        dict(os.environ),  # which each look-up would have to encode and decode
        clock=clock,
        timeout=timeout,
        deadline=Deadline(
            timeout, clock, since=handed.started if handed is not None else None
        ),  # in which the caller sends its request, too
        caller=os.environ.get("VSPHERE_SESSION_CALLER", ""),
        reader=reader,
        unbroken=signals.unbroken,
        connecting=core_dumps.forbid,
        tell=say if options.verbose else None,
    )
    wanted = os.environ.get("VSPHERE_SESSION_REMEMBER", "")
    remember = options.remember and not (wanted and not boolean(wanted, "VSPHERE_SESSION_REMEMBER"))
    return Call(around, config, secret_store=options.secret_store, keep=options.keep, remember=remember, person=person)


def _config(options: Options, reader: Reader, keep: Keep | None = None) -> Configuration:
    path = options.config or Paths(os.environ).config
    patience = options.timeout or TIMEOUT
    return load(path, must_exist=bool(options.config), seconds=patience, reader=reader, keep=keep)


def _kept(path: str, found: os.stat_result, handed: Handed | None) -> Kept | None:
    from vsphere_session.fastpath.configuration import Kept  # noqa: PLC0415  # only for a long file

    program = f"{__version__} {handed.build if handed is not None else 0:x}"
    try:
        return Kept(Paths(os.environ).state, program, path, found)
    except StorageError:
        return None  # without a home directory; what needs one says so


def _write_failure(failure: Failure, dialect: str, options: Options) -> int:
    """In the caller's own way: stdout may be for something else than native JSON."""
    spoken = options.protocol if dialect == "native" else dialect
    if spoken not in ("", "native"):
        from vsphere_session.cli.dialect import refuse  # noqa: PLC0415  # the native protocol is answered here

        return refuse(spoken, failure)
    somebody_reads = os.isatty(1) and os.isatty(2)
    if somebody_reads and failure.kind in FOR_A_PERSON_TO_SET_UP and options.words[:1] != ["login"]:
        failure.args = (f"{failure.args[0]}; or set it up once: {PROGRAM} login {options.request.get('url', 'HOST')}",)
    output = native.render_failure(failure, PROGRAM)
    bare = options.field or somebody_reads or options.words[:1] in BESIDE_THE_VERBS
    return write(Output(b"", output.stderr, output.status) if bare else output)


def _about(show: str) -> str:
    if show != "version":
        return USAGE
    from vsphere_session.cli.build_info import description  # noqa: PLC0415  # only to be shown

    return f"{PROGRAM} {description()}\n"


if __name__ == "__main__":
    main()
