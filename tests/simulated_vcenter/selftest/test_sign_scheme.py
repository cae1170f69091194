"""REST by `Authorization: SIGN`: what is taken, and what is refused for which reason."""

from __future__ import annotations

import base64
import gzip
import hashlib
from collections.abc import Callable, Iterator

import pytest

from simulated_vcenter import SimulatedVCenter, keys
from simulated_vcenter.selftest.raw import API, REST, Answer, Raw
from simulated_vcenter.sts import Sts

ALICE = "alice@vsphere.local"
ROBOT = keys.new_pair("robot-1")
OTHER = keys.new_pair("other")
EMPTY = base64.b64encode(hashlib.sha256(b"").digest()).decode()
Parts = dict[str, str]


@pytest.fixture
def vc() -> Iterator[SimulatedVCenter]:
    with SimulatedVCenter(sts=Sts()) as server:
        yield server


def packed(token: str) -> str:
    return base64.b64encode(gzip.compress(token.encode())).decode()


def signed(vc: SimulatedVCenter, path: str = API, *, host: str = "", port: str = "", nonce: str = "") -> Parts:
    """The parts of a header as they should be, for a Host header that is the URL's own."""
    own_host, own_port = vc.authority.split(":")
    nonce = nonce or f"{vc.clock.now() * 1000:.0f}:{abs(hash(path))}"
    lines = f"{nonce}\nPOST\n{path}\n{host or own_host}\n{port or own_port}\n".encode()
    signature = ROBOT.sign(lines + hashlib.sha256(b"").digest() + b"\n")
    return {
        "token": packed(vc.sts.issue_for_test(ALICE, holder_of_key=ROBOT.certificate)),
        "signature_alg": "RSA-SHA256",
        "signature": base64.b64encode(signature).decode(),
        "nonce": nonce,
        "bodyhash": EMPTY,
    }


def ask(vc: SimulatedVCenter, parts: Parts, path: str = API, host: str = "") -> Answer:
    value = ", ".join(f'{name}="{text}"' for name, text in parts.items())
    headers = {"Authorization": f"SIGN {value}"} | ({"Host": host} if host else {})
    return Raw(vc.url, vc.ca_file).ask("POST", path, headers)


@pytest.mark.parametrize(("path", "status"), [(API, 201), (REST, 200)])
def test_both_services_take_a_bearer_token_and_a_signed_one(vc: SimulatedVCenter, path: str, status: int) -> None:
    assert ask(vc, {"token": packed(vc.sts.issue_for_test(ALICE))}, path).status == status
    assert ask(vc, signed(vc, path), path).status == status
    assert [session.user for session in vc.sessions] == [ALICE, ALICE]
    assert vc.refusals == []


@pytest.mark.parametrize(
    ("header", "host", "port"),
    [
        ("VC.example:8443", "vc.example", "8443"),
        ("vc.example", "vc.example", "80"),
        ("[2001:db8::1]", "[2001:db8::1]", "80"),
        ("[2001:DB8::1]:8443", "[2001:db8::1]", "8443"),
    ],
)
def test_host_and_port_are_those_of_the_host_header(vc: SimulatedVCenter, header: str, host: str, port: str) -> None:
    assert ask(vc, signed(vc, host=host, port=port), host=header).status == 201
    assert ask(vc, signed(vc, host=host, port="443"), host=header).status == 401


REFUSED: dict[str, tuple[Callable[[SimulatedVCenter], Parts], str]] = {
    "no token": (lambda vc: signed(vc) | {"token": ""}, "not one whole gzip stream"),
    "no base64": (lambda vc: signed(vc) | {"token": "<x>"}, "not base64 of gzip"),
    "not packed": (
        lambda vc: {"token": base64.b64encode(vc.sts.issue_for_test(ALICE).encode()).decode()},
        "not base64 of gzip",
    ),
    "cut": (lambda vc: {"token": packed(vc.sts.issue_for_test(ALICE))[:-16]}, "not one whole gzip stream"),
    "expired": (lambda vc: {"token": packed(vc.sts.issue_for_test(ALICE, begins=-301))}, "expired"),
    "forged": (lambda vc: {"token": packed(vc.sts.issue_for_test(ALICE, signer=ROBOT))}, "not the STS's"),
    "bound, and no signature": (lambda vc: {"token": signed(vc)["token"]}, "and no bodyhash, nonce, signature"),
    "another algorithm": (lambda vc: signed(vc) | {"signature_alg": "RSA-SHA1"}, "signature_alg RSA-SHA1"),
    "another key": (
        lambda vc: signed(vc) | {"token": packed(vc.sts.issue_for_test(ALICE, holder_of_key=OTHER.certificate))},
        "not by the token's key",
    ),
    "another path": (lambda vc: signed(vc, REST), "not over this request"),
    "another host": (lambda vc: signed(vc, host="else.example"), "not over this request"),
    "port 443": (lambda vc: signed(vc, port="443"), "not over this request"),
    "another body": (lambda vc: signed(vc) | {"bodyhash": EMPTY[::-1]}, "bodyhash"),
    "11 minutes early": (lambda vc: signed(vc, nonce=f"{vc.clock.now() * 1000 + 660_000:.0f}:1"), "10 minutes"),
    "11 minutes late": (lambda vc: signed(vc, nonce=f"{vc.clock.now() * 1000 - 660_000:.0f}:1"), "10 minutes"),
    "a nonce without time": (lambda vc: signed(vc, nonce="abc"), "milliseconds"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_wrong_is_unauthenticated_for_that_reason(vc: SimulatedVCenter, case: str) -> None:
    change, reason = REFUSED[case]
    assert (ask(vc, change(vc)).status, vc.session_count) == (401, 0)
    (told,) = vc.refusals
    assert reason in told


def test_a_signature_is_good_once_and_a_bearer_token_as_often_as_one_likes(vc: SimulatedVCenter) -> None:
    parts, bearer = signed(vc), {"token": packed(vc.sts.issue_for_test(ALICE))}
    assert [ask(vc, parts).status, ask(vc, parts).status] == [201, 401]
    assert vc.refusals == ["the nonce was seen before"]
    assert [ask(vc, bearer).status, ask(vc, bearer).status] == [201, 201]


def test_a_header_of_more_than_8_kb_is_too_large(vc: SimulatedVCenter) -> None:
    groups = [hashlib.sha256(str(number).encode()).hexdigest() for number in range(300)]
    assert ask(vc, {"token": packed(vc.sts.issue_for_test(ALICE, groups=groups))}).status == 431
    assert vc.session_count == 0


def test_without_an_sts_no_token_is_good() -> None:
    with SimulatedVCenter() as vc:
        assert ask(vc, {"token": "x"}).status == 401
