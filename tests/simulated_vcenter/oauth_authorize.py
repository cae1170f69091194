"""The broker's page: a form for a browser, and the way back with a code."""

from __future__ import annotations

import html
import secrets
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlencode

from simulated_vcenter.messages import Request, Response

if TYPE_CHECKING:
    from simulated_vcenter.identity_provider import IdentityProvider

_PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Sign in</title></head><body>
<h1>Sign in</h1><p id="message">{message}</p>
<form method="post" action="{action}">
<label>User <input id="user" name="user" value="{hint}"></label>
<label>Password <input id="password" name="password" type="password"></label>
<button id="allow" name="decision" value="allow">Allow</button>
<button id="deny" name="decision" value="deny">Deny</button>
</form></body></html>
"""


def answer(provider: IdentityProvider, request: Request) -> Response:
    """Show the form, or take it and send the browser back; never to an address that is not registered exactly."""
    asked = fields(request.path.partition("?")[2])
    client = provider.clients.get(asked.get("client_id", ""))
    if client is None or asked.get("redirect_uri") not in client.redirect_uris:
        provider.refusals.append("unknown client or redirect URI")
        return _page(400, "Unknown client or redirect URI.")
    problem = _problem(asked, pkce=client.pkce_enforced)
    if problem:
        provider.refusals.append(problem)
        return _back(provider, request, asked, {"error": "invalid_request", "error_description": problem})
    if request.method == "GET":
        return _page(200, "", request.path, asked.get("login_hint", ""))
    form = fields(request.body.decode())
    if form.get("decision") == "deny":
        provider.refusals.append("denied")
        return _back(provider, request, asked, {"error": "access_denied", "error_description": "The user said no."})
    user = form.get("user", "")
    if user not in provider.users or provider.users[user] != form.get("password"):
        provider.refusals.append("wrong password at the broker")
        return _page(401, "Wrong user or password.", request.path, user)
    from simulated_vcenter.identity_provider import Grant

    scope, family = asked.get("scope", ""), secrets.token_hex(8)
    grant = Grant(
        client.id, user, scope, family, asked["redirect_uri"], asked.get("code_challenge", ""), asked.get("nonce", "")
    )
    return _back(provider, request, asked, {"code": provider.new_code(grant)})


def fields(encoded: str) -> dict[str, str]:
    """Return the fields of a form or query, the last of each name."""
    return {name: values[-1] for name, values in parse_qs(encoded, keep_blank_values=True).items()}


def _problem(asked: dict[str, str], *, pkce: bool) -> str:
    if asked.get("response_type") != "code":
        return "response_type is not code"
    if "openid" not in asked.get("scope", "").split():
        return "scope without openid"
    if pkce and not asked.get("code_challenge"):
        return "no code_challenge"
    if asked.get("code_challenge") and asked.get("code_challenge_method") != "S256":
        return "code_challenge_method is not S256"
    return ""


def _back(provider: IdentityProvider, request: Request, asked: dict[str, str], told: dict[str, str]) -> Response:
    told = told | {name: asked[name] for name in ("state",) if name in asked} | {"iss": provider.issuer(request)}
    uri = asked["redirect_uri"]
    return Response(302, b"", {"Location": f"{uri}{'&' if '?' in uri else '?'}{urlencode(told)}"})


def _page(status: int, message: str, action: str = "", hint: str = "") -> Response:
    text = _PAGE.format(message=html.escape(message), action=html.escape(action), hint=html.escape(hint))
    return Response(status, text.encode(), {"Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-store"})
