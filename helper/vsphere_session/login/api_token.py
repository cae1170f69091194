"""By an API token of VMware Cloud Foundation 9.1, or by the token that a CI system has of a provider that the broker trusts.

The VCF Identity Broker gives an access token for either, and vCenter a SAML token for that (see `oauth`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vsphere_session.digest import sha256_hex
from vsphere_session.login.by_provider import ProviderLogin, broker_of
from vsphere_session.login.oauth import grants
from vsphere_session.login.oauth.discovery import configured, discover_broker
from vsphere_session.login.secret import needed_secret

if TYPE_CHECKING:
    from vsphere_session.http.transport import Transport
    from vsphere_session.login.ground import Ground
    from vsphere_session.login.method import LoginMethod
    from vsphere_session.login.oauth.discovery import Provider
    from vsphere_session.login.oauth.tokens import Tokens
    from vsphere_session.login.values import Values


def method(ground: Ground, values: Values) -> LoginMethod:
    """As the settings say: `api_token` or `idp_token`, each also as `…_file` and `…_command`; `broker`, `tenant`."""
    return ApiTokenLogin(ground, values)


class ApiTokenLogin(ProviderLogin):
    """Logs in with a token that vCenter gives for the broker's."""

    name = "api-token"

    def __init__(self, ground: Ground, values: Values) -> None:
        super().__init__(ground, values)
        self._kind = "idp_token" if values.source("idp_token") and not values.source("api_token") else "api_token"
        self._found = ""

    def tries(self, _kind: str) -> tuple[str, str] | None:
        """A token that was refused is not tried again for a while; what a command prints may be another one each time."""
        if self._token is not None or self._values.source(self._kind).endswith("_command"):
            return None
        return "soap", f"{self._kind}:{sha256_hex(self._given().encode('utf-8', 'surrogatepass'))}"

    def tokens_for(self, _vcenter: Transport) -> Tokens:
        """As ProviderLogin says."""
        given = self._given()
        grant = grants.foreign_token(given) if self._kind == "idp_token" else grants.api_token(given)
        return self._request(self._provider(), grant, None)

    def _given(self) -> str:
        if not self._found:
            what = "token of the CI system" if self._kind == "idp_token" else "API token"
            self._found = needed_secret(self._kind, what, self._ground, self._values)
        return self._found

    def _provider(self) -> Provider:
        endpoint = self._values.text("token_endpoint")
        if endpoint:
            return configured("", endpoint)
        return discover_broker(self._connect, broker_of(self._ground, self._values), self._values.text("tenant"))
