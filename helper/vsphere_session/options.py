"""The command line, read without `argparse`, whose import costs as much as a warm answer."""

from __future__ import annotations

from credential_protocol.messages import VERBS
from vsphere_session.config import CHOICES, seconds
from vsphere_session.errors import InvalidRequestError, UnsupportedError

USAGE = """\
usage: vsphere-session [OPTIONS] get|store|erase    one JSON object on stdin, one on stdout
       vsphere-session [OPTIONS]                    JSON Lines on stdin, each with its "action"

  get      hand out the cached session, or log in and cache the new one
  store    keep a login ("password") or a session ("soap_session_id", "rest_session_id")
  erase    end the session on the server and forget it

options:
  --timeout SECONDS        how long the whole call may take (30)
  --secret-store NAME      where "store" keeps passwords: keyring (the platform's, default) or file (mode 0600)
  --config FILE            another configuration file
  --protocol NAME          the caller's protocol: native
  -v, -vv                  say on stderr what happens; with -vv also where a bug is
  --version                print the version and what it was built from
  -h, --help               print this

example:
  echo '{"url": "vc.example.com", "username": "me@vsphere.local", "password": "…"}' | vsphere-session get
"""
_WITH_VALUE = ("--timeout", "--secret-store", "--config", "--protocol")
_FLAGS = ("-v", "-vv", "--version", "-h", "--help")


class Options:
    """What the command line says. `timeout` is None where it says nothing; `show` is `version`, `help` or empty."""

    __slots__ = ("config", "secret_store", "show", "timeout", "verb", "verbose")

    def __init__(self) -> None:
        self.verb = ""
        self.timeout: float | None = None
        self.secret_store = ""
        self.config = ""
        self.verbose = 0
        self.show = ""


def read_options(arguments: list[str]) -> Options:
    """The options in `arguments`, which do not include the program's name. Raises InvalidRequestError, UnsupportedError."""
    options = Options()
    rest = list(arguments)
    while rest:
        word = rest.pop(0)
        name, equals, value = word.partition("=")
        if name in _WITH_VALUE:
            if not equals and not rest:
                raise InvalidRequestError(f"{name} wants a value; see vsphere-session --help")
            _set(options, name, value if equals else rest.pop(0))
        elif word in _FLAGS:
            _flag(options, word)
        elif word.startswith("-"):
            raise InvalidRequestError(f"the option {_quoted(name)} is not known; see vsphere-session --help")
        elif options.verb:
            raise InvalidRequestError(f"there is a second verb, {_quoted(word)}; the request goes to stdin as JSON")
        elif word not in VERBS:
            raise InvalidRequestError(f"the verb {_quoted(word)} is not known; use get, store or erase")
        else:
            options.verb = word
    return options


def _set(options: Options, name: str, value: str) -> None:
    if name == "--timeout":
        options.timeout = seconds(value, name)
        if not options.timeout:
            raise InvalidRequestError("--timeout is zero; write the seconds that the call may take")
    elif name == "--secret-store":
        if value not in CHOICES["secret_store"]:
            raise InvalidRequestError(f"--secret-store is neither {' nor '.join(CHOICES['secret_store'])}")
        options.secret_store = value
    elif name == "--config":
        options.config = value
    elif value != "native":
        raise UnsupportedError(f"this build does not speak the protocol {_quoted(value)}; it speaks native")


def _flag(options: Options, word: str) -> None:
    if word in ("-v", "-vv"):
        options.verbose = max(options.verbose, len(word) - 1)
    else:
        options.show = "version" if word == "--version" else "help"


def _quoted(word: str) -> str:
    """A word of the command line as it may be shown: short, and nothing behind an `=` or `:`, which may be a secret."""
    shown = "".join(c if c.isprintable() else "?" for c in word.partition("=")[0].partition(":")[0])
    return f'"{shown[:40]}"'
