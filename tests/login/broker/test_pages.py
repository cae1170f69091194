"""docs/logins/oidc.md and api-token.md: their lines configure what they say, and their errors are the program's, to the letter."""

from __future__ import annotations

import re
import socket
import subprocess
import tomllib
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest

from login.broker.by_hand import address_after
from login.broker.site import ALICE, BOB, EXCHANGE, PASSWORD, Site, login
from simulated_vcenter import faults
from support.pages import page_file, snippet
from support.program import Reply

GRANT_REFUSED = faults.status(400, b'{"error": "invalid_grant", "error_description": "no good"}')


# ---- the lines


def put(site: Site, text: str, replacing: dict[str, str]) -> None:
    """The snippet's lines, with the site's own values, below the site's general ones."""
    for example, value in replacing.items():
        assert example in text
        text = text.replace(example, value)
    head, *lines = text.splitlines()
    assert head == '[endpoint."vc.example.com"]'
    tomllib.loads(text)
    site.configure(*lines)


def bring(address: str) -> None:
    """What the browser does with the address that it is sent to."""
    with urllib.request.urlopen(address) as answer:
        assert answer.status == 200


def test_the_lines_for_a_person(site: Site) -> None:
    put(
        site,
        snippet("logins/oidc", "person"),
        {"vsphere-session": "cli", "http://localhost:8844/auth": site.redirect_uri},
    )
    with login(site) as under_way:
        bring(address_after(site, under_way.url()))
        assert under_way.end().status == 0
    assert site.ok()["source"] == "cache"
    assert site.vcenter.session_count == 2


def test_the_lines_for_a_service(site: Site) -> None:
    site.broker.register_client("terraform", secret="s3cret", pkce_enforced=False)
    put(site, snippet("logins/oidc", "service"), {'"pass", "show", "vsphere/terraform"': '"echo", "s3cret"'})
    assert "terraform" in site.ok()["username"].lower()


def test_the_lines_for_an_api_token(site: Site) -> None:
    token = site.broker.issue_api_token(ALICE)
    put(
        site,
        snippet("logins/api-token", "token"),
        {'"pass", "show", "vsphere/api-token"': f'"echo", "{token}"', "broker.example.com": site.vcenter.authority},
    )
    assert "alice" in site.ok()["username"].lower()


def test_the_lines_for_a_ci_system(site: Site, tmp_path: Path) -> None:
    site.broker.mapped["ci"] = BOB
    (tmp_path / "token").write_text(site.broker.issue_foreign_jwt("ci"), encoding="utf-8")
    put(
        site,
        snippet("logins/api-token", "ci"),
        {"/run/secrets/idp-token": str(tmp_path / "token"), "broker.example.com": site.vcenter.authority},
    )
    assert "bob" in site.ok()["username"].lower()


# ---- the errors


def as_robot(site: Site, **fields: object) -> Reply:
    site.broker.register_client("robot", secret="s3cret", pkce_enforced=False)
    site.configure('client_id = "robot"', 'grant = "client_credentials"')
    return site.get(**fields)


def by_token(site: Site, **fields: object) -> Reply:
    site.configure('method = "api-token"')
    return site.get(**fields)


def in_the_browser(site: Site, user: str, decision: str) -> Reply:
    with login(site) as under_way:
        bring(address_after(site, under_way.url(), user, decision=decision))
        return under_way.end()


def too_late(site: Site) -> Reply:
    with login(site, "--timeout", "1") as under_way:
        return under_way.end()


def busy(site: Site) -> Reply:
    with socket.create_server(("127.0.0.1", site.port)), login(site) as under_way:
        return under_way.end()


def without_terminal(site: Site) -> Reply:
    words = [*site.helper.program, "login", "--no-browser", site.vcenter.authority]
    return Reply(
        subprocess.run(
            words, stdin=subprocess.DEVNULL, capture_output=True, env=site.helper.environment, start_new_session=True,
            timeout=60, check=False,
        )
    )  # fmt: skip


def refused_exchange(site: Site, ask: Callable[[], Reply]) -> Reply:
    site.vcenter.faults.add(EXCHANGE, GRANT_REFUSED)
    return ask()


def untold(site: Site) -> Reply:
    site.vcenter.faults.add("/api/vcenter/identity/providers", faults.status(403))
    site.vcenter.faults.add("/.well-known/", faults.status(404))
    return as_robot(site, client_secret="s3cret")


def no_broker(site: Site) -> Reply:
    site.vcenter.faults.add("/.well-known/", faults.status(404))
    return by_token(site, api_token="vidb_x")


OIDC: list[Callable[[Site], Reply]] = [
    lambda site: site.get(),
    lambda site: in_the_browser(site, ALICE, "deny"),
    too_late,
    busy,
    without_terminal,
    lambda site: in_the_browser(site, BOB, "allow"),
    as_robot,
    lambda site: as_robot(site, client_secret="wr0ng"),
    lambda site: refused_exchange(site, lambda: as_robot(site, client_secret="s3cret")),
    untold,
]
API_TOKEN: list[Callable[[Site], Reply]] = [
    by_token,
    lambda site: by_token(site, api_token_file="/nowhere/token"),
    lambda site: by_token(site, api_token="vidb_x"),
    lambda site: by_token(site, idp_token="a.b.c"),
    no_broker,
    lambda site: refused_exchange(site, lambda: by_token(site, api_token=site.broker.issue_api_token(ALICE))),
]


def rows(page: str) -> list[tuple[str, str]]:
    """Text and kind of each error on the page."""
    text = page_file(page).read_text(encoding="utf-8").partition("## Errors")[2]
    return re.findall(r"^\| `([^`]+)` \| `([a-z-]+)` \|", text, flags=re.MULTILINE)


STATUSES = {
    "not-found": 3, "login-refused": 4, "busy": 8, "storage": 9, "unsupported": 10, "interaction-required": 11,
}  # fmt: skip


@pytest.mark.parametrize("number", range(len(OIDC)))
def test_an_error_of_oidc(site: Site, number: int) -> None:
    """Words in capitals stand for what differs."""
    assert len(rows("logins/oidc")) == len(OIDC)
    check(OIDC[number](site), *rows("logins/oidc")[number])
    assert site.vcenter.session_count == 0


@pytest.mark.parametrize("number", range(len(API_TOKEN)))
def test_an_error_of_api_token(site: Site, number: int) -> None:
    """The same."""
    assert len(rows("logins/api-token")) == len(API_TOKEN)
    check(API_TOKEN[number](site), *rows("logins/api-token")[number])
    assert PASSWORD not in str(site.kept)


def check(reply: Reply, text: str, kind: str) -> None:
    """What the program says is what the page says."""
    pattern = re.sub(r"(?<![\w_])[A-Z]{4,}(?![\w_])", ".+", re.escape(text))
    told = reply.stderr.splitlines()[-1].removeprefix("vsphere-session: ")
    assert re.fullmatch(pattern, told), (told, text)
    assert reply.status == STATUSES[kind], reply
