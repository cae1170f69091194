"""The identity broker of a vCenter: who its clients and people are, where its endpoints are, what it has given out.

    with SimulatedVCenter(sts=Sts(), identity_provider=IdentityProvider()) as vc:
        vc.identity_provider.register_client("cli", redirect_uris=["http://localhost:8844/auth"])

Below `/acs/t/CUSTOMER`: discovery, `authorize` (a form for a browser), `token`. Beside it vCenter's own part: the list
of providers, and the exchange of the broker's tokens for SAML.
"""

from __future__ import annotations

import functools
import secrets
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal
from urllib.parse import urlsplit

from simulated_vcenter import jwt, keys, oauth_authorize, oauth_token, token_exchange
from simulated_vcenter.clock import Clock
from simulated_vcenter.messages import Request, Response, json_response
from simulated_vcenter.sts import Sts

API_TOKEN = "urn:custom:vcf:params:oauth:grant-type:api-token"
TOKEN_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
FOREIGN_ISSUER, FOREIGN_AUDIENCE = "https://ci.example", "vcf-broker"
PROVIDERS = "/api/vcenter/identity/providers"
_GRANTS = ("authorization_code", "refresh_token", "client_credentials", "password")
_ACCESS_LIFE = 1798
_CODE_LIFE = 60


@dataclass(frozen=True)
class Client:
    """A program that may ask for tokens; a public one has no secret."""

    id: str
    secret: str = ""
    redirect_uris: tuple[str, ...] = ()
    grants: tuple[str, ...] = _GRANTS
    pkce_enforced: bool = True


@dataclass(frozen=True)
class Grant:
    """What a code or a refresh token stands for; `family` is all that came of one consent."""

    client: str
    user: str
    scope: str
    family: str
    redirect_uri: str = ""
    challenge: str = ""
    nonce: str = ""
    expires: float = 0.0
    used: bool = False


@dataclass
class Given:
    """What is about, by its secret."""

    codes: dict[str, Grant] = field(default_factory=dict)
    refresh: dict[str, Grant] = field(default_factory=dict)
    api_tokens: dict[str, tuple[str, float]] = field(default_factory=dict)  # user, end
    revoked: set[str] = field(default_factory=set)  # families


class IdentityProvider:
    """A broker beside one simulated vCenter.

    `users` maps names in UPN form to passwords. `providers` says who may read the list of providers: anybody, those who
    are logged in, or nobody. `subject_token` says how the exchange wants the JWT: as it is, in base64, or either.
    With `url_safe` the exchange answers in the url-safe alphabet. `trusts` is the issuer of another provider, whose people
    vCenter takes in place of the broker's: by the keys that it publishes at `/keys`, and as `mapped` says.
    """

    def __init__(
        self,
        users: Mapping[str, str] | None = None,
        *,
        tenant: str = "CUSTOMER",
        providers: Literal["anybody", "logged in", "nobody"] = "anybody",
        subject_token: Literal["raw", "base64", "either"] = "raw",
        url_safe: bool = False,
        trusts: str = "",
    ) -> None:
        self.users = {"alice@example.com": "Secret1!"} if users is None else dict(users)
        self.base = f"/acs/t/{tenant}"
        self.providers, self.subject_token, self.url_safe = providers, subject_token, url_safe
        self.trusts = trusts
        self.signer, self.foreign_signer = _signing_keys()
        self.clients: dict[str, Client] = {}
        self.mapped: dict[str, str] = {}  # subjects of the foreign issuer: users here
        self.given, self.lock = Given(), threading.Lock()
        self.clock, self.refusals, self._sts = Clock(), list[str](), Sts()

    def attach(self, clock: Clock, refusals: list[str], sts: Sts) -> None:
        """Belong to a vCenter from now on."""
        self.clock, self.refusals, self._sts = clock, refusals, sts

    # What a test does to it

    def register_client(
        self,
        identifier: str,
        *,
        secret: str = "",
        redirect_uris: Iterable[str] = (),
        grants: Iterable[str] = _GRANTS,
        pkce_enforced: bool = True,
    ) -> None:
        """Let a program in; without a secret it is a public client."""
        self.clients[identifier] = Client(identifier, secret, tuple(redirect_uris), tuple(grants), pkce_enforced)

    def issue_api_token(self, user: str, life: float = 180 * 86400) -> str:
        """Return a token as a person makes it in the web page."""
        token = f"vidb_{secrets.token_urlsafe(32)}"
        self.given.api_tokens[token] = user, self.clock.now() + life
        return token

    def issue_foreign_jwt(
        self,
        subject: str,
        life: float = 300.0,
        signer: keys.KeyPair | None = None,
        *,
        audience: str = FOREIGN_AUDIENCE,
    ) -> str:
        """Return a CI system's token about itself; `mapped` says whom the broker takes it for."""
        now = self.clock.now()
        claims = {"iss": FOREIGN_ISSUER, "aud": audience, "sub": subject, "iat": int(now), "exp": int(now + life)}
        return jwt.signed(claims, signer or self.foreign_signer)

    # What its parts share

    @property
    def sts(self) -> Sts:
        """The token service of the same vCenter."""
        return self._sts

    def issuer(self, request: Request) -> str:
        """Return its name: the URL by which the client has come."""
        return f"https://{request.headers.get('host', 'localhost')}{self.base}"

    def access_token(self, request: Request, user: str, client: str, scope: str) -> str:
        """Return a JWT about a user or client."""
        return jwt.signed(self._claims(request, user, scope=scope, cid=client, aud=client), self.signer)

    def id_token(self, request: Request, grant: Grant) -> str:
        """Return a JWT for the client about its user."""
        more = {"nonce": grant.nonce} if grant.nonce else {}
        return jwt.signed(self._claims(request, grant.user, aud=grant.client, **more), self.signer)

    def subject(self, request: Request, token: str) -> str:
        """Return whom one of its access tokens is about; raises InvalidJwt."""
        return str(jwt.verified(token, self.signer, self.issuer(request), self.clock.now())["acct"])

    def new_code(self, grant: Grant) -> str:
        """Return a code, good once and for a minute."""
        code = secrets.token_urlsafe(24)
        with self.lock:
            self.given.codes[code] = replace(grant, expires=self.clock.now() + _CODE_LIFE)
        return code

    def new_refresh_token(self, grant: Grant) -> str:
        """Return a refresh token, good once."""
        token = secrets.token_urlsafe(32)
        with self.lock:
            self.given.refresh[token] = replace(grant, used=False)
        return token

    def use(self, table: dict[str, Grant], secret: str) -> Grant | None:
        """Return what a code or refresh token stands for; a second use voids all that came of the first."""
        with self.lock:
            grant = table.get(secret)
            if grant is None or grant.family in self.given.revoked:
                return None
            if grant.used:
                self.given.revoked.add(grant.family)
                return None
            table[secret] = replace(grant, used=True)
            return grant

    # How a request is answered

    def answer(self, request: Request, *, logged_in: bool) -> Response | None:
        """Return the answer, None if the path is none of its own."""
        doors: dict[str, Callable[[], Response]] = {
            f"GET {self.base}/.well-known/openid-configuration": lambda: json_response(200, self._discovery(request)),
            f"GET {self.base}/jwks": lambda: json_response(200, jwt.key_set(self.signer)),
            f"GET {self.base}/authorize": lambda: oauth_authorize.answer(self, request),
            f"POST {self.base}/authorize": lambda: oauth_authorize.answer(self, request),
            f"POST {self.base}/token": lambda: oauth_token.answer(self, request),
            f"GET {PROVIDERS}": lambda: self._list(request, logged_in=logged_in),
            f"POST {token_exchange.PATH}": lambda: token_exchange.answer(self, request),
            f"POST {token_exchange.OLD_PATH}": lambda: token_exchange.answer(self, request),
        }
        door = doors.get(f"{request.method} {urlsplit(request.path).path}")
        return None if door is None else door()

    def _list(self, request: Request, *, logged_in: bool) -> Response:
        if self.providers == "nobody" or (self.providers == "logged in" and not logged_in):
            return json_response(403, {"error_type": "UNAUTHORIZED", "messages": []})
        issuer = self.issuer(request)
        oidc = {
            "discovery_endpoint": f"{issuer}/.well-known/openid-configuration",
            "auth_endpoint": f"{issuer}/authorize",
            "token_endpoint": f"{issuer}/token",
            "client_id": next(iter(self.clients), ""),
            "authentication_header": "",
        }
        provider = {
            "provider": "customer",
            "name": "Customer's people",
            "config_tag": "Oidc",
            "is_default": True,
            "domain_names": sorted({name.rpartition("@")[2] for name in self.users}),
            "federation_type": "INDIRECT_FEDERATION",
            "oidc": oidc,
        }
        return json_response(200, [provider])

    def _discovery(self, request: Request) -> dict[str, Any]:
        issuer = self.issuer(request)
        return {
            "issuer": issuer,
            "authorization_endpoint": f"{issuer}/authorize",
            "token_endpoint": f"{issuer}/token",
            "jwks_uri": f"{issuer}/jwks",
            "response_types_supported": ["code"],
            "code_challenge_methods_supported": ["S256"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "none"],
        }

    def _claims(self, request: Request, user: str, **more: str) -> dict[str, Any]:
        now = int(self.clock.now())
        name = user if "@" in user else f"{user}@{self._sts.tenant}"
        told = {"iss": self.issuer(request), "sub": user, "acct": name, "iat": now, "exp": now + _ACCESS_LIFE}
        return {**told, "jti": secrets.token_hex(8), **more}


@functools.cache
def _signing_keys() -> tuple[keys.KeyPair, keys.KeyPair]:
    """Its own and the foreign issuer's, made once in a process."""
    return keys.new_pair("broker"), keys.new_pair("ci")
