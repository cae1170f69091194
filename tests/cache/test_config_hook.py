"""govmomi's `config func(*soap.Client)`: a hook that shapes the way to the server before anything is sent on it."""

from __future__ import annotations

import ssl

import pytest
import trustme

from cache.bench import Bench
from simulated_vcenter import faults
from support.connect_proxy import ConnectProxy
from support.program import PASSWORD, USER
from vsphere_session import SessionError, parse_endpoint
from vsphere_session.http.transport import Transport
from vsphere_session.http.trust import Trust

BOTH = pytest.mark.parametrize("kind", ["soap", "rest"])


@BOTH
def test_the_hook_is_called_before_anything_is_sent(bench: Bench, kind: str) -> None:
    seen: list[Transport] = []

    def config(transport: Transport) -> None:
        seen.append(transport)
        assert bench.vcenter.requests == []
        raise LookupError("no such certificate")

    with pytest.raises(LookupError, match="no such certificate"):
        bench.session().login(bench.client(kind), config)
    assert bench.vcenter.requests == []
    assert [transport.endpoint for transport in seen] == [bench.session().endpoint()], "and sees no password"


@BOTH
def test_the_hook_shapes_the_question_whether_a_cached_session_lives_too(bench: Bench, kind: str) -> None:
    bench.session().login(bench.client(kind))
    asked = len(bench.vcenter.requests)

    def config(transport: Transport) -> None:
        transport.headers["X-Cluster"] = "blue"

    assert bench.asking().load(bench.client(kind), config)
    assert [request.headers["x-cluster"] for request in bench.vcenter.requests[asked:]] == ["blue"]


@BOTH
def test_the_hook_may_add_headers_to_every_request(bench: Bench, kind: str) -> None:
    def config(transport: Transport) -> None:
        transport.headers["X-Cluster"] = "blue"
        transport.headers["User-Agent"] = "my-tool/1.0"

    bench.session().login(bench.client(kind), config)
    assert {request.headers["x-cluster"] for request in bench.vcenter.requests} == {"blue"}
    assert {request.headers["user-agent"] for request in bench.vcenter.requests} == {"my-tool/1.0"}


@BOTH
def test_without_a_hook_the_user_agent_names_program_and_caller(bench: Bench, kind: str) -> None:
    bench.session(caller="terraform 1.11").login(bench.client(kind))
    (agent,) = {request.headers["user-agent"] for request in bench.vcenter.requests}
    assert agent.startswith("vsphere-session/")
    assert agent.endswith("(terraform 1.11)")


@BOTH
def test_the_hook_may_bring_an_ssl_context(bench: Bench, kind: str) -> None:
    def good(transport: Transport) -> None:
        transport.ssl_context = ssl.create_default_context(cafile=bench.vcenter.ca_file)

    def bad(transport: Transport) -> None:
        transport.ssl_context = ssl.create_default_context()
        trustme.CA().configure_trust(transport.ssl_context)

    with pytest.raises(SessionError) as refused:
        bench.session().login(bench.client(kind), bad)
    assert refused.value.kind == "untrusted"
    assert bench.vcenter.requests == []
    assert bench.session(ca_file="").login(bench.client(kind), good)


@BOTH
def test_the_hook_may_change_whom_to_trust_without_changing_the_key(bench: Bench, kind: str) -> None:
    """Only the Session's `insecure` is part of the key, as in govmomi; what is cached so is found again."""

    def config(transport: Transport) -> None:
        transport.trust = Trust(insecure=True, thumbprint=bench.vcenter.thumbprint)

    assert bench.session(ca_file="").login(bench.client(kind), config)
    assert not bench.session().login(bench.client(kind))


@BOTH
def test_the_hook_may_set_a_time_out(bench: Bench, kind: str) -> None:
    bench.vcenter.faults.add("*", faults.stall())

    def config(transport: Transport) -> None:
        transport.timeout = 0.05

    with pytest.raises(SessionError, match=r"did not answer within 0\.05 s") as late:
        bench.session().login(bench.client(kind), config)
    assert late.value.kind == "unreachable"


@BOTH
def test_the_hook_may_set_a_proxy_and_nothing_goes_another_way(bench: Bench, proxy: ConnectProxy, kind: str) -> None:
    def config(transport: Transport) -> None:
        transport.proxy = parse_endpoint(proxy.url)

    client = bench.client(kind)
    assert bench.session().login(client, config)
    client.close()
    assert {head.split()[1].decode() for head in proxy.requests} == {bench.vcenter.authority}
    assert bench.vcenter.session_count == 1
    said = b"".join(proxy.requests).decode()
    assert PASSWORD not in said
    assert USER not in said
