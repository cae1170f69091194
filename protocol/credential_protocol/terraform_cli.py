"""The protocol of Terraform's own credentials helpers: verb and host in argv, JSON on stdin and stdout.

Source: terraform-svchost, `auth/helper_program.go`. The third verb is `forget`. Arguments of the CLI configuration come
before the verb. stdin of `get` and `forget` is not ours to read.
"""

from __future__ import annotations

from credential_protocol.jsontext import clean, printable, read_flat_object, write_flat_object
from credential_protocol.messages import Answer, Failure, InvalidRequest, Output, Request

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

_VERBS = {"get": "get", "store": "store", "forget": "erase"}


def wants_stdin(arguments: list[str]) -> bool:
    """Only `store` has something there."""
    return arguments[-2:-1] == ["store"]


def parse(arguments: list[str], stdin: bytes, environ: Mapping[str, str]) -> Request | Output:  # noqa: ARG001  # a dialect's signature
    """The request; its target is the host, with a port if it has one. Raises InvalidRequest."""
    words = arguments[-2:]
    if len(words) < 2:
        return Output(b"", "usage: terraform-credentials-vsphere get|store|forget HOST", 1)
    verb, host = words
    if verb not in _VERBS:
        raise InvalidRequest(f"the verb {printable(verb)} is not known; use get, store or forget, and a host behind it")
    if not host or not clean(host) or "/" in host or "@" in host:
        raise InvalidRequest("the host is not HOST or HOST:PORT")
    attributes = {}
    if verb == "store":
        token = read_flat_object(stdin).get("token")
        if not isinstance(token, str) or not token:
            raise InvalidRequest('there is no "token" to store; other credentials are not supported')
        attributes = {"password": token}
    return Request(_VERBS[verb], host, attributes)


def render(request: Request, answer: Answer) -> Output:
    """`get` answers with a token, or `{}` where there is none; the others are silent."""
    if request.verb != "get":
        return Output(b"")
    token = answer.fields.get("password", "")
    return Output(write_flat_object([("token", token)] if token else []))


def render_failure(request: Request | None, failure: Failure, program: str) -> Output:
    """A line on stderr, which Terraform shows; "not found" is the empty object."""
    if failure.kind == "not-found" and request is not None:
        return render(request, Answer({}))
    return Output(b"", f"{program}: {failure.message}", failure.status)
