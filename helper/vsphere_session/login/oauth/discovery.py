"""Where a provider's endpoints are: by its issuer, by the broker's tenant, or as the vCenter says itself.

Sources: OpenID Connect Discovery 1.0; RFC 9207; `GET /api/vcenter/identity/providers` (7.0 and newer), which many may not
read. What vCenter knows of the client there (`authentication_header` may hold its secret) is not looked at.
"""

from __future__ import annotations

from urllib.parse import quote

from credential_protocol.jsontext import decode
from vsphere_session.endpoint import Endpoint
from vsphere_session.errors import InvalidRequestError, NotFoundError, SessionError, UnreachableError, UnsupportedError
from vsphere_session.http.response import Response
from vsphere_session.http.transport import Transport
from vsphere_session.login.oauth.addresses import Connect, split_url
from vsphere_session.login.oauth.forms import json_object
from vsphere_session.vsphere.faults import shown

DEFAULT_TENANT = "CUSTOMER"
_WELL_KNOWN = "/.well-known/openid-configuration"
_PROVIDERS = "/api/vcenter/identity/providers"
_BY_HAND = "give issuer, or authorization_endpoint and token_endpoint"


class Provider:
    """An identity provider.

    issuer                  what it calls itself; empty where nobody said
    authorization_endpoint  where the browser goes; empty where it has none
    token_endpoint          where forms go
    names_itself            whether it says in each redirect who it is (RFC 9207)
    extra                   parameters that the vCenter wants the browser to bring there
    """

    __slots__ = ("authorization_endpoint", "extra", "issuer", "names_itself", "token_endpoint")

    def __init__(
        self, token_endpoint: str, *, authorization_endpoint: str = "", issuer: str = "", names_itself: bool = False
    ) -> None:
        self.extra: dict[str, str] = {}
        self.issuer = issuer
        self.authorization_endpoint = authorization_endpoint
        self.token_endpoint = token_endpoint
        self.names_itself = names_itself

    def __repr__(self) -> str:
        return f"<Provider {self.issuer or self.token_endpoint!r}>"


def configured(authorization_endpoint: str, token_endpoint: str, *, issuer: str = "") -> Provider:
    """A provider whose endpoints the user names. Raises InvalidRequestError."""
    split_url(token_endpoint, "token_endpoint")
    if authorization_endpoint:
        split_url(authorization_endpoint, "authorization_endpoint")
    return Provider(token_endpoint, authorization_endpoint=authorization_endpoint, issuer=issuer)


def discover(connect: Connect, issuer: str) -> Provider:
    """The provider that calls itself `issuer`.

    Raises InvalidRequestError for a bad issuer, UnreachableError and UnsupportedError where it does not answer as one.
    """
    endpoint, path = split_url(issuer, "issuer")
    transport = connect(endpoint)
    try:
        return _read_configuration(transport, issuer, path.partition("?")[0].rstrip("/") + _WELL_KNOWN)
    finally:
        transport.close()


def discover_broker(connect: Connect, broker: Endpoint, tenant: str = "") -> Provider:
    """The VCF Identity Broker of a tenant, on the vCenter itself or on a host of its own. Raises as `discover` does."""
    tenant = quote(tenant or DEFAULT_TENANT, safe="")
    return discover(connect, f"{broker.scheme}://{broker.authority.lower()}/acs/t/{tenant}")


def discover_by_vcenter(connect: Connect, vcenter: Transport, *, name: str = "", session_id: str = "") -> Provider:
    """The provider that vCenter sends its people to: the one called `name`, else the default one.

    `session_id` is that of a REST session, if there is one: vCenters differ in whether they tell without.

    Raises NotFoundError where there is none, UnsupportedError where it is not told, and as `discover` does.
    """
    headers = {"Accept": "application/json"} | ({"vmware-api-session-id": session_id} if session_id else {})
    found = _ask(vcenter, _PROVIDERS, headers)
    if not isinstance(found, list):
        raise UnreachableError(f"{vcenter.endpoint.place} answered with no list of identity providers; {_BY_HAND}")
    chosen = _choose([row for row in found if isinstance(row, dict)], name, vcenter.endpoint.place)
    details = _details(chosen)
    if not details:
        row = _ask(vcenter, f"{_PROVIDERS}/{quote(str(chosen.get('provider', '')), safe='')}", headers)
        details = _details(row if isinstance(row, dict) else {})
    provider = _of_details(connect, details, vcenter.endpoint.place)
    for found in (chosen, details):
        provider.extra |= _query_parameters(found.get("auth_query_params"))
    return provider


def _read_configuration(transport: Transport, issuer: str, path: str) -> Provider:
    place = transport.endpoint.place
    response = transport.send("GET", path, {"Accept": "application/json"})
    found = json_object(response)
    if response.status in (404, 405):
        raise UnsupportedError(f"{place} has no {path}; check the issuer, or {_BY_HAND.partition(', or ')[2]}")
    if response.status != 200 or found is None:
        raise UnreachableError(
            f"{place} does not say where its endpoints are (HTTP status {response.status}); check the issuer, and that no portal is in between"
        )
    own = _text(found, "issuer")
    if own.removesuffix("/") != issuer.removesuffix("/"):
        raise UnreachableError(
            f"{place} calls itself {shown(own) or 'nothing'}, not {issuer}; if that is right, {_BY_HAND}"
        )
    # a document that came over TLS sends nobody to http
    for name in ("token_endpoint", "authorization_endpoint"):
        url = _text(found, name)
        if (
            url
            and split_url(url, f"{name} of {place}", UnreachableError)[0].scheme != transport.endpoint.scheme == "https"
        ):
            raise UnreachableError(f"the {name} of {place} is for http; let its administrator make that https")
    if not _text(found, "token_endpoint"):
        raise UnreachableError(f"{place} names no token endpoint; give authorization_endpoint and token_endpoint")
    return Provider(
        _text(found, "token_endpoint"),
        authorization_endpoint=_text(found, "authorization_endpoint"),
        issuer=own,
        names_itself=found.get("authorization_response_iss_parameter_supported") is True,
    )


def _ask(transport: Transport, path: str, headers: dict[str, str]) -> object:
    response = transport.send("GET", path, headers)
    if response.status != 200:
        raise _not_told(transport.endpoint.place, response)
    try:
        return decode(response.body)
    except ValueError:
        raise UnreachableError(
            f"{transport.endpoint.place} answered with something that is no list of identity providers; {_BY_HAND}"
        ) from None


def _not_told(place: str, response: Response) -> SessionError:
    if response.status in (401, 403):
        return UnsupportedError(
            f"{place} does not tell everybody its identity providers ({response.status}); {_BY_HAND}"
        )
    if response.status in (404, 405):
        return UnsupportedError(f"{place} knows no identity providers (older than 7.0, or no vCenter); {_BY_HAND}")
    return UnreachableError(
        f"{place} does not say who its identity providers are (HTTP status {response.status}); try again, or {_BY_HAND}"
    )


def _choose(rows: list[dict[str, object]], name: str, place: str) -> dict[str, object]:
    """The row that was asked for; without a name the default one, or the only one."""
    if name:
        fitting = [row for row in rows if name in (row.get("name"), row.get("provider"))]
    else:
        fitting = [row for row in rows if row.get("is_default") is True and _details(row)] or [
            row for row in rows if row.get("config_tag") in ("Oidc", "Oauth2")
        ]
    if len(fitting) == 1:
        return fitting[0]
    names = ", ".join(shown(str(row.get("name") or row.get("provider"))) for row in fitting or rows)
    if not fitting:
        raise NotFoundError(f"{place} has no such identity provider (it has: {names or 'none'}); {_BY_HAND}")
    raise InvalidRequestError(f"{place} has several identity providers ({names}); {_BY_HAND}")


def _details(row: dict[str, object]) -> dict[str, object]:
    """What a row says of its endpoints; summaries may say nothing."""
    found = row.get("oidc") or row.get("oauth2")
    return found if isinstance(found, dict) else {}


def _of_details(connect: Connect, details: dict[str, object], place: str) -> Provider:
    document = _text(details, "discovery_endpoint")
    if document.endswith(_WELL_KNOWN):
        split_url(document, f"discovery_endpoint of {place}", UnreachableError)
        return discover(connect, document.removesuffix(_WELL_KNOWN))
    token, authorization = _text(details, "token_endpoint"), _text(details, "auth_endpoint")
    if not token:
        raise UnsupportedError(f"{place} does not say where its identity provider gives tokens; {_BY_HAND}")
    for url in filter(None, (token, authorization)):
        split_url(url, f"identity provider of {place}", UnreachableError)
    return Provider(token, authorization_endpoint=authorization)


def _query_parameters(found: object) -> dict[str, str]:
    """A map of names to lists of texts, of which the first counts: for ADFS its `resource` is there."""
    pairs = found.items() if isinstance(found, dict) else ()
    firsts = {str(name): texts[0] for name, texts in pairs if isinstance(texts, list) and texts}
    return {name: text for name, text in firsts.items() if isinstance(text, str)}


def _text(found: dict[str, object], name: str) -> str:
    value = found.get(name)
    return value if isinstance(value, str) else ""
