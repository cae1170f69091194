"""A ready pyVmomi `ServiceInstance` and a ready `requests.Session` from the same cache, for whom they are meant alone."""

from __future__ import annotations

import io
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests
import urllib3

from cache.bench import Bench
from cache.proxy import Proxy
from simulated_vcenter import Fault, SimulatedVCenter, faults
from simulated_vcenter.exchange import Exchange
from simulated_vcenter.messages import Response
from support import PASSWORD, USER
from vsphere_session import RestClient, Session, SessionError, SoapClient, parse_endpoint
from vsphere_session.wire.transport import Transport

HEADER = "vmware-api-session-id"


@contextmanager
def instance(client: SoapClient) -> Iterator[Any]:
    """A ServiceInstance, whose connections are closed at the end; its session lives on."""
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


@pytest.mark.sessions_counted_by_hand
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


def test_both_take_the_proxy_that_the_client_takes(bench: Bench, proxy: Proxy) -> None:
    def config(transport: Transport) -> None:
        transport.proxy = parse_endpoint(f"http://{proxy.authority}")

    soap, rest = bench.client("soap"), bench.client("rest")
    bench.session().login(soap, config)
    bench.session().login(rest, config)
    assert isinstance(soap, SoapClient)
    assert isinstance(rest, RestClient)
    asked = len(proxy.targets)
    assert "administrator" in whoami(soap)
    assert set(proxy.targets[asked:]) == {bench.vcenter.authority}
    asked = len(proxy.targets)
    assert "administrator" in user(rest)
    assert set(proxy.targets[asked:]) == {bench.vcenter.authority}


def test_neither_sends_loopback_through_the_proxy_of_the_environment(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{nobody.getsockname()[1]}")
        assert "administrator" in whoami(bench.soap(bench.session()))
        assert "administrator" in user(bench.rest(bench.session()))


# ---- redirects


@pytest.fixture
def elsewhere() -> Iterator[SimulatedVCenter]:
    with SimulatedVCenter(tls=False) as server:
        yield server


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_a_redirect_never_carries_the_session_id_to_another_host(
    bench: Bench, elsewhere: SimulatedVCenter, code: int
) -> None:
    """Neither as the header nor as a cookie that the server had set."""
    client = bench.rest(bench.session())
    cookie = {"Set-Cookie": f"{HEADER}={client.session_id}; Path=/; HttpOnly"}

    def lead_away(exchange: Exchange) -> None:
        exchange.send(Response(code, b"", {"Location": f"http://{elsewhere.authority}/api/session", **cookie}))

    bench.vcenter.faults.add("/api/vcenter", Fault(lead_away))
    with client.requests_session() as session:
        assert session.get("/api/vcenter/vm").status_code == 401
    (seen,) = elsewhere.requests
    assert HEADER not in seen.headers
    assert client.session_id not in repr(seen)


def test_another_name_of_the_same_machine_is_another_host(bench: Bench) -> None:
    client = bench.rest(bench.session())
    port = bench.vcenter.authority.rpartition(":")[2]
    bench.vcenter.faults.add("/api/vcenter", faults.redirect(f"https://localhost:{port}/api/session"))
    with client.requests_session() as session:
        assert session.get("/api/vcenter/vm").status_code == 401
        assert session.get(f"https://localhost:{port}/api/session").status_code == 401
    assert HEADER not in bench.vcenter.requests[-1].headers


def test_a_redirect_on_the_same_host_keeps_the_session(bench: Bench) -> None:
    client = bench.rest(bench.session())
    bench.vcenter.faults.add("/api/vcenter", faults.redirect("/api/session"))
    with client.requests_session() as session:
        assert session.get("/api/vcenter/vm").json()["user"] == client.username


@pytest.mark.parametrize(
    ("endpoint", "url", "same"),
    [
        ("vc.example.com", "/api/session", True),
        ("vc.example.com", "https://VC.example.com/api/session", True),
        ("vc.example.com", "https://vc.example.com:443/api/session", True),
        ("vc.example.com:443", "https://vc.example.com/api/session", True),
        ("üc.example.com", "/api/session", True),
        ("[2001:db8::1]", "/api/session", True),
        ("vc.example.com", "http://vc.example.com/api/session", False),
        ("vc.example.com", "https://vc.example.com:8443/api/session", False),
        ("vc.example.com", "https://vc.example.com.evil.example/api/session", False),
        ("vc.example.com", "https://vc.example.com@evil.example/api/session", False),
        ("vc.example.com", "//evil.example/api/session", False),
    ],
)
def test_the_session_id_goes_to_scheme_host_and_port_of_the_endpoint(
    home: Path, endpoint: str, url: str, same: bool
) -> None:
    client = RestClient()
    session = Session(endpoint, insecure=True, environ={"HOME": str(home)})
    session.connect(client)
    client.adopt("0123456789abcdef")
    with client.requests_session() as handed:
        seen: list[requests.PreparedRequest] = []
        handed.mount("https://", Recorder(seen))
        handed.mount("http://", Recorder(seen))
        handed.get(url)
    assert [request.headers.get(HEADER) for request in seen] == ["0123456789abcdef" if same else None]


class Recorder(requests.adapters.HTTPAdapter):
    """Sends nothing."""

    def __init__(self, seen: list[requests.PreparedRequest]) -> None:
        super().__init__()
        self._seen = seen

    def send(self, request: requests.PreparedRequest, *_args: Any, **_kwargs: Any) -> requests.Response:
        """Note the request and answer with nothing."""
        self._seen.append(request)
        answer = requests.Response()
        answer.status_code, answer.url, answer.raw = 204, request.url or "", io.BytesIO()
        return answer


def test_a_url_of_another_host_gets_no_session_id(bench: Bench, elsewhere: SimulatedVCenter) -> None:
    client = bench.rest(bench.session())
    with client.requests_session() as session:
        assert session.get(f"http://{elsewhere.authority}/api/session").status_code == 401
        assert session.get(f"{bench.vcenter.url}/../api/session").json()["user"] == client.username
        assert session.get(f"https://{USER}@{bench.vcenter.authority}/api/session").status_code in {200, 401}
    assert client.session_id not in repr(elsewhere.requests)


def test_pyvmomi_follows_no_redirect(bench: Bench, elsewhere: SimulatedVCenter) -> None:
    client = bench.soap(bench.session())
    with instance(client) as service_instance:
        bench.vcenter.faults.add("CurrentTime", faults.redirect(elsewhere.url))
        with pytest.raises(Exception, match="302"):
            service_instance.CurrentTime()
    assert elsewhere.requests == []
