"""Logging in by a clone ticket: one use, given or fetched from a session manager, as Kubernetes' programs do."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from login.three_lines import configure, got, hidden, refused
from peers import VcSim
from simulated_vcenter import SimulatedVCenter, faults
from simulated_vcenter.selftest.raw import Raw
from simulated_vcenter.ticket_server import TicketServer
from support.program import PASSWORD, USER, Helper, request

TOKEN = "Tk5Vq8Zw2Lm9Rx4B"
ALICE = "alice@vsphere.local"


@pytest.fixture
def parent(vcenter: SimulatedVCenter) -> Iterator[str]:
    """Somebody else's session, which tickets are taken from."""
    session = vcenter.add_session(USER)
    yield session
    vcenter.end(session)


@pytest.fixture
def manager(vcenter: SimulatedVCenter) -> Iterator[TicketServer]:
    with TicketServer(vcenter, USER, token=TOKEN) as server:
        yield server


def by_url(helper: Helper, vcenter: SimulatedVCenter, manager: TicketServer, tmp_path: Path, name: str = USER) -> None:
    (tmp_path / "token").write_text(f"{TOKEN}\n", encoding="ascii")
    configure(
        helper,
        vcenter,
        f'ticket_url = "{manager.url}"\nticket_token_file = "{tmp_path}/token"\nlogin_ca_file = "{manager.ca_file}"',
        {"GOVC_USERNAME": name} if name else None,
    )


# ---- a ticket that is given


def test_a_ticket_makes_a_session_that_is_cached(helper: Helper, vcenter: SimulatedVCenter, parent: str) -> None:
    asked = request(vcenter, ticket=vcenter.issue_ticket(parent), api="soap")
    first = helper.ok("get", asked)
    again = helper.ok("get", asked)
    assert (first["source"], again["source"]) == ("login", "cache")
    assert first["soap_session_id"] == again["soap_session_id"] != parent
    assert first["username"] == "VSPHERE.LOCAL\\administrator"
    assert vcenter.session_count == 2
    helper.ok("erase", request(vcenter, api="soap"))
    assert vcenter.session_count == 1
    vcenter.end(parent)


def test_without_a_user_the_session_is_kept_apart_from_govmomis_files(
    helper: Helper, vcenter: SimulatedVCenter, parent: str
) -> None:
    asked = {**request(vcenter, ticket=vcenter.issue_ticket(parent), api="soap"), "username": ""}
    assert helper.ok("get", asked)["source"] == "login"
    assert helper.ok("get", asked)["source"] == "cache"
    assert helper.sessions_in_files == set()
    vcenter.end(parent)


def test_a_ticket_of_somebody_else_than_is_named_leaves_nothing(helper: Helper, vcenter: SimulatedVCenter) -> None:
    vcenter.set_password(ALICE, "x")
    alices = vcenter.add_session(ALICE)
    reply = helper.call("get", request(vcenter, ticket=vcenter.issue_ticket(alices), api="soap"))
    assert reply.kind == "login-refused"
    assert f"the ticket logs in VSPHERE.LOCAL\\alice, not {USER}" in reply.fields["message"]
    assert [session.id for session in vcenter.sessions] == [alices]
    vcenter.end(alices)


def test_a_used_ticket_is_refused_and_not_tried_again(helper: Helper, vcenter: SimulatedVCenter, parent: str) -> None:
    ticket = vcenter.issue_ticket(parent)
    helper.ok("get", request(vcenter, ticket=ticket, api="soap"))
    again = [helper.call("get", request(vcenter, ticket=ticket, api="soap", reauth=True)) for _ in range(2)]
    assert [reply.kind for reply in again] == ["login-refused"] * 2
    assert again[0].fields["message"] == (
        f"{vcenter.authority} did not take the ticket, which is good once, and only as long as the session lives that it was taken from; "
        "take a new one"
    )
    assert vcenter.login_attempts == 2
    assert ticket not in again[0].fields["message"]
    vcenter.end(parent)


def test_a_ticket_dies_with_the_session_that_it_was_taken_from(
    helper: Helper, vcenter: SimulatedVCenter, parent: str
) -> None:
    ticket = vcenter.issue_ticket(parent)
    vcenter.end(parent)
    assert helper.call("get", request(vcenter, ticket=ticket, api="soap")).kind == "login-refused"
    assert vcenter.session_count == 0


@pytest.mark.parametrize("ticket", ["two\nlines", "\x00", "x" * 5000])
def test_what_is_no_ticket_is_not_sent(helper: Helper, vcenter: SimulatedVCenter, ticket: str) -> None:
    assert helper.call("get", request(vcenter, ticket=ticket, api="soap")).kind == "invalid-request"
    assert vcenter.login_attempts == 0


def test_both_is_soap_alone_and_rest_is_unsupported_before_8_0_3(
    helper: Helper, vcenter: SimulatedVCenter, parent: str
) -> None:
    both = helper.ok("get", request(vcenter, ticket=vcenter.issue_ticket(parent)))
    assert "soap_session_id" in both
    assert "rest_session_id" not in both
    rest = helper.call("get", request(vcenter, ticket=vcenter.issue_ticket(parent), api="rest"))
    assert rest.kind == "unsupported"
    assert rest.fields["message"] == (
        f"{vcenter.authority} gives no REST session to who logs in by ticket: only vCenter 8.0 U3 and newer take the SOAP session for "
        'it; ask for "api": "soap"'
    )
    vcenter.end(parent)


def test_from_8_0_3_on_one_id_is_both(helper: Helper) -> None:
    with SimulatedVCenter(unified=True) as vcenter:
        parent = vcenter.add_session(USER)
        both = helper.ok("get", request(vcenter, ticket=vcenter.issue_ticket(parent)))
        assert both["soap_session_id"] == both["rest_session_id"]
        rest = helper.ok("get", request(vcenter, api="rest", ticket="used-up"))
        assert (rest["source"], rest["rest_session_id"]) == ("cache", both["rest_session_id"])
        vcenter.end(parent)


# ---- one that is fetched


def test_three_lines_fetch_a_ticket_whenever_a_login_is_due(
    helper: Helper, vcenter: SimulatedVCenter, manager: TicketServer, tmp_path: Path
) -> None:
    by_url(helper, vcenter, manager, tmp_path)
    first, again = got(helper), got(helper)
    assert (first["source"], again["source"], len(manager.given)) == ("login", "cache", 1)
    assert got(helper, reauth=True)["source"] == "login"
    assert [asked.method + " " + asked.path for asked in manager.requests] == ["GET /session"] * 2
    assert len(manager.given) == 2
    assert vcenter.session_count == 2
    vcenter.end(manager.session_id)


@pytest.mark.parametrize(
    ("mode", "kind", "said"),
    [
        (
            "forbidden",
            "login-refused",
            "gives no ticket (403): it does not take this token, or has no session to vCenter",
        ),
        ("broken", "unreachable", "answered with HTTP status 500; check ticket_url, and its log"),
        ("empty", "unreachable", 'answered without a ticket: it is to say {"token": "TICKET"}; check ticket_url'),
        ("html", "unreachable", 'answered without a ticket: it is to say {"token": "TICKET"}; check ticket_url'),
        ("huge", "unreachable", "sent an answer of more than 1048576 bytes"),
    ],
)
def test_a_session_manager_that_gives_no_ticket_is_told_as_such(
    helper: Helper, vcenter: SimulatedVCenter, manager: TicketServer, tmp_path: Path, mode: Any, kind: str, said: str
) -> None:
    by_url(helper, vcenter, manager, tmp_path)
    manager.mode = mode
    text = refused(helper, kind)
    assert said in text
    assert manager.url.split("/")[2] in text
    assert TOKEN not in text
    assert vcenter.login_attempts == 0
    manager.mode = "tickets"
    assert got(helper)["source"] == "login"
    vcenter.end(manager.session_id)


def test_a_session_manager_that_never_answers_costs_the_timeout_and_no_more(
    helper: Helper, vcenter: SimulatedVCenter, manager: TicketServer, tmp_path: Path
) -> None:
    by_url(helper, vcenter, manager, tmp_path)
    manager.mode = "slow"
    reply = helper.call("get", {"api": "soap"}, "--timeout", "1")
    assert reply.kind == "unreachable"
    assert "did not answer within 1 s" in reply.fields["message"]
    vcenter.end(manager.session_id)


def test_a_wrong_token_is_refused_and_shown_to_nobody(
    helper: Helper, vcenter: SimulatedVCenter, manager: TicketServer, tmp_path: Path
) -> None:
    by_url(helper, vcenter, manager, tmp_path)
    (tmp_path / "token").write_text("wr0ng-t0ken", encoding="ascii")
    text = refused(helper, "login-refused")
    assert "gives no ticket (401)" in text
    assert "wr0ng" not in text
    vcenter.end(manager.session_id)


def test_a_session_manager_by_another_authority_sees_no_token(
    helper: Helper, vcenter: SimulatedVCenter, manager: TicketServer, tmp_path: Path
) -> None:
    by_url(helper, vcenter, manager, tmp_path)
    refused(helper, "untrusted", login_ca_file=vcenter.ca_file)
    assert manager.requests == []
    vcenter.end(manager.session_id)


@pytest.mark.parametrize("url", ["http://sessions.example.com/", "https://u:p@h/", "sessions.example.com", "https://"])
def test_a_ticket_url_that_would_show_the_token_around_is_refused(
    helper: Helper, vcenter: SimulatedVCenter, url: str
) -> None:
    text = helper.call("get", request(vcenter, ticket_url=url, ticket_token=TOKEN, api="soap"))
    assert text.kind == "invalid-request"
    assert "ticket_url" in text.fields["message"]


def test_outside_of_a_pod_there_has_to_be_a_token(
    helper: Helper, vcenter: SimulatedVCenter, manager: TicketServer
) -> None:
    reply = helper.call("get", request(vcenter, ticket_url=manager.url, api="soap"))
    assert reply.kind == "not-found"
    assert "give ticket_token or ticket_token_file, or run in a pod with a service account" in reply.fields["message"]
    vcenter.end(manager.session_id)


# ---- with others


def test_govcs_ticket_logs_us_in_and_ours_logs_govc_in(helper: Helper, vcsim: VcSim, tmp_path: Path) -> None:
    theirs = vcsim.govc(tmp_path / "govc")
    (tmp_path / "govc").mkdir()
    ticket = theirs.ok("session.login", "-clone").strip()
    mine = helper.ok("get", request(vcsim, ticket=ticket, api="soap"))
    assert mine["source"] == "login"
    given = helper.ok("get", request(vcsim, ticket="used", output="clone_ticket"))["clone_ticket"]
    (tmp_path / "other").mkdir()
    other = vcsim.govc(tmp_path / "other")
    other.ok("session.login", "-ticket", given)
    assert vcsim.session_count() == 3
    assert helper.call("get", request(vcsim, ticket=ticket, api="soap", reauth=True)).kind == "login-refused"
    assert vcsim.session_count() == 3


# ---- nothing is left


@pytest.mark.parametrize("fault", [faults.close_mid_answer, faults.html, faults.reset, lambda: faults.status(503)])
def test_a_login_that_goes_wrong_half_way_leaves_no_session(
    helper: Helper, vcenter: SimulatedVCenter, parent: str, fault: Any
) -> None:
    vcenter.faults.add("CloneSession", fault())
    reply = helper.call("get", request(vcenter, ticket=vcenter.issue_ticket(parent), api="soap"))
    assert reply.kind in ("unreachable", "session-limit")
    assert [session.id for session in vcenter.sessions] == [parent]
    assert not hidden(helper.home)
    vcenter.end(parent)


def test_tickets_and_tokens_are_in_no_file_and_no_text(
    helper: Helper, vcenter: SimulatedVCenter, manager: TicketServer, tmp_path: Path
) -> None:
    by_url(helper, vcenter, manager, tmp_path)
    reply = helper.call("get", {"api": "soap"}, "-vv")
    kept = "".join(path.read_text(errors="replace") for path in helper.home.rglob("*") if path.is_file())
    for secret in (TOKEN, manager.given[0], PASSWORD):
        assert secret not in kept + reply.stderr + reply.stdout.decode()
    vcenter.end(manager.session_id)


def test_a_password_login_for_the_user_does_not_get_the_clone_by_another_way(
    helper: Helper, vcenter: SimulatedVCenter, parent: str
) -> None:
    """A session by a ticket is one of the same user, but not one that was made by the password."""
    cloned = helper.ok("get", request(vcenter, ticket=vcenter.issue_ticket(parent), api="soap"))
    by_password = helper.ok("get", request(vcenter, password=PASSWORD, api="soap"))
    assert by_password["soap_session_id"] != cloned["soap_session_id"]
    assert Raw(vcenter.url, vcenter.ca_file).whoami(cloned["soap_session_id"]) == ""
    vcenter.end(parent)
