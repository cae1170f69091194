"""Logins with a SAML token that the caller has: wherever it comes from, in whatever form, and when it is no good."""

from __future__ import annotations

import gzip
from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import replace
from email.utils import formatdate
from pathlib import Path

import pytest

import peers
from login.way import Way, words
from simulated_vcenter import SimulatedVCenter, faults, keys
from simulated_vcenter.exchange import Exchange
from simulated_vcenter.judges import verdicts
from simulated_vcenter.sts import Sts
from support.program import PASSWORD, USER, Helper

ALICE = "alice@vsphere.local"
PAIR = keys.new_pair("alice's own")
REPLY = (
    '<?xml version="1.0"?><S:Envelope xmlns:S="http://schemas.xmlsoap.org/soap/envelope/"><S:Body>'
    '<wst:RequestSecurityTokenResponseCollection xmlns:wst="http://docs.oasis-open.org/ws-sx/ws-trust/200512">'
    "<wst:RequestSecurityTokenResponse><wst:RequestedSecurityToken>{}</wst:RequestedSecurityToken>"
    "</wst:RequestSecurityTokenResponse></wst:RequestSecurityTokenResponseCollection></S:Body></S:Envelope>"
)
ENCODINGS: dict[str, Callable[[bytes], bytes]] = {
    "XML": lambda token: token,
    "XML with a declaration": lambda token: b'\xef\xbb\xbf<?xml version="1.0" encoding="UTF-8"?>\r\n' + token + b"\r\n",
    "base64": b64encode,
    "base64 twice": lambda token: b64encode(b64encode(token)),
    "base64 of gzip": lambda token: b64encode(gzip.compress(token)),
    "a reply of the STS": lambda token: REPLY.format(token.decode()).encode(),
}


@pytest.fixture
def vc() -> Iterator[SimulatedVCenter]:
    with SimulatedVCenter({USER: PASSWORD, ALICE: PASSWORD}, sts=Sts()) as server:
        yield server


@pytest.fixture
def way(helper: Helper, vc: SimulatedVCenter) -> Way:
    return Way(helper, vc)


def issued(way: Way, name: str = ALICE, *, life: float = 300.0, begins: float = 0.0, key: bool = False) -> str:
    """A token of the server's own STS."""
    holder = PAIR.certificate if key else None
    return way.server.sts.issue_for_test(name, life=life, begins=begins, holder_of_key=holder)


def give(way: Way, token: bytes, source: str) -> dict[str, object]:
    """Give it by this source; what a request has to have for that."""
    way.configure()
    if source == "token":
        return {"token": token.decode()}
    if source == "VSPHERE_SESSION_TOKEN":
        way.helper.environment[source] = token.decode()
    elif source == "token_file":
        way.configure(f'token_file = "{way.file("given-token", token)}"')
    else:
        way.configure(f"token_command = {words('cat', way.file('given-token', token))}")
    return {}


SOURCES = ["token", "VSPHERE_SESSION_TOKEN", "token_file", "token_command"]


# ---- it works


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("form", ENCODINGS)
def test_a_token_in_every_form_from_every_source(way: Way, form: str, source: str) -> None:
    token = ENCODINGS[form](issued(way).encode())
    if source in ("token", "VSPHERE_SESSION_TOKEN"):
        token = token.removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"")  # neither has lines
    fields = give(way, token, source)
    answer = way.ok(**fields)
    assert answer["source"] == "login"
    assert way.owners() == [(ALICE, "soap"), (ALICE, "rest")]
    assert not way.server.refusals
    assert way.ok(**fields)["source"] == "cache"


@pytest.mark.parametrize("source", ["token", "VSPHERE_SESSION_TOKEN", "token_file"])
def test_a_new_token_for_the_same_user_finds_the_cached_session(way: Way, source: str) -> None:
    way.ok(**give(way, issued(way).encode(), source))
    assert way.ok(**give(way, issued(way).encode(), source))["source"] == "cache"
    assert way.server.session_count == 2
    assert way.ok(**give(way, issued(way, USER).encode(), source))["source"] == "login"
    assert {user for user, _ in way.owners()} == {ALICE, USER}


def test_a_command_runs_only_when_a_login_is_due_and_once_for_both(way: Way) -> None:
    token = way.file("given-token", issued(way))
    way.configure(f"token_command = {words(way.program('given-command', f'cat {token}'))}")
    way.ok()
    way.ok(verify="always")
    assert way.runs("given-command") == 1
    assert way.owners() == [(ALICE, "soap"), (ALICE, "rest")]


def test_the_user_who_is_named_has_to_be_the_tokens(way: Way) -> None:
    way.configure(f'username = "{USER}"')
    message = way.error("login-refused", token=issued(way))
    assert USER in message
    assert "name the user whose it is" in message
    assert way.server.session_count == 0


@pytest.mark.parametrize("api", ["soap", "rest"])
def test_one_for_the_holder_of_a_key_takes_the_key(way: Way, api: str) -> None:
    way.configure(
        f'certificate = "{way.file("given-certificate.pem", PAIR.certificate_pem)}"',
        f'private_key = "{way.file("given-key.pem", PAIR.key_pem)}"',
        f'token_file = "{way.file("given-token", issued(way, key=True))}"',
    )
    way.ok(api=api)
    assert way.owners() == [(ALICE, api)]
    for seen in way.server.requests:
        if seen.operation == "LoginByToken":
            assert verdicts(seen.body, PAIR.certificate) == {"signxml": "", "xmlsec": ""}


def test_a_token_that_govc_has_issued(way: Way) -> None:
    govc = peers.Govc(way.helper.home / "govc", way.server.authority, USER, PASSWORD, ca_file=Path(way.server.ca_file))
    way.configure()
    way.ok(token=govc.ok("session.login", "-issue"))
    assert way.owners() == [(USER, "soap"), (USER, "rest")]


def test_vcsim_takes_any_token_as_it_says(helper: Helper) -> None:
    with SimulatedVCenter(sts=Sts()) as issuer, peers.VcSim(user=USER, password=PASSWORD) as vcsim:
        way = Way(helper, vcsim)  # type: ignore[arg-type]  # what is used of both is the same
        way.configure(f'token_file = "{way.file("given-token", issuer.sts.issue_for_test(USER))}"')
        assert way.ok(api="soap")["source"] == "login"


def test_a_session_is_not_promised_for_longer_than_its_token(way: Way) -> None:
    way.configure()
    answer = way.ok(token=issued(way, life=120))
    later = way.ok(token=issued(way, life=3000))
    assert later["expires_at"] == answer["expires_at"]


# ---- it is no good, and nobody was asked


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize(
    ("begins", "life", "key", "kind", "said"),
    [
        (-2000, 300, False, "not-found", f"the token for {ALICE} has expired at 20"),
        (2000, 300, False, "invalid-request", f"the token for {ALICE} is not valid before 20"),
        (
            0,
            300,
            True,
            "invalid-request",
            "is for the holder of a key; give certificate and private_key, too, or a bearer token",
        ),
    ],
    ids=["expired", "not yet valid", "holder of key"],
)
def test_what_is_wrong_with_a_token_is_said_without_a_call(
    way: Way, source: str, begins: float, life: float, key: bool, kind: str, said: str
) -> None:
    fields = give(way, issued(way, life=life, begins=begins, key=key).encode(), source)
    assert said in way.error(kind, **fields)
    assert not way.server.requests


@pytest.mark.parametrize(
    ("script", "kind", "said"),
    [
        ("echo one; echo two", "invalid-request", "the token is no SAML token"),
        ("true", "not-found", "token_command prints nothing"),
        ("yes AAAA | head -c 1000000", "invalid-request", "token_command prints more than 65536 bytes"),
        ("read x </dev/tty && echo $x", "not-found", "token_command ended with status"),
        ("read x; echo $x", "not-found", "token_command prints nothing"),
        ("echo sealed >&2; exit 4", "not-found", "token_command ended with status 4: sealed"),
    ],
)
def test_a_command_that_prints_no_token(way: Way, script: str, kind: str, said: str) -> None:
    way.configure(f"token_command = {words(way.program('given-command', script))}")
    assert said in way.error(kind)
    assert not way.server.requests


@pytest.mark.parametrize(
    "content", [b"", b"hunter2hunter2", b"<html/>", b"\x00\xff", b"PHNhbWwyOkFzc2Vy", b"A" * 300_000]
)
def test_a_file_with_no_token(way: Way, content: bytes) -> None:
    way.configure(f'token_file = "{way.file("given-token", content)}"')
    reply = way.get()
    assert reply.kind == ("invalid-request" if content else "not-found")
    assert "hunter2" not in reply.stderr
    assert not way.server.requests


def test_a_file_that_is_not_there_is_named(way: Way) -> None:
    way.configure('token_file = "given-nothing"')
    assert "cannot read the token_file" in way.error("storage")


# ---- it is refused


def test_a_forged_token_is_refused_and_not_sent_again(way: Way) -> None:
    way.configure()
    forged = way.server.sts.issue_for_test(ALICE, signer=PAIR)
    assert f"the token for {ALICE} was not taken" in way.error("login-refused", token=forged, api="soap")
    for _ in range(2):
        assert "was not asked again" in way.error("login-refused", token=forged, api="soap")
    assert way.server.login_attempts == 1
    way.ok(token=issued(way))


def test_a_refusal_says_by_how_much_the_clocks_differ(way: Way) -> None:
    way.configure()
    token = issued(way)
    way.server.clock.advance(1320)

    def dated(exchange: Exchange) -> None:
        answer = exchange.perform()
        date = formatdate(way.server.clock.now(), usegmt=True)
        exchange.send(replace(answer, headers={**answer.headers, "Date": date}))

    way.server.faults.add("LoginByToken", faults.Fault(dated))
    message = way.error("login-refused", token=token, api="soap")
    assert f"the token for {ALICE} was not taken" in message
    assert "this machine's clock is 22 minutes behind the server's: correct it" in message


@pytest.mark.parametrize("step", ["LoginByToken", "POST /api/session"])
@pytest.mark.parametrize("fault", [faults.reset, faults.close_mid_answer])
@pytest.mark.sessions_counted_by_hand
def test_a_login_that_is_cut_leaves_at_most_what_the_next_one_ends(
    way: Way, step: str, fault: Callable[[], faults.Fault]
) -> None:
    way.configure()
    way.server.faults.add(step, fault(), times=1)
    reply = way.get(token=issued(way))
    assert reply.status in (0, 5), reply
    unknown = {session.id for session in way.server.sessions} - way.helper.sessions_in_files
    assert len(unknown) <= (fault is not faults.reset)
    way.ok(token=issued(way))
    assert len({session.id for session in way.server.sessions} - way.helper.sessions_in_files) <= len(unknown)


# ---- no secret anywhere


@pytest.mark.parametrize("source", SOURCES)
def test_a_token_is_neither_shown_nor_kept(way: Way, source: str) -> None:
    token = issued(way)
    signature = token.partition("SignatureValue>")[2][:40]
    assert len(signature) == 40
    reply = way.get("-vv", **give(way, token.encode(), source))
    assert reply.status == 0, reply
    assert signature not in reply.stderr + reply.stdout.decode()
    way.remembered_nowhere(signature)
