"""docker's credential helper protocol: the verb in argv, a server's address or JSON on stdin.

Source: docker-credential-helpers, `credentials/credentials.go` and `error.go`. Errors go to stdout with status 1, and
clients match some of them to the letter.
"""

from __future__ import annotations

from credential_protocol.jsontext import MAX_BYTES, clean, described, quote, read_object, request_in_utf8
from credential_protocol.messages import Answer, Failure, InvalidRequest, Output, Request

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

NAME = "docker-credential-vsphere"
NOT_FOUND = "credentials not found in native keychain"
NO_SERVER = "no credentials server URL"
NO_USER = "no credentials username"
_VERBS = ("get", "store", "erase")
_FIELDS = {"ServerURL": "url", "Username": "username", "Secret": "password"}


def wants_stdin(arguments: list[str]) -> bool:
    """`list` and `version` have no request: some callers leave stdin open there (docker-credential-helpers#184)."""
    return len(arguments) == 1 and arguments[0] in _VERBS


def parse(arguments: list[str], stdin: bytes, environ: Mapping[str, str]) -> Request | Output:  # noqa: ARG001  # a dialect's signature
    """The request: `url` is its target. Raises InvalidRequest with the texts that clients know."""
    verb = arguments[0] if len(arguments) == 1 else ""
    if verb in ("--help", "-h"):
        return Output(f"Usage: {NAME} <store|get|erase|list|version>\n".encode())
    if verb in ("version", "--version", "-v"):
        return Request("version", "", {})
    if verb == "list":
        return Request("list", "", {})
    if not verb:
        return Output(f"Usage: {NAME} <store|get|erase|list|version>\n".encode(), status=1)
    if verb not in _VERBS:
        raise InvalidRequest(f"{NAME}: unknown action: {verb}")
    return _store(stdin) if verb == "store" else Request(verb, _server(stdin), {})


def _server(stdin: bytes) -> str:
    if len(stdin) > MAX_BYTES:
        raise InvalidRequest(f"the request is longer than {MAX_BYTES} bytes; send a server's address")
    try:
        server = request_in_utf8(stdin).decode().strip()
    except UnicodeDecodeError:
        raise InvalidRequest("the server's address is not UTF-8") from None
    if not server:
        raise InvalidRequest(NO_SERVER)
    if not clean(server):
        raise InvalidRequest(f"the server's address {described(server)}")
    return server


def _store(stdin: bytes) -> Request:
    given = read_object(stdin)
    fields = {ours: _text(given, theirs) for theirs, ours in _FIELDS.items()}
    if not fields["url"]:
        raise InvalidRequest(NO_SERVER)
    if not fields["username"]:
        raise InvalidRequest(NO_USER)
    return Request("store", fields.pop("url"), fields)


def _text(given: Mapping[str, object], name: str) -> str:
    value = given.get(name)
    if value is not None and not isinstance(value, str):
        raise InvalidRequest(f"{name} is not a string")
    text = value or ""
    if not clean("".join(text.split()) if name == "Secret" else text):  # a secret may be a key file, lines and all
        raise InvalidRequest(f"{name} {described(text)}")
    return text


def render(request: Request, answer: Answer) -> Output:
    """`get` answers JSON, `list` an object of users by server, `version` a line; `store` and `erase` are silent."""
    if request.verb == "get":
        shown = {"ServerURL": request.target}
        shown |= {"Username": answer.fields.get("username", ""), "Secret": answer.fields.get("password", "")}
        return Output(_json(shown))
    if request.verb == "list":
        return Output(_json(answer.fields))
    if request.verb == "version":
        return Output(f"{NAME} (vsphere-session) {answer.fields.get('version', '')}\n".encode())
    return Output(b"")


def _json(fields: Mapping[str, str]) -> bytes:
    return ("{" + ",".join(f"{quote(key)}:{quote(value)}" for key, value in fields.items()) + "}\n").encode("ascii")


def render_failure(request: Request | None, failure: Failure, program: str) -> Output:
    """The message on stdout with status 1, and the line on stderr, which clients pass through to their user.

    "Not found" is in the words that clients match, and nothing to talk about; `erase` of nothing is fine.
    """
    if failure.kind == "not-found":
        if request is not None and request.verb == "erase":
            return Output(b"")
        return Output(f"{NOT_FOUND}\n".encode(), status=1)
    return Output(f"{failure.message}\n".encode(), f"{program}: {failure.message}", 1)
