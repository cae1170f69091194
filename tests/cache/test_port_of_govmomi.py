"""govmomi's `session/cache`, row by row: each name says what a caller of that package finds here, too.

The row of its `Client` interface is in `test_client_protocol`, that of the `config` function in `test_config_hook`.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from cache.bench import Bench
from simulated_vcenter import SimulatedVCenter, faults
from support.program import PASSWORD, USER
from vsphere_session import Policy, RestClient, Session, SessionError, SoapClient, parse_endpoint

BOTH = pytest.mark.parametrize("kind", ["soap", "rest"])


# ---- Session.URL, Endpoint


@pytest.mark.parametrize(
    ("url", "endpoint"),
    [
        ("https://me:secret@vc.example.com/sdk?secret=1#secret", "https://me@vc.example.com/sdk"),
        ("https://:secret@vc.example.com:8989/other", "https://vc.example.com:8989/other"),
        ("vc.example.com", "https://vc.example.com/sdk"),
        ("http://DOM%5Cme:secret@[::1]:8989", "http://DOM%5Cme@[::1]:8989/sdk"),
    ],
)
def test_endpoint_is_a_copy_of_the_url_without_password_query_and_fragment(home: Path, url: str, endpoint: str) -> None:
    session = Session(url, environ={"HOME": str(home)})
    copy = session.endpoint()
    assert copy.url == endpoint
    assert copy.password is None
    assert copy is not session.url
    assert "secret" not in f"{copy!r} {session!r} {session.url!r}"


def test_url_may_be_text_or_an_endpoint(bench: Bench) -> None:
    by_text = Session(f"{USER.replace('@', '%40')}:{PASSWORD}@{bench.vcenter.authority}", ca_file=bench.vcenter.ca_file)
    assert by_text.url == bench.session().url
    assert Session(by_text.url).url == by_text.url


# ---- DirSOAP, DirREST


def test_dir_soap_and_dir_rest_default_to_govmomis_own(bench: Bench) -> None:
    session = bench.session()
    assert session.dir_soap == str(bench.home / ".govmomi/sessions")
    assert session.dir_rest == str(bench.home / ".govmomi/rest_sessions")
    bench.soap(session)
    bench.rest(session)
    assert bench.file("soap").is_file()
    assert bench.file("rest").is_file()


def test_dir_soap_and_dir_rest_move_the_files_and_nothing_is_left_behind(bench: Bench, tmp_path: Path) -> None:
    dirs = {"dir_soap": str(tmp_path / "s"), "dir_rest": str(tmp_path / "r")}
    first = [bench.soap(bench.session(**dirs)).session_id, bench.rest(bench.session(**dirs)).session_id]
    again = [bench.soap(bench.asking(**dirs)).session_id, bench.rest(bench.asking(**dirs)).session_id]
    assert again == first
    assert [path.parent.name for path in sorted(tmp_path.glob("[rs]/*"))] == ["r", "s"]
    assert not (bench.home / ".govmomi").exists()
    assert bench.soap(bench.session()).session_id not in first, "another directory is another cache"


# ---- Insecure


def test_insecure_accepts_any_certificate_and_is_part_of_the_key(bench: Bench) -> None:
    bench.vcenter.new_certificate("elsewhere.example")
    careless = bench.soap(bench.session(insecure=True, ca_file=""))
    assert careless.stored is not None
    assert careless.stored.insecure
    with pytest.raises(SessionError) as refused:
        bench.session().login(bench.client("soap"))
    assert refused.value.kind == "untrusted"
    names = {bench.session().endpoint().file_name("/sdk", insecure=insecure) for insecure in (False, True)}
    assert len(names) == 2
    assert {path.name for path in (bench.home / ".govmomi/sessions").iterdir()} < names
    assert bench.soap(bench.asking(insecure=True, ca_file="")).session_id == careless.session_id


# ---- Passthrough


@BOTH
@pytest.mark.sessions_counted_by_hand
def test_passthrough_neither_reads_nor_writes_the_cache(bench: Bench, kind: str) -> None:
    cached, own, second = bench.client(kind), bench.client(kind), bench.client(kind)
    bench.session().login(cached)
    before = bench.file(kind).read_bytes()
    session = bench.session(passthrough=True)
    assert not session.load(own)
    assert session.login(own)
    assert session.login(second), "each login makes a session of its own"
    session.save(own)
    assert bench.file(kind).read_bytes() == before
    assert bench.live == {cached.session_id, own.session_id, second.session_id}


# ---- Reauth


@BOTH
def test_reauth_ignores_the_cached_session_logs_in_and_replaces_it(bench: Bench, kind: str) -> None:
    old, new, later = bench.client(kind), bench.client(kind), bench.client(kind)
    bench.session().login(old)
    assert not bench.session(reauth=True).load(new)
    assert bench.session(reauth=True).login(new)
    assert new.session_id != old.session_id
    assert not bench.session(password=None).login(later)
    assert later.session_id == new.session_id


# ---- LoginSOAP, LoginREST


@BOTH
def test_login_soap_and_login_rest_log_in_in_place_of_the_password(bench: Bench, kind: str) -> None:
    foreign = bench.vcenter.add_session(USER, "soap" if kind == "soap" else "rest")
    asked: list[str] = []

    def adopt(client: SoapClient | RestClient) -> None:
        asked.append(client.transport.endpoint.url)
        client.adopt(foreign)

    session = bench.by(adopt, "token:me")
    client, again = bench.client(kind), bench.client(kind)
    assert session.login(client)
    assert not session.login(again), "what it made is cached like any other"
    assert asked == [session.endpoint().url]
    assert again.session_id == client.session_id == foreign
    assert client.username
    assert bench.vcenter.login_attempts == 0


def test_login_soap_may_log_in_with_another_name_than_the_urls(bench: Bench) -> None:
    session = bench.by(lambda client: client.log_in(USER, PASSWORD), "vault", username="")
    assert bench.soap(session).username == "VSPHERE.LOCAL\\administrator"
    assert not session.login(SoapClient())


@BOTH
def test_a_login_callable_that_makes_no_session_or_a_dead_one_is_an_error_and_nothing_is_cached(
    bench: Bench, kind: str
) -> None:
    for login in (lambda _: None, lambda client: client.adopt("0123456789abcdef")):
        with pytest.raises(SessionError) as refused:
            bench.by(login, "me").login(bench.client(kind))
        assert refused.value.kind == "login-refused"
    assert not bench.file(kind).exists()


@BOTH
def test_a_login_callable_that_fails_after_making_a_session_leaves_none(bench: Bench, kind: str) -> None:
    def login(client: SoapClient | RestClient) -> None:
        client.log_in(USER, PASSWORD)
        raise LookupError("the vault is sealed")

    with pytest.raises(LookupError, match="the vault is sealed"):
        bench.by(login, "me").login(bench.client(kind))
    assert len(bench.vcenter.logins) == 1
    assert bench.live == set()


# ---- Load


@BOTH
def test_load_is_false_when_there_is_none_and_asks_nobody(bench: Bench, kind: str) -> None:
    client = bench.client(kind)
    assert not bench.session().load(client)
    assert not client.valid()
    assert bench.operations == []


@BOTH
def test_load_is_false_when_the_session_is_no_longer_valid(bench: Bench, kind: str) -> None:
    bench.session().login(bench.client(kind))
    bench.vcenter.end_all()
    client = bench.client(kind)
    assert not bench.asking().load(client)
    assert not client.valid()
    assert bench.file(kind).exists(), "a look alone removes nothing"


@BOTH
def test_load_is_false_in_passthrough_and_with_reauth(bench: Bench, kind: str) -> None:
    bench.session().login(bench.client(kind))
    assert bench.session().load(bench.client(kind))
    assert not bench.session(passthrough=True).load(bench.client(kind))
    assert not bench.session(reauth=True).load(bench.client(kind))


@BOTH
def test_load_is_an_error_when_the_file_cannot_be_read(bench: Bench, kind: str) -> None:
    bench.file(kind).mkdir(parents=True)
    with pytest.raises(SessionError, match="is a directory") as broken:
        bench.session().load(bench.client(kind))
    assert broken.value.kind == "storage"


@BOTH
def test_load_is_an_error_when_the_session_cannot_be_validated(bench: Bench, kind: str) -> None:
    bench.session().login(bench.client(kind))
    bench.vcenter.faults.add("*", faults.status(500))
    with pytest.raises(SessionError) as broken:
        bench.asking().load(bench.client(kind))
    assert broken.value.kind == "unreachable"


# ---- Login, Logout, Save


@BOTH
def test_login_is_the_cached_session_if_valid_else_a_new_one_saved(bench: Bench, kind: str) -> None:
    first, second, third = (bench.client(kind) for _ in range(3))
    assert bench.session().login(first)
    assert not bench.session().login(second)
    bench.vcenter.end_all()
    assert bench.session(policy=Policy(verify="always")).login(third)
    assert second.session_id == first.session_id != third.session_id
    assert len(bench.vcenter.logins) == 2
    assert third.session_id in bench.file(kind).read_text()


@BOTH
def test_login_asks_for_the_password_only_when_it_needs_one(bench: Bench, kind: str) -> None:
    asked: list[str] = []

    def password() -> str:
        asked.append("the password")
        return PASSWORD

    url = parse_endpoint(bench.vcenter.url).with_user(USER)
    around: dict[str, Any] = {"environ": {"HOME": str(bench.home)}, "clock": bench.clock}
    session = Session(url, password=password, ca_file=bench.vcenter.ca_file, **around)
    assert [session.login(bench.client(kind)) for _ in range(2)] == [True, False]
    assert asked == ["the password"]


@BOTH
@pytest.mark.sessions_counted_by_hand
def test_logout_ends_the_session_in_passthrough_and_else_does_nothing(bench: Bench, kind: str) -> None:
    cached, own = bench.client(kind), bench.client(kind)
    session, passing = bench.session(), bench.session(passthrough=True)
    session.login(cached)
    session.logout(cached)
    passing.login(own)
    assert bench.live == {cached.session_id, own.session_id}
    passing.logout(own)
    assert bench.live == {cached.session_id}
    assert bench.file(kind).exists()


@BOTH
def test_save_writes_a_client_into_the_cache_but_not_in_passthrough(bench: Bench, kind: str) -> None:
    own, cached = bench.client(kind), bench.client(kind)
    passing = bench.session(passthrough=True)
    passing.login(own)
    passing.save(own)
    assert not bench.file(kind).exists()
    bench.session().save(own)
    assert bench.asking().load(cached)
    assert cached.session_id == own.session_id


# ---- the package's Example


@pytest.mark.parametrize("form", ["/api/session", "/rest/com/vmware/cis/session"])
def test_example_log_each_client_in_twice_the_second_time_without_the_password(home: Path, form: str) -> None:
    newer = form == "/api/session"
    with SimulatedVCenter(api_session=newer, rest_session=not newer) as vcenter:
        user = USER.replace("@", "%40")
        for url in (f"https://{user}:{PASSWORD}@{vcenter.authority}/sdk", f"https://{user}@{vcenter.authority}/sdk"):
            session = Session(url, ca_file=vcenter.ca_file, environ={"HOME": str(home)}, policy=Policy(verify="always"))
            for client in (SoapClient(), RestClient()):
                session.login(client)
                assert client.valid()
                client.close()
        assert len(vcenter.logins) == vcenter.session_count == 2
        assert any(re.search(form, request.operation) for request in vcenter.requests)
