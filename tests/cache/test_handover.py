"""A ready pyVmomi `ServiceInstance` and a ready `requests.Session` from the same cache, for whom they are meant alone."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests
import urllib3

from cache.bench import Bench
from simulated_vcenter import SimulatedVCenter
from support.connect_proxy import ConnectProxy
from support.ports import closed_port
from support.program import PASSWORD
from support.pyvmomi import pyvmomi_connections
from vsphere_session import RestClient, SessionError, SoapClient, parse_endpoint
from vsphere_session.http.transport import Transport

HEADER = "vmware-api-session-id"


@contextmanager
def instance(client: SoapClient) -> Iterator[Any]:
    """A ServiceInstance, whose connections are closed at the end; its session lives on."""
    with pyvmomi_connections():
        service_instance = client.service_instance()
        try:
            yield service_instance
        finally:
            service_instance._stub.DropConnections()


def whoami(client: SoapClient) -> str:
    """Whose session pyVmomi finds itself with."""
    with instance(client) as service_instance:
        return str(service_instance.content.sessionManager.currentSession.userName)


def user(client: RestClient) -> str:
    """Whose session requests finds itself with."""
    with client.requests_session() as session:
        answer = session.get("/api/session")
    answer.raise_for_status()
    return str(answer.json()["user"])


# ---- authenticated


@pytest.mark.parametrize("password", [PASSWORD, None], ids=["after a login", "from the cache, nobody asked"])
def test_both_are_authenticated_by_the_cached_session_without_a_further_login(
    bench: Bench, password: str | None
) -> None:
    bench.soap(bench.session())
    bench.rest(bench.session())
    soap, rest = bench.soap(bench.session(password=password)), bench.rest(bench.session(password=password))
    assert whoami(soap) == soap.username == "VSPHERE.LOCAL\\administrator"
    assert user(rest) == rest.username == "administrator@VSPHERE.LOCAL"
    assert len(bench.vcenter.logins) == bench.vcenter.session_count == 2


def test_pyvmomi_works_with_the_session_that_the_cache_has_and_leaves_it_there(bench: Bench) -> None:
    client = bench.soap(bench.session())
    (session,) = bench.vcenter.sessions
    with instance(client) as service_instance:
        assert service_instance.content.sessionManager.currentSession.key == session.key
        assert service_instance._GetStub().GetSessionId() == client.session_id
    assert bench.asking().load(bench.client("soap"))


def test_an_esxi_host_hands_over_a_service_instance(home: Path) -> None:
    with SimulatedVCenter({"root": PASSWORD}, esxi=True) as host:
        bench = Bench(host, home)
        assert whoami(bench.soap(bench.session("root"))) == "root"
        bench.close()


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
@pytest.mark.parametrize("tls", [True, False], ids=["https", "http"])
def test_both_go_where_the_url_says(home: Path, tls: bool, address: str) -> None:
    with SimulatedVCenter(tls=tls, host=address) as vcenter:
        bench = Bench(vcenter, home)
        options = {} if tls else {"ca_file": ""}
        assert "administrator" in whoami(bench.soap(bench.session(**options)))
        assert "administrator" in user(bench.rest(bench.session(**options)))
        bench.close()


def test_a_client_without_a_session_has_nothing_to_hand_over(bench: Bench) -> None:
    for client in (SoapClient().service_instance, RestClient().requests_session):
        with pytest.raises(SessionError) as refused:
            client()
        assert refused.value.kind == "unsupported"
    unfilled = bench.client("rest")
    assert not bench.session().load(unfilled)
    assert isinstance(unfilled, RestClient)
    with pytest.raises(SessionError) as refused:
        unfilled.requests_session()
    assert refused.value.kind == "unsupported"


# ---- pinned


def pinned(bench: Bench, thumbprint: str) -> tuple[SoapClient, RestClient]:
    """Clients with a cached session that trust one certificate and no authority."""
    options = {"ca_file": "", "thumbprint": thumbprint}
    return bench.soap(bench.session(**options)), bench.rest(bench.session(**options))


@pytest.mark.parametrize("trust", ["ca_file", "thumbprint", "insecure"])
def test_requests_speaks_tls_1_2_or_newer(bench: Bench, trust: str) -> None:
    """On every Python: Debian's own leaves that to OpenSSL, whose configuration may allow older ones."""
    ways: dict[str, dict[str, Any]] = {
        "ca_file": {},
        "thumbprint": {"ca_file": "", "thumbprint": bench.vcenter.thumbprint},
        "insecure": {"ca_file": "", "insecure": True},
    }
    with bench.rest(bench.session(**ways[trust])).requests_session() as session:
        adapter: Any = session.get_adapter(bench.vcenter.url)
        assert adapter._context.minimum_version == ssl.TLSVersion.TLSv1_2


@pytest.mark.parametrize("algorithm", ["thumbprint", "thumbprint_sha1"])
@pytest.mark.parametrize("name", ["127.0.0.1", "elsewhere.example"])
def test_a_thumbprint_is_enough_for_both_whatever_name_the_certificate_is_for(
    bench: Bench, algorithm: str, name: str
) -> None:
    bench.vcenter.new_certificate(name)
    soap, rest = pinned(bench, getattr(bench.vcenter, algorithm))
    assert "administrator" in whoami(soap)
    assert "administrator" in user(rest)


def test_another_certificate_than_the_pinned_one_gets_neither_session(bench: Bench) -> None:
    soap, rest = pinned(bench, bench.vcenter.thumbprint)
    bench.vcenter.new_certificate()
    asked = len(bench.vcenter.requests)
    for hand_over in (soap.service_instance, rest.requests_session):
        with pytest.raises(SessionError, match=f"expected .*, actual {bench.vcenter.thumbprint}") as refused:
            hand_over()
        assert refused.value.kind == "untrusted"
    assert len(bench.vcenter.requests) == asked


def test_a_certificate_that_changes_after_the_handover_gets_neither_session(bench: Bench) -> None:
    soap, rest = pinned(bench, bench.vcenter.thumbprint)
    with instance(soap) as service_instance, rest.requests_session() as session:
        service_instance._stub.DropConnections()
        bench.vcenter.new_certificate()
        asked = len(bench.vcenter.requests)
        with pytest.raises(ssl.SSLError):
            service_instance.CurrentTime()
        with pytest.raises(requests.exceptions.SSLError):
            session.get("/api/session")
    assert len(bench.vcenter.requests) == asked


def test_without_verification_both_take_any_certificate(bench: Bench) -> None:
    bench.vcenter.new_certificate("elsewhere.example")
    assert "administrator" in whoami(bench.soap(bench.session(ca_file="", insecure=True)))
    with pytest.warns(urllib3.exceptions.InsecureRequestWarning):
        assert "administrator" in user(bench.rest(bench.session(ca_file="", insecure=True)))


def test_the_environments_authorities_do_not_replace_the_clients(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """What would make requests trust others, or use another login, is for others."""
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login a password b")
    (tmp_path / ".netrc").chmod(0o600)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "none.pem"))
    client = bench.rest(bench.session())
    assert "administrator" in user(client)
    assert "authorization" not in bench.vcenter.requests[-1].headers


# ---- proxies


def test_both_take_the_proxy_that_the_client_takes(bench: Bench, proxy: ConnectProxy) -> None:
    def config(transport: Transport) -> None:
        transport.proxy = parse_endpoint(proxy.url)

    soap, rest = bench.client("soap"), bench.client("rest")
    bench.session().login(soap, config)
    bench.session().login(rest, config)
    assert isinstance(soap, SoapClient)
    assert isinstance(rest, RestClient)
    asked = len(proxy.requests)
    assert "administrator" in whoami(soap)
    assert {head.split()[1].decode() for head in proxy.requests[asked:]} == {bench.vcenter.authority}
    asked = len(proxy.requests)
    assert "administrator" in user(rest)
    assert {head.split()[1].decode() for head in proxy.requests[asked:]} == {bench.vcenter.authority}


def test_neither_sends_loopback_through_the_proxy_of_the_environment(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closed_port() as port:
        for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{port}")
        assert "administrator" in whoami(bench.soap(bench.session()))
        assert "administrator" in user(bench.rest(bench.session()))
