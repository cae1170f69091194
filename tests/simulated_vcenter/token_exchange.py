"""vCenter's exchange of the broker's tokens for SAML assertions, and the older one that also goes the other way."""

from __future__ import annotations

import base64
import binascii
import json
import urllib.request
from typing import TYPE_CHECKING, Any

from simulated_vcenter import jwt
from simulated_vcenter.messages import Request, Response, json_response
from simulated_vcenter.oauth_authorize import fields
from simulated_vcenter.oauth_token import OAuthError
from simulated_vcenter.tokens import InvalidToken, verified

if TYPE_CHECKING:
    from simulated_vcenter.identity_provider import IdentityProvider

PATH = "/api/vcenter/authentication/token"
OLD_PATH = "/rest/vcenter/tokenservice/token-exchange"
_GRANT = "urn:ietf:params:oauth:grant-type:token-exchange"
_TYPES = "urn:ietf:params:oauth:token-type:"
_LIFE = 299


def answer(provider: IdentityProvider, request: Request) -> Response:
    """Return a token for a token, or why there is none."""
    try:
        if request.path.partition("?")[0] == OLD_PATH:
            return json_response(200, {"value": _by_json(provider, request)})
        return json_response(200, _by_form(provider, request))
    except OAuthError as refusal:
        provider.refusals.append(refusal.reason)
        return refusal.response()


def _by_form(provider: IdentityProvider, request: Request) -> dict[str, Any]:
    """The JWT comes twice: as the authorization and as the subject."""
    scheme, _, bearer = request.headers.get("authorization", "").partition(" ")
    if scheme != "Bearer":
        raise OAuthError("invalid_token", "no Bearer token")
    if provider.trusts:
        return _of_another_provider(provider, bearer, fields(request.body.decode()))
    try:
        caller = provider.subject(request, bearer)
    except jwt.InvalidJwt as error:
        raise OAuthError("invalid_token", f"Bearer: {error}") from None
    if request.headers.get("content-type", "").partition(";")[0] != "application/x-www-form-urlencoded":
        raise OAuthError("invalid_request", "not a form")
    form = fields(request.body.decode())
    _check(form, {"grant_type": _GRANT, "requested_token_type": f"{_TYPES}saml2"})
    _check(form, {"subject_token_type": f"{_TYPES}access_token"})
    token = _as_wanted(provider, form.get("subject_token", ""))
    try:
        subject = provider.subject(request, token)
    except jwt.InvalidJwt as error:
        raise OAuthError("invalid_grant", f"subject_token: {error}") from None
    if subject != caller:
        raise OAuthError("invalid_grant", "subject_token is about somebody else")
    encode = base64.urlsafe_b64encode if provider.url_safe else base64.b64encode
    return _told(encode(provider.sts.issue_for_test(subject, life=_LIFE).encode()).decode(), "saml2")


def _of_another_provider(provider: IdentityProvider, bearer: str, form: dict[str, str]) -> dict[str, Any]:
    """Its access tokens may be for itself alone: who it is about says the actor's token, by that provider's published keys."""
    _check(form, {"grant_type": _GRANT, "requested_token_type": f"{_TYPES}saml2", "subject_token": bearer})
    _check(form, {"subject_token_type": f"{_TYPES}access_token", "actor_token_type": f"{_TYPES}id_token"})
    with urllib.request.urlopen(f"{provider.trusts}/keys") as answer:
        (key,) = jwt.public_keys(json.load(answer))
    try:
        claims = jwt.verified_by_key(form.get("actor_token", ""), key, provider.trusts, provider.clock.now())
    except jwt.InvalidJwt as error:
        raise OAuthError("invalid_grant", f"actor_token: {error}") from None
    user = provider.mapped.get(claims["sub"])
    if user is None:
        raise OAuthError("invalid_grant", f"nobody is mapped to {claims['sub']}")
    return _told(base64.b64encode(provider.sts.issue_for_test(user, life=_LIFE).encode()).decode(), "saml2")


def _by_json(provider: IdentityProvider, request: Request) -> dict[str, Any]:
    try:
        spec = json.loads(request.body)["spec"]
        token = base64.b64decode(spec["subject_token"], validate=True).decode()
    except (ValueError, KeyError, TypeError, binascii.Error):
        raise OAuthError("invalid_request", "no spec with a subject_token in base64") from None
    _check(spec, {"grant_type": _GRANT})
    try:
        match spec.get("subject_token_type"), spec.get("requested_token_type"):
            case "urn:ietf:params:oauth:token-type:saml2", "urn:ietf:params:oauth:token-type:id_token":
                name = verified(token.encode(), provider.sts.signer.certificate, provider.clock.now()).name
                audience = str(spec.get("audience", ""))
                return _told(provider.access_token(request, name, audience, ""), "id_token")
            case "urn:ietf:params:oauth:token-type:access_token", "urn:ietf:params:oauth:token-type:saml2":
                saml = provider.sts.issue_for_test(provider.subject(request, token), life=_LIFE)
                return _told(base64.b64encode(saml.encode()).decode(), "saml2")
    except (InvalidToken, jwt.InvalidJwt) as error:
        raise OAuthError("invalid_grant", f"subject_token: {error}") from None
    raise OAuthError("invalid_request", "types of the tokens")


def _as_wanted(provider: IdentityProvider, given: str) -> str:
    """A JWT has dots, which base64 has not."""
    raw = "." in given
    if provider.subject_token != "either" and raw != (provider.subject_token == "raw"):
        raise OAuthError("invalid_request", f"subject_token has to be {provider.subject_token}")
    if raw:
        return given
    try:
        return base64.b64decode(given, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        raise OAuthError("invalid_request", "subject_token is no base64") from None


def _check(form: dict[str, str], wanted: dict[str, str]) -> None:
    for name, value in wanted.items():
        if form.get(name) != value:
            raise OAuthError("invalid_request", f"{name} {form.get(name)}")


def _told(token: str, kind: str) -> dict[str, Any]:
    issued = f"{_TYPES}{kind}"
    return {"access_token": token, "token_type": "bearer", "expires_in": _LIFE, "issued_token_type": issued}
