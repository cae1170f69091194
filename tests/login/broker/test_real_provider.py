"""A vCenter that trusts a real OpenID provider: its people log in with a real browser."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from login.broker.site import ALICE, Site, login, open_site
from peers.browser import Browser
from peers.oidc_provider import OidcProvider
from support.program import Helper

pytestmark = pytest.mark.timeout(900)  # the first of these tests to run builds the one peer and downloads the other


@pytest.fixture(scope="module")
def provider() -> Iterator[OidcProvider]:
    """The real provider."""
    with OidcProvider() as started:
        yield started


@pytest.fixture
def federated(provider: OidcProvider, helper: Helper) -> Iterator[Site]:
    """A vCenter that verifies the provider's tokens by its published keys."""
    with open_site(helper, trusts=provider.issuer) as site:
        site.configure(f'issuer = "{provider.issuer}"', 'client_id = "native"', f'redirect_uri = "{site.redirect_uri}"')
        yield site


def _log_in(site: Site, provider: OidcProvider, browser: Browser, status: int) -> str:
    with login(site) as under_way:
        tab = browser.open(under_way.url(plain=True))
        tab.fill("#username", provider.user)
        tab.fill("#password", provider.password)
        tab.click("button")
        done = under_way.end()
        tab.close()
    assert done.status == status, done
    return done.stdout.decode() + done.stderr


def test_its_people_log_in(federated: Site, provider: OidcProvider, browser: Browser) -> None:
    federated.broker.mapped["id1"] = ALICE
    assert "alice" in _log_in(federated, provider, browser, 0).lower()
    assert federated.ok()["source"] == "cache"
    assert federated.vcenter.session_count == 2


def test_somebody_whom_the_vcenter_does_not_know(federated: Site, provider: OidcProvider, browser: Browser) -> None:
    assert "does not take the provider's token (invalid_grant" in _log_in(federated, provider, browser, 4)
    assert federated.vcenter.session_count == 0
