"""Kubernetes' ExecCredential: the request in an environment variable, a bearer token as the answer.

Source: client-go, `plugin/pkg/client/auth/exec/exec.go`. stdin is only attached to a terminal's user, and is not read.
A 401 makes the client run the program again.
"""

from __future__ import annotations

from credential_protocol.jsontext import decode, quote
from credential_protocol.messages import Answer, Failure, InvalidRequest, Output, Request

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

VARIABLE = "KUBERNETES_EXEC_INFO"
GROUP = "client.authentication.k8s.io/"
VERSIONS = (f"{GROUP}v1", f"{GROUP}v1beta1")


def wants_stdin(arguments: list[str]) -> bool:  # noqa: ARG001  # a dialect's signature
    """Never."""
    return False


def parse(arguments: list[str], stdin: bytes, environ: Mapping[str, str]) -> Request | Output:  # noqa: ARG001  # a dialect's signature
    """The request; its target is an argument, the endpoint's URL, or empty. Raises InvalidRequest."""
    rest = [word for word in arguments if word != "get"]
    if len(rest) > 1:
        raise InvalidRequest("there is more than one argument; give the endpoint's URL or none")
    return Request("get", rest[0] if rest else "", {"api_version": _version(environ.get(VARIABLE, ""))})


def _version(text: str) -> str:
    if not text:
        raise InvalidRequest(f"{VARIABLE} is not set; this is for kubectl and client-go to call")
    try:
        info = decode(text.encode("utf-8", "surrogateescape"))
    except ValueError:
        raise InvalidRequest(f"{VARIABLE} is not JSON") from None
    version = info.get("apiVersion") if isinstance(info, dict) else None
    if not isinstance(info, dict) or info.get("kind") != "ExecCredential" or version not in VERSIONS:
        raise InvalidRequest(f"{VARIABLE} is no ExecCredential of {' or '.join(VERSIONS)}")
    return str(version)


def render(request: Request, answer: Answer) -> Output:
    """An ExecCredential of the version that was asked for."""
    status = [f'"token": {quote(answer.fields["password"])}']
    if answer.fields.get("expires_at"):
        status.append(f'"expirationTimestamp": {quote(answer.fields["expires_at"])}')
    version = quote(request.attributes["api_version"])
    text = f'{{"apiVersion": {version}, "kind": "ExecCredential", "status": {{{", ".join(status)}}}}}\n'
    return Output(text.encode("ascii"))


def render_failure(request: Request | None, failure: Failure, program: str) -> Output:  # noqa: ARG001  # a dialect's signature
    """A line on stderr, which kubectl passes through, and the status."""
    return Output(b"", f"{program}: {failure.message}", failure.status)
