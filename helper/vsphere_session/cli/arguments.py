"""The command line, read without `argparse`, whose import costs as much as a warm answer. On the fast path."""

from __future__ import annotations

from credential_protocol.dialects import DIALECTS
from credential_protocol.messages import VERBS
from vsphere_session.errors import InvalidRequestError, SessionError, UnsupportedError
from vsphere_session.settings.config_file import CHOICES, seconds

USAGE = """\
usage: vsphere-session [OPTIONS] get|store|erase    one JSON object on stdin, one on stdout
       vsphere-session [OPTIONS]                    JSON Lines on stdin, each with its "action"
       vsphere-session COMMAND [OPTIONS]            the commands for people below, each with a --help of its own
       vsphere-session [OPTIONS] exec -- COMMAND…   run COMMAND with a session in its environment
       vsphere-session [OPTIONS] export             print that environment
       vsphere-session [OPTIONS] serve-tickets      give clone tickets to Kubernetes' CPI and CSI; has a --help of its own
       vsphere-session [OPTIONS] configure CALLER   write into a caller's configuration that it calls this program:
                                                    git, docker, terraform-cli, kubernetes, bazel
       vsphere-session [OPTIONS] unconfigure CALLER take that back

  get      hand out the cached session, or log in and cache the new one
  store    keep a login ("password") or a session ("soap_session_id", "rest_session_id")
  erase    end the session on the server and forget it

for people:
  login       log in once, keep the login, write the endpoint into the configuration
  logout      end sessions on the server, and forget them here
  status      what is cached: whose, since when, until when, by whom
  sessions    the server's own list of sessions; end some of them
  doctor      find out what is wrong, in the order in which a call meets it
  explain     say where each value of a request comes from, and what would be asked
  cert        show the certificate of a server
  config      show, set and edit the configuration
  fleet       sessions that many machines share: what is there, what is wrong, their key
  completion  print what lets a shell complete commands, hosts and users
  version     what this program is and is made of

options:
  --timeout SECONDS        how long the whole call may take (30)
  --secret-store NAME      where "store" keeps passwords: keyring (the platform's, default) or file (mode 0600)
  --keep SECONDS           git, Terraform's CLI: how long "store" keeps the login of a host that is no vSphere
  --config FILE            another configuration file
  --no-browser             login: show the address, and read from the terminal where the browser has come to
  --url URL, --username NAME   exec, export, login: the endpoint and its user, where environment and configuration name none;
                           get, erase: the request, in place of JSON on stdin, which is left alone then
  --format NAME            export: env (default), json, powershell, fish
  --host HOST              configure, unconfigure: this host instead of all that are configured
  --dry-run                configure, unconfigure: say what would change, and change nothing
  --field NAME             print one field of the answer, the bare value and a newline
  --protocol NAME          the caller's protocol: native, git, docker, terraform-cli, bazel, kubernetes
  --no-remember            do not give an answer again without working it out (or VSPHERE_SESSION_REMEMBER=0)
  -v, -vv                  say on stderr what happens; with -vv also where a bug is
  --version                print the version and what it was built from
  -h, --help               print this

example:
  echo '{"url": "vc.example.com", "username": "me@vsphere.local", "password": "…"}' | vsphere-session get
  vsphere-session get --url vc.example.com --username me@vsphere.local
"""
FOR_PEOPLE = (
    "login",
    "logout",
    "status",
    "sessions",
    "doctor",
    "explain",
    "cert",
    "config",
    "fleet",
    "completion",
    "version",
)
"""The commands of `commands.program`."""
WITH_OPTIONS_OF_THEIR_OWN = ("serve-tickets", *FOR_PEOPLE)
"""What stands behind one of these words is for it to read."""
_WITH_VALUE = (
    "--timeout",
    "--secret-store",
    "--keep",
    "--config",
    "--protocol",
    "--field",
    "--url",
    "--username",
    "--format",
    "--host",
)
_TEXTS = {"--config": "config", "--field": "field", "--format": "shape", "--host": "host"}
_FLAGS = ("-v", "-vv", "--no-browser", "--no-remember", "--dry-run", "--version", "-h", "--help")


class Options:
    """What the command line says.

    timeout   None where it says nothing
    keep      seconds; None for ever
    show      `version`, `help` or empty
    words     what is left: the verb, and what belongs to the caller's protocol
    command   what stands behind `--`, or behind a word with options of its own
    request   `url` and `username`, for exec, export, and get and erase without stdin
    shape     the format of export
    host      for configure and unconfigure; empty where it says nothing
    """

    __slots__ = (
        "command",
        "config",
        "dry_run",
        "field",
        "host",
        "keep",
        "no_browser",
        "protocol",
        "remember",
        "request",
        "secret_store",
        "shape",
        "show",
        "timeout",
        "verbose",
        "words",
    )

    def __init__(self) -> None:
        self.words: list[str] = []
        self.protocol = ""
        self.field = ""
        self.shape = "env"
        self.host = ""
        self.dry_run = False
        self.no_browser = False
        self.remember = True
        self.request: dict[str, str] = {}
        self.command: list[str] = []
        self.timeout: float | None = None
        self.keep: float | None = None
        self.secret_store = ""
        self.config = ""
        self.verbose = 0
        self.show = ""


def read_options(arguments: list[str], options: Options | None = None) -> Options:
    """The options in `arguments`, which do not include the program's name. Raises InvalidRequestError, UnsupportedError.

    What is wrong is raised when all is read: by then `options` says in whose protocol that is to be told.
    """
    options = options or Options()
    rest = list(arguments)
    wrong: SessionError | None = None
    while rest:
        try:
            _read(options, rest.pop(0), rest)
        except SessionError as error:
            wrong = wrong or error
    if wrong is not None:
        raise wrong
    return options


def _read(options: Options, word: str, rest: list[str]) -> None:
    """One word, and what belongs to it of the rest, which is taken from there."""
    name, equals, value = word.partition("=")
    if name in _WITH_VALUE:
        if not equals and not rest:
            raise InvalidRequestError(f"{name} wants a value; see vsphere-session --help")
        _set(options, name, value if equals else rest.pop(0))
    elif word == "--":
        options.command = rest[:]
        rest.clear()
    elif word in _FLAGS:
        _flag(options, word)
    elif word in WITH_OPTIONS_OF_THEIR_OWN and not options.words:
        options.words.append(word)
        options.command = rest[:]
        rest.clear()
    elif word.startswith("-"):
        raise InvalidRequestError(f"the option {_quoted(name)} is not known; see vsphere-session --help")
    else:
        options.words.append(word)


def own_options(dialect: str, arguments: list[str]) -> tuple[Options, list[str]]:
    """Our options in a command line of another protocol, and the rest of it. docker's helpers have no options."""
    if dialect == "docker":
        return Options(), arguments
    options = read_options(arguments)
    return options, options.words


def native_verb(options: Options) -> str:
    """The verb of a native call, empty for a conversation. Raises InvalidRequestError."""
    if len(options.words) > 1:
        raise InvalidRequestError(
            f"there is a second verb, {_quoted(options.words[1])}; the request goes to stdin as JSON"
        )
    if not options.words:
        return ""
    verb = options.words[0]
    if verb not in VERBS:
        raise InvalidRequestError(f"the verb {_quoted(verb)} is not known; use get, store or erase{_meant(verb)}")
    return verb


def _meant(word: str) -> str:
    from difflib import get_close_matches  # noqa: PLC0415  # only a mistake pays for it

    others = ("exec", "export", "configure", "unconfigure", *WITH_OPTIONS_OF_THEIR_OWN)
    found = get_close_matches(word, others, n=1)
    return f"; did you mean {found[0]}?" if found else ""


def check_native(options: Options, verb: str) -> None:
    """Raise InvalidRequestError for options that this verb, or a conversation, does not have."""
    without_stdin = options.request.get("url") and verb in ("get", "erase")
    if (options.request and not without_stdin) or options.command or options.host or options.dry_run:
        raise InvalidRequestError(
            "--url, --username and -- go with exec and export, --url and with it --username with get and erase, too, --host and --dry-run "
            "with configure; the request is JSON on stdin"
        )
    if options.field and verb != "get":
        raise InvalidRequestError("--field goes with get; leave it out")


def _set(options: Options, name: str, value: str) -> None:
    if name == "--timeout":
        options.timeout = seconds(value, name)
        if not options.timeout:
            raise InvalidRequestError("--timeout is zero; write the seconds that the call may take")
    elif name == "--secret-store":
        if value not in CHOICES["secret_store"]:
            raise InvalidRequestError(f"--secret-store is neither {' nor '.join(CHOICES['secret_store'])}")
        options.secret_store = value
    elif name == "--keep":
        options.keep = seconds(value, name)
    elif name in _TEXTS:
        setattr(options, _TEXTS[name], value)
    elif name in ("--url", "--username"):
        options.request[name[2:]] = value
    elif value in DIALECTS:
        options.protocol = value
    else:
        raise UnsupportedError(f"the protocol {_quoted(value)} is not known; use {', '.join(DIALECTS)}")


def _flag(options: Options, word: str) -> None:
    if word in ("-v", "-vv"):
        options.verbose = max(options.verbose, len(word) - 1)
    elif word == "--dry-run":
        options.dry_run = True
    elif word == "--no-browser":
        options.no_browser = True
    elif word == "--no-remember":
        options.remember = False
    else:
        options.show = "version" if word == "--version" else "help"


def _quoted(word: str) -> str:
    """A word of the command line as it may be shown: short, and nothing behind an `=` or `:`, which may be a secret."""
    shown = "".join(c if c.isprintable() else "?" for c in word.partition("=")[0].partition(":")[0])
    return f'"{shown[:40]}"'
