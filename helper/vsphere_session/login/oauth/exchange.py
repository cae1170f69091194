"""The provider's access token for a SAML assertion, at the vCenter that trusts the provider.

`POST /api/vcenter/authentication/token` (7.0U2 and newer), older: `POST /rest/vcenter/tokenservice/token-exchange`, in JSON.
The reference asks for the token in base64, while VMware's own sample and published scripts send it as it is: so as it is
first. Source: docs of the vSphere Automation API, `exchange_access_id_token_for_saml.py` of its SDK for Python.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Callable
from urllib.parse import urlencode

from credential_protocol.jsontext import encode
from vsphere_session.errors import LoginRefusedError, SessionError, UnreachableError, UnsupportedError
from vsphere_session.http.response import Response
from vsphere_session.http.transport import Transport
from vsphere_session.login.oauth.forms import json_object, repeats
from vsphere_session.login.oauth.grants import TOKEN_EXCHANGE
from vsphere_session.login.oauth.tokens import Tokens
from vsphere_session.vsphere.dates import http_date
from vsphere_session.vsphere.faults import for_status, shown
from vsphere_session.vsphere.xml import parse_xml

_PATH = "/api/vcenter/authentication/token"
_OLD_PATH = "/rest/vcenter/tokenservice/token-exchange"
_TYPE = "urn:ietf:params:oauth:token-type:"
_NOT_THERE = (404, 405)


def saml_for(vcenter: Transport, tokens: Tokens) -> tuple[str, float | None]:
    """The SAML assertion (a bearer's, for five minutes) that vCenter gives for `tokens`, as its XML text; what its clock says then.

    Raises LoginRefusedError, UnsupportedError where the vCenter is too old, UnreachableError, UntrustedError.
    """
    response = _in_either_form(_ask, vcenter, tokens)
    if response.status in _NOT_THERE:
        response = _in_either_form(_ask_old, vcenter, tokens)
    place = vcenter.endpoint.place
    if response.status not in (200, 201):
        raise _failure(place, response, tokens)
    answer = json_object(response) or {}
    inner = answer.get("value", answer)  # the old one wraps it
    given = inner.get("access_token") if isinstance(inner, dict) else None
    assertion = read_assertion(given) if isinstance(given, str) else None
    if assertion is None:
        raise UnreachableError(
            f"{place} gave no SAML assertion for the provider's token; see its log of the token service"
        )
    return assertion, http_date(response.header("date"))


def read_assertion(text: str) -> str | None:
    """The assertion in base64, the common or the URL's alphabet, padded or not; None if it is none."""
    try:
        data = b64decode(
            text.replace("-", "+").replace("_", "/").rstrip("=") + "=" * (-len(text.rstrip("=")) % 4), validate=True
        )
        assertion = data.decode("utf-8")
        return assertion if parse_xml(data).name == "Assertion" else None
    except ValueError:
        return None


def _in_either_form(ask: Callable[[Transport, Tokens, str], Response], vcenter: Transport, tokens: Tokens) -> Response:
    response = ask(vcenter, tokens, tokens.access)
    if _named_error(response) == "invalid_request":
        response = ask(vcenter, tokens, _in_base64(tokens.access))
    return response


def _ask(vcenter: Transport, tokens: Tokens, subject: str) -> Response:
    body = urlencode(_fields(tokens, subject)).encode("ascii")
    return vcenter.send("POST", _PATH, _headers(tokens, "application/x-www-form-urlencoded"), body)


def _ask_old(vcenter: Transport, tokens: Tokens, subject: str) -> Response:
    body = encode({"spec": _fields(tokens, subject)}).encode("ascii")
    return vcenter.send("POST", _OLD_PATH, _headers(tokens, "application/json"), body)


def _fields(tokens: Tokens, subject: str) -> dict[str, str]:
    """An id token is the actor's, as VMware's own sample has it."""
    fields = {
        "grant_type": TOKEN_EXCHANGE,
        "requested_token_type": f"{_TYPE}saml2",
        "subject_token": subject,
        "subject_token_type": f"{_TYPE}access_token",
    }
    return fields | ({"actor_token": tokens.id, "actor_token_type": f"{_TYPE}id_token"} if tokens.id else {})


def _headers(tokens: Tokens, content_type: str) -> dict[str, str]:
    return {
        "Content-Type": content_type,
        "Accept": "application/json",
        "Authorization": f"Bearer {tokens.access}",
    }


def _in_base64(token: str) -> str:
    return b64encode(token.encode("ascii")).decode("ascii")


def _named_error(response: Response) -> str:
    """The error's name in small letters, in the words of OAuth or of the vSphere Automation API; empty where there is none."""
    if response.status < 400:
        return ""
    answer = json_object(response) or {}
    name = answer.get("error") or answer.get("error_type") or answer.get("type") or ""
    return name.rpartition(".")[2].lower() if isinstance(name, str) else ""


def _failure(place: str, response: Response, tokens: Tokens) -> SessionError:
    if response.status in _NOT_THERE:
        return UnsupportedError(
            f"{place} takes no provider's token ({response.status}): it is older than 7.0, or no vCenter; log in in another way"
        )
    if response.status in (400, 401, 403):
        answer = json_object(response) or {}
        told = answer.get("error_description")
        name = _named_error(response)
        said = ": ".join(part for part in (name, told) if isinstance(part, str) and part)
        if not said or repeats(said, (tokens.access, tokens.id, _in_base64(tokens.access))):
            said = str(response.status)
        return LoginRefusedError(
            f"{place} does not take the provider's token ({shown(said)}); check that this provider is the vCenter's, that the token is for it, and "
            "that its user has a role there"
        )
    return for_status(response, place)
