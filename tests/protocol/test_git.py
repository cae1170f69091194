"""git's protocol as pure functions: what is no whole, plain request gets no answer, and what goes in comes out again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credential_protocol import git
from credential_protocol.jsontext import MAX_BYTES
from credential_protocol.messages import Answer, Failure, InvalidRequest, Output, Request
from hostile.strategies import thorough

WHOLE = b"protocol=https\nhost=example.com\nusername=me\npassword=secret\n\n"
VERBS = ("get", "store", "erase")


def parse(stdin: bytes, verb: str = "get") -> Request:
    """The request in these bytes; it must be one."""
    request = git.parse([verb], stdin, {})
    assert isinstance(request, Request)
    return request


def refused(stdin: bytes, verb: str = "get") -> str:
    """Why these bytes are no request; whatever the reason, nothing is on stdout."""
    with pytest.raises(InvalidRequest) as caught:
        git.parse([verb], stdin, {})
    assert_said_on_stderr_alone(caught.value)
    return caught.value.message


def assert_said_on_stderr_alone(failure: Failure) -> None:
    """Git gets no answer, its user one line."""
    output = git.render_failure(None, failure, "git-credential-vsphere")
    assert (output.stdout, output.status) == (b"", 2)
    assert output.stderr.isprintable()


# ---- requests


def test_a_request_is_its_attributes_and_a_url() -> None:
    request = parse(b"protocol=https\nhost=example.com:8443\npath=a/b.git\nusername=me\n\n")
    assert request.target == "https://example.com:8443/a/b.git"
    assert request.attributes["username"] == "me"


def test_the_end_of_the_stream_ends_a_request_like_a_blank_line() -> None:
    assert parse(WHOLE.removesuffix(b"\n")).attributes == parse(WHOLE).attributes


def test_nothing_after_the_blank_line_is_read() -> None:
    assert "path" not in parse(WHOLE + b"path=a\n").attributes


def test_lines_may_end_with_crlf() -> None:
    assert parse(WHOLE.replace(b"\n", b"\r\n")).attributes == parse(WHOLE).attributes


def test_an_unknown_attribute_is_no_error() -> None:
    assert parse(b"wwwauth[]=Basic\nnew=thing\nstate[]=other:1\n" + WHOLE).target == "https://example.com"


def test_a_client_certificate_has_a_path_and_an_empty_host() -> None:
    """Git asks for the passphrase of `http.sslCert` in this way."""
    assert parse(b"protocol=cert\nhost=\npath=/home/me/key.pem\nusername=\n\n").target == "cert:////home/me/key.pem"


# ---- what is refused


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("byte", [b"\r", b"\0"], ids=["CR", "NUL"])
@pytest.mark.parametrize("line", [b"protocol=ht%stps\n", b"host=exa%smple.com\n", b"wwwauth[]=Basic%s realm\n"])
def test_a_bare_cr_and_nul_are_refused_wherever_they_stand(line: bytes, byte: bytes, verb: str) -> None:
    names = line.partition(b"=")[0]
    rest = b"".join(part + b"\n" for part in WHOLE.split(b"\n") if not part.startswith(names + b"="))
    assert "CR or NUL" in refused(line % byte + rest, verb)


def test_the_longest_line_has_65535_bytes_with_its_lf() -> None:
    """One more byte is refused."""
    longest = b"unknown_attribute=" + b"x" * (65_535 - 19) + b"\n"
    assert len(longest) == 65_535
    assert parse(longest + WHOLE).target == "https://example.com"
    assert "longer than 65535 bytes" in refused(longest.replace(b"x\n", b"xx\n") + WHOLE)


def test_a_servers_header_that_is_too_long_gets_no_answer_and_not_a_word() -> None:
    """Git's own suite takes any word on stderr for a failure here; git goes on to ask its user."""
    output = git.parse(["get"], WHOLE.rstrip() + b"\nwwwauth[]=" + b"x" * 65_535 + b"\n\n", {})
    assert isinstance(output, Output)
    assert (output.stdout, output.stderr, output.status) == (b"", "", 2)


def test_a_request_longer_than_the_program_reads_is_refused() -> None:
    """It would be a request cut off in the middle."""
    line = b"wwwauth[]=" + b"x" * 60_000 + b"\n"
    assert f"longer than {MAX_BYTES} bytes" in refused(WHOLE.rstrip() + b"\n" + line * (MAX_BYTES // len(line) + 1))


@pytest.mark.parametrize("verb", VERBS)
def test_a_request_cut_off_anywhere_in_its_first_lines_is_refused(verb: str) -> None:
    """Also in the middle of the host, where another host's name may begin like it."""
    whole = b"protocol=https\nhost=example.com\n"
    for length in range(len(whole)):
        assert "cut off" in refused(whole[:length], verb)


@pytest.mark.parametrize("verb", VERBS)
def test_a_request_cut_off_within_a_line_is_refused(verb: str) -> None:
    """An `erase` without the user name that git was about to write would erase every user's login."""
    for length in range(len(WHOLE) - 1):
        if not WHOLE[:length].endswith(b"\n"):
            refused(WHOLE[:length], verb)


@pytest.mark.parametrize("missing", [b"protocol", b"host"])
def test_a_request_without_protocol_or_host_is_refused(missing: bytes) -> None:
    lines = [line for line in WHOLE.split(b"\n") if not line.startswith(missing)]
    assert "no protocol and host" in refused(b"\n".join(lines))
    assert "no protocol and host" in refused(WHOLE.replace(missing, b"x"))
    assert "no protocol and host" in refused(b"protocol=https\nhost=\n\n")


@pytest.mark.parametrize("name", ["protocol", "host", "path", "username", "password", "credential"])
def test_an_attribute_that_says_what_is_asked_stands_there_once(name: str) -> None:
    assert f'"{name}" twice' in refused(f"protocol=https\nhost=a\n{name}=x\n{name}=x\n\n".encode())


@pytest.mark.parametrize("host", ["evil.com@vc", "vc/path", "vc?x", "vc#x", "a b", "vc\\x", "vc\t"])
def test_a_host_cannot_become_another_url(host: str) -> None:
    assert "cannot stand there" in refused(f"protocol=https\nhost={host}\n\n".encode())


@pytest.mark.parametrize("protocol", ["https://vc", "https:", "ht tps", "é"])
def test_a_protocol_is_the_name_of_one(protocol: str) -> None:
    assert "cannot stand there" in refused(f"protocol={protocol}\nhost=vc\n\n".encode())


@pytest.mark.parametrize("line", [b"no equals sign", b"=value", b"user\xff=x", b"username=\xff"])
def test_a_line_that_is_no_utf8_pair_is_refused(line: bytes) -> None:
    refused(line + b"\n" + WHOLE)


# ---- operations


@pytest.mark.parametrize("operation", ["list", "capabilities", "GET", ""])
def test_an_unknown_operation_is_silently_ignored_and_stdin_left_alone(operation: str) -> None:
    output = git.parse([operation], b"", {})
    assert isinstance(output, Output)
    assert (output.stdout, output.stderr, output.status) == (b"", "", 0)
    assert not git.wants_stdin([operation])


def test_arguments_may_precede_the_operation() -> None:
    assert git.wants_stdin(["--flag", "get"])
    request = git.parse(["--flag", "get"], WHOLE, {})
    assert isinstance(request, Request)
    assert request.verb == "get"


def test_only_what_is_used_is_told_as_a_capability() -> None:
    """In version 0: `authtype`. State there is none: `state[]` of other helpers is ignored, and none of ours is sent."""
    output = git.parse(["capability"], b"", {})
    assert isinstance(output, Output)
    assert output.stdout == b"version 0\ncapability authtype\n"
    assert (output.stderr, output.status) == ("", 0)


def test_without_an_operation_there_is_a_usage() -> None:
    output = git.parse([], b"", {})
    assert isinstance(output, Output)
    assert (output.stdout, output.status) == (b"", 1)
    assert output.stderr.startswith("usage: git-credential-vsphere")


# ---- answers


def test_store_and_erase_are_silent() -> None:
    for verb in ("store", "erase"):
        assert git.render(Request(verb, "https://a", {}), Answer({"password": "x"})).stdout == b""


def test_authtype_and_credential_go_only_to_a_caller_that_knows_them_and_before_all_else() -> None:
    answer = Answer({"username": "me", "authtype": "Bearer", "credential": "token"})
    asked = Request("get", "https://a", {"capability[]": "authtype state"})
    assert (
        git.render(asked, answer).stdout == b"capability[]=authtype\nauthtype=Bearer\ncredential=token\nusername=me\n"
    )
    assert git.render(Request("get", "https://a", {}), answer).stdout == b"username=me\n"


def test_an_empty_capability_line_takes_the_earlier_ones_back() -> None:
    lines = b"capability[]=authtype\ncapability[]=\ncapability[]=state\n"
    assert parse(lines + WHOLE).attributes["capability[]"] == "state"


@pytest.mark.parametrize("byte", ["\n", "\r", "\0"])
def test_a_secret_that_would_be_more_than_one_line_is_no_answer(byte: str) -> None:
    with pytest.raises(Failure, match="cannot be written in git's protocol") as caught:
        git.render(Request("get", "https://a", {}), Answer({"username": "me", "password": f"a{byte}host=evil"}))
    assert caught.value.kind == "unsupported"


def test_nothing_found_is_silence_and_any_other_failure_a_line_on_stderr() -> None:
    """Git takes whatever is on stdout for an answer, whatever the status."""
    found = git.render_failure(None, Failure("nothing there", kind="not-found"), "p")
    assert (found.stdout, found.stderr, found.status) == (b"", "", 0)
    other = git.render_failure(None, Failure("no route", kind="unreachable"), "p")
    assert (other.stdout, other.stderr, other.status) == (b"", "p: no route", 5)


# ---- properties

values = st.text(st.characters(codec="utf-8", exclude_characters="\r\n\0"), max_size=60)
shown = st.fixed_dictionaries(
    {"username": values, "password": values},
    optional={
        "password_expiry_utc": st.integers(0, 10**12).map(str),
        "oauth_refresh_token": values,
        "authtype": values.filter(bool),
        "credential": values,
    },
)
pieces = st.sampled_from(
    [b"protocol=https", b"host=a", b"path=p", b"username=u", b"capability[]=authtype", b"x", b"=", b"\n", b"\r", b"\0"]
)


@thorough
@given(shown)
def test_what_is_rendered_for_git_parses_to_the_same_attributes(fields: dict[str, str]) -> None:
    asked = Request("get", "https://a", {"capability[]": "authtype"})
    rendered = git.render(asked, Answer(fields)).stdout
    attributes = parse(b"protocol=https\nhost=a\n" + rendered).attributes
    known = set(fields) if "authtype" in fields else set(fields) - {"authtype", "credential"}
    assert {name: attributes[name] for name in known} == {name: fields[name] for name in known}
    assert set(attributes) - {"protocol", "host", "capability[]"} == known


@thorough
@given(
    st.binary(max_size=200) | st.lists(pieces | st.binary(max_size=5), max_size=20).map(b"".join),
    st.sampled_from(VERBS),
)
def test_any_bytes_are_a_request_with_protocol_and_host_or_an_invalid_one(data: bytes, verb: str) -> None:
    try:
        request = parse(data, verb)
    except InvalidRequest as failure:
        assert_said_on_stderr_alone(failure)
    else:
        assert request.attributes["protocol"]
        assert request.attributes["host"] or request.attributes["path"]
        assert not any(c in value for value in request.attributes.values() for c in "\r\n\0")
