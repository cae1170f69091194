"""Logging in by what an identity provider gives: vCenter exchanges it for a SAML token (see `oauth`)."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING

from vsphere_session.endpoint import Endpoint
from vsphere_session.errors import InvalidRequestError, NotFoundError, UnsupportedError
from vsphere_session.login.by_token import TokenLogin
from vsphere_session.login.ground import elsewhere
from vsphere_session.login.oauth.addresses import split_url
from vsphere_session.login.oauth.discovery import configured, discover, discover_broker, discover_by_vcenter
from vsphere_session.login.oauth.exchange import saml_for
from vsphere_session.login.oauth.grants import tokens_of
from vsphere_session.vsphere.saml import read_token

if TYPE_CHECKING:
    from vsphere_session.http.transport import Transport
    from vsphere_session.login.ground import Ground
    from vsphere_session.login.method import Client
    from vsphere_session.login.oauth.discovery import Provider
    from vsphere_session.login.oauth.forms import Client as Registered
    from vsphere_session.login.oauth.grants import Grant
    from vsphere_session.login.oauth.tokens import Tokens
    from vsphere_session.login.values import Values
    from vsphere_session.vsphere.saml import Assertion
    from vsphere_session.vsphere.security import Signer


class ProviderLogin(TokenLogin):
    """Logs in with a token that vCenter gives for the provider's."""

    obtains_by_secret = True

    def __init__(self, ground: Ground, values: Values) -> None:
        super().__init__(ground, values)
        self._connect = elsewhere(ground, values)

    @abstractmethod
    def tokens_for(self, vcenter: Transport) -> Tokens:
        """What the provider gives. Raises as `obtain` does."""

    def token_for(self, client: Client) -> tuple[Assertion, Signer | None]:
        """As TokenLogin says."""
        assertion, self.issued_at = saml_for(client.transport, self.tokens_for(client.transport))
        return read_token(assertion.encode()), None

    def _request(self, provider: Provider, grant: Grant, who: Registered | None) -> Tokens:
        return tokens_of(provider.token_endpoint, self._connect, grant, who, self._ground.clock.now())


def provider_of(ground: Ground, values: Values, vcenter: Transport) -> Provider:
    """The identity provider: `token_endpoint` with `authorization_endpoint`, or `issuer`, or `broker` with `tenant`; else vCenter is asked."""
    connect = elsewhere(ground, values)
    if values.text("token_endpoint"):
        return configured(
            values.text("authorization_endpoint"), values.text("token_endpoint"), issuer=values.text("issuer")
        )
    if values.text("issuer"):
        return discover(connect, values.text("issuer"))
    if values.text("broker") or values.text("tenant"):
        return discover_broker(connect, broker_of(ground, values), values.text("tenant"))
    try:
        return discover_by_vcenter(connect, vcenter)
    except (UnsupportedError, NotFoundError) as untold:
        try:
            return discover_broker(connect, broker_of(ground, values), values.text("tenant"))
        except UnsupportedError:
            raise untold from None


def broker_of(ground: Ground, values: Values) -> Endpoint:
    """The VCF Identity Broker: a host of its own, or in vCenter. Raises InvalidRequestError."""
    text = values.text("broker")
    if not text:
        return Endpoint("https", ground.endpoint.authority, "/", "", None)
    place, path = split_url(text if "://" in text else f"https://{text}", "broker")
    if path != "/":
        raise InvalidRequestError("broker is a host; leave the path out, and give tenant where it is not CUSTOMER")
    return place
