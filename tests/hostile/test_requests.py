"""Requests that are none: each is an `invalid-request` that names the fault, shows no secret and asks no server."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from hostile.canary import CANARY, lines, refused
from support.program import Helper
from vsphere_session.settings.request import FIELDS

NOWHERE = "127.0.0.1:9"
VERBS = ("get", "store", "erase")


@pytest.fixture(autouse=True)
def no_files(helper: Helper) -> Iterator[None]:
    """What is refused leaves nothing behind: the home is as empty as before."""
    yield
    assert not (helper.home / ".govmomi").exists(), "a refused request has left files"


# ---- what is not JSON


@pytest.mark.parametrize(
    "stdin",
    [
        b"url=vc.example.com",
        b"{",
        b'{"url"',
        b'{"url": "127.0.0.1:9", "password": "%s"',
        b'{"url": "127.0.0.1:9", "password": "%s}',
        b"{'url': '127.0.0.1:9', 'password': '%s'}",
        b'{url: "127.0.0.1:9", password: "%s"}',
        b'{"url": "127.0.0.1:9", "password": "%s",}',
        b'{"url": "127.0.0.1:9", "password": "%s"} {"url": "127.0.0.1:9"}',
        b'{"url": "127.0.0.1:9", "password": "%s"} # and more',
        b'{"url": "127.0.0.1:9" "password": "%s"}',
        b'{"url": "127.0.0.1:9", "password": "\\%s"}',
        b'{"url": "127.0.0.1:9", "password": "\\u%s"}',
        b'{"url": "127.0.0.1:9", "password": "quo"%s"te"}',
        b'{"url": "127.0.0.1:9", "password": NaN}',
        b'{"url": "127.0.0.1:9", "insecure": Infinity}',
        b'{"url": "127.0.0.1:9", "username": -Infinity}',
        b'{"url": "127.0.0.1:9", "username": 01}',
        b'{"url": "127.0.0.1:9", "username": .5}',
        b"NaN",
        b"nul",
        b"nullnull",
        b"True",
        b"\xef\xbb\xbf\xef\xbb\xbf{}",
        b"<?xml version='1.0'?><password>%s</password>",
    ],
)
def test_not_json_is_refused(helper: Helper, stdin: bytes) -> None:
    assert "not JSON" in refused(helper, stdin.replace(b"%s", CANARY.encode()))


@pytest.mark.parametrize(
    ("stdin", "what"),
    [
        (b"[]", "a list"),
        (b'[{"url": "127.0.0.1:9", "password": "%s"}]', "a list"),
        (b"7", "a string or a number"),
        (b"-1.5e9", "a string or a number"),
        (b'"%s"', "a string or a number"),
        (b"true", "a boolean"),
        (b"false", "a boolean"),
    ],
)
def test_json_that_is_no_object_is_refused_and_named(helper: Helper, stdin: bytes, what: str) -> None:
    assert f"is {what}, not a JSON object" in refused(helper, stdin.replace(b"%s", CANARY.encode()))


@pytest.mark.parametrize("verb", VERBS)
def test_a_list_or_an_object_in_any_field_is_refused_and_the_field_named(helper: Helper, verb: str) -> None:
    values: tuple[object, ...] = ([CANARY], {"value": CANARY}, [], {}, [[[CANARY]]])
    cases = [(field, value) for field in FIELDS[verb] for value in values]
    requests = [{"action": verb, "url": NOWHERE, "password": CANARY, field: value} for field, value in cases]
    replies = lines(helper, *(json.dumps(request).encode() for request in requests))
    for (field, value), reply in zip(cases, replies, strict=True):
        assert reply["error"] == "invalid-request"
        assert f'"{field}" is {"a list" if isinstance(value, list) else "an object"}' in reply["message"]


@pytest.mark.parametrize("field", ["insecure", "reauth", "passthrough"])
@pytest.mark.parametrize("value", [2, -1, 1.5, "maybe", "truefalse", "\u0661"])
def test_a_boolean_field_that_is_neither_true_nor_false_is_refused(helper: Helper, field: str, value: object) -> None:
    request = {"url": NOWHERE, "password": CANARY, field: value}
    assert field in refused(helper, json.dumps(request).encode())


@pytest.mark.parametrize("nesting", [b"[", b'{"a":', b'[{"a":'])
@pytest.mark.parametrize("inside", [b"%s", b'{"url": "127.0.0.1:9", "password": %s}'])
def test_100_000_nested_brackets_are_refused(helper: Helper, nesting: bytes, inside: bytes) -> None:
    assert "nested too deeply" in refused(helper, inside.replace(b"%s", nesting * 100_000))


def test_100_000_nested_and_closed_brackets_are_refused(helper: Helper) -> None:
    assert "nested too deeply" in refused(helper, b"[" * 100_000 + b"]" * 100_000)


# ---- bytes


@pytest.mark.parametrize(
    "stdin",
    [
        b'{"url": "127.0.0.1:9", "password": "%s\xff"}',
        b'{"url": "127.0.0.1:9", "password": "%s\xfc"}',
        b'{"url": "127.0.0.1:9", "password": "%s\xed\xa0\x80"}',  # half a surrogate pair as if it were UTF-8
        b'{"url": "127.0.0.1:9", "password": "%s\xc0\x80"}',  # NUL in two bytes
        b'{"url": "127.0.0.1:9", "password": "%s\xf4\x90\x80\x80"}',  # beyond Unicode
        b'{"url": "127.0.0.1:9", "password": "%s\xe2\x82',  # cut short
        '{"url": "127.0.0.1:9", "password": "%s"}'.encode("utf-16"),
        '{"url": "127.0.0.1:9", "password": "%s"}'.encode("utf-32"),
        b"\x80",
        b"\x1f\x8b\x08\0\0\0\0\0\0\xff",
    ],
)
def test_what_is_not_utf_8_is_refused(helper: Helper, stdin: bytes) -> None:
    assert "not UTF-8" in refused(helper, stdin.replace(b"%s", CANARY.encode()))


BROKEN = {
    "NUL": "\0",
    "LF": "\n",
    "CR": "\r",
    "CR LF and a header": "\r\nX-Injected: yes",
    "escape": "\x1b[2J",
    "DEL": "\x7f",
    "C1": "\x9b",
    "high surrogate": "\ud800",
    "low surrogate": "\udfff",
    "surrogates the wrong way round": "\udc00\ud800",
}


@pytest.mark.parametrize("verb", VERBS)
def test_control_characters_and_lone_surrogates_are_refused_in_every_field(helper: Helper, verb: str) -> None:
    """Wherever they stand: at the beginning, in the middle and at the end; a later field's value never excuses it."""
    values = [text for bad in BROKEN.values() for text in (bad, f"{bad}x", f"x{bad}", f"x{bad}x")]
    cases = [(field, value) for field in FIELDS[verb] for value in values]
    requests = [{"action": verb, "url": NOWHERE, "password": CANARY, field: value} for field, value in cases]
    replies = lines(helper, *(json.dumps(request).encode() for request in requests))
    assert len(replies) == len(cases)
    for (field, value), reply in zip(cases, replies, strict=True):
        assert reply["error"] == "invalid-request", (field, value)
        assert f'"{field}"' in reply["message"], (field, value)


@pytest.mark.parametrize("bad", BROKEN.values(), ids=BROKEN)
def test_a_broken_character_is_refused_in_a_field_name_too(helper: Helper, bad: str) -> None:
    assert "field's name" in refused(helper, json.dumps({"url": NOWHERE, f"pass{bad}word": CANARY}).encode())


@pytest.mark.parametrize("raw", [b"\0", b"\n", b"\r", b"\t", b"\x1b"])
def test_control_characters_that_are_not_even_escaped_are_no_json(helper: Helper, raw: bytes) -> None:
    stdin = b'{"url": "127.0.0.1:9", "password": "' + CANARY.encode() + raw + b'"}'
    assert "not JSON" in refused(helper, stdin)


def test_control_characters_hidden_in_a_url_by_percent_encoding_are_refused(helper: Helper) -> None:
    for url in ("a%0Ab@HOST", "a%00@HOST", "a:%s%0D%0Ab@HOST", "a:%s%C2%9B@HOST", "HOST/sdk%0D%0AX:y", "HOST/%00"):
        request = {"url": url.replace("HOST", NOWHERE).replace("%s", CANARY), "username": "x", "password": CANARY}
        assert "control character" in refused(helper, json.dumps(request).encode())


# ---- fields


@pytest.mark.parametrize(
    ("verb", "field", "nearest"),
    [
        ("get", "pasword", "password"),
        ("get", "Password", "password"),
        ("get", "PASSWORD", "password"),
        ("get", "passwd", "password"),
        ("get", "user", "username"),
        ("get", "user_name", "username"),
        ("get", "URL", "url"),
        ("get", "uri", "url"),
        ("get", "ca-file", "ca_file"),
        ("get", "thumb_print", "thumbprint"),
        ("get", "re_auth", "reauth"),
        ("get", "passthru", "passthrough"),
        ("get", "verfy", "verify"),
        ("get", "in_secure", "insecure"),
        ("store", "soap_session", "soap_session_id"),
        ("store", "rest-session-id", "rest_session_id"),
        ("erase", "scop", "scope"),
        ("erase", "pasword", "password"),
    ],
)
def test_a_misspelt_field_is_refused_and_the_nearest_known_one_named(
    helper: Helper, verb: str, field: str, nearest: str
) -> None:
    message = refused(helper, json.dumps({"url": NOWHERE, field: CANARY}).encode(), verb)
    assert f'"{field}"' in message
    assert f'"{nearest}"' in message


@pytest.mark.parametrize("field", ["", " ", "x" * 100_000, "ü", "😀", "__class__", "url ", "url\u202e", "action", "id"])
def test_an_unknown_field_is_refused_on_one_short_line(helper: Helper, field: str) -> None:
    assert len(refused(helper, json.dumps({"url": NOWHERE, field: CANARY}).encode())) < 200


@pytest.mark.parametrize("field", FIELDS["erase"])
def test_a_field_given_twice_is_refused_and_named(helper: Helper, field: str) -> None:
    """Also where the two are the same, and where one is spelt with an escape: no parser's choice decides."""
    escaped = f"\\u{ord(field[0]):04x}{field[1:]}"
    for second in (field, escaped):
        stdin = f'{{"{field}": "{CANARY}", "{second}": "{CANARY}"}}'.encode()
        assert f'"{field}" stands in the request twice' in refused(helper, stdin, "erase")
