"""The native dialect as pure functions: bytes become a request, an answer or a failure becomes bytes."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from subprocess import run

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credential_protocol import KINDS, Answer, Failure
from credential_protocol.characters import flaw, is_clean
from credential_protocol.jsontext import clean
from credential_protocol.messages import InvalidRequest
from credential_protocol.native import identifier, parse, parse_line, render, render_failure

FIELDS = {
    "get": ("url", "username", "password"),
    "store": ("url", "username", "password", "token"),
    "erase": ("url", "username", "scope"),
}


def test_a_request_names_its_target_and_its_attributes() -> None:
    """`url` is the target, everything else an attribute."""
    request = parse(b'{"url": "vc", "username": "me"}', "get", FIELDS)
    assert (request.verb, request.target, request.attributes) == ("get", "vc", {"username": "me"})


@pytest.mark.parametrize(
    "nothing", [b"", b" \n", b"null", b"{}", b"\xef\xbb\xbf", b"\xef\xbb\xbfnull", b"\xef\xbb\xbf{}\r\n"]
)
def test_nothing_is_an_empty_request(nothing: bytes) -> None:
    """Empty stdin, `null`, `{}` and a byte-order mark are all accepted: Packer sends `null`, some shells a mark."""
    assert parse(nothing, "get", FIELDS).attributes == {}


def test_values_may_be_native_booleans_and_numbers() -> None:
    """A number comes through as it was written."""
    request = parse(b'{"username": 5.50, "password": true}', "get", FIELDS)
    assert request.attributes == {"username": "5.50", "password": "true"}


def test_null_and_empty_mean_not_given_except_in_password() -> None:
    """An empty password is a password."""
    request = parse(b'{"url": "", "username": null, "password": ""}', "get", FIELDS)
    assert (request.target, request.attributes) == ("", {"password": ""})


def test_a_misspelt_field_names_the_nearest_known_one() -> None:
    """`pasword` must never silently become "no password"."""
    with pytest.raises(InvalidRequest, match='"pasword" is not known; did you mean "password"'):
        parse(b'{"pasword": "x"}', "get", FIELDS)


def test_a_field_of_another_verb_says_which_verb_it_goes_with() -> None:
    """`scope` means something to erase only."""
    with pytest.raises(InvalidRequest, match='"scope" means nothing to get; it goes with erase'):
        parse(b'{"scope": "all"}', "get", FIELDS)


def test_an_unknown_verb_is_an_invalid_request() -> None:
    """There are three verbs."""
    with pytest.raises(InvalidRequest, match="use get, store or erase"):
        parse(b"{}", "list", FIELDS)


@pytest.mark.parametrize(("written", "echoed"), [('"a"', "a"), ("7", "7"), ("null", None), ("true", "true")])
def test_a_line_of_a_conversation_has_an_action_and_perhaps_an_id(written: str, echoed: str | None) -> None:
    """The id comes back as a string, as every value does."""
    line = f'{{"action": "erase", "id": {written}, "url": "vc"}}'.encode()
    request = parse_line(line, FIELDS)
    assert (request.verb, request.target, request.id) == ("erase", "vc", echoed)
    assert identifier(line) == echoed


@pytest.mark.parametrize("line", [b"{}", b'{"action": null}', b'{"action": "list"}', b'{"action": 1}'])
def test_a_line_without_a_known_action_is_an_invalid_request(line: bytes) -> None:
    """The message says what an action can be."""
    with pytest.raises(InvalidRequest, match='use "get", "store" or "erase"'):
        parse_line(line, FIELDS)


def test_the_id_of_a_line_that_is_no_json_is_unknown() -> None:
    """Nothing is guessed."""
    assert identifier(b'{"id": "a", ') is None


@given(st.dictionaries(st.text(), st.text()))
def test_an_answer_is_one_line_of_ascii_json_that_reads_back(fields: dict[str, str]) -> None:
    """Whatever is in the values."""
    output = render(Answer(fields))
    assert json.loads(output.stdout) == fields
    assert output.stdout.endswith(b"\n")
    assert output.stdout.count(b"\n") == 1
    assert output.stdout.isascii()
    assert (output.stderr, output.status) == ("", 0)


@pytest.mark.parametrize("kind", KINDS)
def test_a_failure_is_json_on_stdout_text_on_stderr_and_the_status_of_its_kind(kind: str) -> None:
    """Also where its text has line breaks: it is one line."""
    output = render_failure(Failure("it\nbroke", kind=kind), "helper", "7")
    assert json.loads(output.stdout) == {"id": "7", "error": kind, "message": "it broke"}
    assert output.stderr == "helper: it broke"
    assert output.status == KINDS[kind]


def test_requests_and_answers_do_not_show_their_values() -> None:
    """A repr ends up in logs."""
    request = parse(b'{"url": "u:canary@vc", "password": "canary"}', "get", FIELDS)
    assert "canary" not in repr(request)
    assert "canary" not in repr(Answer({"password": "canary"}))


def test_the_protocols_know_nothing_of_the_rest() -> None:
    """`credential_protocol` imports the standard library and itself, nothing of vSphere, files or the network."""
    package = Path(sys.modules["credential_protocol"].__file__ or "").parent
    code = "import sys, credential_protocol.native; print(*sys.modules)"
    done = run(
        [sys.executable, "-I", "-S", "-c", f"import sys; sys.path.insert(0, {str(package.parent)!r}); {code}"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert not {"vsphere_session", "socket", "ssl", "json", "re"} & set(done.stdout.split())


def test_what_is_clean_is_the_same_for_one_character_and_for_many() -> None:
    """Messages name the character that a check has found."""
    for code in [*range(0x400), *range(0x2000, 0x2070), *range(0xD7F0, 0xE010), 0xFEFF, 0x1F600]:
        assert clean(chr(code)) == is_clean(chr(code)) == (flaw(f"a{chr(code)}b") == ""), hex(code)
