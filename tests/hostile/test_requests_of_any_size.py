"""Requests that are too long, too short or endless, and conversations that go on after them."""

from __future__ import annotations

import json

import pytest

from hostile.canary import CANARY, lines, refused
from simulated_vcenter import SimulatedVCenter
from support.program import Helper

NOWHERE = "127.0.0.1:9"
MIB = 1024 * 1024
VERBS = ("get", "store", "erase")


# ---- size


def padded(size: int, verb: str = "") -> bytes:
    request = {"url": NOWHERE} | ({"action": verb, "id": "long"} if verb else {})
    return json.dumps(request).encode()[:-1].ljust(size - 1) + b"}"


def test_a_request_of_one_mebibyte_is_read_and_one_byte_more_is_refused(helper: Helper) -> None:
    assert helper.run("erase", stdin=padded(MIB)).fields == {"erased": ""}
    assert f"longer than {MIB} bytes" in refused(helper, padded(MIB + 1), "erase")


def test_a_request_without_end_is_refused_before_it_ends(helper: Helper) -> None:
    stdin = b'{"password": "' + CANARY.encode() + b"x" * (64 * MIB)
    assert f"longer than {MIB} bytes" in refused(helper, stdin)


@pytest.mark.parametrize("ending", [b"", b"\r"], ids=["LF", "CR LF"])
@pytest.mark.parametrize("extra", [0, 1, 2, 3, MIB])
def test_a_line_of_a_conversation_may_have_one_mebibyte_and_the_next_one_is_answered_all_the_same(
    helper: Helper, extra: int, ending: bytes
) -> None:
    following = json.dumps({"action": "erase", "id": "next", "url": NOWHERE}).encode()
    long, after = lines(helper, padded(MIB + extra, "erase") + ending, following)
    if extra:
        assert long["error"] == "invalid-request"
    else:
        assert long == {"id": "long", "erased": ""}
    assert after == {"id": "next", "erased": ""}


# ---- nothing, and no end


@pytest.mark.parametrize("stdin", [b"", b"null", b"{}", b"\xef\xbb\xbf", b"\xef\xbb\xbfnull", b" \r\n\t"])
@pytest.mark.parametrize("verb", VERBS)
def test_a_request_that_says_nothing_is_understood_and_only_lacks_an_endpoint(
    helper: Helper, verb: str, stdin: bytes
) -> None:
    assert "names no endpoint" in refused(helper, stdin, verb)


def test_a_request_that_never_ends_is_given_up_after_the_time_out(helper: Helper) -> None:
    with helper.start("--timeout", "0.3", "get") as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(b'{"password": "' + CANARY.encode())
        process.stdin.flush()
        assert json.loads(process.stdout.read())["error"] == "invalid-request"
        assert process.wait() == 2


# ---- a conversation goes on


def test_a_conversation_goes_on_after_every_bad_line_and_echoes_the_id_where_there_is_one(helper: Helper) -> None:
    good = b'{"action": "erase", "id": "good", "url": "127.0.0.1:9"}'
    bad = {
        b"[": None,
        b"\xff": None,
        b"7": None,
        b"null": None,
        b'{"id": "1"}': "1",
        b'{"id": "2", "action": "fetch"}': "2",
        b'{"id": "3", "action": "get", "pasword": "%s"}': "3",
        b'{"id": "4", "action": "get", "url": ["%s"]}': "4",
        b'{"id": "5", "action": "get", "password": "%s\\u0000"}': "5",
        b'{"id": 6, "action": null}': "6",
        b'{"id": true, "action": {}}': "true",
        b'{"id": ["%s"], "action": "erase", "url": "127.0.0.1:9"}': None,
        b'{"id": "\\ud800%s", "action": "erase", "url": "127.0.0.1:9"}': None,
        b'{"id": "\\n", "action": "erase", "url": "127.0.0.1:9"}': None,
    }
    requests = [line for one in bad for line in (one.replace(b"%s", CANARY.encode()), good)]
    replies = lines(helper, *requests)
    assert replies[1::2] == [{"id": "good", "erased": ""}] * len(bad)
    for line, reply in zip(bad, replies[::2], strict=True):
        assert reply["error"] == "invalid-request", line
        assert reply.get("id") == bad[line], line


def test_nothing_that_is_refused_reaches_a_server(vcenter: SimulatedVCenter, helper: Helper) -> None:
    trust = {"url": vcenter.authority, "ca_file": vcenter.ca_file, "username": "x", "password": CANARY}
    for wrong in ({"pasword": "x"}, {"reauth": "perhaps"}, {"thumbprint": "AA"}, {"verify": "no"}, {"api": "xml"}):
        refused(helper, json.dumps(trust | wrong).encode())
    assert vcenter.requests == []
