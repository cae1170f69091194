"""The server of clone tickets: each answer is one new ticket, and it misbehaves as told."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from simulated_vcenter import SimulatedVCenter
from simulated_vcenter.selftest.raw import Answer, Raw
from simulated_vcenter.ticket_server import TicketServer

USER = "administrator@vsphere.local"
Both = tuple[SimulatedVCenter, TicketServer]


@pytest.fixture
def both() -> Iterator[Both]:
    with SimulatedVCenter() as vc, TicketServer(vc, USER, token="T") as tickets:
        yield vc, tickets


def ask(tickets: TicketServer, token: str = "T", path: str = "/session") -> Answer:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return Raw(tickets.url, tickets.ca_file).ask("GET", path, headers)


@pytest.mark.parametrize("path", ["/", "/session", "/some/where?x=1"])
def test_any_path_gives_a_ticket_that_opens_a_session(both: Both, path: str) -> None:
    vc, tickets = both
    first, second = (ask(tickets, path=path).json["token"] for _ in range(2))
    assert first != second
    raw = Raw(vc.url, vc.ca_file)
    cloned = raw.call("CloneSession", "SessionManager", f"<cloneTicket>{first}</cloneTicket>")
    assert raw.whoami(cloned.session_id) == "VSPHERE.LOCAL\\administrator"
    assert [request.path for request in tickets.requests] == [path, path]


@pytest.mark.parametrize("token", ["", "U", "t"])
def test_without_its_token_there_is_nothing(both: Both, token: str) -> None:
    answer = ask(both[1], token)
    assert (answer.status, both[1].given) == (401, [])


@pytest.mark.parametrize(("mode", "status"), [("forbidden", 403), ("broken", 500), ("empty", 200), ("html", 200)])
def test_it_fails_as_told_and_gives_no_ticket(both: Both, mode: Any, status: int) -> None:
    both[1].mode = mode
    answer = ask(both[1])
    assert (answer.status, b"cst-" in answer.body, both[1].given) == (status, False, [])


def test_it_can_say_far_too_much(both: Both) -> None:
    both[1].mode = "huge"
    assert len(ask(both[1]).body) > 8 << 20


def test_it_can_say_nothing_at_all(both: Both) -> None:
    both[1].mode = "slow"
    connection = Raw(both[1].url, both[1].ca_file).connection()
    connection.timeout = 0.2
    connection.request("GET", "/", headers={"Authorization": "Bearer T"})
    with pytest.raises(TimeoutError):
        connection.getresponse()
    connection.close()
