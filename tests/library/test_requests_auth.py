"""`VsphereAuth`: a 401 costs one login, whoever gets it, and one more try; and the id stays at its endpoint."""

from __future__ import annotations

import gzip
import io
import threading
import tracemalloc
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests

import peers
from cache.bench import Bench
from simulated_vcenter import Fault, SimulatedVCenter, faults
from simulated_vcenter.exchange import Exchange
from simulated_vcenter.messages import Response
from support.program import PASSWORD, USER
from vsphere_session import LoginRefusedError, Session, VsphereAuth

HEADER = "vmware-api-session-id"


@pytest.fixture
def elsewhere() -> Iterator[SimulatedVCenter]:
    with SimulatedVCenter(tls=False) as server:
        yield server


def dead(bench: Bench) -> Session:
    """A session that has been in use, and that the server has forgotten."""
    session = bench.session()
    session.rest_session_id()
    bench.vcenter.end_all()
    return session


def asked(bench: Bench, path: str) -> int:
    """How often the server was asked for this path."""
    return sum(request.path.partition("?")[0] == path for request in bench.vcenter.requests)


# ---- a 401


def test_after_a_401_there_is_one_login_and_the_answer_is_the_second(bench: Bench) -> None:
    with dead(bench) as session, session.requests_session() as http:
        answer = http.get("/api/session")
    assert answer.status_code == 200
    assert [earlier.status_code for earlier in answer.history] == [401]
    assert len(bench.vcenter.logins) == 2


def test_it_does_the_same_for_a_session_of_requests_of_ones_own(bench: Bench) -> None:
    """Whose trust is its owner's."""
    with dead(bench) as session:
        auth = VsphereAuth(session)
        for _ in range(2):
            answer = requests.get(
                f"https://{bench.vcenter.authority}/api/session", auth=auth, verify=bench.vcenter.ca_file, timeout=60
            )
            assert answer.status_code == 200
    assert len(bench.vcenter.logins) == 2


def test_the_cache_has_the_new_session(bench: Bench) -> None:
    """So the next program needs no login."""
    with dead(bench) as session, session.requests_session() as http:
        http.get("/api/session")
    assert bench.asking().load(bench.client("rest"))


def test_twenty_threads_with_a_dead_session_make_one_login(bench: Bench) -> None:
    """All of them get their answer."""
    together = threading.Barrier(20)

    def ask(http: requests.Session) -> int:
        together.wait()
        with http:
            return http.get("/api/session").status_code

    with dead(bench) as session, ThreadPoolExecutor(20) as threads:
        found = list(threads.map(ask, [session.requests_session() for _ in range(20)]))
    assert found == [200] * 20
    assert len(bench.vcenter.logins) == 2


def test_one_auth_serves_many_threads(bench: Bench) -> None:
    with dead(bench) as session, ThreadPoolExecutor(20) as threads:
        auth = VsphereAuth(session)
        url = f"https://{bench.vcenter.authority}/api/session"
        found = threads.map(
            lambda _: requests.get(url, auth=auth, verify=bench.vcenter.ca_file, timeout=60).status_code, range(20)
        )
        assert list(found) == [200] * 20
    assert len(bench.vcenter.logins) == 2


def test_two_programs_with_one_dead_session_make_one_login(bench: Bench) -> None:
    with dead(bench) as one, bench.session() as other:
        other.rest_session_id()
        bench.vcenter.end_all()
        before = len(bench.vcenter.logins)
        for session in (one, other):
            with session.requests_session() as http:
                assert http.get("/api/session").status_code == 200
    assert len(bench.vcenter.logins) == before + 1


def test_a_401_for_another_reason_is_the_callers_at_once(bench: Bench) -> None:
    """The server knows the session: there is no login and no second try."""
    bench.vcenter.faults.add("/api/vcenter", faults.status(401))
    with bench.session() as session, session.requests_session() as http:
        for _ in range(3):
            assert http.get("/api/vcenter/vm").status_code == 401
    assert asked(bench, "/api/vcenter/vm") == 3
    assert len(bench.vcenter.logins) == 1


def test_a_second_401_is_the_callers(bench: Bench) -> None:
    """However often that happens, a request is sent twice and no more, and costs one login at most."""
    bench.vcenter.faults.add("/api/vcenter", faults.status(401))
    with bench.session() as session, session.requests_session() as http:
        for _ in range(3):
            bench.vcenter.end_all()
            assert http.get("/api/vcenter/vm").status_code == 401
    assert asked(bench, "/api/vcenter/vm") == 6
    assert len(bench.vcenter.logins) == 4


def test_a_login_that_is_refused_is_raised_and_not_tried_again(bench: Bench) -> None:
    with dead(bench) as session, session.requests_session() as http:
        bench.vcenter.set_password(USER, "another")
        for _ in range(3):
            with pytest.raises(LoginRefusedError):
                http.get("/api/session")
    assert len(bench.vcenter.refusals) == 1


@pytest.mark.sessions_counted_by_hand
def test_a_session_outside_the_cache_is_renewed_too(bench: Bench) -> None:
    """And the server has one of them at a time, and none at the end."""
    with bench.session(passthrough=True) as session, session.requests_session() as http:
        for _ in range(3):
            assert http.get("/api/session").status_code == 200
            assert len(bench.vcenter.sessions) == 1
            bench.vcenter.end_all()
        bench.vcenter.faults.add("/api/vcenter", faults.status(401))
        assert http.get("/api/session").status_code == 200
        assert http.get("/api/vcenter/vm").status_code == 401
        assert len(bench.vcenter.sessions) == 1
    assert bench.vcenter.sessions == []
    assert len(bench.vcenter.logins) == 4


def test_govmomis_own_simulator_too(vcsim: peers.VcSim, home: Path) -> None:
    given: dict[str, Any] = {"username": USER, "password": PASSWORD, "insecure": True, "environ": {"HOME": str(home)}}
    path = "/rest/com/vmware/cis/tagging/category"
    with Session(vcsim.url, **given) as session, session.requests_session() as http:
        with pytest.warns(Warning, match="Unverified HTTPS"):
            http.delete("/rest/com/vmware/cis/session")
        with pytest.warns(Warning, match="Unverified HTTPS"):
            answer = http.get(path)
    assert (answer.status_code, [earlier.status_code for earlier in answer.history]) == (200, [401])


def test_the_answer_that_is_thrown_away_costs_no_memory(bench: Bench) -> None:
    """A server may make its 401 as long as it likes, and pack it as small."""
    packed = Response(401, gzip.compress(bytes(50_000_000)), {"Content-Encoding": "gzip"})
    bench.vcenter.faults.add("/api/vcenter", Fault(lambda exchange: exchange.send(packed)), times=1)
    with dead(bench) as session, session.requests_session() as http:
        tracemalloc.start()
        answer = http.get("/api/vcenter/vm")
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert answer.status_code == 404
    assert most < 10_000_000


def test_the_connection_is_used_again_after_a_401(bench: Bench) -> None:
    with dead(bench) as session, session.requests_session() as http:
        http.get("/api/session")
        adapter: Any = http.get_adapter(f"https://{bench.vcenter.authority}")
        (pool,) = (adapter.poolmanager.pools[key] for key in adapter.poolmanager.pools.keys())  # noqa: SIM118  # no dict
        assert pool.num_connections == 1


# ---- bodies


class Once(io.RawIOBase):
    """A stream that cannot go back, such as a pipe."""

    def __init__(self, data: bytes) -> None:
        self._data = io.BytesIO(data)

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]  # what a stream reads into
        """The next bytes."""
        return self._data.readinto(buffer)

    def seekable(self) -> bool:
        """Never."""
        return False


BODIES: dict[str, tuple[Callable[[], object], bool]] = {
    "none": (lambda: None, True),
    "bytes": (lambda: b"a body", True),
    "text": (lambda: "a body", True),
    "a form": (lambda: {"a": "body"}, True),
    "a file": (lambda: io.BytesIO(b"a body"), True),
    "a generator": (lambda: (part for part in (b"a ", b"body")), False),
    "a pipe": (lambda: Once(b"a body"), False),
}


@pytest.mark.parametrize(("body", "again"), BODIES.values(), ids=BODIES)
def test_a_body_is_sent_twice_as_a_whole_or_not_at_all(bench: Bench, body: Callable[[], object], again: bool) -> None:
    """Where it is not, the caller has the 401; and the next request finds a good session."""
    with dead(bench) as session, session.requests_session() as http:
        bench.vcenter.faults.add("/api/upload", faults.status(401), times=1)
        data: object = body()
        answer = http.put("/api/upload", data=data)  # type: ignore[arg-type]  # whatever requests takes
        sent = [request.body for request in bench.vcenter.requests if request.path == "/api/upload"]
        assert answer.status_code == (404 if again else 401)
        assert len(sent) == (2 if again else 1)
        assert len(set(sent)) == 1
        assert http.get("/api/session").status_code == 200
    assert len(bench.vcenter.logins) == 2


def test_a_file_that_was_begun_is_sent_from_where_it_was(bench: Bench) -> None:
    file = io.BytesIO(b"head, a body")
    file.seek(6)
    with dead(bench) as session, session.requests_session() as http:
        bench.vcenter.faults.add("/api/upload", faults.status(401), times=1)
        http.put("/api/upload", data=file)
    sent = [request.body for request in bench.vcenter.requests if request.path == "/api/upload"]
    assert sent == [b"a body"] * 2


# ---- redirects


def own(session: Session) -> requests.Session:
    """A session of requests that knows nothing of the endpoint."""
    http = requests.Session()
    http.auth = VsphereAuth(session)
    return http


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("hand", [Session.requests_session, own], ids=["ours", "one's own"])
def test_a_redirect_to_another_host_carries_no_id(
    bench: Bench, elsewhere: SimulatedVCenter, code: int, hand: Callable[[Session], requests.Session]
) -> None:
    bench.vcenter.faults.add("/api/vcenter", faults.redirect(f"http://{elsewhere.authority}/api/session", code))
    with bench.session() as session, hand(session) as http:
        http.verify = bench.vcenter.ca_file if hand is own else True
        answer = http.get(f"https://{bench.vcenter.authority}/api/vcenter/vm")
        assert answer.status_code == 401
    (seen,) = elsewhere.requests
    assert HEADER not in seen.headers
    assert session.rest_session_id() not in repr(seen)
    assert len(bench.vcenter.logins) == 1


def test_nor_does_one_that_comes_after_a_401(bench: Bench, elsewhere: SimulatedVCenter) -> None:
    lead = [Response(401), Response(302, b"", {"Location": f"http://{elsewhere.authority}/api/session"})]

    def act(exchange: Exchange) -> None:
        exchange.send(lead.pop(0))

    bench.vcenter.faults.add("/api/vcenter", Fault(act))
    with dead(bench) as session, own(session) as http:
        http.verify = bench.vcenter.ca_file
        assert http.get(f"https://{bench.vcenter.authority}/api/vcenter/vm").status_code == 401
    (seen,) = elsewhere.requests
    assert HEADER not in seen.headers


@pytest.mark.parametrize(
    "location",
    [
        "//{there}/api/session",
        "http://{here}@{there}/api/session",
        "http://{there}\\@{here}/api/session",
        "http://{there}:80:80/",
        "http://[",
    ],
)
def test_however_the_redirect_is_spelled(bench: Bench, elsewhere: SimulatedVCenter, location: str) -> None:
    with SimulatedVCenter(tls=False) as here:
        bench_here = Bench(here, bench.home)
        spelled = location.format(here=here.authority, there=elsewhere.authority)
        here.faults.add("/api/vcenter", faults.redirect(spelled))
        with bench_here.session(ca_file="") as session, own(session) as http:
            try:
                http.get(f"http://{here.authority}/api/vcenter/vm", timeout=60)
            except (requests.RequestException, ValueError):
                pass  # nobody went anywhere
            secret = session.rest_session_id()
        here.end_all()
    assert not any(HEADER in seen.headers or secret in repr(seen) for seen in elsewhere.requests)


def test_a_redirect_on_the_endpoint_keeps_the_id(bench: Bench) -> None:
    bench.vcenter.faults.add("/api/vcenter", faults.redirect("/api/session"))
    with bench.session() as session, own(session) as http:
        http.verify = bench.vcenter.ca_file
        assert http.get(f"https://{bench.vcenter.authority}/api/vcenter/vm").status_code == 200


def test_another_host_gets_no_id_in_the_first_place(bench: Bench, elsewhere: SimulatedVCenter) -> None:
    with bench.session() as session, own(session) as http:
        assert http.get(f"http://{elsewhere.authority}/api/session").status_code == 401
    assert HEADER not in elsewhere.requests[0].headers
    assert not bench.vcenter.requests


def test_the_callers_own_hooks_are_called_with_the_last_answer(bench: Bench) -> None:
    seen: list[int] = []
    with dead(bench) as session, session.requests_session() as http:
        http.hooks["response"].append(lambda response, **_: seen.append(response.status_code))
        http.get("/api/session")
    assert seen == [200]


def test_a_stream_is_a_stream_after_a_401_too(bench: Bench) -> None:
    with dead(bench) as session, session.requests_session() as http, http.get("/api/session", stream=True) as answer:
        assert b"".join(answer.iter_content(10)).startswith(b"{")
