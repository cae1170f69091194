"""Where a provider's endpoints are, and whom that is believed."""

from __future__ import annotations

import pytest

from login.oauth.canned import Canned, in_json, way, way_to
from vsphere_session.endpoint import Endpoint, parse_endpoint
from vsphere_session.errors import (
    InvalidRequestError,
    NotFoundError,
    SessionError,
    UnreachableError,
    UnsupportedError,
)
from vsphere_session.http.transport import Transport
from vsphere_session.login.oauth.addresses import split_url
from vsphere_session.login.oauth.discovery import configured, discover, discover_broker, discover_by_vcenter

WELL_KNOWN = "/.well-known/openid-configuration"
PROVIDERS = "/api/vcenter/identity/providers"


def document(server: Canned, path: str = "", changed: dict[str, object] | None = None) -> None:
    """Let the server be a provider at `path`."""
    issuer = server.url + path
    said = {"issuer": issuer, "authorization_endpoint": f"{issuer}/authorize", "token_endpoint": f"{issuer}/token"}
    server.answers[f"GET {path.rstrip('/')}{WELL_KNOWN}"] = in_json({**said, **(changed or {})})


@pytest.mark.parametrize("path", ["", "/", "/tenant/v2.0"])
def test_an_issuer_says_where_its_endpoints_are(server: Canned, path: str) -> None:
    document(server, path, {"authorization_response_iss_parameter_supported": True})
    found = discover(way, server.url + path)
    assert found.issuer == server.url + path
    assert found.token_endpoint == f"{server.url}{path}/token"
    assert found.authorization_endpoint == f"{server.url}{path}/authorize"
    assert found.names_itself


def test_the_broker_is_found_by_its_tenant(server: Canned) -> None:
    for tenant, path in (("", "/acs/t/CUSTOMER"), ("a/b", "/acs/t/a%2Fb")):
        document(server, path)
        assert discover_broker(way, parse_endpoint(server.url), tenant).issuer == server.url + path


@pytest.mark.parametrize(
    ("changed", "text"),
    [
        ({"issuer": "https://evil.example.com"}, "calls itself https://evil.example.com, not http://127.0.0.1"),
        ({"issuer": None}, "calls itself nothing"),
        ({"token_endpoint": "http://idp.example.com/token"}, "unencrypted"),
        ({"token_endpoint": "file:///etc/passwd"}, "is not a URL for https"),
        ({"authorization_endpoint": "javascript:alert(1)"}, "is not a URL for https"),
        ({"token_endpoint": "https://user@idp.example.com/"}, "is not a URL for https"),
        ({"token_endpoint": "https://idp.example.com/\r\nX: y"}, "is not a URL for https"),
        ({"token_endpoint": ""}, "names no token endpoint"),
    ],
)
def test_a_document_that_is_not_to_be_believed(server: Canned, changed: dict[str, object], text: str) -> None:
    document(server, changed=changed)
    with pytest.raises(UnreachableError, match=text):
        discover(way, server.url)


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ((404, "text/html", b""), UnsupportedError),
        ((200, "text/html", b"<html>"), UnreachableError),
        ((503, "text/plain", b""), UnreachableError),
        ((301, "text/plain", b""), UnreachableError),
        ((200, "application/json", b'["issuer"]'), UnreachableError),
    ],
)
def test_what_is_no_document(server: Canned, said: tuple[int, str, bytes], kind: type[SessionError]) -> None:
    server.answers[f"GET {WELL_KNOWN}"] = said
    with pytest.raises(kind):
        discover(way, server.url)


@pytest.mark.parametrize(
    "url",
    [
        "idp.example.com",
        "http://idp.example.com/",
        "https://",
        "https://me@idp.example.com/",
        "https://idp.example.com?x",
        "https://idp.example.com/#x",
        "https://idp.example.com/a b",
        "https://idp.example.com:0/",
        "https://127.0.0.1.evil.example.com@x/",
        "http://127.evil.example.com/",
        "ftp://localhost/",
        "https://idp.example.com/ü",
    ],
)
def test_an_address_that_secrets_never_go_to(url: str) -> None:
    """Neither in the configuration nor in a document."""
    with pytest.raises(InvalidRequestError, match="issuer"):
        split_url(url, "issuer")
    with pytest.raises(InvalidRequestError, match="token_endpoint"):
        configured("", url)


def test_addresses_that_are_fine() -> None:
    endpoint, target = split_url("https://idp.example.com:8443/a%20b/token?p=1", "token_endpoint")
    assert (endpoint.place, target) == ("idp.example.com:8443", "/a%20b/token?p=1")
    for url in ("http://localhost:9998", "http://[::1]:9998", "http://127.0.0.1:9998"):
        assert split_url(url, "issuer")[1] == "/"


def test_a_document_over_tls_sends_nobody_to_http() -> None:
    """Not even on this machine."""
    with_http = {"issuer": "https://localhost", "token_endpoint": "http://localhost/token"}

    class Told(Transport):
        def __init__(self, endpoint: Endpoint) -> None:
            self.endpoint = endpoint

        def send(self, *_: object) -> object:  # type: ignore[override]
            from vsphere_session.http.response import Response

            return Response(200, [], in_json(with_http)[2])

        def close(self) -> None:
            pass

    with pytest.raises(UnreachableError, match="is for http"):
        discover(Told, "https://localhost")


# ---- what vCenter says


def row(name: str = "idp", **more: object) -> dict[str, object]:
    """A summary."""
    return {"provider": f"{name}-id", "name": name, "config_tag": "Oidc", "is_default": False, **more}


def test_vcenter_says_it_in_the_list_or_in_the_details(server: Canned) -> None:
    """The secret that is there is not looked at."""
    document(server, "/acs/t/CUSTOMER")
    oidc = {"discovery_endpoint": f"{server.url}/acs/t/CUSTOMER{WELL_KNOWN}", "authentication_header": "Basic x"}
    local = {"provider": "local", "config_tag": "LocalOs", "is_default": False}
    server.answers[f"GET {PROVIDERS}"] = in_json([local, row(oidc=oidc)])
    assert discover_by_vcenter(way, way_to(server.authority)).issuer == f"{server.url}/acs/t/CUSTOMER"
    server.answers[f"GET {PROVIDERS}"] = in_json([local, row()])
    server.answers[f"GET {PROVIDERS}/idp-id"] = in_json(row(oidc=oidc))
    found = discover_by_vcenter(way, way_to(server.authority), session_id="s")
    assert found.issuer == f"{server.url}/acs/t/CUSTOMER"
    assert server.asked[-2].headers["vmware-api-session-id"] == "s"


def test_adfs_has_its_endpoints_in_place_of_a_document(server: Canned) -> None:
    """And what the browser is to bring there."""
    oauth2 = {"auth_endpoint": "https://adfs.example.com/authorize", "token_endpoint": "https://adfs.example.com/token"}
    wanted = {"resource": ["CUSTOMER:vcenter", "x"], "odd": [], "odder": 5}
    server.answers[f"GET {PROVIDERS}"] = in_json([row(config_tag="Oauth2", oauth2=oauth2, auth_query_params=wanted)])
    found = discover_by_vcenter(way, way_to(server.authority))
    assert found.extra == {"resource": "CUSTOMER:vcenter"}
    assert (found.token_endpoint, found.authorization_endpoint) == (oauth2["token_endpoint"], oauth2["auth_endpoint"])


def test_of_several_the_one_that_is_named_or_the_default(server: Canned) -> None:
    details = {"token_endpoint": "https://a.example.com/token"}
    rows = [row("a", oidc=details), row("b", is_default=True, oidc={"token_endpoint": "https://b.example.com/token"})]
    server.answers[f"GET {PROVIDERS}"] = in_json(rows)
    for name, host in (("", "b"), ("a", "a"), ("a-id", "a")):
        found = discover_by_vcenter(way, way_to(server.authority), name=name)
        assert found.token_endpoint == f"https://{host}.example.com/token"
    with pytest.raises(NotFoundError, match=r"no such identity provider \(it has: a, b\)"):
        discover_by_vcenter(way, way_to(server.authority), name="c")
    server.answers[f"GET {PROVIDERS}"] = in_json([row("a"), row("b")])
    with pytest.raises(InvalidRequestError, match=r"several identity providers \(a, b\)"):
        discover_by_vcenter(way, way_to(server.authority))


@pytest.mark.parametrize("status", [401, 403, 404])
def test_who_is_not_told_gives_it_by_hand(server: Canned, status: int) -> None:
    server.answers[f"GET {PROVIDERS}"] = in_json({}, status)
    with pytest.raises(UnsupportedError, match="give issuer, or authorization_endpoint and token_endpoint"):
        discover_by_vcenter(way, way_to(server.authority))


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        (in_json([]), NotFoundError),
        (in_json([1, "x", None]), NotFoundError),
        (in_json({"value": []}), UnreachableError),
        ((200, "text/html", b"<html>"), UnreachableError),
        (in_json({}, 500), UnreachableError),
        (in_json([row(oidc={})]), UnsupportedError),
        (in_json([row(oidc={"token_endpoint": "http://idp.example.com/"})]), UnreachableError),
        (in_json([row(oidc={"discovery_endpoint": f"ftp://x{WELL_KNOWN}"})]), UnreachableError),
    ],
)
def test_a_vcenter_that_says_nothing_of_use(
    server: Canned, said: tuple[int, str, bytes], kind: type[SessionError]
) -> None:
    server.answers[f"GET {PROVIDERS}"] = said
    with pytest.raises(kind):
        discover_by_vcenter(way, way_to(server.authority))
