"""Kubernetes' programs get clone tickets from `serve-tickets`, and nobody else does."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest

from commands.serving import TOKEN, NoTicketError, Serving, clone, shared_token, trusting
from peers import VcSim
from simulated_vcenter import SimulatedVCenter, faults
from simulated_vcenter.selftest.raw import Raw
from support.program import PASSWORD, USER, Helper


@pytest.fixture
def serving(helper: Helper, vcenter: SimulatedVCenter, tmp_path: Path) -> Iterator[Serving]:
    with Serving(helper, vcenter, tmp_path) as server:
        yield server


def ticket(serving: Serving, token: str = TOKEN, path: str = "/session") -> str:
    return shared_token(f"https://127.0.0.1:{serving.port}{path}", token, trusting(serving.ca_file))


def test_a_ticket_is_good_for_one_session_of_the_same_user(serving: Serving, vcenter: SimulatedVCenter) -> None:
    given = ticket(serving)
    session = clone(vcenter.url, vcenter.ca_file, given)
    raw = Raw(vcenter.url, vcenter.ca_file)
    assert raw.whoami(session) == "VSPHERE.LOCAL\\administrator"
    assert clone(vcenter.url, vcenter.ca_file, given) == ""
    raw.logout(session)
    assert [each.user for each in vcenter.logins] == [USER, USER]


def test_the_real_simulator_takes_its_tickets_too(helper: Helper, vcsim: VcSim, tmp_path: Path) -> None:
    with Serving(helper, vcsim, tmp_path) as serving:
        sessions = [clone(vcsim.url, str(vcsim.ca_file), ticket(serving)) for _ in range(2)]
        assert len(set(sessions)) == 2
        assert vcsim.session_count() == 3
        for session in sessions:
            Raw(vcsim.url, str(vcsim.ca_file)).logout(session)
    assert vcsim.session_count() == 1


def test_a_crowd_gets_a_ticket_each_out_of_one_login(serving: Serving, vcenter: SimulatedVCenter) -> None:
    with ThreadPoolExecutor(12) as crowd:
        tickets = list(crowd.map(lambda _: ticket(serving), range(12)))
    assert len(set(tickets)) == 12
    assert len(vcenter.logins) == 1
    raw = Raw(vcenter.url, vcenter.ca_file)
    for each in tickets:
        raw.logout(clone(vcenter.url, vcenter.ca_file, each))
    assert vcenter.session_count == 1


@pytest.mark.parametrize("token", ["x", TOKEN[:-1], TOKEN + "x", TOKEN.lower(), ""])
def test_without_the_right_token_there_is_no_ticket(serving: Serving, vcenter: SimulatedVCenter, token: str) -> None:
    with pytest.raises(NoTicketError, match="401"):
        ticket(serving, token)
    assert not [request for request in vcenter.requests if request.operation == "AcquireCloneTicket"]


def test_tokens_are_read_again_when_the_file_changes(serving: Serving) -> None:
    assert ticket(serving)
    serving.token_file.write_text("second-token-1\nthird-token-22\n", encoding="ascii")
    assert ticket(serving, "second-token-1")
    assert ticket(serving, "third-token-22")
    with pytest.raises(NoTicketError, match="401"):
        ticket(serving)


def test_without_the_token_file_nobody_gets_a_ticket(serving: Serving) -> None:
    serving.token_file.unlink()
    with pytest.raises(NoTicketError, match="500"):
        ticket(serving)
    assert "500, cannot read the token file" in serving.log


def test_any_path_will_do_but_where_one_is_named(helper: Helper, vcenter: SimulatedVCenter, tmp_path: Path) -> None:
    with Serving(helper, vcenter, tmp_path) as serving:
        assert [bool(ticket(serving, path=path)) for path in ("/", "/a/b?c=d")] == [True, True]
    with Serving(helper, vcenter, tmp_path, "--path", "/tickets") as serving:
        assert ticket(serving, path="/tickets?x=1")
        for other in ("/", "/tickets/", "/session"):
            with pytest.raises(NoTicketError, match="404"):
                ticket(serving, path=other)


def test_an_answer_is_kept_by_nobody(serving: Serving) -> None:
    answer = serving.say(f"GET / HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\n\r\n".encode())
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"\r\nCache-Control: no-store\r\n" in answer
    assert b"\r\nContent-Type: application/json\r\n" in answer


def test_a_session_that_died_is_renewed_on_the_way(serving: Serving, vcenter: SimulatedVCenter) -> None:
    assert ticket(serving)
    vcenter.end_all()
    session = clone(vcenter.url, vcenter.ca_file, ticket(serving))
    Raw(vcenter.url, vcenter.ca_file).logout(session)
    assert vcenter.session_count == 1


def test_a_vcenter_that_is_away_is_503_and_comes_back_by_itself(serving: Serving, vcenter: SimulatedVCenter) -> None:
    with vcenter.offline():
        with pytest.raises(NoTicketError, match="503"):
            ticket(serving)
        answer = serving.say(f"GET / HTTP/1.1\r\nAuthorization: Bearer {TOKEN}\r\n\r\n".encode())
        assert b"\r\nRetry-After: 5\r\n" in answer
        assert answer.endswith(b'\r\n\r\n{"error":"Service Unavailable"}\n')
    assert ticket(serving)


def test_it_starts_before_vcenter_does(helper: Helper, vcenter: SimulatedVCenter, tmp_path: Path) -> None:
    with ExitStack() as running:
        with vcenter.offline():
            serving = running.enter_context(Serving(helper, vcenter, tmp_path))
        assert ticket(serving)


def test_it_does_not_start_with_a_password_that_is_refused(
    helper: Helper, vcenter: SimulatedVCenter, tmp_path: Path
) -> None:
    serving = Serving(helper, vcenter, tmp_path)
    wrong = helper.run(
        *serving.arguments,
        GOVC_URL=vcenter.url,
        GOVC_TLS_CA_CERTS=vcenter.ca_file,
        GOVC_USERNAME=USER,
        GOVC_PASSWORD="wrong",
    )
    assert (wrong.status, wrong.stdout) == (4, b""), wrong
    assert vcenter.login_attempts == 1


def test_what_went_wrong_is_in_the_log_and_not_in_the_answer(serving: Serving, vcenter: SimulatedVCenter) -> None:
    vcenter.faults.add("AcquireCloneTicket", faults.status(418, b"what a teapot says"))
    answer = serving.say(f"GET / HTTP/1.1\r\nAuthorization: Bearer {TOKEN}\r\n\r\n".encode())
    assert answer.startswith((b"HTTP/1.1 500 ", b"HTTP/1.1 503 "))
    assert b"418" not in answer
    assert b"vc" not in answer.lower()
    assert "418" in serving.log


def test_a_vcenter_that_does_not_answer_is_503_within_the_clients_five_seconds(
    serving: Serving, vcenter: SimulatedVCenter
) -> None:
    vcenter.faults.add("AcquireCloneTicket", faults.stall())
    with pytest.raises(NoTicketError, match="503"):
        ticket(serving)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_finishes_what_is_in_flight_and_takes_no_more_when_it_is_to_end(
    serving: Serving, vcenter: SimulatedVCenter, number: int
) -> None:
    ticket(serving)
    release = threading.Event()
    held = faults.wait_for(release)
    vcenter.faults.add("AcquireCloneTicket", held)
    with ThreadPoolExecutor(1) as clients:
        in_flight = clients.submit(ticket, serving)
        assert held.reached.wait(30)
        serving.process.send_signal(number)
        while not refused(serving):
            pass
        release.set()
        session = clone(vcenter.url, vcenter.ca_file, in_flight.result(30))
    assert serving.process.wait(30) == 0
    Raw(vcenter.url, vcenter.ca_file).logout(session)


def refused(serving: Serving) -> bool:
    """Whether it takes no connection any more."""
    try:
        ticket(serving, "nobody's")
    except OSError:
        return True
    except NoTicketError:
        pass
    return False


@pytest.mark.parametrize("verbose", [False, True])
def test_no_secret_is_in_the_log_or_the_arguments(
    helper: Helper, vcenter: SimulatedVCenter, tmp_path: Path, verbose: bool
) -> None:
    with Serving(helper, vcenter, tmp_path, verbose=verbose) as serving:
        given = ticket(serving)
        with pytest.raises(NoTicketError):
            ticket(serving, "Wr0ngT0kenW1thC0ntent")
        vcenter.faults.add("AcquireCloneTicket", faults.status(500, given.encode()))
        with pytest.raises(NoTicketError):
            ticket(serving)
        command = Path(f"/proc/{serving.process.pid}/cmdline").read_bytes().decode()
        secrets = [TOKEN, PASSWORD, given, "Wr0ngT0kenW1thC0ntent", *(session.id for session in vcenter.sessions)]
        assert not [secret for secret in secrets if secret in serving.log + command]
        assert bool(serving.log) == verbose


def test_a_new_certificate_is_shown_without_a_restart(serving: Serving) -> None:
    def shown() -> bytes | None:
        with serving.connection() as connection:
            return connection.getpeercert(binary_form=True)

    first = shown()
    serving.new_certificate()
    second = shown()
    assert second != first
    serving.certificate.write_text("no certificate", encoding="ascii")
    assert shown() == second
    assert "the certificate stays as it was" in serving.log
