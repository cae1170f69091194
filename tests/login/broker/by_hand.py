"""A browser on another machine, which nobody sees: it fills in the broker's form and ends at an address."""

from __future__ import annotations

from urllib.parse import urlencode, urlsplit

from login.broker.site import ALICE, PASSWORD, Site
from simulated_vcenter.selftest.raw import Raw


def address_after(site: Site, url: str, user: str = ALICE, *, decision: str = "allow") -> str:
    """Where the browser ends that has gone to `url`."""
    form = urlencode({"user": user, "password": PASSWORD, "decision": decision}).encode()
    place = urlsplit(url)
    answer = Raw(site.vcenter.url, site.vcenter.ca_file).ask(
        "POST", f"{place.path}?{place.query}", {"Content-Type": "application/x-www-form-urlencoded"}, form
    )
    assert answer.status == 302, answer.text
    return answer.headers["location"]
