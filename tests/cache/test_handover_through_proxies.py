"""pyVmomi's and requests' clients go through the client's own proxy, or say that they cannot; never another way."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
import urllib3

from cache.bench import Bench
from simulated_vcenter import SimulatedVCenter
from support.connect_proxy import ConnectProxy
from support.proxy_server import Authority
from support.pyvmomi import pyvmomi_connections
from support.socks_proxy import SocksProxy
from vsphere_session import RestClient, SessionError, SoapClient
from vsphere_session.http.proxy import parse_proxy


def target(bench: Bench) -> tuple[str, int]:
    host, _, port = bench.vcenter.authority.rpartition(":")
    return host, int(port)


def clients(bench: Bench, url: str) -> tuple[SoapClient, RestClient]:
    """Logged in directly, and from then on behind a proxy."""
    soap, rest = bench.soap(bench.session()), bench.rest(bench.session())
    for client in (soap, rest):
        client.transport.proxy = parse_proxy(url)
    return soap, rest


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Authority:
    """The proxy's own, which the platform trusts."""
    made = Authority()
    (tmp_path / "proxy.pem").write_bytes(made.pem)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "proxy.pem"))
    return made


@pytest.fixture
def secure(bench: Bench, authority: Authority) -> Iterator[ConnectProxy]:
    with ConnectProxy(target(bench), tls=authority.context, login="me:secret") as proxy:
        yield proxy


def test_requests_goes_through_an_https_proxy_with_its_login(bench: Bench, secure: ConnectProxy) -> None:
    _, rest = clients(bench, secure.url.replace("//", "//me:secret@"))
    with rest.requests_session() as session:
        assert session.get("/api/session").json()["user"].startswith("administrator")
    assert [head.split(b" ")[0] for head in secure.requests] == [b"CONNECT"]


def test_requests_gives_an_https_proxy_that_is_not_trusted_nothing(
    bench: Bench, secure: ConnectProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where nothing of the server is verified."""
    monkeypatch.setenv("SSL_CERT_FILE", str(bench.vcenter.ca_file))
    _, rest = clients(bench, secure.url.replace("//", "//me:secret@"))
    rest.transport.trust.insecure = True
    with (
        rest.requests_session() as session,
        pytest.raises((requests.exceptions.SSLError, urllib3.exceptions.HTTPError, requests.exceptions.ProxyError)),
    ):
        session.get("/api/session")
    assert secure.requests == []


def test_socks_is_unsupported_for_both(bench: Bench) -> None:
    with SocksProxy(target(bench)) as proxy:
        soap, rest = clients(bench, proxy.url.replace("//", "//me:canary@"))
        for hand_over in (soap.service_instance, rest.requests_session):
            with pytest.raises(SessionError, match="NO_PROXY") as refused:
                hand_over()
            assert refused.value.kind == "unsupported"
            assert "canary" not in refused.value.message
        assert proxy.asked == []


@pytest.mark.parametrize("url", ["https://127.0.0.1:1", "http://me:canary@127.0.0.1:1"])
def test_pyvmomi_knows_neither_proxies_by_tls_nor_logins_for_them(bench: Bench, url: str) -> None:
    """A login would go to the server with every call."""
    soap, _ = clients(bench, url)
    with pytest.raises(SessionError, match="pyVmomi cannot go through the proxy") as refused:
        soap.service_instance()
    assert refused.value.kind == "unsupported"
    assert "canary" not in refused.value.message


def test_a_pinned_servers_certificate_is_fetched_through_the_proxy_by_both(bench: Bench) -> None:
    with ConnectProxy(target(bench)) as proxy:
        soap, rest = clients(bench, proxy.url)
        for client in (soap, rest):
            client.transport.trust.thumbprint = bench.vcenter.thumbprint
        with pyvmomi_connections():
            instance = soap.service_instance()
            assert instance.CurrentTime() is not None
            instance._stub.DropConnections()
        with rest.requests_session() as session:
            assert session.get("/api/session").ok
        assert len(proxy.requests) >= 4


def test_plain_endpoints_of_requests_go_through_http_proxies(home: Path) -> None:
    with SimulatedVCenter(tls=False) as vcenter:
        bench = Bench(vcenter, home)
        rest = bench.rest(bench.session(ca_file=""))
        with ConnectProxy(target(bench)) as proxy:
            rest.transport.proxy = parse_proxy(proxy.url)
            with rest.requests_session() as session:
                assert session.get("/api/session").ok
            assert len(proxy.requests) == 1
        bench.close()
