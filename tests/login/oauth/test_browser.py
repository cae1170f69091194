"""A person logs in: a real provider, a real browser, and whatever else the person does in it."""

from __future__ import annotations

import queue
import socket
from urllib.parse import urlsplit

import pytest

from login.oauth.person import ANY, Person, redirect_uri_of
from login.oauth.test_listener import lacking
from support.ports import free_port
from vsphere_session.clock import Deadline
from vsphere_session.errors import BusyError, LoginRefusedError
from vsphere_session.login.oauth.authorization_code import log_in_by_pasting, log_in_with_browser
from vsphere_session.login.oauth.forms import Client
from vsphere_session.login.oauth.tokens import claims

pytestmark = pytest.mark.timeout(900)  # the first of these tests to run builds the one peer and downloads the other


def test_granted(person: Person) -> None:
    """The page says so when the tokens are there; the id token is for this login, and the same URL was shown."""
    done = person.start()
    tab = person.open()
    person.log_in(tab)
    tokens = done.result(60)
    tab.wait_for_text("Logged in")
    assert "can be closed" in tab.text
    assert all((tokens.access, tokens.refresh, tokens.id))
    assert tokens.expires == pytest.approx(person.clock.time + 300, abs=5)
    assert claims(tokens.id)["sub"] == "id1"
    assert (len(person.shown), person.opened.qsize()) == (1, 0)
    tab.close()


def test_a_wrong_password_is_between_the_person_and_the_provider(person: Person) -> None:
    done = person.start()
    tab = person.open()
    person.log_in(tab, "wrong")
    tab.wait_for_text("username or password wrong")
    assert not done.done()
    person.log_in(tab)
    assert done.result(60).access
    tab.close()


def test_denied(person: Person) -> None:
    done = person.start()
    tab = person.open()
    person.deny(tab)
    with pytest.raises(LoginRefusedError, match=r"denied in the browser \(access_denied: the person said no\)"):
        done.result(60)
    tab.wait_for_text("Not logged in")
    assert "said no" not in tab.text
    tab.close()


def test_a_provider_that_refuses_at_once(person: Person) -> None:
    """Extra parameters reach it: with `prompt=none` it may ask nobody."""
    done = person.start(person.login(prompt="none"))
    tab = person.open()
    with pytest.raises(LoginRefusedError, match=r"login_required.*log in with the browser"):
        done.result(60)
    tab.wait_for_text("Not logged in")
    tab.close()


def test_a_client_that_the_provider_does_not_know_ends_in_the_browser_and_with_the_deadline(person: Person) -> None:
    done = person.start(person.login(Client("nobody")))
    tab = person.open()
    tab.wait_for_text("client")
    person.clock.time += 301
    with pytest.raises(BusyError, match="nobody logged in within 300 s"):
        done.result(60)
    tab.close()


def test_a_tab_that_is_closed_ends_with_the_deadline(person: Person) -> None:
    """And its port is free again."""
    done = person.start()
    tab = person.open()
    tab.wait_for("document.querySelector('#username')")
    tab.close()
    assert not done.done()
    person.clock.time += 301
    with pytest.raises(BusyError, match="nobody logged in within 300 s in the browser; start again"):
        done.result(60)


def test_a_second_tab_is_as_good_and_the_first_one_is_too_late(person: Person) -> None:
    """One login comes of it."""
    done = person.start()
    url = person.opened.get(timeout=60)
    first, second = person.browser.open(url), person.browser.open(url)
    person.log_in(second)
    assert done.result(60).access
    second.wait_for_text("Logged in")
    person.log_in(first)
    first.wait_for("location.protocol === 'chrome-error:'")
    assert "state=" in first.url
    first.close()
    second.close()


def test_a_wrong_state_first_and_then_the_right_one(person: Person) -> None:
    """Another page of the browser tries its luck; so does the browser itself, for a favicon."""
    done = person.start()
    tab = person.open()
    stranger = person.browser.open(f"{redirect_uri_of(person)}?code=evil&state=guess")
    stranger.wait_for_text("Not an answer to this login")
    stranger.go(redirect_uri_of(person).replace("/auth", "/favicon.ico"))
    stranger.wait_for_text("Not an answer to this login")
    assert not done.done()
    person.log_in(tab)
    assert done.result(60).access
    tab.close()
    stranger.close()


def test_a_busy_port_opens_no_browser(person: Person) -> None:
    """Two callers in the browser flow, with a registered port: the second is told, the first one goes on."""
    registered = f"http://localhost:{free_port()}/auth"
    first = person.start(redirect_uri=registered)
    tab = person.open()
    with pytest.raises(BusyError, match="is taken, by another login that waits for its browser"):
        person.start(redirect_uri=registered).result(60)
    assert person.opened.empty()
    person.log_in(tab)
    assert first.result(60).access
    tab.close()


@pytest.mark.parametrize("uri", [ANY, "http://[::1]:0/auth"])
def test_only_the_loopback_of_ipv6(person: Person, uri: str) -> None:
    """The browser finds the way to `localhost` where that is ::1 alone."""
    done = person.start(redirect_uri=uri, opening=lacking("127.0.0.1"))
    tab = person.open()
    person.log_in(tab)
    assert done.result(60).access
    tab.wait_for_text("Logged in")
    tab.close()


def test_a_slow_person_between_slow_connections(person: Person) -> None:
    """Until the deadline everybody has time, and who says nothing is in nobody's way."""
    done = person.start()
    tab = person.open()
    port = urlsplit(redirect_uri_of(person)).port
    assert port is not None
    with socket.create_connection(("127.0.0.1", port)) as slow:
        slow.sendall(b"GET /auth?code=")
        person.clock.time += 290
        person.log_in(tab)
        assert done.result(60).access
    tab.close()


def test_without_a_browser_here_the_address_is_pasted(person: Person) -> None:
    """Nobody listens at the redirect URI: the address bar has what is pasted."""
    shown: queue.Queue[str] = queue.Queue()
    pasted: queue.Queue[str] = queue.Queue()
    uri = "http://localhost:1/auth"
    done = person.pool.submit(
        log_in_by_pasting, person.login(), redirect_uri=uri, show=shown.put, read=lambda: pasted.get(timeout=60)
    )
    tab = person.browser.open(shown.get(timeout=60))
    person.log_in(tab)
    tab.wait_for("location.protocol === 'chrome-error:'")
    assert tab.url.startswith(uri)
    pasted.put(f" {tab.url}\n")
    assert done.result(60).access
    tab.close()


def test_a_browser_that_is_not_there_is_no_error(person: Person) -> None:
    """The URL has been shown; whoever opens it goes on."""

    def broken(_url: str) -> None:
        raise OSError

    done = person.pool.submit(
        log_in_with_browser,
        person.login(),
        Deadline(300, person.clock),
        redirect_uri=ANY,
        open_browser=broken,
        show=person.opened.put,
    )
    tab = person.open()
    person.log_in(tab)
    assert done.result(60).access
    tab.close()
