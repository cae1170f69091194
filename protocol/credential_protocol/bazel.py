"""EngFlow's credential-helper-spec, which Bazel and others speak: `get` with a URI, headers as the answer.

Source: the specification and its two JSON Schemas. A host that is not ours is an error and not `{}`, which would mean
"no credentials are needed". `expires` has no fractions of a second: Bazel's parser knows none.
"""

from __future__ import annotations

from credential_protocol.jsontext import clean, described, printable, quote, read_object
from credential_protocol.messages import Answer, Failure, InvalidRequest, Output, Request

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping


def wants_stdin(arguments: list[str]) -> bool:
    """`get` is the only command."""
    return arguments == ["get"]


def parse(arguments: list[str], stdin: bytes, environ: Mapping[str, str]) -> Request | Output:  # noqa: ARG001  # a dialect's signature
    """The request; its target is the URI. Unknown properties are ignored, as the specification asks. Raises InvalidRequest."""
    if not arguments:
        return Output(b"", "usage: vsphere-session --protocol bazel get", 1)
    if arguments[0] != "get":
        raise InvalidRequest(f"the verb {printable(arguments[0])} is not known; use get")
    if len(arguments) > 1:
        raise InvalidRequest("there is more than one argument; get has none")
    uri = read_object(stdin).get("uri")
    if not isinstance(uri, str) or not uri:
        raise InvalidRequest('the request has no "uri"')
    if not clean(uri):
        raise InvalidRequest(f'the "uri" {described(uri)}')
    return Request("get", uri, {})


def render(request: Request, answer: Answer) -> Output:  # noqa: ARG001  # a dialect's signature
    """The header that carries the session, and until when it is good."""
    name, value = answer.fields["header"], answer.fields["header_value"]
    expires = answer.fields.get("expires_at", "")
    end = f', "expires": {quote(expires)}' if expires else ""
    return Output(f'{{"headers": {{{quote(name)}: [{quote(value)}]}}{end}}}\n'.encode("ascii"))


def render_failure(request: Request | None, failure: Failure, program: str) -> Output:  # noqa: ARG001  # a dialect's signature
    """A line on stderr and the status."""
    return Output(b"", f"{program}: {failure.message}", failure.status)
