"""What the tests of logins in a browser rely on: a provider, and a browser."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest

from peers.browser import Browser
from peers.chromium import chromium
from peers.oidc_provider import OidcProvider
from peers.toolchain import PeerMissingError

pytestmark = pytest.mark.timeout(900)  # the first of these tests to run builds the one and downloads the other


@pytest.fixture(scope="module")
def provider() -> Iterator[OidcProvider]:
    with OidcProvider() as started:
        yield started


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with Browser() as started:
        yield started


def test_the_provider_says_where_its_endpoints_are(provider: OidcProvider) -> None:
    with urllib.request.urlopen(f"{provider.issuer}/.well-known/openid-configuration") as answer:
        found = json.load(answer)
    assert found["issuer"] == provider.issuer
    assert found["token_endpoint"].startswith(provider.issuer)
    assert "S256" in found["code_challenge_methods_supported"]


def test_the_provider_refuses_a_code_that_it_did_not_give(provider: OidcProvider) -> None:
    form = b"grant_type=authorization_code&code=x&client_id=native&redirect_uri=http://localhost/auth&code_verifier=y"
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"{provider.issuer}/oauth/token", form)
    assert json.load(refused.value)["error"] == "invalid_grant"
    refused.value.close()


def test_a_person_logs_in_on_the_providers_page(provider: OidcProvider, browser: Browser) -> None:
    """A wrong password is told on the page; the right one leads to the redirect URI, where nobody is."""
    start = f"{provider.issuer}/auth?response_type=code&client_id=native&redirect_uri=http://localhost/auth&scope=openid&state=s"
    tab = browser.open(f"{start}&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256")
    tab.fill("#username", provider.user)
    tab.fill("#password", "wrong")
    tab.click("button")
    tab.wait_for_text("username or password wrong")
    tab.fill("#username", provider.user)
    tab.fill("#password", provider.password)
    tab.click("button")
    tab.wait_for("location.href.includes('chrome-error')")
    tab.close()


def test_tabs_are_apart(browser: Browser) -> None:
    first, second = browser.open("data:text/html,<p>one"), browser.open("data:text/html,<p>two")
    first.wait_for_text("one")
    second.wait_for_text("two")
    first.close()
    assert second.text == "two"
    second.close()


def test_the_browser_goes_nowhere_beyond_this_machine(browser: Browser) -> None:
    tab = browser.open("about:blank")
    assert tab.go("http://example.com/") == "net::ERR_NAME_NOT_RESOLVED"
    tab.close()


def test_a_machine_without_debians_packages_is_told_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("peers.chromium.PROGRAM", chromium().program.relative_to("/") / "not-there")
    monkeypatch.setenv("PATH", "")
    with pytest.raises(PeerMissingError, match="chromium-headless-shell: not installed"):
        chromium.__wrapped__()
