"""A person in front of the real browser, who starts logins at the real provider."""

from __future__ import annotations

import queue
from concurrent.futures import Future, ThreadPoolExecutor
from urllib.parse import parse_qs, urlsplit

from login.oauth.canned import HandClock, way
from peers.browser import Browser, Tab
from peers.oidc_provider import OidcProvider
from vsphere_session.clock import Clock, Deadline
from vsphere_session.login.oauth.authorization_code import Login, log_in_with_browser
from vsphere_session.login.oauth.discovery import discover
from vsphere_session.login.oauth.forms import Client
from vsphere_session.login.oauth.listener import Listener, OpenSocket, open_socket
from vsphere_session.login.oauth.tokens import Tokens

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


def redirect_uri_of(person: Person) -> str:
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
