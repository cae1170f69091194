"""What holds for every request, URL and user name: nothing but the contract's failure, and there and back again."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credential_protocol import native
from credential_protocol.client import read_answer
from credential_protocol.jsontext import write_flat_object
from credential_protocol.messages import KINDS, Answer, Failure, Request
from hostile.canary import CANARY, shows_secret
from hostile.strategies import (
    broken_requests,
    good_urls,
    json_values,
    nearly_requests,
    nearly_urls,
    one_line,
    thorough,
    users,
)
from vsphere_session.endpoint import REST_PATH, SOAP_PATH, parse_endpoint
from vsphere_session.errors import InvalidRequestError
from vsphere_session.http.thumbprint import normal_thumbprint
from vsphere_session.settings.config_file import Configuration, seconds
from vsphere_session.settings.environment import FAMILIES, boolean
from vsphere_session.settings.request import FIELDS, Settings
from vsphere_session.storage.reading import Reader

VERBS = st.sampled_from(sorted(FIELDS))
NOTHING = Configuration("config.toml", {}, {})
_Parts = tuple[str, str, str | None, str, int | None]


def assert_invalid(failure: Failure, *, or_else: str = "invalid-request") -> None:
    """The failure is the contract's, one short printable line, and shows no secret."""
    assert failure.kind in ("invalid-request", or_else)
    assert failure.message.isprintable()
    assert len(failure.message) < 500
    assert not shows_secret(failure.message)


# ---- requests


@thorough
@given(st.binary(max_size=100) | nearly_requests | broken_requests(), VERBS)
def test_any_bytes_are_a_request_or_an_invalid_one(data: bytes, verb: str) -> None:
    try:
        request = native.parse(data, verb, FIELDS)
    except Failure as failure:
        assert_invalid(failure)
    else:
        assert set(request.attributes) | {native.TARGET} <= set(FIELDS[verb])
        assert all(text.isprintable() or not text.isascii() for text in request.attributes.values())


@thorough
@given(st.binary(max_size=100) | nearly_requests | broken_requests())
def test_any_line_of_a_conversation_is_a_request_or_an_invalid_one(line: bytes) -> None:
    try:
        request = native.parse_line(line, FIELDS)
        assert request.verb in FIELDS
    except Failure as failure:
        assert_invalid(failure)
    name = native.identifier(line)
    assert name is None or isinstance(name, str)


@thorough
@given(VERBS, st.data())
def test_a_request_that_is_written_is_read_again(verb: str, data: st.DataObject) -> None:
    """In the flat form that every caller can write, and as JSON with everything escaped or nothing."""
    fields = data.draw(st.dictionaries(st.sampled_from(FIELDS[verb]), one_line))
    given_fields = {name: text for name, text in fields.items() if text or name == "password"}
    for written in (
        write_flat_object(fields.items()),
        json.dumps(fields, ensure_ascii=False).encode(),
        b"\xef\xbb\xbf" + json.dumps(fields, indent=3).encode(),
    ):
        request = native.parse(written, verb, FIELDS)
        target = {native.TARGET: request.target} if request.target else {}
        assert request.attributes | target == given_fields


@thorough
@given(st.dictionaries(st.text(max_size=20).filter(lambda name: name != "error"), st.text()))
def test_an_answer_that_is_rendered_is_read_again(fields: dict[str, str]) -> None:
    output = native.render(Answer(fields))
    assert output.stdout.isascii()
    assert output.stdout.endswith(b"}\n")
    assert output.stdout.count(b"\n") == 1
    assert read_answer(output.stdout, output.status).fields == fields


@thorough
@given(st.sampled_from(sorted(KINDS)), st.text())
def test_a_failure_that_is_rendered_is_read_again(kind: str, text: str) -> None:
    failure = Failure(text, kind=kind)
    output = native.render_failure(failure, "vsphere-session")
    assert output.stderr.isprintable()
    with pytest.raises(Failure) as caught:
        read_answer(output.stdout, output.status)
    assert (caught.value.kind, caught.value.message) == (kind, failure.message)


# ---- what a request means


@thorough
@given(
    st.dictionaries(st.sampled_from(FIELDS["erase"]), one_line | nearly_urls.filter(str.isprintable)),
    st.dictionaries(
        st.sampled_from([name for family in FAMILIES for name in (family.url, family.username, family.password, family.insecure)]),
        st.text(st.characters(exclude_characters="\0/")) | nearly_urls.map(lambda text: text.replace("\0", "")),
        max_size=6,
    ),
)  # fmt: skip
def test_any_fields_in_any_environment_mean_something_or_are_invalid(
    fields: dict[str, str], environ: dict[str, str]
) -> None:
    attributes = {name: text for name, text in fields.items() if text and name != "url"}
    try:
        settings = Settings(Request("erase", fields.get("url", ""), attributes), environ, NOTHING, Reader())
        settings.password()
    except Failure as failure:
        assert_invalid(failure, or_else="storage")
    else:
        assert settings.endpoint.password is None
        assert settings.endpoint.url.isascii()


@thorough
@given(st.text())
def test_any_text_is_a_value_of_its_type_or_invalid(text: str) -> None:
    for read in (lambda: boolean(text, "x"), lambda: seconds(text, "x"), lambda: normal_thumbprint(text)):
        try:
            value = read()
        except InvalidRequestError as failure:
            assert_invalid(failure)
        else:
            assert value is True or value is False or isinstance(value, str) or 0 <= value < 1e9


# ---- URLs


@thorough
@given(nearly_urls | st.text())
def test_any_text_is_an_endpoint_or_invalid_and_no_secret_is_shown(text: str) -> None:
    try:
        endpoint = parse_endpoint(text)
    except InvalidRequestError as failure:
        assert_invalid(failure)
    else:
        assert endpoint.url.isascii()
        assert endpoint.url.isprintable()
        assert 0 < endpoint.port < 65536
        assert endpoint.host
        if endpoint.password is not None and endpoint.password not in endpoint.username + endpoint.authority:
            assert not shows_secret(repr(endpoint), CANARY) or not shows_secret(endpoint.password)


@thorough
@given(good_urls())
def test_a_good_url_is_taken_apart_as_it_was_put_together(parts: _Parts) -> None:
    url, user, password, host, port = parts
    endpoint = parse_endpoint(url)
    assert endpoint.username == user
    assert endpoint.password == password
    assert endpoint.authority == host.replace("%25", "%") + ("" if port is None else f":{port}")
    assert port is None or endpoint.port == port


@thorough
@given(good_urls())
def test_the_url_that_an_answer_shows_is_the_same_endpoint_without_the_password(parts: _Parts) -> None:
    """So a caller can hand it in again, and finds the same session."""
    endpoint = parse_endpoint(parts[0])
    again = parse_endpoint(endpoint.url)
    assert again == endpoint.with_user(endpoint.username)
    assert again.url == endpoint.url
    for path in (SOAP_PATH, REST_PATH):
        assert again.file_name(path, insecure=False) == endpoint.file_name(path, insecure=False)
    assert again.place == endpoint.place


@thorough
@given(users, users)
def test_two_users_never_share_a_file(one: str, other: str) -> None:
    """Nor do the two ways of verifying, nor SOAP and REST."""
    endpoint = parse_endpoint("https://vc.example.com")
    names = {
        endpoint.with_user(user).file_name(path, insecure=insecure)
        for user in (one, other)
        for path in (SOAP_PATH, REST_PATH)
        for insecure in (False, True)
    }
    assert len(names) == (4 if one == other else 8)


@thorough
@given(json_values)
def test_no_field_takes_a_list_or_an_object(value: object) -> None:
    data = json.dumps({"username": value}).encode()
    if isinstance(value, list | dict):
        with pytest.raises(Failure, match='"username" is a'):
            native.parse(data, "get", FIELDS)
