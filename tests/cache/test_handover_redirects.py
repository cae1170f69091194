"""What a handed-over pyVmomi `ServiceInstance` and `requests.Session` never do: show the session id to another host."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from cache.bench import Bench
from simulated_vcenter import Fault, SimulatedVCenter, faults
from simulated_vcenter.exchange import Exchange
from simulated_vcenter.messages import Response
from support.program import USER
from support.pyvmomi import pyvmomi_connections
from vsphere_session import RestClient, Session

HEADER = "vmware-api-session-id"


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
    with pyvmomi_connections():
        service_instance: Any = client.service_instance()
        try:
            bench.vcenter.faults.add("CurrentTime", faults.redirect(elsewhere.url))
            with pytest.raises(Exception, match="302"):
                service_instance.CurrentTime()
        finally:
            service_instance._stub.DropConnections()
    assert elsewhere.requests == []
