"""A vCenter with its identity broker, the program configured for it in three lines, and a person in front of both."""

from __future__ import annotations

import json
import os
import select
import shlex
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from peers.browser import Browser, Tab
from simulated_vcenter import SimulatedVCenter
from simulated_vcenter.identity_provider import IdentityProvider
from simulated_vcenter.sts import Sts
from support.ports import free_port
from support.program import Helper, Reply

ALICE, BOB, PASSWORD = "alice@example.com", "bob@example.com", "Secret1!"
EXCHANGE = "POST /api/vcenter/authentication/token"
TOKEN = "POST /acs/t/CUSTOMER/token"


class Site:
    """What a test has in its hands. The client `cli` is public; its redirect URI is on a port that was free."""

    def __init__(self, vcenter: SimulatedVCenter, helper: Helper) -> None:
        self.vcenter, self.helper = vcenter, helper
        self.broker = vcenter.identity_provider
        self.port = free_port()
        self.redirect_uri = f"http://localhost:{self.port}/auth"
        self.broker.register_client("cli", redirect_uris=[self.redirect_uri])
        self.configure('client_id = "cli"', f'redirect_uri = "{self.redirect_uri}"', f'username = "{ALICE}"')

    def configure(self, *lines: str) -> None:
        """What the configuration says of the endpoint; the site's own authority and store are said once for all."""
        assert len(lines) <= 3
        path = self.helper.home / ".config" / "vsphere-session" / "config.toml"
        path.parent.mkdir(parents=True, exist_ok=True)
        general = f'secret_store = "file"\nca_file = "{self.vcenter.ca_file}"\n'
        text = "\n".join([general, f'[endpoint."{self.vcenter.authority}"]', *lines, ""])
        path.write_text(text, encoding="utf-8")

    def get(self, *options: str, **fields: object) -> Reply:
        """What a program asks, in a process of its own."""
        return self.helper.call("get", {"url": self.vcenter.authority, **fields}, *options)

    def ok(self, **fields: object) -> dict[str, str]:
        """The same, where it must succeed."""
        return self.helper.ok("get", {"url": self.vcenter.authority, **fields})

    def erase(self, **fields: object) -> dict[str, str]:
        """Forget it."""
        return self.helper.ok("erase", {"url": self.vcenter.authority, "username": ALICE, **fields})

    def asked(self, grant: str) -> int:
        """How often the token endpoint was asked for this grant."""
        return sum(f"grant_type={grant}".encode() in each.body for each in self.vcenter.requests)

    @property
    def kept(self) -> list[str]:
        """The secrets in the store."""
        path = self.helper.home / ".local" / "state" / "vsphere-session" / "secrets.json"
        return list(_texts(json.loads(path.read_text(encoding="utf-8")))) if path.exists() else []

    @property
    def good_refresh_tokens(self) -> list[str]:
        """Those that the broker would still take."""
        given = self.broker.given
        return [token for token, grant in given.refresh.items() if not grant.used and grant.family not in given.revoked]


class Login:
    """`vsphere-session login` under way: the URL that it shows, and how it ends."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process
        self.shown = b""

    def url(self, *, plain: bool = False) -> str:
        """The address that is shown, as soon as it is; `plain` where the provider is on this machine and without TLS."""
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.shown += line
            if line.startswith(b"  http://" if plain else b"  https://"):
                return line.decode().strip()
        raise AssertionError(f"no address was shown: {self.shown!r}")

    def end(self) -> Reply:
        """What it has to say in the end."""
        stdout, stderr = self.process.communicate(timeout=120)
        done = subprocess.CompletedProcess(self.process.args, self.process.returncode, stdout, self.shown + stderr)
        return Reply(done)


@contextmanager
def login(site: Site, *options: str, **environment: str) -> Iterator[Login]:
    """Start it; it is gone at the end."""
    process = site.helper.start(*options, "login", site.vcenter.authority, **environment)
    with process:
        try:
            yield Login(process)
        finally:
            if process.poll() is None:
                process.kill()


class Opened:
    """The browser that BROWSER names: a program that says what it was started with, and opens nothing."""

    def __init__(self, place: Path) -> None:
        self._pipe = place / "opened"
        os.mkfifo(self._pipe)
        self._reading = os.open(self._pipe, os.O_RDWR | os.O_NONBLOCK)
        program = place / "browser"
        to = shlex.quote(str(self._pipe))
        program.write_text(
            f"#!/bin/sh\nstreams=$(readlink /proc/$$/fd/0 /proc/$$/fd/1 /proc/$$/fd/2)\n"
            f'{{ printf "%s\\n" "$1"; env; echo "$streams"; echo end; }} > {to}\n',
            encoding="utf-8",
        )
        program.chmod(0o700)
        self.program = str(program)

    def told(self) -> list[str]:
        """Its lines, the URL first."""
        text = ""
        while not text.endswith("\nend\n"):
            ready, _, _ = select.select([self._reading], [], [], 60)
            assert ready, f"no browser was started: {text!r}"
            text += os.read(self._reading, 65536).decode()
        return text.splitlines()[:-1]

    @property
    def nothing(self) -> bool:
        """Whether no browser has been started."""
        return not select.select([self._reading], [], [], 0)[0]

    def close(self) -> None:
        """It is not listened to any more."""
        os.close(self._reading)


def sign_in(tab: Tab, user: str = ALICE, *, decision: str = "allow", password: str = PASSWORD) -> None:
    """Fill in the broker's form."""
    tab.wait_for("document.querySelector('#user')")
    tab.evaluate("document.querySelector('#user').value = ''")
    tab.fill("#user", user)
    tab.fill("#password", password)
    tab.click(f"#{decision}")


def log_in(site: Site, browser: Browser, user: str = ALICE) -> Reply:
    """One person logs in once."""
    with login(site) as under_way:
        tab = browser.open(under_way.url(), any_certificate=True)
        sign_in(tab, user)
        done = under_way.end()
        tab.close()
        return done


@contextmanager
def open_site(helper: Helper, **of_the_broker: object) -> Iterator[Site]:
    """A site for as long as the context lasts; sessions end with the tokens that they were made with."""
    broker = IdentityProvider({ALICE: PASSWORD, BOB: PASSWORD}, **of_the_broker)  # type: ignore[arg-type]
    with SimulatedVCenter(sts=Sts(session_ends_with_token=True), identity_provider=broker) as vcenter:
        yield Site(vcenter, helper)


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, str):
        yield value
