"""The refresh token: for as long as it is good nobody has to come back, and it is never lost where it could be kept."""

from __future__ import annotations

import json
import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest

from login.broker.site import ALICE, EXCHANGE, TOKEN, Site, log_in
from peers.browser import Browser
from simulated_vcenter import faults
from support.program import Reply

pytestmark = pytest.mark.timeout(900)  # the first of these tests to run downloads the browser
ASKING = {"verify": "always"}


@pytest.fixture
def logged_in(site: Site, browser: Browser) -> Site:
    """A person has logged in, and the session is over."""
    assert log_in(site, browser).status == 0
    site.vcenter.end_all()
    return site


def test_a_new_session_without_a_person(logged_in: Site) -> None:
    """Each refresh token is used once; the one that is good is in the secret store, and nowhere else."""
    site = logged_in
    for count in (1, 2):
        before = site.kept
        assert site.ok(**ASKING)["source"] == "login"
        assert site.asked("refresh_token") == count
        assert site.kept == site.good_refresh_tokens != before
        site.vcenter.end_all()
    assert site.ok(**ASKING)["source"] == "login"
    holding = [
        path.name
        for path in site.helper.home.rglob("*")
        if path.is_file() and site.kept[0].encode() in path.read_bytes()
    ]
    assert holding == ["secrets.json"]


def test_the_session_is_replaced_when_the_token_has_ended(site: Site, browser: Browser) -> None:
    """Before the server has to say so: an answer is not good beyond it."""
    log_in(site, browser)
    first = site.ok()
    site.vcenter.clock.advance(301)
    again = site.ok(**ASKING)
    assert again["source"] == "login"
    assert again["soap_session_id"] != first["soap_session_id"]
    assert site.vcenter.session_count == 2


def test_one_that_is_void_needs_a_person(logged_in: Site) -> None:
    """It is forgotten, and not shown again."""
    site = logged_in
    site.broker.given.refresh.clear()
    for _ in range(2):
        reply = site.get(**ASKING)
        assert (reply.status, reply.kind) == (11, "interaction-required")
        assert f"run once: vsphere-session login {site.vcenter.authority}" in reply.fields["message"]
    assert (site.asked("refresh_token"), site.kept) == (1, [])


@pytest.mark.parametrize("scope", ["password", "all"])
def test_erase_forgets_it(logged_in: Site, scope: str) -> None:
    """For the user who is named; for another one it stays. It is one of what `password` means."""
    site = logged_in
    assert site.erase(username="carol@example.com", scope=scope)["erased"] == ""
    assert len(site.kept) == 1
    assert "password" in site.erase(scope=scope)["erased"].split(",")
    assert site.kept == []
    assert site.get(**ASKING).kind == "interaction-required"


def test_it_stays_where_a_session_is_erased_or_a_password_stored(logged_in: Site) -> None:
    site = logged_in
    kept = site.kept
    site.erase(scope="session")
    site.helper.ok("store", {"url": site.vcenter.authority, "username": ALICE, "password": "another"})
    assert sorted(site.kept) == sorted([*kept, "another"])
    assert site.ok(**ASKING)["source"] == "login"
    site.erase(scope="password")
    assert site.kept == []


def test_erase_forgets_it_whatever_is_configured_by_then(logged_in: Site) -> None:
    site = logged_in
    site.configure()
    assert "password" in site.erase()["erased"].split(",")
    assert site.kept == []


def test_killed_between_the_new_one_and_its_use(logged_in: Site) -> None:
    """The next call logs in with it."""
    site = logged_in
    fault = site.vcenter.faults.add(EXCHANGE, faults.stall(), times=1)
    process = site.helper.start("get")
    assert process.stdin is not None
    process.stdin.write(json.dumps({"url": site.vcenter.authority, **ASKING}).encode())
    process.stdin.close()
    assert fault.reached.wait(60)
    assert site.kept == site.good_refresh_tokens
    process.kill()
    process.wait()
    _close(process)
    assert site.ok(**ASKING)["source"] == "login"
    assert site.asked("refresh_token") == 2


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_while_the_new_one_is_on_its_way(logged_in: Site, number: signal.Signals) -> None:
    """It is waited for and kept, since the old one is void by then."""
    site = logged_in
    let_go = threading.Event()
    fault = site.vcenter.faults.add(TOKEN, faults.wait_for(let_go), times=1)
    process = site.helper.start("get")
    assert process.stdin is not None
    process.stdin.write(json.dumps({"url": site.vcenter.authority, **ASKING}).encode())
    process.stdin.close()
    assert fault.reached.wait(60)
    process.send_signal(number)
    let_go.set()
    assert process.wait(60) == 128 + number
    _close(process)
    assert site.kept == site.good_refresh_tokens
    assert site.vcenter.session_count == 0
    assert site.ok(**ASKING)["source"] == "login"


def test_a_store_that_cannot_be_written_costs_no_login(logged_in: Site) -> None:
    """It is tried before the provider is asked, which would void the one that is there."""
    site = logged_in
    state = site.helper.home / ".local" / "state" / "vsphere-session"
    before = site.kept
    (state / "secrets.json").rename(state / "kept.json")
    (state / "secrets.json").mkdir()
    assert site.get(**ASKING).kind == "storage"
    (state / "secrets.json").rmdir()
    (state / "kept.json").rename(state / "secrets.json")
    assert site.asked("refresh_token") == 0
    assert site.kept == before == site.good_refresh_tokens


def test_a_vcenter_that_is_away_costs_no_login(logged_in: Site) -> None:
    site = logged_in
    site.vcenter.faults.add(EXCHANGE, faults.status(503))
    for _ in range(2):
        assert site.get(**ASKING).status not in (0, 11)
    site.vcenter.faults.clear()
    assert site.ok(**ASKING)["source"] == "login"


def test_many_at_once_use_it_once_for_each_kind_of_session_at_most(logged_in: Site) -> None:
    """The one that makes the REST session need not be the one that has made the SOAP session."""
    site = logged_in
    with ThreadPoolExecutor() as pool:
        replies = list(pool.map(lambda _: site.get(**ASKING), range(6)))
    assert [reply.status for reply in replies] == [0] * 6, replies
    assert len({reply.fields["soap_session_id"] for reply in replies}) == 1
    assert site.vcenter.session_count == 2
    assert site.asked("refresh_token") in (1, 2)


def test_those_with_sessions_of_their_own_use_it_one_after_the_other(logged_in: Site) -> None:
    """They share no session and so not its lock: shown twice, the provider would void all that came of the login."""
    site = logged_in
    with ThreadPoolExecutor() as pool:
        replies = list(pool.map(lambda _: site.get(passthrough=True, api="soap"), range(4)))
    assert [reply.status for reply in replies] == [0] * 4, replies
    assert site.asked("refresh_token") == 4
    assert site.kept == site.good_refresh_tokens
    for reply in replies:
        _end(site, reply)
    assert site.vcenter.session_count == 0


def _end(site: Site, reply: Reply) -> None:
    site.erase(soap_session_id=reply.fields["soap_session_id"])


def _close(process: object) -> None:
    for name in ("stdout", "stderr"):
        with suppress(OSError):
            getattr(process, name).close()
