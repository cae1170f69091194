"""Real programs that print a password as `password_command`: pass with gpg, and git's own credential helpers."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping

import pytest

from login.way import Way, words
from peers import path_with_debian
from simulated_vcenter import SimulatedVCenter
from support.program import PASSWORD, USER, Helper

NAMED = f'username = "{USER}"'


def run(environment: Mapping[str, str], *words: str, stdin: str = "") -> None:
    subprocess.run(words, env=environment, input=stdin, capture_output=True, text=True, check=True)


@pytest.fixture
def gpg() -> Iterator[dict[str, str]]:
    """The environment of a user of gpg and pass who has one key, without a passphrase."""
    with tempfile.TemporaryDirectory(prefix="gpg") as home:  # short: gpg's sockets are below it
        environment = {"PATH": path_with_debian(), "GNUPGHOME": home, "PASSWORD_STORE_DIR": f"{home}/store"}
        agent = shutil.which("gpg-agent", path=environment["PATH"])
        with open(f"{home}/gpg.conf", "w", encoding="utf-8") as file:
            file.write(f"agent-program {agent}\n")
        everything = environment | {"HOME": home}
        try:
            run(everything, "gpg", "--batch", "--passphrase", "", "--quick-generate-key", "test", "future-default")
            run(everything, "pass", "init", "test")
            yield environment
        finally:
            run(everything, "gpg-connect-agent", "--no-autostart", "killagent", "/bye")


def test_pass(helper: Helper, vcenter: SimulatedVCenter, gpg: dict[str, str]) -> None:
    """With the password alone in the entry; of one with more lines it is said what to do."""
    helper.environment |= gpg
    run(helper.environment, "pass", "insert", "-m", "vcenter", stdin=f"{PASSWORD}\n")
    run(helper.environment, "pass", "insert", "-m", "more", stdin=f"{PASSWORD}\nurl: vc\n")
    way = Way(helper, vcenter)
    way.configure(NAMED, 'password_command = ["pass", "show", "vcenter"]')
    assert way.ok()["source"] == "login"
    way.configure(NAMED, 'password_command = ["pass", "show", "more"]')
    message = way.error("invalid-request", reauth=True)
    assert "more than one line; let it print the secret alone, as head -n 1 does for pass show" in message
    way.configure(NAMED, """password_command = ["sh", "-c", "pass show more | head -n 1"]""")
    assert way.ok(reauth=True)["source"] == "login"
    way.configure(NAMED, 'password_command = ["pass", "show", "nothing"]')
    assert "is not in the password store" in way.error("not-found", reauth=True)


def test_git_credential(helper: Helper, vcenter: SimulatedVCenter) -> None:
    """It wants to be asked on stdin, which a shell can do."""
    helper.environment["PATH"] = path_with_debian()
    way = Way(helper, vcenter)
    stored = way.file("given-credentials", f"https://{USER.replace('@', '%40')}:{PASSWORD}@vc.example.com\n")
    run(helper.environment, "git", "config", "--global", "credential.helper", f"store --file={stored}")
    script = r"printf 'url=https://vc.example.com\n\n' | git credential fill | sed -n s/^password=//p"
    way.configure(NAMED, f"password_command = {words('sh', '-c', script)}")
    assert way.ok()["source"] == "login"
    assert not vcenter.refusals
