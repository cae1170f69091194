"""What is read as a cached session: older shapes, older names, bare ids; and what never is, whatever the bytes."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cache.bench import Bench
from support.program import USER, Helper, request
from vsphere_session import Policy, RestClient, SessionError, SoapClient, parse_endpoint

BOTH = pytest.mark.parametrize("kind", ["soap", "rest"])


def first_cookie(value: Any) -> Any:
    """The only cookie of a SOAP file."""
    return value["SoapClient"]["cookies"][0]


def drop(value: Any, *names: str) -> None:
    """Remove members."""
    for name in names:
        value.pop(name)


def capitalize(value: Any) -> None:
    """Write the names as govmomi did before it had JSON tags, and null for what the server does not have."""
    client = value["SoapClient"]
    for name in [*client]:
        client["URL" if name == "url" else name[0].upper() + name[1:]] = client.pop(name)
    for part in [*value["ServiceContent"].values(), value["ServiceContent"]]:
        for name in [*part]:
            part[name[0].upper() + name[1:]] = part.pop(name)
    value["ServiceContent"]["AccountManager"] = None


# ---- shapes


OLDER: dict[str, Callable[[Any], object]] = {
    "without Quoted and Partitioned (Go before 1.23)": lambda v: drop(first_cookie(v), "Quoted", "Partitioned"),
    "without useJSON": lambda v: drop(v["SoapClient"], "useJSON"),
    "with quotes in the value": lambda v: first_cookie(v).update(Value=f'"{first_cookie(v)["Value"]}"'),
    "with another version": lambda v: v["SoapClient"].update(version="6.7"),
    "with name and value alone": lambda v: drop(first_cookie(v), *(first_cookie(v).keys() - {"Name", "Value"})),
    "with unknown members": lambda v: [part.update(new={"a": [1]}) for part in (v, v["SoapClient"], first_cookie(v))],
    "with other cookies before": lambda v: v["SoapClient"]["cookies"].insert(0, {"Name": "other", "Value": "x"}),
    "with a user in the url": lambda v: v["SoapClient"]["url"].update(User={}),
    "with indentation": lambda _: None,
    "with capitals, as in terraform-provider-vsphere 1.26": capitalize,
}


@pytest.mark.parametrize("edit", OLDER.values(), ids=OLDER)
def test_an_older_or_newer_shape_of_a_soap_file_is_used(bench: Bench, edit: Callable[[Any], object]) -> None:
    first = bench.soap(bench.session())
    bench.change(edit)
    assert bench.soap(bench.asking()).session_id == first.session_id


NONE: dict[str, Callable[[Any], object]] = {
    "without sessionManager, as govc asks for it": lambda v: drop(v["ServiceContent"], "sessionManager"),
    "without ServiceContent": lambda v: drop(v, "ServiceContent"),
    "without cookies": lambda v: v["SoapClient"].update(cookies=[]),
    "with cookies null": lambda v: v["SoapClient"].update(cookies=None),
    "with another cookie alone": lambda v: first_cookie(v).update(Name="VMWARE_SOAP_SESSION"),
    "with an empty value": lambda v: first_cookie(v).update(Value=""),
    "with an object as value": lambda v: first_cookie(v).update(Value={"Value": "a"}),
    "with a line break in the value": lambda v: first_cookie(v).update(Value="a\r\nX-Evil: b"),
    "with a second cookie in the value": lambda v: first_cookie(v).update(Value="a; b=c"),
    "with text beyond ASCII": lambda v: first_cookie(v).update(Value="ü"),
    "with a value of 5000 characters": lambda v: first_cookie(v).update(Value="a" * 5000),
    "without url": lambda v: drop(v["SoapClient"], "url"),
    "with a list for SoapClient": lambda v: v.update(SoapClient=[]),
    "of a REST session": lambda v: v.update(ServiceContent=None, SessionID="0123456789abcdef"),
}


@pytest.mark.parametrize("edit", NONE.values(), ids=NONE)
def test_a_file_without_a_usable_session_is_none_and_nothing_of_it_is_sent(
    bench: Bench, edit: Callable[[Any], object]
) -> None:
    bench.soap(bench.session())
    bench.change(edit)
    asked = len(bench.vcenter.requests)
    client = bench.client("soap")
    assert not bench.asking().load(client)
    assert not client.valid()
    assert len(bench.vcenter.requests) == asked
    bench.vcenter.end_all()
    bench.file("soap").unlink()


@BOTH
@pytest.mark.parametrize(
    "data",
    [b"{}", b"null", b"[]", b'""', b"7", b"\n", b"\xef\xbb\xbf", b"{" * 100_000, b"[" * 100_000, b"\xff\xfe{\x00}\x00",
     b'{"SessionID":NaN}', b'{"SoapClient":{"url":{"Scheme":"https","Host":"\\ud800"}},"SessionID":"\\ud800"}',
     b"not json at all", b"\0" * 4096, b"<html>"],
    ids=lambda data: repr(data[:20]),
)  # fmt: skip
def test_bytes_that_are_no_session_are_none_and_get_replaced(bench: Bench, kind: str, data: bytes) -> None:
    bench.file(kind).parent.mkdir(parents=True)
    bench.file(kind).write_bytes(data)
    assert not bench.session(password=None).load(bench.client(kind))
    assert bench.session().login(bench.client(kind))
    assert bench.file(kind).read_bytes() != data


@BOTH
def test_a_file_of_100_mb_is_none_and_gets_replaced(bench: Bench, kind: str) -> None:
    bench.session().login(bench.client(kind))
    bench.vcenter.end_all()
    with bench.file(kind).open("r+b") as file:
        file.truncate(100_000_000)
    assert not bench.session().load(bench.client(kind))
    assert bench.session().login(bench.client(kind))
    assert bench.file(kind).stat().st_size < 10_000


UNREADABLE: dict[str, Callable[[Path], object]] = {
    "a directory": Path.mkdir,
    "a FIFO": os.mkfifo,
    "a symbolic link": lambda path: path.symlink_to(path.with_name("elsewhere")),
}


@BOTH
@pytest.mark.parametrize("what", UNREADABLE)
def test_what_is_no_file_is_a_storage_error_before_any_login(bench: Bench, kind: str, what: str) -> None:
    bench.file(kind).parent.mkdir(parents=True)
    UNREADABLE[what](bench.file(kind))
    for attempt in (bench.session().load, bench.session().login, bench.session(reauth=True).login):
        with pytest.raises(SessionError, match=f"is {what}, not a file; remove it") as refused:
            attempt(bench.client(kind))
        assert refused.value.kind == "storage"
    assert bench.vcenter.login_attempts == 0


# ---- names before govc 0.48


def make_old(bench: Bench, kind: str) -> Path:
    """Give a cached session's file the name that govc 0.47 gave it."""
    path = "/sdk" if kind == "soap" else "/rest"
    endpoint = parse_endpoint(bench.vcenter.url).with_user(USER)
    old = bench.file(kind).with_name(endpoint.legacy_file_name(path, insecure=False))
    bench.file(kind).rename(old)
    assert len(old.name) == 40
    return old


@BOTH
def test_a_session_under_the_older_name_is_used_and_its_file_left_alone(bench: Bench, kind: str) -> None:
    first, again = bench.client(kind), bench.client(kind)
    bench.session().login(first)
    old = make_old(bench, kind)
    before = old.read_bytes()
    assert bench.asking().load(again)
    assert again.session_id == first.session_id
    assert old.read_bytes() == before
    assert [path.name for path in old.parent.iterdir()] == [old.name]


@BOTH
def test_the_older_name_is_never_written_and_never_read_again_once_there_is_the_newer(bench: Bench, kind: str) -> None:
    bench.session().login(bench.client(kind))
    old = make_old(bench, kind)
    before = old.read_bytes()
    new, again = bench.client(kind), bench.client(kind)
    assert bench.session(reauth=True).login(new)
    assert bench.live == {new.session_id}, "the one that was replaced is ended"
    assert bench.file(kind).is_file()
    assert old.read_bytes() == before
    assert bench.asking().load(again)
    assert again.session_id == new.session_id


@BOTH
def test_a_dead_session_under_the_older_name_is_replaced_under_the_newer(bench: Bench, kind: str) -> None:
    bench.session().login(bench.client(kind))
    old = make_old(bench, kind)
    bench.vcenter.end_all()
    assert bench.session(policy=Policy(verify="always")).login(bench.client(kind))
    assert sorted(path.name for path in old.parent.iterdir()) == sorted([old.name, bench.file(kind).name])


def test_a_reply_names_the_file_under_its_older_name_and_erase_removes_it(bench: Bench, helper: Helper) -> None:
    for kind in ("soap", "rest"):
        bench.session().login(bench.client(kind))
    files = [str(make_old(bench, kind)) for kind in ("soap", "rest")]
    reply = helper.ok("get", request(bench.vcenter))
    assert reply["source"] == "cache"
    assert [reply["soap_session_file"], reply["rest_session_file"]] == files
    assert helper.ok("erase", request(bench.vcenter)) == {"erased": "soap,rest"}
    assert bench.live == set()
    assert not any(os.path.exists(file) for file in files)


# ---- bare REST ids, of terraform-provider-vsphere before 2020


@pytest.mark.parametrize("end", ["", "\n"])
@pytest.mark.parametrize("old", [False, True], ids=["newer name", "older name"])
def test_a_bare_rest_id_is_used_and_left_alone_until_a_login_replaces_it(bench: Bench, end: str, old: bool) -> None:
    first = bench.rest(bench.session())
    file = make_old(bench, "rest") if old else bench.file("rest")
    file.write_text(first.session_id + end)
    assert bench.rest(bench.asking()).session_id == first.session_id
    assert file.read_text() == first.session_id + end
    bench.session(reauth=True).login(bench.client("rest"))
    assert json.loads(bench.file("rest").read_bytes())["SessionID"] in bench.live
    assert bench.vcenter.session_count == 1


def test_a_bare_id_is_no_soap_session(bench: Bench) -> None:
    bench.soap(bench.session())
    bench.file("soap").write_text("0123456789abcdef")
    assert not bench.asking().load(bench.client("soap"))
    bench.vcenter.end_all()


# ---- any bytes at all


@settings(max_examples=200)
@given(st.binary(max_size=400))
def test_property_any_bytes_are_a_session_or_none_and_never_an_error(data: bytes) -> None:
    for client in (SoapClient(), RestClient()):
        client.unmarshal_json(data)
        assert client.valid() == bool(client.session_id)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


def file_shaped(scheme: Any, host: Any, session_id: Any, content: Any, insecure: Any) -> dict[str, Any]:
    """A file of both kinds at once."""
    url = {"Scheme": scheme, "Host": host}
    cookies = [{"Name": "vmware_soap_session", "Value": session_id, "Quoted": insecure}]
    return {
        "SoapClient": {"cookies": cookies, "url": url, "insecure": insecure},
        "ServiceContent": {"sessionManager": content, "about": content},
        "SessionID": session_id,
    }


@settings(max_examples=200)
@given(st.builds(file_shaped, json_values, json_values, json_values | st.text(), json_values, json_values))
def test_property_a_session_id_out_of_a_file_can_stand_in_a_header_and_the_file_can_be_written(value: Any) -> None:
    data = json.dumps(value).encode()
    for client in (SoapClient(), RestClient()):
        client.unmarshal_json(data)
        if client.valid():
            assert client.session_id.isascii()
            assert not set(client.session_id) & set(' \t\r\n\0",;\\')
            copy = type(client)()
            copy.unmarshal_json(client.marshal_json())
            assert copy.session_id == client.session_id
