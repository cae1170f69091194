"""What the fuzzer has found, each finding by itself."""

from __future__ import annotations

import pytest

from credential_protocol import Failure, Request, git
from fuzzing.checks_of_documents import parse_configuration, parse_http
from vsphere_session.endpoint import parse_endpoint
from vsphere_session.errors import InvalidRequestError, UnreachableError


@pytest.mark.parametrize("path", ["/a%40b", "/sdk%2F", "/sdk//", "//", "/?x", "/sdk/#y"])
def test_the_url_of_an_answer_is_the_same_endpoint_whatever_stands_in_its_path(path: str) -> None:
    """An @ in a path is refused unless it is escaped, and one slash at the end is dropped: the URL allows for both."""
    endpoint = parse_endpoint(f"https://me@vc.example.com{path}")
    assert parse_endpoint(endpoint.url) == endpoint


@pytest.mark.parametrize("part", ["%C3%BC", "%BCm\xfc", "a.", "\xfc."])
def test_a_url_longer_than_any_server_takes_is_an_invalid_request(part: str) -> None:
    """It is not taken apart first: every escape in it would cost time."""
    with pytest.raises(InvalidRequestError, match="longer than 65536 characters"):
        parse_endpoint(part * (1_000_000 // len(part)))
    parse_endpoint("https://vc.example.com/" + "a" * 65_000)


def test_a_host_name_longer_than_any_that_can_be_looked_up_is_an_invalid_request() -> None:
    """253 characters are the limit of DNS, and a dot may follow."""
    longest = ".".join(["a" * 61] * 4)[:253]
    assert parse_endpoint(f"{longest}.").host == f"{longest}."
    for name in ("a." * 127 + "b", "\xfc." * 127 + "b"):
        with pytest.raises(InvalidRequestError, match="not a host name"):
            parse_endpoint(name)


def test_git_may_say_lists_of_ten_thousand_lines_and_more_is_an_invalid_request() -> None:
    """No server's headers are as many: what git reads them with stops earlier."""
    start = b"protocol=https\nhost=h\ncapability[]=a\n"
    request = git.parse(["get"], start + b"a[]=x\n" * 9_990, {})
    assert isinstance(request, Request)
    assert request.attributes["capability[]"] == "a"
    with pytest.raises(Failure, match="more than 10000 lines"):
        git.parse(["get"], start + b"a[]=x\n" * 10_000, {})


def test_a_number_in_the_configuration_too_long_to_write_down_is_an_invalid_request() -> None:
    """Python refuses to write a number of more than 4300 digits."""
    with pytest.raises(InvalidRequestError, match="max_age is too large a number"):
        parse_configuration(b"max_age = 0x" + b"F" * 5000)


@pytest.mark.parametrize("more", [b"1\r\nx\r\n" * 10_001 + b"0\r\n\r\n", b"0\r\n" + b"a: b\r\n" * 10_001 + b"\r\n"])
def test_an_answer_in_more_pieces_than_a_server_makes_is_unreachable(more: bytes) -> None:
    """Neither chunks of one byte nor trailers may go on and on."""
    with pytest.raises(UnreachableError, match="more than 10000 lines between its chunks"):
        parse_http(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + more)
