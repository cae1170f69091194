"""A login that is killed at any of its steps: the next one ends what is left on the server, and nothing is lost."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from crypto.keys import certificate, kind, rsa_key
from hostile.inside import Inside
from simulated_vcenter import SimulatedVCenter
from simulated_vcenter.sts import Sts
from support.program import USER
from vsphere_session.cache.clients import RestClient, SoapClient
from vsphere_session.cache.repository import Repository
from vsphere_session.login.by_token import TokenLogin

ROBOT = "robot-1@vsphere.local"
OWN, KEY = certificate(rsa_key()), kind("PKCS#8")


class Killed(BaseException):
    """Stands for SIGKILL: nothing that the program does afterwards reaches a file or the server."""


@pytest.fixture
def inside(home: Path) -> Iterator[Inside]:
    with SimulatedVCenter(sts=Sts()) as vc:
        vc.sts.register_solution_user("robot-1", OWN)
        (home / "own.pem").write_bytes(OWN)
        (home / "key.pem").write_bytes(KEY)
        made = Inside(home, vc)
        made.secret_store = "file"
        yield made


def fields(inside: Inside, method: str) -> dict[str, str]:
    """What a request has for this method; the token is a new one each time."""
    return {
        "saml": {"method": "saml", "username": USER, "password": "VMware1!"},
        "token": {"token": inside.vcenter.sts.issue_for_test(USER), "username": USER},
        "certificate": {
            "certificate": str(inside.home / "own.pem"),
            "private_key": str(inside.home / "key.pem"),
            "username": ROBOT,
        },
    }[method]


def killed(monkeypatch: pytest.MonkeyPatch, owner: type, name: str, call: Callable[[], object]) -> None:
    """Let `call` end just before that method, with no way to clear up: files and sessions stay as they are then."""

    def dying(*_arguments: Any, **_named: Any) -> None:
        for each, what in ((os, "unlink"), (SoapClient, "log_out"), (RestClient, "log_out")):
            patch.setattr(each, what, lambda *_: None)
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(owner, name, dying)
        with pytest.raises(Killed):
            call()


@pytest.mark.parametrize("api", ["soap", "rest", "both"])
@pytest.mark.parametrize("method", ["saml", "token", "certificate"])
def test_killed_after_the_sts_has_answered(
    inside: Inside, monkeypatch: pytest.MonkeyPatch, method: str, api: str
) -> None:
    """There is no session yet, and the next call waits for nobody."""
    asked = fields(inside, method)
    killed(monkeypatch, TokenLogin, "log_in", lambda: inside.ask("get", api=api, **asked))
    assert inside.vcenter.session_count == 0
    assert inside.ask("get", api=api, **asked)["source"] == "login"
    assert inside.vcenter.session_count == (2 if api == "both" else 1)


@pytest.mark.parametrize("api", ["soap", "rest", "both"])
@pytest.mark.parametrize("method", ["saml", "token", "certificate"])
def test_killed_before_the_session_is_in_its_file(
    inside: Inside, monkeypatch: pytest.MonkeyPatch, method: str, api: str
) -> None:
    """The next login ends it."""
    killed(monkeypatch, Repository, "write", lambda: inside.ask("get", api=api, **fields(inside, method)))
    (orphan,) = inside.vcenter.sessions
    assert inside.ask("get", api=api, **fields(inside, method))["source"] == "login"
    assert orphan.id not in {session.id for session in inside.vcenter.sessions}
    assert inside.vcenter.session_count == (2 if api == "both" else 1)
