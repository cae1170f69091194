r"""git's credential helper protocol: `key=value` lines.

Source: git's Documentation/git-credential.txt and gitcredentials(7); credential.c for what is not written there.
Lines end with LF only: a bare CR inside one is how values were smuggled into other helpers (CVE-2020-5260,
CVE-2024-52006), so it is refused, as are NUL and lines over 65,535 bytes. What a helper sees when git dies in the
middle of writing a request is refused, too: a line without its LF, or no protocol and host.
"""

from __future__ import annotations

from credential_protocol.jsontext import MAX_BYTES, described, request_in_utf8
from credential_protocol.messages import Answer, Failure, InvalidRequest, Output, Request

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_LINE = 65_535
MAX_LINES = 10_000
CAPABILITIES = ("authtype",)
"""Not `state`: of it this helper keeps none, and it ignores what others have. git's own credential-cache tells the same."""
_VERBS = ("get", "store", "erase")
_ONCE = ("protocol", "host", "path", "username", "password", "credential")
_IN_PROTOCOL = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-.")
_NOT_IN_HOST = frozenset("/\\@?# \t")
_SHOWN = ("username", "password", "password_expiry_utc", "oauth_refresh_token")
_NAMED = (*_ONCE, "password_expiry_utc", "oauth_refresh_token", "authtype", "wwwauth[]")
_SHOWN_WITH_AUTHTYPE = ("authtype", "credential", "ephemeral")


class _LongHeader(InvalidRequest):
    """A line over the limit that repeats what a server said."""


def wants_stdin(arguments: list[str]) -> bool:
    """Only the three verbs have a request."""
    return arguments[-1:] != [] and arguments[-1] in _VERBS


def parse(arguments: list[str], stdin: bytes, environ: Mapping[str, str]) -> Request | Output:  # noqa: ARG001  # a dialect's signature
    """The request, with git's attributes under their own names and `url` as its target.

    `capability` is answered here; other operations are ignored, as git asks helpers to. Where a server sent a header
    that is longer than a line may be, nobody but the server can help it: no answer, and not a word. Raises InvalidRequest.
    """
    if not arguments:
        return Output(b"", "usage: git-credential-vsphere get|store|erase|capability", 1)
    verb = arguments[-1]
    if verb == "capability":
        lines = ["version 0", *(f"capability {name}" for name in CAPABILITIES)]
        return Output("".join(f"{line}\n" for line in lines).encode())
    if verb not in _VERBS:
        return Output(b"")
    try:
        attributes = _attributes(stdin)
    except _LongHeader as failure:
        return Output(b"", status=failure.status)
    return Request(verb, _target(attributes), attributes)


def _target(attributes: Mapping[str, str]) -> str:
    """The URL. What stands in a host must not make it another URL: `evil@vc` is no user at `vc`.

    The host may be empty where there is a path: git asks so for the passphrase of a client certificate.
    """
    protocol, host, path = (attributes.get(name, "") for name in ("protocol", "host", "path"))
    if not protocol or not (host or ("host" in attributes and path)):
        raise InvalidRequest("the request names no protocol and host; it may have been cut off, so nothing is done")
    if not _IN_PROTOCOL.issuperset(protocol) or not _NOT_IN_HOST.isdisjoint(host):
        raise InvalidRequest("the protocol or host of the request has a character that cannot stand there")
    return f"{protocol}://{host}/{path}".rstrip("/")


def _attributes(stdin: bytes) -> dict[str, str]:
    attributes: dict[str, str] = {}
    lists: dict[str, list[str]] = {}
    *lines, cut_off = _lines(stdin)
    for line in lines:
        text = line.removesuffix(b"\r")
        if not text:
            return attributes | _capabilities(lists)
        if len(line) >= MAX_LINE:
            kind = _LongHeader if line.startswith(b"wwwauth[]=") else InvalidRequest
            raise kind(f"a line of the request is longer than {MAX_LINE} bytes")
        if b"\r" in text or b"\0" in text:
            name, _, value = text.decode("utf-8", "replace").partition("=")
            what = f'the value of "{name}"' if name in _NAMED else "a line of the request"
            raise InvalidRequest(f"a line of the request has a CR or NUL in it: {what} {described(value or name)}")
        key, value = _split(text)
        if key.endswith("[]"):
            if value:
                lists.setdefault(key, []).append(value)
            else:
                lists[key] = []
        elif key in _ONCE and key in attributes:
            raise InvalidRequest(f'the request has "{key}" twice')
        else:
            attributes[key] = value
    if cut_off:
        raise InvalidRequest("the last line of the request has no end; it may have been cut off, so nothing is done")
    return attributes | _capabilities(lists)


def _lines(stdin: bytes) -> list[bytes]:
    if len(stdin) > MAX_BYTES:
        raise InvalidRequest(f"the request is longer than {MAX_BYTES} bytes")
    lines = request_in_utf8(stdin).split(b"\n")
    if len(lines) > MAX_LINES:
        raise InvalidRequest(f"the request has more than {MAX_LINES} lines")
    return lines


def _capabilities(lists: Mapping[str, list[str]]) -> dict[str, str]:
    """The one list that matters here, in one text; of the others (`wwwauth[]`, `state[]`) none is ours."""
    return {key: " ".join(values) for key, values in lists.items() if key == "capability[]"}


def _split(line: bytes) -> tuple[str, str]:
    key, equals, value = line.partition(b"=")
    if not equals or not key:
        raise InvalidRequest("a line of the request is not KEY=VALUE")
    try:
        return key.decode(), value.decode()
    except UnicodeDecodeError:
        raise InvalidRequest("a line of the request is not UTF-8") from None


def render(request: Request, answer: Answer) -> Output:
    """The attributes that git wants back; nothing at all where nothing was found, and for `store` and `erase`."""
    if request.verb != "get" or not answer.fields:
        return Output(b"")
    asked = request.attributes.get("capability[]", "").split()
    lines = []
    if "authtype" in asked and answer.fields.get("authtype"):
        lines = ["capability[]=authtype"]
        lines += [f"{name}={answer.fields[name]}" for name in _SHOWN_WITH_AUTHTYPE if name in answer.fields]
    lines += [f"{name}={answer.fields[name]}" for name in _SHOWN if name in answer.fields]
    if any("\n" in line or "\0" in line or "\r" in line for line in lines):
        raise Failure("what is stored for this host cannot be written in git's protocol", kind="unsupported")
    return Output("".join(f"{line}\n" for line in lines).encode())


def render_failure(request: Request | None, failure: Failure, program: str) -> Output:  # noqa: ARG001  # a dialect's signature
    """Nothing on stdout, where git would take it for an answer whatever the status; and git goes on to ask its user.

    Only where there is just no login git is not told anything, because then there is nothing wrong.
    """
    if failure.kind == "not-found":
        return Output(b"")
    return Output(b"", f"{program}: {failure.message}", failure.status)
