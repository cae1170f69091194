"""`vsphere-session doctor` and logins: what was refused is not sent again, and only `--login` logs in."""

from __future__ import annotations

import pytest

from commands.doctors import Patient
from simulated_vcenter import SimulatedVCenter, faults
from support.program import PASSWORD, USER, Helper, request

WRONG = "wr0ng-Omega"


@pytest.fixture
def patient(helper: Helper, vcenter: SimulatedVCenter) -> Patient:
    """All is well but for what the test does."""
    return Patient(helper, vcenter)


@pytest.mark.parametrize("words", [(), ("--login",)])
def test_a_password_that_was_refused_lately_is_named_and_not_sent(patient: Patient, words: tuple[str, ...]) -> None:
    patient.configure()
    assert patient.helper.call("get", request(patient.vcenter, password=WRONG)).status == 4
    patient.helper.environment["VSPHERE_PASSWORD"] = WRONG
    before = patient.files()
    found = patient.diagnosis(*words)
    assert (found.status, found.problems) == (4, ["refusals"])
    assert "refused this very login" in found.the("refusals", "problem").what
    assert found.state("login") == "skipped"
    assert patient.vcenter.login_attempts == 1
    assert patient.files() == before


def test_another_password_than_the_refused_one_is_fine(patient: Patient) -> None:
    patient.configure()
    assert patient.helper.call("get", request(patient.vcenter, password=WRONG)).status == 4
    assert patient.diagnosis().status == 0


def test_a_login_is_made_when_asked_for_and_ended(patient: Patient) -> None:
    found = patient.diagnosis("--login")
    assert (found.status, found.problems, found.warnings) == (0, [], [])
    assert "was logged in (soap and rest) and out again" in found.the("login", "ok").what
    assert found.state("session limit") == "ok"
    assert (len(patient.vcenter.logins), patient.vcenter.session_count) == (2, 0)
    assert patient.helper.sessions_in_files == set()


def test_a_cached_session_stays_beside_such_a_login(patient: Patient) -> None:
    patient.configure()
    patient.helper.ok("get", request(patient.vcenter))
    before = patient.helper.sessions_in_files
    found = patient.diagnosis("--login")
    assert found.status == 0
    assert "is good, and was confirmed lately" in found.of("cache", "ok")[0].what
    assert patient.helper.sessions_in_files == before
    assert {session.id for session in patient.vcenter.sessions} == before


def test_a_password_that_the_server_refuses(patient: Patient) -> None:
    patient.helper.environment["VSPHERE_PASSWORD"] = WRONG
    found = patient.diagnosis("--login")
    assert (found.status, found.problems) == (4, ["login"])
    assert "refused the login" in found.the("login", "problem").what
    assert patient.vcenter.login_attempts == 1
    assert found.state("session limit") == "skipped"


def test_a_server_that_has_no_session_left(patient: Patient) -> None:
    patient.vcenter.faults.add("=Login", faults.status(503, b"failedToLoginMaxUserSessionCountReached"))
    found = patient.diagnosis("--login")
    assert (found.status, found.problems) == (7, ["session limit"])
    assert "has no session left for this user" in found.the("session limit", "problem").what
    assert found.state("caller git") == "ok"


def test_a_server_that_may_have_no_session_left_and_does_not_say_so(patient: Patient) -> None:
    """As vCenter answers 503 without a word, both then and while it starts."""
    patient.vcenter.limit_sessions(1)
    other = patient.vcenter.add_session(USER)
    found = patient.diagnosis("--login")
    patient.vcenter.end(other)
    assert (found.status, found.problems, found.warnings) == (5, ["login"], ["session limit"])
    assert "it may have none left for this user" in found.the("session limit", "warning").what


def test_a_limit_that_one_kind_has_reached_leaves_no_session_of_the_other(patient: Patient) -> None:
    patient.vcenter.limit_sessions(1)
    other = patient.vcenter.add_session(USER, "rest")
    found = patient.diagnosis("--login")
    assert found.problems == ["session limit"]
    assert [session.id for session in patient.vcenter.sessions] == [other]
    patient.vcenter.end(other)


def test_a_cached_session_that_was_made_in_another_way(patient: Patient) -> None:
    patient.configure()
    patient.helper.ok("get", request(patient.vcenter))
    patient.own.append('method = "saml"')
    found = patient.diagnosis()
    assert found.warnings == ["cache"]
    assert "was made for somebody else or in another way" in found.of("cache", "warning")[0].what


def test_a_session_without_a_login_is_a_warning_since_calls_still_work(patient: Patient) -> None:
    patient.configure()
    patient.helper.ok("get", request(patient.vcenter, password=PASSWORD))
    del patient.helper.environment["VSPHERE_PASSWORD"]
    found = patient.diagnosis()
    assert (found.status, found.warnings) == (0, ["login method"])
    assert "once the cached session is over" in found.the("login method", "warning").what


def test_one_id_for_both_since_8_0_3(patient: Patient) -> None:
    assert "have a session each" in patient.diagnosis().the("one id", "ok").what
    with SimulatedVCenter(unified=True) as newer:
        patient.host = newer.authority
        patient.own[0] = f'ca_file = "{newer.ca_file}"'
        assert patient.diagnosis("--login").the("one id", "ok").what == "one session is for both APIs (since 8.0.3)"
        assert newer.session_count == 0
