"""The broker's token endpoint: six kinds of grant, each with what it has to prove."""

from __future__ import annotations

import base64
import binascii
import hashlib
import secrets
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_plus

from simulated_vcenter import jwt
from simulated_vcenter.messages import Request, Response, json_response
from simulated_vcenter.oauth_authorize import fields

if TYPE_CHECKING:
    from simulated_vcenter.identity_provider import Client, Grant, IdentityProvider

_LIFE = 1798
_FOREIGN = "urn:custom:vcf:params:oauth:token-type:idp_access_token:oidc"
_WANTED = "urn:ietf:params:oauth:token-type:access-token"
_SCOPE = "openid profile user email group"
Form = dict[str, str]


class OAuthError(Exception):
    """A refusal: the error of the answer, and why it really is."""

    def __init__(self, error: str, reason: str) -> None:
        super().__init__(f"{error}: {reason}")
        self.error, self.reason = error, reason

    def response(self) -> Response:
        """Return the answer."""
        status = 401 if self.error in {"invalid_client", "invalid_token"} else 400
        return json_response(
            status, {"error": self.error, "error_description": self.error.replace("_", " ")}, _NO_STORE
        )


_NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}


def answer(provider: IdentityProvider, request: Request) -> Response:
    """Return tokens, or why there are none."""
    try:
        if request.headers.get("content-type", "").partition(";")[0] != "application/x-www-form-urlencoded":
            raise OAuthError("invalid_request", "not a form")
        form = fields(request.body.decode())
        grant = _GRANTS.get(form.get("grant_type", ""))
        if grant is None:
            raise OAuthError("unsupported_grant_type", f"grant_type {form.get('grant_type')}")
        return json_response(200, grant(provider, request, form), _NO_STORE)
    except OAuthError as refusal:
        provider.refusals.append(refusal.reason)
        return refusal.response()


def _code(provider: IdentityProvider, request: Request, form: Form) -> dict[str, Any]:
    client = _client(provider, request, form, "authorization_code")
    grant = provider.use(provider.given.codes, form.get("code", ""))
    if grant is None:
        raise OAuthError("invalid_grant", "unknown or used code")
    if grant.client != client.id:
        raise OAuthError("invalid_grant", "another client's code")
    if provider.clock.now() >= grant.expires:
        raise OAuthError("invalid_grant", "the code has expired")
    if form.get("redirect_uri") != grant.redirect_uri:
        raise OAuthError("invalid_grant", "another redirect_uri")
    digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
    if grant.challenge and base64.urlsafe_b64encode(digest).rstrip(b"=").decode() != grant.challenge:
        raise OAuthError("invalid_grant", "wrong code_verifier")
    return _person(provider, request, grant)


def _refresh(provider: IdentityProvider, request: Request, form: Form) -> dict[str, Any]:
    client = _client(provider, request, form, "refresh_token")
    grant = provider.use(provider.given.refresh, form.get("refresh_token", ""))
    if grant is None:
        raise OAuthError("invalid_grant", "unknown, used or revoked refresh token")
    if grant.client != client.id:
        raise OAuthError("invalid_grant", "another client's refresh token")
    return _person(provider, request, grant)


def _password(provider: IdentityProvider, request: Request, form: Form) -> dict[str, Any]:
    client = _client(provider, request, form, "password")
    user = form.get("username", "")
    if user not in provider.users or provider.users[user] != form.get("password"):
        raise OAuthError("invalid_grant", "wrong password at the broker")
    from simulated_vcenter.identity_provider import Grant

    return _person(provider, request, Grant(client.id, user, form.get("scope", "openid"), secrets.token_hex(8)))


def _client_credentials(provider: IdentityProvider, request: Request, form: Form) -> dict[str, Any]:
    client = _client(provider, request, form, "client_credentials")
    if not client.secret:
        raise OAuthError("unauthorized_client", "a public client has no credentials")
    return _token(provider.access_token(request, client.id, client.id, form.get("scope", "")), form.get("scope", ""))


def _api_token(provider: IdentityProvider, request: Request, form: Form) -> dict[str, Any]:
    """No client proves anything here: the token is all."""
    user, end = provider.given.api_tokens.get(form.get("api_token", ""), ("", 0.0))
    if not user:
        raise OAuthError("invalid_grant", "unknown API token")
    if provider.clock.now() >= end:
        raise OAuthError("invalid_grant", "the API token has expired")
    return _token(provider.access_token(request, user, "api-token", _SCOPE), _SCOPE)


def _foreign(provider: IdentityProvider, request: Request, form: Form) -> dict[str, Any]:
    from simulated_vcenter.identity_provider import FOREIGN_AUDIENCE, FOREIGN_ISSUER

    if form.get("subject_token_type") != _FOREIGN or form.get("requested_token_type") != _WANTED:
        raise OAuthError("invalid_request", "subject_token_type or requested_token_type")
    try:
        token = form.get("subject_token", "")
        claims = jwt.verified(token, provider.foreign_signer, FOREIGN_ISSUER, provider.clock.now())
    except jwt.InvalidJwt as error:
        raise OAuthError("invalid_grant", str(error)) from None
    if claims.get("aud") != FOREIGN_AUDIENCE:
        raise OAuthError("invalid_grant", f"the JWT is for {claims.get('aud')}")
    user = provider.mapped.get(claims["sub"])
    if user is None:
        raise OAuthError("invalid_grant", f"nobody is mapped to {claims['sub']}")
    return _token(provider.access_token(request, user, "ci", _SCOPE), _SCOPE)


_GRANTS: dict[str, Callable[[IdentityProvider, Request, Form], dict[str, Any]]] = {
    "authorization_code": _code,
    "refresh_token": _refresh,
    "password": _password,
    "client_credentials": _client_credentials,
    "urn:custom:vcf:params:oauth:grant-type:api-token": _api_token,
    "urn:ietf:params:oauth:grant-type:token-exchange": _foreign,
}


def _client(provider: IdentityProvider, request: Request, form: Form, grant: str) -> Client:
    """Who asks, by Basic or by the form, never by both."""
    identifier, secret = form.get("client_id", ""), form.get("client_secret", "")
    authorization = request.headers.get("authorization", "")
    if authorization:
        if secret:
            raise OAuthError("invalid_request", "a secret in two places")
        try:
            text = base64.b64decode(authorization.removeprefix("Basic "), validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            raise OAuthError("invalid_client", "no Basic authorization") from None
        identifier, _, secret = (unquote_plus(part) for part in text.partition(":"))
    client = provider.clients.get(identifier)
    if client is None:
        raise OAuthError("invalid_client", f"unknown client {identifier}")
    if client.secret != secret:
        raise OAuthError("invalid_client", "wrong client secret")
    if grant not in client.grants:
        raise OAuthError("unauthorized_client", f"the client may not use {grant}")
    return client


def _person(provider: IdentityProvider, request: Request, grant: Grant) -> dict[str, Any]:
    told = _token(provider.access_token(request, grant.user, grant.client, grant.scope), grant.scope)
    told["refresh_token"] = provider.new_refresh_token(grant)
    if "openid" in grant.scope.split():
        told["id_token"] = provider.id_token(request, grant)
    return told


def _token(access: str, scope: str) -> dict[str, Any]:
    return {"access_token": access, "token_type": "Bearer", "expires_in": _LIFE, "scope": scope}
