"""`Session` as a Python program holds it: what it hands out, for how long, and what is left when it is closed."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pyVmomi import vim

import peers
from cache.bench import Bench
from simulated_vcenter import SimulatedVCenter, faults
from support.program import PASSWORD, USER, Helper
from support.pyvmomi import pyvmomi_connections
from vsphere_session import InvalidRequestError, LoginRefusedError, NotFoundError, Policy, Session, UnreachableError


@pytest.fixture(autouse=True)
def connections() -> Iterator[None]:
    """What pyVmomi leaves to the garbage collector is nobody's fault here."""
    with pyvmomi_connections():
        yield


def whoami(session: Session) -> str:
    """Whose session pyVmomi finds itself with."""
    content: Any = session.service_instance().content
    return str(content.sessionManager.currentSession.userName)


# ---- what it hands out


def test_one_block_gives_pyvmomi_and_requests_and_leaves_the_session_for_the_next(bench: Bench) -> None:
    """One login of each kind, though the block is entered twice; the second has no password."""
    for password in (PASSWORD, None):
        with bench.session(password=password) as session:
            assert whoami(session) == "VSPHERE.LOCAL\\administrator"
            assert session.requests_session().get("/api/session").json()["user"] == "administrator@VSPHERE.LOCAL"
    assert [login.kind for login in bench.vcenter.logins] == ["soap", "rest"]
    assert len(bench.vcenter.sessions) == 2


def test_nothing_is_asked_before_something_is_used(bench: Bench) -> None:
    with bench.session():
        pass
    assert not bench.vcenter.requests


def test_the_same_instance_as_long_as_its_session_is_good(bench: Bench) -> None:
    with bench.session() as session:
        first = session.service_instance()
        asked = len(bench.vcenter.requests)
        assert session.service_instance() is first
        assert len(bench.vcenter.requests) == asked


def test_it_works_with_govmomis_own_simulator(vcsim: peers.VcSim, home: Path) -> None:
    with Session(vcsim.url, username=USER, password=PASSWORD, insecure=True, environ={"HOME": str(home)}) as session:
        assert whoami(session) == USER
        with pytest.warns(Warning, match="Unverified HTTPS"):
            assert session.requests_session().get("/rest/com/vmware/cis/tagging/category").status_code == 200
    assert len(vcsim.sessions()) == 1


def test_the_ids_are_those_of_the_cache(bench: Bench) -> None:
    """For clients that take an id: govc's file has the same."""
    with bench.session() as session:
        assert {session.soap_session_id(), session.rest_session_id()} == bench.live
        assert session.soap_session_id() in bench.file("soap").read_text()


def test_on_a_server_that_takes_one_session_for_both_there_is_one_login(home: Path) -> None:
    with SimulatedVCenter(unified=True) as vcenter:
        bench = Bench(vcenter, home)
        with bench.session() as session:
            assert session.soap_session_id() == session.rest_session_id()
        assert len(vcenter.logins) == 1


# ---- with whose password


def test_user_and_password_can_be_given_beside_the_url(bench: Bench) -> None:
    given: dict[str, Any] = {"ca_file": bench.vcenter.ca_file, "environ": {"HOME": str(bench.home)}}
    with Session(bench.vcenter.url, username=USER, password=PASSWORD, **given) as session:
        assert session.soap_session_id()
    with Session(bench.vcenter.authority, username=USER, password=lambda: None, **given) as session:
        assert session.soap_session_id()
    assert len(bench.vcenter.logins) == 1


def test_the_password_of_one_user_is_not_anothers(bench: Bench) -> None:
    """Who takes a URL for another user does not send its password for that one."""
    url = bench.vcenter.url.replace("https://", f"https://somebody:{PASSWORD}@")
    session = Session(url, username=USER, ca_file=bench.vcenter.ca_file, environ={"HOME": str(bench.home)})
    with session, pytest.raises(NotFoundError):
        session.soap_session_id()
    assert not bench.vcenter.refusals


def test_what_was_stored_once_is_enough(helper: Helper, vcenter: SimulatedVCenter) -> None:
    """User and password out of the secret store, as for `vsphere-session get`; and the executable finds the session."""
    fields = {"url": vcenter.url, "ca_file": str(vcenter.ca_file)}
    stored = {**fields, "username": USER, "password": PASSWORD}
    helper.ok("store", stored, "--secret-store", "file")
    with Session(vcenter.url, ca_file=vcenter.ca_file, environ=helper.environment) as session:
        soap = session.soap_session_id()
    assert helper.ok("get", {**fields, "api": "soap"})["soap_session_id"] == soap
    assert len(vcenter.logins) == 1


# ---- a program that runs for long


def test_a_session_that_has_idled_out_is_renewed_before_it_is_handed_out(bench: Bench) -> None:
    """Half an hour later; nobody saw an error."""
    with bench.session() as session:
        first, rest = session.service_instance(), session.requests_session()
        bench.vcenter.clock.advance(31 * 60)
        assert session.service_instance() is not first
        assert session.service_instance().CurrentTime()
        answer = rest.get("/api/session")
        assert (answer.status_code, answer.history) == (200, [])
    assert len(bench.vcenter.logins) == 4


def test_a_session_is_renewed_at_its_largest_age_though_it_was_never_idle(bench: Bench) -> None:
    with bench.session(policy=Policy(max_age=3600)) as session:
        first = session.soap_session_id()
        for _ in range(4):
            bench.vcenter.clock.advance(20 * 60)
            assert whoami(session)
        assert session.soap_session_id() != first
    assert len(bench.vcenter.logins) == 2


def test_who_was_told_that_the_session_is_gone_says_so_and_gets_another(bench: Bench) -> None:
    """And who says so of a session that lives gets that again."""
    with bench.session() as session:
        instance = session.service_instance()
        session.recheck()
        assert session.service_instance() is instance
        bench.vcenter.end_all()
        manager: Any = instance.content.sessionManager
        with pytest.raises(vim.fault.NotAuthenticated):
            manager.AcquireCloneTicket()
        session.recheck()
        assert whoami(session) == "VSPHERE.LOCAL\\administrator"
    assert len(bench.vcenter.logins) == 2


def test_another_program_that_has_renewed_the_session_is_followed(bench: Bench) -> None:
    """Its session is taken, and none is made."""
    with bench.session() as here, bench.session() as there:
        assert here.soap_session_id() == there.soap_session_id()
        bench.vcenter.end_all()
        for session in (there, here):
            session.recheck()
        assert here.soap_session_id() == there.soap_session_id()
    assert len(bench.vcenter.logins) == 2


def test_a_server_that_is_down_is_an_error_and_the_session_is_there_when_it_is_back(bench: Bench) -> None:
    with bench.session() as session:
        before = session.soap_session_id()
        session.recheck()
        bench.vcenter.faults.add("/sdk", faults.status(503), times=1)
        with pytest.raises(UnreachableError):
            session.soap_session_id()
        assert session.soap_session_id() == before


def test_reauth_makes_one_new_session_and_stays_with_it(bench: Bench) -> None:
    with bench.session() as session:
        old = session.soap_session_id()
    with bench.session(reauth=True) as session:
        new = session.soap_session_id()
        session.recheck()
        assert new == session.soap_session_id() != old
    assert bench.live == {new}


def test_a_log_tells_of_the_session_without_secrets(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, "vsphere_session"), bench.session() as session:
        first = session.soap_session_id()
        bench.vcenter.end_all()
        session.recheck()
        second = session.soap_session_id()
    text = "\n".join(record.getMessage() for record in caplog.records)
    assert {record.name for record in caplog.records if record.name.startswith("vsphere")} == {"vsphere_session"}
    assert "logging in to" in text
    assert "the server has refused the SOAP session" in text
    assert not any(secret in text for secret in (PASSWORD, first, second))


# ---- its end


@pytest.mark.sessions_counted_by_hand
def test_a_session_outside_the_cache_ends_with_its_block(bench: Bench) -> None:
    with bench.session(passthrough=True) as session:
        assert whoami(session)
        assert session.requests_session().get("/api/session").status_code == 200
        assert len(bench.vcenter.sessions) == 2
    assert bench.vcenter.sessions == []
    assert not bench.file("soap").exists()


@pytest.mark.sessions_counted_by_hand
def test_also_with_an_error_and_after_a_renewal(bench: Bench) -> None:
    def work(session: Session) -> None:
        with session:
            session.rest_session_id()
            bench.vcenter.clock.advance(31 * 60)
            session.rest_session_id()
            assert len(bench.vcenter.sessions) == 1
            raise KeyError("the program's own")

    with pytest.raises(KeyError):
        work(bench.session(passthrough=True))
    assert bench.vcenter.sessions == []


@pytest.mark.sessions_counted_by_hand
def test_a_server_that_is_gone_by_then_hides_no_error_of_the_program(bench: Bench) -> None:
    with bench.session(passthrough=True) as session:
        session.rest_session_id()
        bench.vcenter.faults.add("/api/session", faults.reset())
    bench.vcenter.faults.clear()
    assert len(bench.vcenter.sessions) == 1


def test_it_can_be_used_again_after_its_end(bench: Bench) -> None:
    session = bench.session()
    for _ in range(2):
        with session:
            assert whoami(session)
    assert len(bench.vcenter.logins) == 1


# ---- what is wrong


def test_a_refused_password_is_an_exception_of_its_own(bench: Bench) -> None:
    with bench.session(password="wrong") as session:
        for _ in range(2):
            with pytest.raises(LoginRefusedError) as refused:
                session.service_instance()
            assert refused.value.kind == "login-refused"
            assert "wrong" not in f"{refused.value!r}"
    assert len(bench.vcenter.refusals) == 1


def test_a_way_to_log_in_that_there_is_not(bench: Bench) -> None:
    with pytest.raises(InvalidRequestError, match="login is none of password, saml"):
        bench.session(login="kerberos")


def test_no_secret_shows_in_a_repr(bench: Bench) -> None:
    session: Any = bench.session()
    with session:
        session.rest_session_id()
        assert PASSWORD not in f"{session!r} {vars(session)!r}"
        assert session.rest_session_id() not in f"{session!r} {vars(session)!r}"
