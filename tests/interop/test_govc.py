"""govc 0.56 and the helper use each other's sessions, without a password: the server counts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from interop.pairs import USERS, Pair, Server
from peers import VcSim
from simulated_vcenter import SimulatedVCenter
from support.program import PASSWORD, USER


@pytest.fixture(params=USERS, ids=["upn", "domain", "odd", "umlaut"])
def user(request: pytest.FixtureRequest) -> str:
    """The user names of the vectors."""
    name: str = request.param
    return name


@pytest.fixture(params=["vcsim", "simulated"])
def server(request: pytest.FixtureRequest, user: str) -> Iterator[Server]:
    """The real simulator of govmomi, and our own, with this user."""
    started: Server = VcSim(user, PASSWORD) if request.param == "vcsim" else SimulatedVCenter({user: PASSWORD})
    with started:
        yield started


def test_govc_uses_the_helpers_session_with_no_password(server: Server, home: Path, user: str) -> None:
    pair = Pair(server, home, user)
    ids = pair.helper_sessions(password=PASSWORD)
    assert pair.govc_sessions(pair.govc()) == ids
    assert pair.count() == pair.expected


def test_the_helper_uses_govcs_session_with_no_password(server: Server, home: Path, user: str) -> None:
    pair = Pair(server, home, user)
    ids = pair.govc_logs_in()
    assert pair.helper_sessions() == ids
    assert pair.helper_sessions(verify="always") == ids
    assert pair.count() == pair.expected


# ---- a user whom the server calls by another name than one asks for

UPN = "svc-tf@ad.example.com"
REPORTED = {UPN: ("EXAMPLE\\svc-tf", "svc-tf@EXAMPLE.LOCAL")}


@pytest.fixture(params=["8.0.2", "8.0.3"])
def odd_one(request: pytest.FixtureRequest, home: Path) -> Iterator[Pair]:
    """The UPN suffix is not the domain's: nothing but a login shows that both are one."""
    unified = request.param == "8.0.3"
    with SimulatedVCenter({UPN: PASSWORD}, reported_names=REPORTED, unified=unified) as server:
        yield Pair(server, home, UPN)


@pytest.mark.parametrize("first", ["govc", "the helper"])
def test_rounds_of_govc_and_the_helper_leave_one_session_of_each_kind(odd_one: Pair, first: str) -> None:
    """Whoever finds the sessions dead logs in; the other one uses what it finds, and ends what it replaces."""
    server = odd_one.server
    assert isinstance(server, SimulatedVCenter)
    for number in range(4):
        if (number % 2 == 0) == (first == "govc"):
            odd_one.govc_logs_in()
        else:
            odd_one.helper.ok("get", odd_one.request(password=PASSWORD, verify="always"))
        reply = odd_one.helper.ok("get", odd_one.request(password=PASSWORD, verify="always"))
        ids = {kind: reply[f"{kind}_session_id"] for kind in odd_one.kinds}
        assert odd_one.govc_sessions(odd_one.govc()) == ids
        assert {session.id for session in server.sessions} == set(ids.values())
        server.end_all()


def test_what_govc_has_cached_is_used_without_a_password_once_a_login_has_shown_whose_it_is(odd_one: Pair) -> None:
    odd_one.govc_logs_in()
    assert odd_one.helper.call("get", odd_one.request()).kind == "not-found", "nothing has shown it yet"
    odd_one.helper_sessions(password=PASSWORD)
    assert isinstance(odd_one.server, SimulatedVCenter)
    odd_one.server.end_all()
    ids = odd_one.govc_logs_in()
    assert odd_one.helper_sessions() == ids
    assert odd_one.helper_sessions(verify="always") == ids
    assert {session.id for session in odd_one.server.sessions} == set(ids.values())


# ---- no user name


@pytest.fixture
def nobody(home: Path) -> Iterator[Pair]:
    with VcSim(USER, PASSWORD) as server:
        yield Pair(server, home, "")


def given_session(pair: Pair, home: Path) -> str:
    """A session that somebody made elsewhere, with a user name."""
    somebody = Pair(pair.server, home / "elsewhere", USER)
    return somebody.govc(PASSWORD).ok("session.login", "-l")


def test_govc_uses_the_session_that_the_helper_stored_without_a_user_name(nobody: Pair, home: Path) -> None:
    session_id = given_session(nobody, home)
    assert nobody.helper.ok("store", nobody.request(api="soap", soap_session_id=session_id)) == {"stored": "soap"}
    assert nobody.govc().json("session.ls")["currentSession"]["key"] == session_id
    assert nobody.count() == 1


def test_the_helper_uses_the_session_that_govc_cached_without_a_user_name(nobody: Pair, home: Path) -> None:
    session_id = given_session(nobody, home)
    nobody.govc().ok("session.login", "-cookie", session_id)
    reply = nobody.helper.ok("get", nobody.request(api="soap"))
    assert (reply["soap_session_id"], reply["username"], reply["source"]) == (session_id, USER, "cache")
    assert nobody.count() == 1


def test_a_file_that_govc_wrote_without_a_user_name_and_without_a_session_is_none(nobody: Pair) -> None:
    """So it does: ServiceContent needs no login."""
    nobody.govc().ok("about")
    assert len(nobody.files()) == 1
    assert nobody.helper.call("get", nobody.request(api="soap")).kind == "not-found"


# ---- forms of the URL


FORMS = ["{authority}", "https://{authority}", "https://{authority}/sdk", "{authority}/sdk/", "HTTPS://{authority}/",
         "administrator%40vsphere.local@{authority}", "https://other:pw@{authority}/sdk?a=b#c"]  # fmt: skip


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_every_form_of_the_url_leads_both_to_the_same_session(home: Path, host: str) -> None:
    with SimulatedVCenter(host=host) as server:
        pair = Pair(server, home, USER)
        ids = pair.helper_sessions(password=PASSWORD)
        for form in FORMS:
            pair.url = form.format(authority=server.authority)
            assert pair.govc_sessions(pair.govc()) == ids, form
            assert pair.helper_sessions() == ids, form
        assert server.login_attempts == server.session_count == 2


@pytest.mark.parametrize("kind", ["vcsim", "simulated"])
@pytest.mark.parametrize("first", ["govc", "helper"])
def test_http_is_another_endpoint_than_https_and_shared_all_the_same(home: Path, kind: str, first: str) -> None:
    started: Server = VcSim(USER, PASSWORD, tls=False) if kind == "vcsim" else SimulatedVCenter(tls=False)
    with started as server:
        pair = Pair(server, home, USER, url=f"http://{server.authority}")
        if first == "govc":
            ids = pair.govc_logs_in()
            assert pair.helper_sessions() == ids
        else:
            ids = pair.helper_sessions(password=PASSWORD)
            assert pair.govc_sessions(pair.govc()) == ids
        assert pair.count() == pair.expected
        assert all(value["SoapClient"]["url"]["Scheme"] == "http" for value in pair.files().values())


@pytest.mark.parametrize("first", ["govc", "helper"])
def test_another_name_of_the_host_is_another_session_for_both(home: Path, first: str) -> None:
    with SimulatedVCenter() as server:
        port = server.authority.rpartition(":")[2]
        names = [Pair(server, home, USER, url=f"{name}:{port}") for name in ("localhost", "127.0.0.1")]
        for pair in names:
            ids = pair.govc_logs_in() if first == "govc" else pair.helper_sessions(password=PASSWORD)
            assert (pair.helper_sessions() if first == "govc" else pair.govc_sessions(pair.govc())) == ids
        assert server.session_count == server.login_attempts == 4


# ---- insecure


@pytest.mark.parametrize("first", ["govc", "helper"])
def test_with_insecure_both_share_and_neither_finds_what_was_cached_without(home: Path, first: str) -> None:
    with SimulatedVCenter() as server:
        careless, careful = (Pair(server, home, USER, insecure=insecure) for insecure in (True, False))
        if first == "govc":
            ids = careless.govc_logs_in()
            assert careless.helper_sessions() == ids
        else:
            ids = careless.helper_sessions(password=PASSWORD)
            assert careless.govc_sessions(careless.govc()) == ids
        assert all(value["SoapClient"]["insecure"] is True for value in careless.files().values())
        assert careful.helper.call("get", careful.request()).kind == "not-found"
        assert careful.govc().run("session.login").returncode != 0
        assert server.session_count == 2
