"""What comes to the redirect URI: which request is the provider's answer, and the page that is shown for it.

Anything may come there, from any program and page on this machine: a favicon, a probe, somebody who guesses. Only who
knows the state of this login is heard; to all else the answer is 400, and the wait goes on. Bytes in, bytes out.
"""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256
from hmac import compare_digest
from urllib.parse import parse_qsl

from vsphere_session.errors import LoginRefusedError, SessionError
from vsphere_session.login.oauth.forms import oauth_error
from vsphere_session.vsphere.faults import shown

MAX_REQUEST_BYTES = 32 * 1024  # the longest line that browsers and providers get along with is half of it
MAX_PARAMETERS = 32
MAX_CODE_CHARACTERS = 8192
_END = b"\r\n\r\n"
_STYLE = "body{font:1.1rem/1.5 sans-serif;max-width:34rem;margin:15vh auto;padding:0 1rem;color:#222;background:#fff}"
_PAGE = """\
<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title><style>{style}</style></head>
<body><h1>{title}</h1><p>{text}</p></body></html>
"""


class Expected:
    """What the answer to one login looks like.

    path          the path of the redirect URI
    state         that of the login
    issuer        what the provider calls itself, or empty
    names_itself  whether its answer has to say so (RFC 9207)
    """

    __slots__ = ("issuer", "names_itself", "path", "state")

    def __init__(self, path: str, state: str, *, issuer: str = "", names_itself: bool = False) -> None:
        self.path = path
        self.state = state
        self.issuer = issuer
        self.names_itself = names_itself


class Answer:
    """What to make of one request.

    code      the authorization code, if this is the answer that was waited for and it is yes; it gets its page later
    error     what has ended the login, if it is no
    response  what to send back at once; empty with a code
    """

    __slots__ = ("code", "error", "response")

    def __init__(self, response: bytes = b"", *, code: str = "", error: SessionError | None = None) -> None:
        self.response = response
        self.code = code
        self.error = error

    def __repr__(self) -> str:
        return f"<Answer: {'a code' if self.code else type(self.error).__name__ if self.error else 'not ours'}>"


def is_whole(request: bytes) -> bool:
    """Whether no more of a request has to be read: its head is there, or it is too long for one."""
    return _END in request or len(request) > MAX_REQUEST_BYTES


def answer(request: bytes, expected: Expected) -> Answer:
    """What the bytes of one connection are: the provider's answer to this login, or nothing of ours. Never raises."""
    target = _target(request)
    path, _, query = target.partition("?")
    if not target or path != expected.path:
        return Answer(bad_request())
    parameters = read_parameters(query)
    if parameters is None or not _same(parameters.get("state", ""), expected.state):
        return Answer(bad_request())
    return judge(parameters, expected)


def judge(parameters: dict[str, str], expected: Expected) -> Answer:
    """What an answer with the right state says."""
    error = _mixed_up(parameters, expected)
    if error is None and parameters.get("error"):
        error = _refused(parameters)
    if error is not None:
        return Answer(page(done=False), error=error)
    code = parameters.get("code", "")
    if not (0 < len(code) <= MAX_CODE_CHARACTERS and all(" " <= c <= "~" for c in code)):
        return Answer(bad_request())
    return Answer(code=code)


def read_parameters(query: str) -> dict[str, str] | None:
    """The parameters of a redirect, each once (RFC 6749, 3.1); None where they are none."""
    try:
        pairs = parse_qsl(query, keep_blank_values=True, max_num_fields=MAX_PARAMETERS, errors="strict")
    except ValueError:
        return None
    found = dict(pairs)
    return found if len(found) == len(pairs) else None


def page(*, done: bool) -> bytes:
    """The whole answer to the browser at the end of a login: that it worked, or that it did not."""
    if done:
        return _response("200 OK", "Logged in", "This window can be closed. The command goes on by itself.")
    return _response("200 OK", "Not logged in", "The command says why. This window can be closed.")


def bad_request() -> bytes:
    """The whole answer to what is not the provider's."""
    return _response(
        "400 Bad Request", "Not an answer to this login", "Finish the login in the window that the command opened."
    )


def _response(status: str, title: str, text: str) -> bytes:
    """A page with nothing in it from outside, and nothing to be loaded."""
    body = _PAGE.format(title=title, text=text, style=_STYLE).encode()
    allowed = b64encode(sha256(_STYLE.encode()).digest()).decode()
    headers = (
        f"HTTP/1.1 {status}",
        "Content-Type: text/html; charset=utf-8",
        f"Content-Length: {len(body)}",
        "Cache-Control: no-store",
        f"Content-Security-Policy: default-src 'none'; style-src 'sha256-{allowed}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        "Referrer-Policy: no-referrer",
        "X-Content-Type-Options: nosniff",
        "Connection: close",
    )
    return "\r\n".join([*headers, "", ""]).encode("ascii") + body


def _target(request: bytes) -> str:
    """The target of a whole GET of HTTP/1; empty for all else. A HEAD or POST would use the code up without a page."""
    if len(request) > MAX_REQUEST_BYTES or _END not in request:
        return ""
    method, _, rest = request.partition(b"\r\n")[0].partition(b" ")
    target, _, version = rest.partition(b" ")
    if (
        method != b"GET"
        or version not in (b"HTTP/1.1", b"HTTP/1.0")
        or not all(0x21 <= byte <= 0x7E for byte in target)
    ):
        return ""
    return target.decode("ascii")


def _same(given: str, wanted: str) -> bool:
    return compare_digest(given.encode(), wanted.encode())


def _mixed_up(parameters: dict[str, str], expected: Expected) -> SessionError | None:
    """Whether another provider has answered than the one that was asked (RFC 9207, 2.4)."""
    named = parameters.get("iss")
    if not expected.issuer or (named is None and not expected.names_itself) or named == expected.issuer:
        return None
    return LoginRefusedError(
        f"the browser came back from {shown(named or 'a provider that does not say its name')}, not from {expected.issuer}; check the "
        "issuer, and log in again"
    )


def _refused(parameters: dict[str, str]) -> SessionError:
    name, description = parameters["error"], parameters.get("error_description", "")
    said = f"{shown(name)}: {shown(description)}" if description else shown(name)
    if name == "access_denied":
        return LoginRefusedError(
            f"the login was denied in the browser ({said}); log in again and allow it, or ask who may use this client"
        )
    return oauth_error("the identity provider", name, said)
