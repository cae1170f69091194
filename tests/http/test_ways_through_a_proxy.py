"""Real proxies of every kind between the program and a vCenter: TLS to the proxy, SOCKS, logins, plain servers."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from peers.govc import Govc
from simulated_vcenter import SimulatedVCenter
from support.connect_proxy import ConnectProxy
from support.program import PASSWORD, USER, Helper, request
from support.proxy_server import Authority
from support.socks_proxy import SocksProxy
from vsphere_session.cache.clients import SoapClient
from vsphere_session.cache.session import Session
from vsphere_session.http.proxy import parse_proxy
from vsphere_session.http.transport import Transport

NAME = "vc.example.com"


def target(server: SimulatedVCenter) -> tuple[str, int]:
    host, _, port = server.authority.rpartition(":")
    return host, int(port)


@pytest.fixture
def vcenter() -> Iterator[SimulatedVCenter]:
    """One whose certificate is for a name that no name server knows."""
    with SimulatedVCenter() as server:
        server.new_certificate(NAME)
        yield server


def asked(server: SimulatedVCenter, **fields: object) -> dict[str, object]:
    return request(server, url=f"{NAME}:{target(server)[1]}", password=PASSWORD, **fields)


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    """The proxy's own, in a file for SSL_CERT_FILE."""
    made = Authority()
    (tmp_path / "proxy.pem").write_bytes(made.pem)
    return made


# ---- TLS to the proxy


@pytest.mark.parametrize("trust", ["ca_file", "thumbprint", "insecure"])
def test_an_https_proxy_is_spoken_to_by_tls_and_the_servers_tls_is_inside(
    vcenter: SimulatedVCenter, helper: Helper, authority: Authority, tmp_path: Path, trust: str
) -> None:
    """Its login is seen by it alone; whom to trust for the server says nothing of the proxy."""
    more: dict[str, dict[str, object]] = {
        "ca_file": {},
        "thumbprint": {"ca_file": "", "thumbprint": vcenter.thumbprint},
        "insecure": {"ca_file": "", "insecure": True},
    }
    with ConnectProxy(target(vcenter), tls=authority.context, login="me:secret") as proxy:
        variables = {
            "HTTPS_PROXY": proxy.url.replace("//", "//me:secret@"),
            "SSL_CERT_FILE": str(tmp_path / "proxy.pem"),
        }
        assert helper.ok("get", asked(vcenter, **more[trust]), **variables)["source"] == "login"
        assert helper.ok("get", asked(vcenter, verify="always", **more[trust]), **variables)["source"] == "cache"
    assert {head.split(b" ")[0] for head in proxy.requests} == {b"CONNECT"}
    assert PASSWORD.encode() not in b"".join(proxy.requests)


@pytest.mark.parametrize(
    "fields", [{}, {"insecure": True}, {"thumbprint": "THE SERVER'S"}], ids=["", "insecure", "pin"]
)
def test_an_https_proxy_whose_certificate_is_not_trusted_gets_nothing_not_even_its_password(
    vcenter: SimulatedVCenter, helper: Helper, authority: Authority, fields: dict[str, object]
) -> None:
    """Neither `insecure`, nor a thumbprint or a ca_file for the server, vouch for it."""
    if "thumbprint" in fields:
        fields = {"thumbprint": vcenter.thumbprint}
    with ConnectProxy(target(vcenter), tls=authority.context) as proxy:
        url = proxy.url.replace("//", "//me:canary@")
        reply = helper.call("get", asked(vcenter, **fields), HTTPS_PROXY=url)
        place = proxy.url.rpartition("/")[2]
    assert reply.kind == "untrusted"
    assert f"the proxy {place} (HTTPS_PROXY)" in reply.stderr
    assert "SSL_CERT_FILE" in reply.stderr
    assert "canary" not in reply.stderr
    assert proxy.requests == []
    assert vcenter.requests == []


def test_an_https_proxy_with_a_certificate_for_another_name_is_untrusted(
    vcenter: SimulatedVCenter, helper: Helper, tmp_path: Path
) -> None:
    other = Authority("elsewhere.example")
    (tmp_path / "proxy.pem").write_bytes(other.pem)
    with ConnectProxy(target(vcenter), tls=other.context) as proxy:
        reply = helper.call("get", asked(vcenter), HTTPS_PROXY=proxy.url, SSL_CERT_FILE=str(tmp_path / "proxy.pem"))
    assert reply.kind == "untrusted"
    assert "not made for this address" in reply.stderr


@pytest.mark.parametrize("own_context", [False, True])
def test_large_answers_and_many_requests_go_through_tls_in_tls(
    vcenter: SimulatedVCenter,
    helper: Helper,
    authority: Authority,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    own_context: bool,
) -> None:
    """On one connection, as without a proxy; also with a context of `ssl` that a hook brings."""
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "proxy.pem"))
    with ConnectProxy(target(vcenter), tls=authority.context) as proxy:
        session = Session(
            f"https://administrator%40vsphere.local:{PASSWORD}@{NAME}:{target(vcenter)[1]}/sdk",
            ca_file=str(vcenter.ca_file),
            environ=helper.environment,
        )

        def config(transport: Transport) -> None:
            transport.proxy = parse_proxy(proxy.url)
            if own_context:
                transport.ssl_context = ssl.create_default_context(cafile=vcenter.ca_file)

        client = SoapClient()
        with client:
            assert session.login(client, config)
            for _ in range(3):
                assert client.confirm() is not None
            sent = client.transport.send("POST", "/sdk", {}, b"x" * 3_000_000)
            assert sent.status >= 400
    assert len(proxy.requests) == 2, "one for the login, which closes it, and one for all of these"


# ---- SOCKS


@pytest.mark.parametrize("scheme", ["socks5", "socks5h"])
@pytest.mark.parametrize("login", [None, ("me", "secret")])
def test_a_socks_proxy_leads_to_a_name_that_only_it_knows(
    vcenter: SimulatedVCenter, helper: Helper, scheme: str, login: tuple[str, str] | None
) -> None:
    with SocksProxy(target(vcenter), login=login) as proxy:
        url = proxy.url.replace("socks5://", f"{scheme}://" + (":".join(login) + "@" if login else ""))
        assert helper.ok("get", asked(vcenter), HTTPS_PROXY=url)["source"] == "login"
    assert set(proxy.asked) == {(NAME, target(vcenter)[1])}
    assert set(proxy.logins) == ({login} if login else set())


def test_socks5_looks_names_up_here_and_socks5h_at_the_proxy(vcenter: SimulatedVCenter, helper: Helper) -> None:
    seen = {}
    for scheme in ("socks5", "socks5h"):
        with SocksProxy(target(vcenter)) as proxy:
            url = proxy.url.replace("socks5", scheme)
            # a name of loopback that nobody takes for one, and for which no name server has to be asked
            fields = asked(vcenter) | {"url": f"127.1:{target(vcenter)[1]}", "insecure": True}
            assert helper.ok("get", fields, HTTPS_PROXY=url)["url"]
        seen[scheme] = {host for host, _ in proxy.asked}
        helper.ok("erase", fields, HTTPS_PROXY="", NO_PROXY="*")
    assert seen["socks5h"] == {"127.1"}
    assert seen["socks5"] == {"127.0.0.1"}


@pytest.mark.parametrize("address", ["192.0.2.7", "[2001:db8::7]"])
def test_addresses_go_to_a_socks_proxy_as_addresses(vcenter: SimulatedVCenter, helper: Helper, address: str) -> None:
    with SocksProxy(target(vcenter)) as proxy:
        fields = asked(vcenter) | {"url": f"{address}:443", "ca_file": "", "thumbprint": vcenter.thumbprint}
        assert helper.ok("get", fields, HTTPS_PROXY=proxy.url)["source"] == "login"
    assert set(proxy.asked) == {(address.strip("[]"), 443)}


# ---- plain servers


@pytest.mark.parametrize("kind", ["http", "https", "socks5"])
def test_http_endpoints_go_through_http_proxy_as_in_go(
    helper: Helper, authority: Authority, tmp_path: Path, kind: str
) -> None:
    """As whole requests where the proxy speaks HTTP, through a tunnel else. Its login is the proxy's alone."""
    with SimulatedVCenter(tls=False) as vcenter:
        proxy: ConnectProxy | SocksProxy
        if kind == "socks5":
            proxy = SocksProxy(target(vcenter))
        else:
            proxy = ConnectProxy(target(vcenter), tls=authority.context if kind == "https" else None, login="me:secret")
        fields = asked(vcenter) | {"url": f"http://{NAME}/sdk", "ca_file": ""}
        variables = {"SSL_CERT_FILE": str(tmp_path / "proxy.pem"), "HTTPS_PROXY": "http://192.0.2.1:1"}
        with proxy:
            url = proxy.url if kind == "socks5" else proxy.url.replace("//", "//me:secret@")
            reply = helper.ok("get", fields, http_proxy=url, **variables)
        assert reply["source"] == "login"
        if isinstance(proxy, ConnectProxy):
            assert {head.split(b" ")[1].split(b"/sdk")[0] for head in proxy.requests} >= {f"http://{NAME}".encode()}
            assert not any("proxy-authorization" in each.headers for each in vcenter.requests)


def test_http_proxy_is_not_used_in_cgi_as_in_go(helper: Helper) -> None:
    """There a visitor's header `Proxy` would set it."""
    fields = {"url": f"http://{NAME}/sdk", "username": USER, "password": PASSWORD}
    reply = helper.call("get", fields, HTTP_PROXY="http://192.0.2.1:1", REQUEST_METHOD="GET")
    assert reply.kind == "invalid-request"
    assert "REQUEST_METHOD" in reply.stderr


# ---- beside govc


WAYS: dict[str, Callable[[SimulatedVCenter, Authority], ConnectProxy | SocksProxy]] = {
    "http": lambda server, _: ConnectProxy(target(server), login="me:secret"),
    "https": lambda server, authority: ConnectProxy(target(server), tls=authority.context, login="me:secret"),
    "socks5": lambda server, _: SocksProxy(target(server), login=("me", "secret")),
    "socks5h": lambda server, _: SocksProxy(target(server), login=("me", "secret")),
}


@pytest.mark.parametrize("kind", WAYS)
def test_govc_goes_the_same_way_and_finds_the_session(
    vcenter: SimulatedVCenter, helper: Helper, authority: Authority, tmp_path: Path, kind: str
) -> None:
    """One value of HTTPS_PROXY for both. govc takes GOVC_TLS_CA_CERTS for the proxy, too, and we the platform's."""
    with WAYS[kind](vcenter, authority) as proxy:
        url = f"{kind}://me:secret@{proxy.url.rpartition('/')[2]}"
        variables = {"HTTPS_PROXY": url, "SSL_CERT_FILE": str(tmp_path / "proxy.pem")}
        helper.ok("get", asked(vcenter, api="soap"), **variables)
        before = len(vcenter.logins)
        govc = Govc(
            helper.home / ".govmomi",
            f"{USER.replace('@', '%40')}@{NAME}:{target(vcenter)[1]}",
            ca_file=Path(vcenter.ca_file),
        )
        govc.environment |= variables
        govc.environment["GOVC_TLS_CA_CERTS"] += f":{tmp_path / 'proxy.pem'}"
        assert "Vendor" in govc.ok("about")
    assert len(vcenter.logins) == before
