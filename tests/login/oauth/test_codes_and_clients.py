"""What a code, a refresh token and a client's secret are good for at a real provider."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest

from login.oauth.canned import way, way_to
from login.oauth.person import NATIVE, Person, bring_a_code
from peers.browser import Browser
from peers.oidc_provider import OidcProvider
from support.ports import free_port
from vsphere_session.clock import Clock
from vsphere_session.errors import LoginRefusedError
from vsphere_session.login.oauth.authorization_code import refresh
from vsphere_session.login.oauth.discovery import discover
from vsphere_session.login.oauth.forms import Client, GrantRefusedError
from vsphere_session.login.oauth.grants import client_credentials, request_tokens
from vsphere_session.login.oauth.tokens import Tokens

pytestmark = pytest.mark.timeout(900)  # the first of these tests to run builds the one peer and downloads the other


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
    registered = f"http://localhost:{free_port()}/auth"
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
    assert refused.value.of_credential
