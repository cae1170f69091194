"""The caller's half asks a docker helper of Debian, which knows nothing of us: docker-credential-pass, with pass and gpg."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from credential_protocol import Failure, Request
from credential_protocol.asking import ask
from peers import debian, path_with_debian

PLACE = "https://registry.example.com/v1/"
Call = Callable[..., dict[str, str]]


@pytest.fixture
def environment() -> Iterator[dict[str, str]]:
    """A user of gpg who has one key, without a passphrase, and no passwords yet.

    The home's path is short: the agent's socket is in it, and a socket's path is 107 bytes at the most.
    """
    with tempfile.TemporaryDirectory(prefix="gpg") as home:
        environment = {"PATH": path_with_debian(), "HOME": home, "GNUPGHOME": home}
        agent = shutil.which("gpg-agent", path=environment["PATH"])
        Path(home, "gpg.conf").write_text(f"agent-program {agent}\n", encoding="utf-8")
        try:
            run(environment, "gpg", "--batch", "--passphrase", "", "--quick-generate-key", "test", "future-default")
            yield environment
        finally:
            run(environment, "gpg-connect-agent", "--no-autostart", "killagent", "/bye")
            run(environment, "gpgconf", "--remove-socketdir")


@pytest.fixture
def call(environment: dict[str, str]) -> Call:
    """Ask the helper, whose store has been made."""
    run(environment, "pass", "init", "test")

    def call(verb: str, place: str = PLACE, **attributes: str) -> dict[str, str]:
        return asked(environment, Request(verb, place, attributes))

    return call


def run(environment: dict[str, str], program: str, *arguments: str) -> None:
    """Run a program that has to succeed."""
    found = shutil.which(program, path=environment["PATH"])
    assert found, f"{program} is not here"
    done = subprocess.run([found, *arguments], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done


def asked(environment: dict[str, str], request: Request) -> dict[str, str]:
    """What the helper answers to the caller's half."""
    return ask([str(debian()["docker-credential-pass"])], "docker", request, environ=environment).fields


def test_a_secret_goes_in_and_comes_out_and_is_forgotten(call: Call) -> None:
    login = {"username": "someone", "password": " a:b=c \"d\" 'e' üé漢字\u2028"}
    assert call("store", **login) == {}
    assert call("get") == login
    assert call("list") == {PLACE: "someone"}
    assert call("erase") == {}
    assert call("list") == {}
    with pytest.raises(Failure) as caught:
        call("get")
    assert caught.value.kind == "not-found"


def test_the_secrets_of_two_hosts_are_two(call: Call) -> None:
    other = "other.example.com:5000"
    for place, user in [(PLACE, "one"), (other, "two")]:
        call("store", place, username=user, password=f"{user}'s")
    assert call("list") == {PLACE: "one", other: "two"}
    assert call("get") == {"username": "one", "password": "one's"}
    assert call("get", other) == {"username": "two", "password": "two's"}


def test_an_empty_secret_is_not_a_missing_one(call: Call) -> None:
    """The helper says with an empty login that there is none; a user with an empty secret is there."""
    call("store", username="someone", password="")
    assert call("get") == {"username": "someone", "password": ""}


def test_its_refusals_are_failures_in_its_own_words(call: Call) -> None:
    with pytest.raises(Failure, match="no credentials username") as caught:
        call("store", password="s3cret")
    assert caught.value.kind == "internal"
    with pytest.raises(Failure, match="no credentials server URL"):
        call("get", "")


def test_a_store_that_is_not_made_is_a_failure_and_not_a_missing_secret(environment: dict[str, str]) -> None:
    with pytest.raises(Failure, match="pass not initialized") as caught:
        asked(environment, Request("store", PLACE, {"username": "someone", "password": "s3cret"}))
    assert caught.value.kind == "internal"
    assert "s3cret" not in caught.value.message
