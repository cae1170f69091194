"""A form for a token endpoint, and its answer (RFC 6749): tokens, or an error whose text holds none of what was sent."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Mapping
from urllib.parse import quote, urlencode

from credential_protocol.jsontext import decode
from vsphere_session.errors import LoginRefusedError, SessionError, UnreachableError, UnsupportedError
from vsphere_session.http.response import Response
from vsphere_session.http.transport import Transport
from vsphere_session.vsphere.faults import shown

_FORM = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
_PASSING = ("server_error", "temporarily_unavailable", "slow_down")
_ADVICE = {
    "invalid_client": "check client_id and client_secret, and whether the provider wants the secret in the header or in the body",
    "unauthorized_client": "let the provider's administrator allow this grant for the client",
    "unsupported_grant_type": "this provider has no such grant; choose another way in",
    "invalid_scope": "check the setting scope",
    "invalid_target": "check the setting resource",
    "invalid_request": "check client_id, redirect_uri and scope against what is registered there",
    "interaction_required": "the provider wants a person: log in with the browser",
    "login_required": "the provider wants a person: log in with the browser",
    "consent_required": "the provider wants a person's consent: log in with the browser once",
}
_PUBLIC = ("grant_type", "scope", "client_id", "redirect_uri", "resource", "username", "requested_token_type", "subject_token_type",
           "actor_token_type", "audience")  # fmt: skip


class GrantRefusedError(LoginRefusedError):
    """What was shown is good no more, or never was (`invalid_grant`): a code, a password, a refresh token."""


class Client:
    """What the provider knows this program as: `client_id`, and a secret where it has one.

    in_body  whether the secret goes into the form (`client_secret_post`) instead of a header (`client_secret_basic`)
    """

    __slots__ = ("id", "in_body", "secret")

    def __init__(self, id: str, secret: str = "", *, in_body: bool = False) -> None:  # noqa: A002  # the field's own name
        self.id = id
        self.secret = secret
        self.in_body = in_body

    def __repr__(self) -> str:
        return f"<Client {self.id!r}>"

    def headers(self) -> dict[str, str]:
        """What goes before the form. The two are escaped as a form is, and then encoded (RFC 6749, 2.3.1)."""
        if not self.secret or self.in_body:
            return {}
        login = f"{quote(self.id, safe='')}:{quote(self.secret, safe='')}"
        return {"Authorization": f"Basic {b64encode(login.encode()).decode('ascii')}"}

    def fields(self) -> dict[str, str]:
        """What goes into the form."""
        if not self.secret:
            return {"client_id": self.id}
        return {"client_id": self.id, "client_secret": self.secret} if self.in_body else {}


def post_form(
    transport: Transport,
    path: str,
    fields: Mapping[str, str],
    *,
    client: Client | None = None,
    headers: Mapping[str, str] | None = None,
    advice: str = "",
    blamed_by: tuple[str, ...] = (),
) -> dict[str, object]:
    """The JSON object that `path` answers with.

    `advice` says what to do next where the grant itself is refused (`invalid_grant`), `blamed_by` which errors say
    that a credential in it is wrong, so that it is not tried again at once.

    Raises LoginRefusedError (GrantRefusedError where the grant is what is wrong), UnsupportedError, UnreachableError,
    UntrustedError. No text has a value of the form in it, but
    for names.
    """
    form = {**fields, **(client.fields() if client else {})}
    given = {**_FORM, **(client.headers() if client else {}), **(headers or {})}
    response = transport.send("POST", path, given, urlencode(form).encode("ascii"))
    answer = json_object(response)
    if response.status == 200 and answer is not None and "error" not in answer:
        return answer
    hidden = [value for name, value in form.items() if name not in _PUBLIC]
    hidden += [value.partition(" ")[2] or value for name, value in given.items() if name == "Authorization"]
    if client and client.secret:
        hidden.append(client.secret)
    raise failure(transport.endpoint.place, response, answer, hidden, advice=advice, blamed_by=blamed_by)


def json_object(response: Response) -> dict[str, object] | None:
    """The object in an answer's body; None if it is something else."""
    try:
        value = decode(response.body)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def failure(
    place: str,
    response: Response,
    answer: dict[str, object] | None,
    hidden: Iterable[str] = (),
    *,
    advice: str = "",
    blamed_by: tuple[str, ...] = (),
) -> SessionError:
    """An answer that is not what was asked for, as an error of ours. `hidden` is never shown, whoever repeats it."""
    name = answer.get("error") if answer else None
    if isinstance(name, str) and name and response.status != 200 and response.status < 500:
        said = _told(name, (answer or {}).get("error_description"), hidden)
        return oauth_error(place, name, said, advice=advice, blamed_by=blamed_by)
    if response.status == 401:
        return oauth_error(place, "invalid_client", "the client: 401", blamed_by=blamed_by)
    if response.status in (404, 405, 501):
        return UnsupportedError(
            f"{place} has nothing at this address ({response.status}); check the URL of its token endpoint, or give the issuer instead"
        )
    if response.status >= 500:
        return UnreachableError(
            f"{place} answered with HTTP status {response.status}; try again, and see the provider's log"
        )
    what = "a web page" if response.header("content-type").lower().startswith("text/html") else "no JSON object"
    return UnreachableError(
        f"{place} answered with {what if answer is None else 'something else'} in place of a token (HTTP status {response.status}); check the URL "
        "of its token endpoint, and that no portal or proxy is in between"
    )


def oauth_error(place: str, name: str, said: str, *, advice: str = "", blamed_by: tuple[str, ...] = ()) -> SessionError:
    """The error `name` of RFC 6749, 4.1.2.1 and 5.2, or of OpenID Connect; `said` is shown as it is."""
    name = shown(name)
    if name in _PASSING:
        return UnreachableError(f"{place} cannot answer now ({said}); try again in a minute")
    next_step = _ADVICE.get(name) or advice or "ask the provider's administrator what it means"
    if name == "unsupported_grant_type":
        return UnsupportedError(f"{place} refused ({said}); {next_step}")
    kind = GrantRefusedError if name == "invalid_grant" else LoginRefusedError
    refused = kind(f"{place} refused ({said}); {next_step}")
    refused.of_credential = name in blamed_by
    return refused


def _told(name: str, description: object, hidden: Iterable[str]) -> str:
    """The error with what the provider says of it, unless it repeats what must not be shown."""
    text = description if isinstance(description, str) else ""
    if repeats(f"{name} {text}", hidden):
        return "its text is not shown, for it repeats a secret"
    return f"{shown(name)}: {shown(text)}" if text.strip() else shown(name)


def repeats(text: str, hidden: Iterable[str]) -> bool:
    """Whether a server's text has a secret in it, as it was sent or as a form has it, or a part of a token."""
    return any(
        value in text
        or quote(value, safe="") in text
        or any(part in text for part in value.split(".") if len(part) > 7)
        for value in hidden
        if value
    )
