"""By an identity provider (OpenID Connect): in the browser, or as a client, or by a person's password there.

What the provider gives is exchanged at vCenter for a SAML token (see `oauth`). Who has logged in once in the browser need not
do so again as long as the refresh token is good that is kept in the secret store; each one can be used once.
"""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from vsphere_session.digest import sha256_hex
from vsphere_session.errors import InteractionRequiredError, NotFoundError
from vsphere_session.login.by_provider import ProviderLogin, provider_of
from vsphere_session.login.kept_token import KeptToken, kept_for
from vsphere_session.login.oauth import grants
from vsphere_session.login.oauth.authorization_code import (
    DEFAULT_REDIRECT_URI,
    DEFAULT_SCOPE,
    Login,
    log_in_by_pasting,
    log_in_with_browser,
    refresh,
)
from vsphere_session.login.oauth.forms import Client as Registered
from vsphere_session.login.secret import secret

if TYPE_CHECKING:
    from vsphere_session.http.transport import Transport
    from vsphere_session.login.ground import Ground
    from vsphere_session.login.method import LoginMethod
    from vsphere_session.login.oauth.discovery import Provider
    from vsphere_session.login.oauth.tokens import Tokens
    from vsphere_session.login.values import Values


def method(ground: Ground, values: Values) -> LoginMethod:
    """As the settings say: `client_id`, `grant`, and where the provider is (see `provider_of`)."""
    return OidcLogin(ground, values)


class OidcLogin(ProviderLogin):
    """Logs in with a token that vCenter gives for an identity provider's."""

    name = "oidc"

    def __init__(self, ground: Ground, values: Values) -> None:
        super().__init__(ground, values)
        self._grant = values.text("grant") or "code"
        self._client_id = values.needed("client_id", "what the identity provider knows this program as")
        self._found_secret: str | None = None

    def tries(self, _kind: str) -> tuple[str, str] | None:
        """A person's password, or the client's secret."""
        if self._token is not None or self._grant == "code":
            return None
        if self._grant == "password":
            password = self._ground.password()
            return ("soap", password) if password else None
        return "soap", f"oidc:{self._client_id}:{self._secret()}"

    def tokens_for(self, vcenter: Transport) -> Tokens:
        """As ProviderLogin says."""
        ways = {"code": self._by_person, "client_credentials": self._as_client, "password": self._by_password}
        return ways[self._grant](provider_of(self._ground, self._values, vcenter))

    def disown(self) -> None:
        """As LoginMethod says."""
        if self._grant == "code":
            self._kept().forget()

    # ---- the three grants

    def _as_client(self, provider: Provider) -> Tokens:
        if not self._secret():
            raise NotFoundError(
                f"there is no secret for the client {self._client_id}; give client_secret_command, or store it once with the client's id as "
                "username: vsphere-session store"
            )
        grant = grants.client_credentials(scope=self._values.text("oidc_scope"), resource=self._values.text("resource"))
        return self._request(provider, grant, self._registered())

    def _by_password(self, provider: Provider) -> Tokens:
        password = self._ground.password()
        if not self.whom or password is None:
            raise NotFoundError(
                "to log in by password at the identity provider takes username and password; give both, or store them once"
            )
        scope = self._values.text("oidc_scope") or DEFAULT_SCOPE
        grant = grants.password(self.whom, password, scope=scope, resource=self._values.text("resource"))
        return self._request(provider, grant, self._registered())

    def _by_person(self, provider: Provider) -> Tokens:
        return self._by_refresh_token(provider) or self._in_the_browser(provider)

    def _by_refresh_token(self, provider: Provider) -> Tokens | None:
        if self._ground.person is not None:
            return None
        who = self._registered()
        return self._kept().redeem(
            lambda kept, keep: refresh(provider, who, self._connect, self._ground.clock, kept, store=keep)
        )

    def _in_the_browser(self, provider: Provider) -> Tokens:
        person, values = self._ground.person, self._values
        place = self._ground.endpoint.place
        if person is None:
            raise InteractionRequiredError(
                f"{place} wants its users to log in with a browser; run once: vsphere-session login {place}{self._named()}"
            )
        extra = {
            name: text for name, text in (("resource", values.text("resource")), ("login_hint", self.whom)) if text
        }
        scope = values.text("oidc_scope") or DEFAULT_SCOPE
        login = Login(provider, self._registered(), self._connect, self._ground.clock, scope=scope, extra=extra)
        uri = values.text("redirect_uri") or DEFAULT_REDIRECT_URI
        if person.has_browser:
            tokens = log_in_with_browser(
                login, self._ground.until(), redirect_uri=uri, open_browser=person.open, show=person.show
            )
        else:
            tokens = log_in_by_pasting(
                login, redirect_uri=uri, show=person.show, read=lambda: person.read(self._ground.until())
            )
        self._kept().keep(tokens)
        return tokens

    def _kept(self) -> KeptToken:
        told = "\0".join(
            map(self._values.text, ("client_id", "issuer", "token_endpoint", "broker", "tenant", "oidc_scope"))
        )
        return KeptToken(self._ground, f"{kept_for(self.whom)}refresh token {sha256_hex(told.encode())[:16]}")

    def _named(self) -> str:
        """For the command line of who has to log in: whose session is asked for."""
        return f" --username {shlex.quote(self.whom)}" if self.whom else ""

    # ---- who asks

    def _registered(self) -> Registered:
        return Registered(self._client_id, self._secret())

    def _secret(self) -> str:
        if self._found_secret is None:
            found = secret("client_secret", self._ground, self._values)
            self._found_secret = (self._ground.vault.login(self._client_id) if found is None else found) or ""
        return self._found_secret
