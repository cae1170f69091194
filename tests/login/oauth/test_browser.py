"""A person logs in: a real provider, a real browser, and whatever else the person does in it."""

from __future__ import annotations

import queue
import socket
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from urllib.parse import parse_qs, urlsplit

import pytest

from login.oauth.canned import HandClock, way, way_to
from login.oauth.test_listener import lacking
from peers.browser import Browser, Tab
from peers.oidc_provider import OidcProvider
from vsphere_session.clock import Clock, Deadline
from vsphere_session.errors import BusyError, LoginRefusedError
from vsphere_session.login.oauth.authorization_code import Login, log_in_by_pasting, log_in_with_browser, refresh
from vsphere_session.login.oauth.discovery import discover
from vsphere_session.login.oauth.forms import Client, GrantRefusedError
from vsphere_session.login.oauth.grants import client_credentials, request_tokens
from vsphere_session.login.oauth.listener import Listener, OpenSocket, open_socket
from vsphere_session.login.oauth.tokens import Tokens, claims

pytestmark = pytest.mark.timeout(900)  # the first of these tests to run builds the one peer and downloads the other
NATIVE = Client("native")
SCOPE = "openid profile offline_access"
ANY = "http://localhost:0/auth"


class Person:
    """Who starts a login, and does what the URL that is shown asks for."""

    def __init__(self, provider: OidcProvider, browser: Browser, pool: ThreadPoolExecutor) -> None:
        self.provider, self.browser, self.pool = provider, browser, pool
        self.opened: queue.Queue[str] = queue.Queue()
        self.shown: list[str] = []
        self.clock = HandClock()

    def login(self, client: Client = NATIVE, *, scope: str = SCOPE, **extra: str) -> Login:
        """One to come, at the real provider."""
        return Login(discover(way, self.provider.issuer), client, way, self.clock, scope=scope, extra=extra)

    def start(
        self,
        login: Login | None = None,
        *,
        redirect_uri: str = ANY,
        opening: OpenSocket = open_socket,
    ) -> Future[Tokens]:
        """Start the command; its browser's URL is in `opened`."""
        return self.pool.submit(
            log_in_with_browser,
            login or self.login(),
            Deadline(300, self.clock),
            redirect_uri=redirect_uri,
            open_browser=self.opened.put,
            show=self.shown.append,
            listener=lambda uri, clock: Listener(uri, clock, open_socket=opening),
        )

    def open(self) -> Tab:
        """What the platform's browser does."""
        return self.browser.open(self.opened.get(timeout=60))

    def log_in(self, tab: Tab, password: str = "") -> None:
        """Fill in the provider's form, and send it."""
        tab.fill("#username", self.provider.user)
        tab.fill("#password", password or self.provider.password)
        tab.click("button")

    def deny(self, tab: Tab) -> None:
        """Say no."""
        tab.wait_for("document.querySelector('input[name=id]')")
        tab.evaluate("location.href = '/deny?id=' + document.querySelector('input[name=id]').value")


@pytest.fixture
def person(provider: OidcProvider, browser: Browser) -> Iterator[Person]:
    with ThreadPoolExecutor() as pool:
        somebody = Person(provider, browser, pool)
        yield somebody
        somebody.clock.time += 10_000  # who still waits gives up


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
    stranger = person.browser.open(f"{_redirect_uri(person)}?code=evil&state=guess")
    stranger.wait_for_text("Not an answer to this login")
    stranger.go(_redirect_uri(person).replace("/auth", "/favicon.ico"))
    stranger.wait_for_text("Not an answer to this login")
    assert not done.done()
    person.log_in(tab)
    assert done.result(60).access
    tab.close()
    stranger.close()


def test_a_busy_port_opens_no_browser(person: Person) -> None:
    """Two callers in the browser flow, with a registered port: the second is told, the first one goes on."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        registered = f"http://localhost:{free.getsockname()[1]}/auth"
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
    port = urlsplit(_redirect_uri(person)).port
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


# ---- what the code is good for


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


def _redirect_uri(person: Person) -> str:
    """Where the login that was started last waits."""
    return parse_qs(urlsplit(person.shown[-1]).query)["redirect_uri"][0]


def bring_a_code(person: Person, login: Login) -> tuple[str, str]:
    """A code that was not used, and its redirect URI."""
    with Listener(ANY, Clock()) as listener:
        tab = person.browser.open(login.url(listener.redirect_uri))
        waiting = person.pool.submit(listener.wait, login.expected(listener.path), Deadline(300, person.clock))
        person.log_in(tab)
        code = waiting.result(60)
        listener.finish(done=True)
        tab.wait_for_text("Logged in")
        tab.close()
        return code, listener.redirect_uri


def test_a_code_is_good_once(person: Person) -> None:
    login = person.login()
    code, uri = bring_a_code(person, login)
    assert login.redeem(code, uri).access
    with pytest.raises(LoginRefusedError, match="invalid_grant") as replayed:
        login.redeem(code, uri)
    assert "the code is good once and for a minute: log in with the browser again" in str(replayed.value)
    assert code not in str(replayed.value)
    assert not replayed.value.of_credential


def test_a_code_is_good_for_who_asked_alone(person: Person) -> None:
    """Whoever has seen the code and the URL has no verifier for it: that of another login is refused."""
    login, thief = person.login(), person.login()
    code, uri = bring_a_code(person, login)
    with pytest.raises(LoginRefusedError, match="invalid_grant"):
        thief.redeem(code, uri)


def test_a_code_of_another_redirect_uri_is_refused(person: Person) -> None:
    login = person.login()
    code, uri = bring_a_code(person, login)
    with pytest.raises(LoginRefusedError, match="invalid_grant"):
        login.redeem(code, uri.replace("/auth", "/other"))


def test_a_refresh_token_is_replaced_before_the_access_token_is_used(person: Person) -> None:
    """The old one is void then; one that is void says what to do."""
    login = person.login()
    tokens = login.redeem(*bring_a_code(person, login))
    kept: list[str] = []
    again = refresh(login.provider, NATIVE, way, Clock(), tokens.refresh, store=kept.append)
    assert again.access != tokens.access
    assert kept == [again.refresh]
    assert again.refresh != tokens.refresh
    with pytest.raises(GrantRefusedError, match=r"log in with the browser once more") as void:
        refresh(login.provider, NATIVE, way, Clock(), tokens.refresh, store=kept.append)
    assert tokens.refresh not in str(void.value)
    third = refresh(login.provider, NATIVE, way, Clock(), again.refresh, store=kept.append)
    assert kept == [again.refresh, third.refresh]


def test_who_cannot_keep_the_new_refresh_token_gets_no_tokens(person: Person) -> None:
    login = person.login()
    tokens = login.redeem(*bring_a_code(person, login))

    def full(_token: str) -> None:
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        refresh(login.provider, NATIVE, way, Clock(), tokens.refresh, store=full)


@pytest.mark.parametrize("in_body", [False, True], ids=["in the header", "in the body"])
def test_a_client_with_a_secret(browser: Browser, in_body: bool) -> None:
    """As older brokers want it even with a browser; the redirect URI is exactly the registered one."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        registered = f"http://localhost:{free.getsockname()[1]}/auth"
    with OidcProvider(redirects=[registered]) as strict, ThreadPoolExecutor() as pool:
        person = Person(strict, browser, pool)
        good = person.login(Client("web", "web-secret", in_body=in_body), scope="openid")
        done = person.start(good, redirect_uri=registered)
        tab = person.open()
        person.log_in(tab)
        assert done.result(60).access
        bad = person.login(Client("web", "wr0ng-secret", in_body=in_body), scope="openid")
        done = person.start(bad, redirect_uri=registered)
        tab.go(person.opened.get(timeout=60))
        person.log_in(tab)
        with pytest.raises(LoginRefusedError, match=r"invalid_client.*check client_id and client_secret") as refused:
            done.result(60)
        assert "wr0ng-secret" not in str(refused.value)
        tab.wait_for_text("Not logged in")
        tab.close()


def test_client_credentials_at_the_real_provider(provider: OidcProvider) -> None:
    where = discover(way, provider.issuer)
    path = urlsplit(where.token_endpoint).path

    def ask(secret: str, *, in_body: bool = False) -> Tokens:
        there = way_to(urlsplit(provider.issuer).netloc)
        try:
            return request_tokens(
                there, path, client_credentials(scope="openid"), Client("sid1", secret, in_body=in_body), 0
            )
        finally:
            there.close()

    assert ask("verysecret").access
    assert ask("verysecret", in_body=True).access
    with pytest.raises(LoginRefusedError) as refused:
        ask("wr0ng-secret")
    assert not refused.value.of_credential
