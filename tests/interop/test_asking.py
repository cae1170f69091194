"""The caller's half drives the program in every dialect, and helpers of others, too."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from credential_protocol import Failure, Request
from credential_protocol.asking import ask
from credential_protocol.client import call
from credential_protocol.dialects import DIALECTS
from interop.desk import Desk
from support.program import PASSWORD, USER

SECRET = " a:b=c \"d\" 'e' üé"


def program(desk: Desk, dialect: str) -> list[str]:
    """The program under the dialect's own name, or with `--protocol`."""
    name = DIALECTS[dialect].program
    return [str(desk.bin / name)] if name else [str(desk.bin / "vsphere-session"), "--protocol", dialect]


def target(desk: Desk, dialect: str) -> str:
    """The vCenter as this dialect names it."""
    return desk.vcenter.authority if dialect == "terraform-cli" else f"https://{desk.vcenter.authority}"


@pytest.mark.parametrize("dialect", DIALECTS)
def test_the_callers_half_drives_the_program_under_test_in_every_dialect(desk: Desk, dialect: str) -> None:
    """The smoke tests run this on the single file. It is handed the session that is in the cache afterwards.

    With its expiry, where the dialect carries one.
    """
    started = Path(program(desk, dialect)[0])
    assert started.resolve() == Path(desk.helper.program[0]).resolve()
    answer = ask(program(desk, dialect), dialect, Request("get", target(desk, dialect), {}), environ=desk.environment)
    found = {session.id for session in desk.vcenter.sessions}
    assert found & set(answer.fields.values())
    assert found <= desk.helper.sessions_in_files
    if dialect not in ("docker", "terraform-cli"):
        assert {"expires_at", "password_expiry_utc"} & answer.fields.keys()


def test_the_callers_half_stores_and_erases_in_the_native_dialect(desk: Desk) -> None:
    """A login goes in, a session comes out of it, and both are erased; `client.call` says the same in other words."""
    native, place = program(desk, "native"), target(desk, "native")

    def verb(name: str, **attributes: str) -> dict[str, str]:
        return ask(native, "native", Request(name, place, attributes), environ=desk.environment).fields

    assert verb("store", username=USER, password=PASSWORD) == {"stored": "password"}
    got = verb("get", api="rest")
    assert got == call(native, "get", {"url": place, "api": "rest"}, environ=desk.environment).fields | {
        "source": "login"
    }
    assert verb("erase", username=USER)["erased"] == "password,rest"
    with pytest.raises(Failure) as caught:
        verb("get", username=USER)
    assert caught.value.kind == "not-found"


@pytest.mark.parametrize("dialect", ["git", "docker", "terraform-cli"])
def test_a_secret_goes_in_and_comes_out_and_is_forgotten(desk: Desk, dialect: str) -> None:
    """For a host that is no vSphere."""
    place = "example.com" if dialect == "terraform-cli" else "https://example.com"
    helper = program(desk, dialect)

    def call(verb: str, **attributes: str) -> dict[str, str]:
        return ask(helper, dialect, Request(verb, place, attributes), environ=desk.environment).fields

    call("store", username="u", password=SECRET)
    assert call("get")["password"] == SECRET
    call("erase")
    with pytest.raises(Failure) as caught:
        call("get")
    assert caught.value.kind == "not-found"
    assert desk.vcenter.requests == []


@pytest.mark.parametrize("dialect", ["native", "bazel", "kubernetes"])
def test_a_failure_has_the_helpers_kind(desk: Desk, dialect: str) -> None:
    """By the exit status, or as the native protocol says it."""
    with pytest.raises(Failure) as caught:
        ask(program(desk, dialect), dialect, Request("get", "https://example.com", {}), environ=desk.environment)
    assert caught.value.kind == ("not-found" if dialect == "native" else "unsupported")


def test_gits_own_store_is_asked_in_the_same_way(tmp_path: Path) -> None:
    """`git credential-store`, which knows nothing of us."""
    git = shutil.which("git")
    assert git, "git is not here"
    environ = {"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"}
    helper = [git, "credential-store"]
    login = {"username": "u", "password": SECRET}
    ask(helper, "git", Request("store", "https://example.com", login), environ=environ)
    answer = ask(helper, "git", Request("get", "https://example.com", {}), environ=environ)
    assert answer.fields == login
    ask(helper, "git", Request("erase", "https://example.com", {}), environ=environ)
    with pytest.raises(Failure, match="nothing"):
        ask(helper, "git", Request("get", "https://example.com", {}), environ=environ)


def test_an_answer_of_another_protocol_is_an_internal_failure(desk: Desk) -> None:
    """What it says is not repeated."""
    echo = ["/bin/sh", "-c", "echo canary", "sh"]
    for dialect in ("docker", "terraform-cli", "bazel", "kubernetes", "native", "git"):
        with pytest.raises(Failure) as caught:
            ask(echo, dialect, Request("get", "https://example.com", {}), environ=desk.environment)
        assert caught.value.kind == "internal"
        assert "canary" not in caught.value.message


def test_the_environment_of_the_caller_is_the_default(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """And the request of Kubernetes reaches the helper all the same."""
    for name, value in desk.environment.items():
        monkeypatch.setenv(name, value)
    answer = ask(program(desk, "kubernetes"), "kubernetes", Request("get", target(desk, "kubernetes"), {}))
    assert answer.fields["password"] in {session.id for session in desk.vcenter.sessions}
