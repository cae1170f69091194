"""HTTPS_PROXY and NO_PROXY count as for govc: the helper goes to a server by the way that govc goes."""

from __future__ import annotations

import pytest

from simulated_vcenter import SimulatedVCenter
from support.connect_proxy import ConnectProxy
from support.program import PASSWORD, Helper, request
from vsphere_session.cache.clients import SoapClient
from vsphere_session.cache.session import Session
from vsphere_session.endpoint import parse_endpoint
from vsphere_session.errors import InvalidRequestError
from vsphere_session.http.proxy import proxy_for
from vsphere_session.http.transport import Transport


@pytest.mark.parametrize(
    ("url", "variables", "direct"),
    [
        ("vc.example.com", {"HTTPS_PROXY": "http://proxy:3128"}, False),
        ("vc.example.com", {"https_proxy": "proxy:3128"}, False),
        ("vc.example.com", {}, True),
        ("http://vc.example.com", {"HTTPS_PROXY": "http://proxy:3128"}, True),
        ("127.0.0.1", {"HTTPS_PROXY": "http://proxy:3128"}, True),
        ("[::1]", {"HTTPS_PROXY": "http://proxy:3128"}, True),
        ("localhost", {"HTTPS_PROXY": "http://proxy:3128"}, True),
        ("vc.example.com", {"HTTPS_PROXY": "http://proxy:3128", "NO_PROXY": "*"}, True),
        ("vc.example.com", {"HTTPS_PROXY": "http://proxy:3128", "NO_PROXY": "other, example.com"}, True),
        ("vc.example.com", {"HTTPS_PROXY": "http://proxy:3128", "NO_PROXY": ".example.com"}, True),
        ("example.com", {"HTTPS_PROXY": "http://proxy:3128", "NO_PROXY": ".example.com"}, False),
        ("vcexample.com", {"HTTPS_PROXY": "http://proxy:3128", "NO_PROXY": "example.com"}, False),
        ("vc.example.com:8443", {"HTTPS_PROXY": "http://proxy:3128", "NO_PROXY": "vc.example.com:443"}, False),
        ("10.1.2.3", {"HTTPS_PROXY": "http://proxy:3128", "NO_PROXY": "10.0.0.0/8"}, True),
        ("11.1.2.3", {"HTTPS_PROXY": "http://proxy:3128", "NO_PROXY": "10.0.0.0/8"}, False),
    ],
)
def test_which_endpoints_go_through_the_proxy(url: str, variables: dict[str, str], *, direct: bool) -> None:
    """Loopback, plain http and what NO_PROXY names are reached directly, all else through the proxy."""
    proxy = proxy_for(parse_endpoint(url), variables)
    assert (proxy is None) is direct
    assert proxy is None or (proxy.host, proxy.port) == ("proxy", 3128)


def test_a_proxy_that_is_no_url_is_a_clear_error() -> None:
    """The message names the variable and does not repeat its value, which may hold a password."""
    with pytest.raises(InvalidRequestError, match=r"^HTTPS_PROXY is no proxy's URL") as caught:
        proxy_for(parse_endpoint("vc.example.com"), {"HTTPS_PROXY": "http://user:canary@:x"})
    assert "canary" not in caught.value.message


def test_a_login_goes_through_the_proxy_and_its_tls_ends_at_the_server(
    vcenter: SimulatedVCenter, helper: Helper
) -> None:
    """The proxy sees a CONNECT with its own login, and none of the password."""
    host, _, port = vcenter.authority.rpartition(":")
    with ConnectProxy((host, int(port))) as proxy:
        session = Session(
            f"https://administrator%40vsphere.local:{PASSWORD}@{vcenter.authority}/sdk",
            ca_file=str(vcenter.ca_file),
            environ=helper.environment,
        )

        def config(transport: Transport) -> None:
            transport.proxy = parse_endpoint(proxy.url.replace("//", "//me:secret@"))

        assert session.login(SoapClient(), config)
        [head] = proxy.requests
        assert head.startswith(f"CONNECT {vcenter.authority} HTTP/1.1\r\n".encode())
        assert b"Proxy-Authorization: Basic bWU6c2VjcmV0\r\n" in head
        assert PASSWORD.encode() not in b"".join(proxy.requests)


def test_a_proxy_that_refuses_is_unreachable(vcenter: SimulatedVCenter, helper: Helper) -> None:
    """The error says that it was the proxy, and names the variables."""
    with ConnectProxy(("127.0.0.1", 1), status="403 Forbidden") as proxy:
        reply = helper.call("get", request(vcenter, url="vc.example.com", password=PASSWORD), HTTPS_PROXY=proxy.url)
    assert reply.kind == "unreachable"
    assert "the proxy" in reply.stderr
    assert "403" in reply.stderr
    assert "HTTPS_PROXY" in reply.stderr
    assert vcenter.requests == []
