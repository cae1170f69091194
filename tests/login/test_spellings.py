"""What a server has refused to an account is not sent again under any other spelling of its user or its host."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from contract.desk import START, Desk
from credential_protocol.messages import Failure
from simulated_vcenter import Clock, SimulatedVCenter, faults
from support.program import PASSWORD, USER
from vsphere_session import parse_endpoint
from vsphere_session.login.account import bare_name, normal_place

WRONG = "wr0ng-Omega"
USERS = [USER, USER.upper(), "VSPHERE.LOCAL\\Administrator", "administrator", "administrator@other.example.com"]
HOSTS = ["127.0.0.1", "localhost", "LOCALHOST", "LocalHost"]
WAYS: list[dict[str, object]] = [{}, {"reauth": True}, {"passthrough": True}, {"api": "soap"}, {"insecure": True}]
REFUSALS = ".local/state/vsphere-session/refusals"


def kind_of(desk: Desk, **fields: object) -> str:
    """The kind of the error of a `get`; the source where there is none."""
    try:
        return desk.ask("get", **{"password": WRONG, **fields})["source"]
    except Failure as failure:
        return failure.kind


def at(desk: Desk, host: str) -> str:
    """The same server by another name."""
    return f"{host}:{desk.vcenter.authority.rpartition(':')[2]}"


@pytest.mark.parametrize("way", WAYS, ids=str)
def test_five_spellings_of_a_user_are_one_attempt(desk: Desk, way: dict[str, object]) -> None:
    assert {kind_of(desk, username=user, **way) for user in USERS} == {"login-refused"}
    assert desk.vcenter.login_attempts == 1


@pytest.mark.parametrize("api", ["soap", "rest", "both"])
@pytest.mark.parametrize("way", WAYS[:3], ids=str)
def test_four_spellings_of_a_host_are_one_attempt(desk: Desk, api: str, way: dict[str, object]) -> None:
    """By SOAP the server says who it is before a login anyway; for REST alone it is asked."""
    for host in HOSTS:
        assert kind_of(desk, url=at(desk, host), api=api, **way) == "login-refused"
        assert kind_of(desk, url=f"https://{at(desk, host)}/sdk", api=api, **way) == "login-refused"
    assert desk.vcenter.login_attempts == 1


def test_both_at_once_in_the_url_too(desk: Desk) -> None:
    for host in HOSTS:
        for user in USERS:
            escaped = user.replace("@", "%40").replace("\\", "%5C")
            assert kind_of(desk, url=f"https://{escaped}@{at(desk, host)}", username="") == "login-refused"
    assert desk.vcenter.login_attempts == 1


def test_another_user_is_another_account(desk: Desk) -> None:
    for number, user in enumerate(["administrator2", "admin", "root@vsphere.local", "VSPHERE.LOCAL\\root2"], 1):
        kind_of(desk, username=user)
        assert desk.vcenter.login_attempts == number


@pytest.mark.parametrize("verb", ["store", "erase"])
@pytest.mark.parametrize("known", [True, False], ids=["asked before by that name", "never asked by it"])
def test_store_and_erase_clear_it_under_another_spelling(home: Path, desk: Desk, verb: str, known: bool) -> None:
    own = Desk(home, desk.vcenter, secret_store="file")
    kind_of(own)
    if known:
        kind_of(own, url=at(desk, "localhost"))
    other: dict[str, object] = {"url": at(desk, "localhost"), "username": USER.upper()}
    own.ask(verb, **other, **({"password": WRONG} if verb == "store" else {"scope": "password"}))
    assert own.vcenter.login_attempts == 1
    assert kind_of(own) == kind_of(own) == kind_of(own, **other) == "login-refused"
    assert own.vcenter.login_attempts == 2


@pytest.mark.parametrize("verb", ["store", "erase"])
def test_what_one_server_has_refused_is_not_cleared_by_what_is_said_of_another_one(
    home: Path, desk: Desk, verb: str
) -> None:
    """Both have been logged in to, so it is known that they are two."""
    own = Desk(home, desk.vcenter, secret_store="file")
    kind_of(own)
    with SimulatedVCenter(clock=own.vcenter.clock) as second:
        there = {"url": second.authority, "ca_file": second.ca_file}
        own.ask("get", password=PASSWORD, **there)
        own.ask(verb, **there, **({"password": WRONG} if verb == "store" else {}))
        assert kind_of(own) == "login-refused"
        assert own.vcenter.login_attempts == 1


# ---- servers that do not say who they are


@pytest.fixture
def esxi(home: Path) -> Iterator[Desk]:
    """An ESXi: it has no instanceUuid."""
    with SimulatedVCenter(esxi=True, clock=Clock(START)) as server:
        yield Desk(home, server)


def test_a_server_without_an_identity_is_its_place_in_one_spelling(esxi: Desk) -> None:
    for host in HOSTS[1:]:
        assert kind_of(esxi, url=at(esxi, host)) == "login-refused"
    assert esxi.vcenter.login_attempts == 1


@pytest.mark.parametrize(
    "fault",
    [faults.status(404), faults.status(500), faults.html(), faults.reset()],
    ids=["404", "500", "page", "reset"],
)
def test_rest_alone_needs_no_soap(desk: Desk, fault: faults.Fault) -> None:
    """Where that does not answer the place counts, and what it was refused is still refused when it does."""
    desk.vcenter.faults.add("RetrieveServiceContent", fault)
    for host in HOSTS[1:]:
        assert kind_of(desk, url=at(desk, host), api="rest") == "login-refused"
    assert desk.vcenter.login_attempts == 1
    desk.vcenter.faults.clear()
    assert kind_of(desk, url=at(desk, "localhost"), api="rest") == "login-refused"
    assert desk.vcenter.login_attempts == 1


def test_a_login_by_rest_alone_asks_once_who_the_server_is(desk: Desk) -> None:
    for _ in range(3):
        desk.ask("get", password=PASSWORD, api="rest", reauth=True)
    asked = [seen for seen in desk.vcenter.requests if seen.operation == "RetrieveServiceContent"]
    assert len(asked) == 1
    desk.vcenter.clock.advance(86_400)
    desk.ask("get", password=PASSWORD, api="rest", reauth=True)
    assert len([seen for seen in desk.vcenter.requests if seen.operation == "RetrieveServiceContent"]) == 2


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"instance": 3, "asked_at": 1}', b"\xff" * 99])
def test_what_is_remembered_of_a_place_may_be_broken(desk: Desk, home: Path, content: bytes) -> None:
    kind_of(desk)
    (path,) = (home / REFUSALS).glob("*.server")
    path.write_bytes(content)
    assert kind_of(desk) == kind_of(desk, url=at(desk, "localhost")) == "login-refused"
    assert desk.vcenter.login_attempts == 1


def test_a_name_that_leads_to_another_server_now_is_found_out_by_the_next_login(desk: Desk, home: Path) -> None:
    """A credential is never held back for what another server has refused, once that is known."""
    kind_of(desk)
    (path,) = (home / REFUSALS).glob("*.server")
    moved = json.loads(path.read_bytes()) | {"instance": "another one"}
    path.write_text(json.dumps(moved), encoding="utf-8")
    assert kind_of(desk) == "login-refused", "by the server's own word, before it was sent"
    assert desk.vcenter.login_attempts == 1
    assert json.loads(path.read_bytes())["instance"] != "another one"


# ---- the normal forms


@pytest.mark.parametrize(
    ("user", "bare"),
    [
        ("svc-tf@ad.example.com", "svc-tf"),
        ("EXAMPLE\\Svc-TF", "svc-tf"),
        (" svc-tf ", "svc-tf"),
        ("a@b@c.example", "a@b"),
        ("STRASSE", "strasse"),
        ("Straße", "strasse"),
        ("U\u0308ser@x", "üser"),
        ("@", "@"),
        ("", ""),
    ],
)
def test_the_bare_name_of_an_account(user: str, bare: str) -> None:
    assert bare_name(user) == bare


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("vc.example.com", "VC.Example.COM"),
        ("vc.example.com", "vc.example.com:443"),
        ("vc.example.com", "vc.example.com."),
        ("vc.example.com", "VC.EXAMPLE.COM.:443"),
        ("vc.example.com", "http://vc.example.com"),
        ("vc.example.com:8443", "VC.example.com.:8443"),
        ("[::1]", "[0:0:0:0:0:0:0:1]:443"),
        ("[fe80::1%25eth0]", "[FE80:0::1%25eth0]"),
        ("bücher.example", "xn--bcher-kva.example"),
    ],
)
def test_one_place_in_many_spellings(one: str, other: str) -> None:
    assert normal_place(parse_endpoint(one)) == normal_place(parse_endpoint(other))


@pytest.mark.parametrize("other", ["vc2.example.com", "vc.example.com:8443", "[::1]"])
def test_another_place_is_another(other: str) -> None:
    assert normal_place(parse_endpoint("vc.example.com")) != normal_place(parse_endpoint(other))
