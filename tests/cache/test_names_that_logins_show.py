r"""A server's own name for a user, which no rule derives from the one asked for: a login shows it, and nothing else does.

`svc-tf@ad.example.com` is `EXAMPLE\svc-tf` for SOAP here and `svc-tf@EXAMPLE.LOCAL` for REST: the UPN suffix is not the
domain's. `OTHER\svc-tf` is somebody else of the same name.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from cache.bench import Bench
from simulated_vcenter import SimulatedVCenter
from support.program import PASSWORD
from vsphere_session import RestClient, SoapClient
from vsphere_session.errors import LoginRefusedError, NotFoundError

UPN, NAMESAKE = "svc-tf@ad.example.com", "svc-tf@other.example.org"
pytestmark = pytest.mark.sessions_counted_by_hand
"""What is put into a file here leaves the one that was there on the server, known to nobody."""
REPORTED = {
    UPN: ("EXAMPLE\\svc-tf", "svc-tf@EXAMPLE.LOCAL"),
    NAMESAKE: ("OTHER\\svc-tf", "svc-tf@OTHER.LOCAL"),
}


@pytest.fixture(params=["8.0.2", "unified"])
def bench(request: pytest.FixtureRequest, home: Path) -> Iterator[Bench]:
    unified = request.param == "unified"
    with SimulatedVCenter({UPN: PASSWORD, NAMESAKE: "n"}, reported_names=REPORTED, unified=unified) as vcenter:
        found = Bench(vcenter, home)
        yield found
        found.close()


@pytest.fixture(params=["soap", "rest"])
def kind(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


def in_its_place(bench: Bench, kind: str, user: str) -> str:
    """A session of this user, put in the file of ours, as govc would have: the record does not know it."""
    session_id = bench.vcenter.add_session(user, "soap" if kind == "soap" else "rest")
    path = bench.file(kind, UPN)
    value = json.loads(path.read_bytes())
    if kind == "soap":
        value["SoapClient"]["cookies"][0]["Value"] = session_id
    else:
        value["SessionID"] = session_id
    path.write_text(json.dumps(value), encoding="utf-8")
    return session_id


def logged_in(bench: Bench, kind: str) -> SoapClient | RestClient:
    client = bench.client(kind)
    bench.session(UPN).login(client)
    return client


def test_what_a_login_has_shown_is_known_of_later_sessions(bench: Bench, kind: str) -> None:
    """The row: govc's own session is not somebody else's."""
    logged_in(bench, kind)
    govcs = in_its_place(bench, kind, UPN)
    client = bench.client(kind)
    assert bench.session(UPN, None).login(client) is False
    assert client.session_id == govcs
    assert bench.session(UPN, None).load(client), "once more, from the record"


def test_another_users_session_in_its_place_is_not_used_and_lives_on(bench: Bench, kind: str) -> None:
    logged_in(bench, kind)
    foreign = in_its_place(bench, kind, NAMESAKE)
    client = bench.client(kind)
    with pytest.raises(NotFoundError):
        bench.session(UPN, None).login(client)
    assert bench.session(UPN).login(client) is True
    assert foreign in bench.live


def test_a_session_that_is_replaced_is_ended_and_one_that_is_erased_is_too(bench: Bench, kind: str) -> None:
    """Before, both counted as somebody else's, and stayed on the server."""
    old = logged_in(bench, kind)
    govcs = in_its_place(bench, kind, UPN)
    new = bench.client(kind)
    bench.session(UPN, reauth=True).login(new)
    assert bench.live == {old.session_id, new.session_id}
    assert govcs not in bench.live
    second = in_its_place(bench, kind, UPN)
    assert bench.session(UPN).erase(bench.client(kind)) is True
    assert bench.live == {old.session_id, new.session_id}, "whose ids were taken out of the file"
    assert second not in bench.live


def test_it_is_known_after_the_session_has_been_erased(bench: Bench, kind: str) -> None:
    logged_in(bench, kind)
    content = bench.file(kind, UPN).read_bytes()
    bench.session(UPN).erase(bench.client(kind))
    bench.file(kind, UPN).write_bytes(content)
    govcs = in_its_place(bench, kind, UPN)
    client = bench.client(kind)
    assert bench.session(UPN, None).login(client) is False
    assert client.session_id == govcs


def test_adopting_is_possible_once_a_login_has_shown_it(bench: Bench, kind: str) -> None:
    session_id = bench.vcenter.add_session(UPN, "soap" if kind == "soap" else "rest")
    client = bench.client(kind)
    with pytest.raises(LoginRefusedError):
        bench.session(UPN).adopt(client, session_id)
    logged_in(bench, kind)
    bench.session(UPN).adopt(client, session_id)
    bench.session(UPN).keep(client)
    assert bench.live == {session_id}
    foreign = bench.vcenter.add_session(NAMESAKE, "soap" if kind == "soap" else "rest")
    with pytest.raises(LoginRefusedError):
        bench.session(UPN).adopt(client, foreign)


# ---- what shows nothing


def test_a_session_that_is_adopted_shows_nothing(bench: Bench, kind: str) -> None:
    """Without a user name in the URL anybody's is; then the file is put where a user is named."""
    session_id = bench.vcenter.add_session(UPN, "soap" if kind == "soap" else "rest")
    nobody = bench.session("", None)
    client = bench.client(kind)
    nobody.adopt(client, session_id)
    nobody.keep(client)
    (record,) = bench.records
    assert "proven" not in json.loads(record.read_bytes())


def test_a_login_by_a_callable_shows_nothing(bench: Bench, kind: str) -> None:
    """It says itself whom it logs in."""
    session_id = bench.vcenter.add_session(NAMESAKE, "soap" if kind == "soap" else "rest")
    bench.by(lambda client: client.adopt(session_id), "x", username=UPN).login(bench.client(kind))
    (record,) = bench.records
    assert "proven" not in json.loads(record.read_bytes())


@pytest.mark.parametrize("damage", ["gone", "broken", "of another key"])
def test_a_record_that_is_not_this_keys_own_shows_nothing(bench: Bench, kind: str, damage: str) -> None:
    old = logged_in(bench, kind)
    (record,) = bench.records
    content = record.read_bytes()
    in_its_place(bench, kind, UPN)
    if damage == "gone":
        record.unlink()
    elif damage == "broken":
        record.write_bytes(content[:-9])
    else:
        record.write_bytes(content.replace(record.name.encode(), b"0" * len(record.name)))
    with pytest.raises(NotFoundError):
        bench.session(UPN, None).login(bench.client(kind))
    bench.session(UPN).login(bench.client(kind))
    assert len(bench.live - {old.session_id}) == 1, "proven again by that login, and the one in its place ended"


def test_before_any_login_what_govc_has_cached_is_not_used_without_a_password(bench: Bench, kind: str) -> None:
    """What is not proven stays refused; with a password there is one session in the end."""
    logged_in(bench, kind)
    bench.vcenter.end_all()
    (record,) = bench.records
    record.unlink()
    in_its_place(bench, kind, UPN)
    with pytest.raises(NotFoundError):
        bench.session(UPN, None).login(bench.client(kind))
    bench.session(UPN).login(bench.client(kind))
    assert len(bench.live) == 1


def test_passthrough_writes_nothing_of_it(bench: Bench, kind: str) -> None:
    client = bench.client(kind)
    session = bench.session(UPN, passthrough=True)
    session.login(client)
    session.logout(client)
    assert bench.records == []
