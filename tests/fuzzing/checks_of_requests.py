"""What holds for every request and every value in one: it is whole, and written down it is read as the same again."""

from __future__ import annotations

import math
from zlib import crc32

from credential_protocol import Answer, Output, Request, bazel, docker, git, kubernetes, native, terraform_cli
from credential_protocol.jsontext import clean, quote
from credential_protocol.messages import VERBS
from vsphere_session.endpoint import Endpoint, parse_endpoint
from vsphere_session.http.thumbprint import normal_thumbprint
from vsphere_session.settings.request import FIELDS

_PLACE = b"protocol=https\nhost=h\n"


def text_of(data: bytes) -> str:
    """The input as argv and the environment would hand it over."""
    return data.decode("utf-8", "surrogateescape")


def _one_of(choices: tuple[str, ...], data: bytes) -> str:
    """A choice that goes with the input, so that the input alone reproduces what happened."""
    return choices[crc32(data[-64:]) % len(choices)]


def _parts(request: Request) -> tuple[object, ...]:
    assert request.verb in VERBS
    assert isinstance(request.target, str)
    assert all(isinstance(value, str) for value in request.attributes.values())
    return request.verb, request.target, request.attributes, request.id


def _as_request(parsed: Request | Output) -> Request:
    assert isinstance(parsed, Request)
    return parsed


def _named(request: Request) -> dict[str, str]:
    target = {native.TARGET: request.target} if request.target else {}
    return {**target, **request.attributes}


def parse_native(data: bytes) -> Request:
    """A single call, of any verb."""
    return native.parse(data, _one_of(VERBS, data), FIELDS)


def check_native(_data: bytes, request: Request) -> None:
    """A rendered request is the same request."""
    assert all(clean(value) for value in _named(request).values())
    again = native.parse(native.render(Answer(_named(request))).stdout, request.verb, FIELDS)
    assert _parts(again) == _parts(request)


def parse_line(data: bytes) -> Request:
    """A line of a conversation; its id is read also where the rest is wrong."""
    native.identifier(data)
    return native.parse_line(data, FIELDS)


def check_line(data: bytes, request: Request) -> None:
    """As for a single call, with its action and id; the id alone is the same."""
    assert native.identifier(data) == request.id
    written = native.render(Answer({"action": request.verb, **_named(request)}), request.id).stdout
    assert _parts(native.parse_line(written, FIELDS)) == _parts(request)


def parse_git(data: bytes) -> Request | Output:
    """Any verb; an Output where a server's header is too long for the protocol."""
    return git.parse([_one_of(VERBS, data)], data, {})


def check_git(data: bytes, request: Request | Output) -> None:
    """No value can smuggle a line: what `render` writes of it is read as the same value."""
    if isinstance(request, Output):
        assert not request.stdout
        assert b"wwwauth[]=" in data
        return
    assert _parts(request)
    shown: dict[str, str] = {
        name: text for name, text in request.attributes.items() if name in ("username", "password")
    }
    lines = git.render(Request("get", request.target, {}), Answer(shown)).stdout
    again = _as_request(git.parse(["get"], _PLACE + lines, {}))
    assert again.attributes == {"protocol": "https", "host": "h", **shown}


def parse_docker(data: bytes) -> Request:
    """Any verb that has a request."""
    return _as_request(docker.parse([_one_of(VERBS, data)], data, {}))


def check_docker(_data: bytes, request: Request) -> None:
    """What `get` answers can be stored as it is."""
    assert request.target
    if request.verb == "store":
        written = docker.render(Request("get", request.target, {}), Answer(request.attributes)).stdout
        assert _parts(_as_request(docker.parse(["store"], written, {}))) == _parts(request)


def parse_terraform_cli(data: bytes) -> Request:
    """Half of the inputs are the host in argv, half are stdin of `store`."""
    verb = _one_of(("get", "store"), data)
    return _as_request(terraform_cli.parse([verb, "h" if verb == "store" else text_of(data)], data, {}))


def check_terraform_cli(data: bytes, request: Request) -> None:
    """The host is the one in argv; a token that is shown can be stored."""
    assert request.target == ("h" if request.verb == "store" else text_of(data))
    if request.verb == "store":
        written = terraform_cli.render(Request("get", "h", {}), Answer(request.attributes)).stdout
        assert _parts(_as_request(terraform_cli.parse(["store", "h"], written, {}))) == _parts(request)


def parse_bazel(data: bytes) -> Request:
    """The only command."""
    return _as_request(bazel.parse(["get"], data, {}))


def check_bazel(_data: bytes, request: Request) -> None:
    """The URI alone is the same request."""
    written = f'{{"uri": {quote(request.target)}}}'.encode()
    assert _parts(parse_bazel(written)) == _parts(request)


def parse_kubernetes(data: bytes) -> Request:
    """The input is in the environment."""
    return _as_request(kubernetes.parse([], b"", {kubernetes.VARIABLE: text_of(data)}))


def check_kubernetes(_data: bytes, request: Request) -> None:
    """The answer names the version that was asked for, and is an ExecCredential itself."""
    written = kubernetes.render(request, Answer({"password": "x"})).stdout
    assert _parts(parse_kubernetes(written)) == _parts(request)


def check_endpoint(_data: bytes, endpoint: Endpoint) -> None:
    """The URL that is shown is the same endpoint, without its password."""
    assert endpoint.host
    assert 0 < endpoint.port < 65536
    assert endpoint.url.isascii()
    assert endpoint.url.isprintable()
    again = parse_endpoint(endpoint.url)
    assert again == endpoint.with_user(endpoint.username)
    assert again.url == endpoint.url


def check_time(_data: bytes, seconds: float | None) -> None:
    """Seconds, or None."""
    assert seconds is None or math.isfinite(seconds)


def check_thumbprint(_data: bytes, thumbprint: str) -> None:
    """The one spelling of a thumbprint is a spelling of it."""
    assert len(thumbprint) in (95, 59)
    assert normal_thumbprint(thumbprint) == thumbprint
