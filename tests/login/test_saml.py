"""Logins by user and password at the STS, for a bearer token: SOAP, REST, both, and what goes wrong on the way."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import permutations
from pathlib import Path

import pytest

import peers
from contract.desk import START, Desk
from credential_protocol.messages import Failure
from hostile.canary import CANARY, silent
from login.way import Way, words
from simulated_vcenter import Clock, SimulatedVCenter, faults
from simulated_vcenter.judges import verdicts
from simulated_vcenter.sts import PATH, Sts
from support.program import PASSWORD, USER, Helper

WRONG = "wr0ng-Omega"
NAMED, SAML = f'username = "{USER}"', 'method = "saml"'
STS = f"POST {PATH}"


@pytest.fixture
def vc() -> Iterator[SimulatedVCenter]:
    with SimulatedVCenter(sts=Sts()) as server:
        yield server


@pytest.fixture
def way(helper: Helper, vc: SimulatedVCenter) -> Way:
    made = Way(helper, vc)
    made.configure(NAMED, SAML)
    return made


@pytest.fixture
def desk(home: Path) -> Iterator[Desk]:
    """The verbs in this process, with the server's clock in the test's hand. Its sessions end with their token."""
    with SimulatedVCenter(clock=Clock(START), sts=Sts(session_ends_with_token=True)) as server:
        yield Desk(home, server, method="saml")


def operations(vc: SimulatedVCenter) -> list[str]:
    return [seen.operation for seen in vc.requests]


# ---- it works


@pytest.mark.parametrize("api", ["soap", "rest", "both"])
def test_one_question_to_the_sts_is_enough_for_each_kind_of_session(way: Way, api: str) -> None:
    answer = way.ok(password=PASSWORD, api=api)
    assert answer["source"] == "login"
    assert operations(way.server).count(STS) == 1
    kinds = ["soap", "rest"] if api == "both" else [api]
    assert way.owners() == [(USER, kind) for kind in kinds]
    assert operations(way.server).count("Login") == 0
    assert not way.server.refusals
    assert way.ok(api=api)["source"] == "cache"
    assert operations(way.server).count(STS) == 1


def test_on_a_vcenter_with_one_session_for_both_there_is_one_login(helper: Helper) -> None:
    with SimulatedVCenter(sts=Sts(), unified=True) as vc:
        way = Way(helper, vc)
        way.configure(NAMED, SAML)
        answer = way.ok(password=PASSWORD)
        assert answer["soap_session_id"] == answer["rest_session_id"]
        assert vc.login_attempts == 1


def test_a_server_that_knows_no_newer_version_than_its_own(helper: Helper) -> None:
    """It refuses LoginByToken, and nothing else, under another one."""
    with SimulatedVCenter(sts=Sts(strict_version=True)) as vc:
        way = Way(helper, vc)
        way.configure(NAMED, SAML)
        way.ok(password=PASSWORD)
        (login,) = [seen for seen in vc.requests if seen.operation == "LoginByToken"]
        assert login.headers["soapaction"] == "urn:vim25/8.0.2.0"


def test_the_password_comes_from_where_passwords_come_from(way: Way) -> None:
    path = way.program("given-command", f"echo '{PASSWORD}'")
    way.configure(NAMED, SAML, f"password_command = {words(path)}")
    assert way.ok()["source"] == "login"


def test_without_a_password_the_error_says_what_to_give(way: Way) -> None:
    assert "there is no password of" in way.error("not-found")
    way.configure(SAML)
    assert "there is no user name" in way.error("not-found")
    assert not operations(way.server)


def test_both_judges_take_the_tokens_that_we_sent_on(way: Way) -> None:
    """The STS's signature holds for its very characters."""
    way.ok(password=PASSWORD)
    (message,) = [seen.body for seen in way.server.requests if seen.operation == "LoginByToken"]
    start = message.index(b"<saml2:Assertion")
    token = message[start : message.index(b"</saml2:Assertion>") + len(b"</saml2:Assertion>")]
    assert verdicts(token, way.server.sts.signer.certificate) == {"signxml": "", "xmlsec": ""}


def test_the_locale_is_that_of_the_session(way: Way) -> None:
    way.ok(password=PASSWORD, api="soap", locale="de_DE")
    assert [session.locale for session in way.server.sessions] == ["de_DE"]


# ---- the token's life


def ask(desk: Desk, **fields: object) -> dict[str, str]:
    return desk.ask("get", **{"password": PASSWORD, **fields})


@pytest.mark.parametrize("api", ["soap", "rest", "both"])
def test_a_session_is_not_promised_for_longer_than_its_token(desk: Desk, api: str) -> None:
    assert ask(desk, api=api)["expires_at"] == "2027-01-15T08:05:00Z"


@pytest.mark.parametrize("verify", ["auto", "never", "always"])
@pytest.mark.parametrize("api", ["soap", "rest", "both"])
def test_one_past_its_tokens_end_is_renewed(desk: Desk, api: str, verify: str) -> None:
    ask(desk, api=api, verify=verify)
    desk.vcenter.clock.advance(299)
    assert ask(desk, api=api, verify=verify)["source"] == "cache"
    desk.vcenter.clock.advance(1)
    answer = ask(desk, api=api, verify=verify)
    assert (answer["source"], answer["expires_at"]) == ("login", "2027-01-15T08:10:00Z")
    assert desk.vcenter.session_count == (2 if api == "both" else 1)


def test_one_that_the_server_ends_with_its_token_is_a_new_login_and_no_error(home: Path) -> None:
    """Whatever our own clock says of the token's end (govmomi#1931)."""
    with SimulatedVCenter(clock=Clock(START), sts=Sts(session_ends_with_token=True, bearer_life=60)) as vc:
        desk = Desk(home, vc, method="saml")
        ask(desk)
        vc.end_all()
        vc.clock.advance(59)
        assert ask(desk, verify="always")["source"] == "login"


def test_a_token_that_ends_between_soap_and_rest_is_replaced(desk: Desk) -> None:
    desk.vcenter.faults.add("LoginByToken", faults.after(lambda: desk.vcenter.clock.advance(301)), times=1)
    assert ask(desk)["rest_session_id"]
    assert operations(desk.vcenter).count(STS) == 2
    assert not desk.vcenter.refusals


# ---- refused


@pytest.mark.parametrize("order", [*permutations(["saml", "password"]), ("saml", "password", "saml")], ids="-".join)
@pytest.mark.parametrize("api", ["soap", "rest", "both"])
def test_a_wrong_password_counts_once_for_all_ways_that_try_it(way: Way, order: tuple[str, ...], api: str) -> None:
    if api == "rest" and order[0] == "password":
        order = order[1:]  # what REST alone has refused counts for REST alone
    for method in order:
        way.error("login-refused", password=WRONG, api=api, method=method)
        way.error("login-refused", password=WRONG, api=api, method=method)
    assert len(way.server.refusals) == 1
    way.ok(password=PASSWORD, api=api)


def test_a_refusal_says_what_password_it_was(way: Way) -> None:
    message = way.error("login-refused", password=WRONG)
    assert f"{way.server.authority} refused the login (Invalid credentials)" in message


def test_what_the_sts_tells_of_an_account_is_told(way: Way) -> None:
    way.server.sts.locked.add(USER)
    assert "locked" in way.error("login-refused", password=PASSWORD).lower()


def test_a_token_for_another_audience_is_not_taken(way: Way, monkeypatch: pytest.MonkeyPatch) -> None:
    issued = Sts._claims
    monkeypatch.setattr(
        Sts, "_claims", lambda *args, **named: issued(*args, **{**named, "audience": "https://other/sdk"})
    )
    message = way.error("login-refused", password=PASSWORD)
    assert f"the token for {USER} was not taken" in message
    assert "another vCenter" in message
    assert way.server.session_count == 0


# ---- the STS is away, elsewhere, out of date


def test_a_cached_session_needs_no_sts(way: Way) -> None:
    way.ok(password=PASSWORD)
    way.server.faults.add(STS, faults.status(503))
    assert way.ok(password=PASSWORD, verify="always")["source"] == "cache"
    assert way.error("unreachable", password=PASSWORD, reauth=True)
    assert way.ok(password=PASSWORD)["source"] == "cache"


def test_an_sts_whose_signing_certificate_is_over_is_told_from_wrong_clocks(way: Way) -> None:
    way.server.sts.expire_signing_certificate()
    message = way.error("login-refused", password=PASSWORD)
    assert "the STS's signing certificate has expired: renew it (VMware KB 316619)" in message


@pytest.mark.parametrize(
    ("shift", "said"), [(660, "11 minutes ahead of this machine's"), (-660, "11 minutes behind this machine's")]
)
def test_clocks_that_differ_by_eleven_minutes_are_said_to(way: Way, shift: float, said: str) -> None:
    way.server.clock.advance(shift)
    message = way.error("login-refused", password=PASSWORD)
    assert f"its clock is {said}; set the clocks, by NTP for instance" in message
    assert len(way.server.refusals) == 1


def test_clocks_that_are_wrong_are_no_wrong_password(way: Way) -> None:
    """Once they are right the same one is tried at once."""
    way.server.clock.advance(660)
    way.error("login-refused", password=PASSWORD)
    way.server.clock.advance(-660)
    way.ok(password=PASSWORD)


def test_a_token_of_a_user_in_hundreds_of_groups(helper: Helper) -> None:
    """It is too large for a header: there is no REST by it but on a vCenter with one session for both."""
    import random

    letters = random.Random(1)
    groups = tuple("".join(letters.choices("abcdefghijklmnopqrstuvwxyz", k=24)) for _ in range(400))
    with SimulatedVCenter(sts=Sts(groups=groups)) as vc:
        way = Way(helper, vc)
        way.configure(NAMED, SAML)
        message = way.error("unsupported", password=PASSWORD, api="rest")
        assert "which the token needs, as that of a user in many groups does" in message
        assert set(way.ok(password=PASSWORD)) >= {"soap_session_id"}
    with SimulatedVCenter(sts=Sts(groups=groups), unified=True) as vc:
        way = Way(helper, vc)
        way.configure(NAMED, SAML)
        answer = way.ok(password=PASSWORD, api="both")
        assert answer["soap_session_id"] == answer["rest_session_id"]


def test_an_sts_on_another_host_is_trusted_by_login_ca_file_alone(helper: Helper, vc: SimulatedVCenter) -> None:
    with SimulatedVCenter(sts=Sts()) as elsewhere:
        vc.sts.signer = elsewhere.sts.signer
        way = Way(helper, vc)
        way.configure(NAMED, SAML, f'sts_url = "https://{elsewhere.authority}{PATH}"')
        assert elsewhere.authority in way.error("untrusted", password=PASSWORD)
        assert not operations(elsewhere)
        way.general += [f'login_ca_file = "{elsewhere.ca_file}"']
        way.configure(NAMED, SAML, f'sts_url = "https://{elsewhere.authority}{PATH}"')
        way.ok(password=PASSWORD)
        assert operations(elsewhere) == [STS]
        assert STS not in operations(vc)


def test_a_sts_url_in_clear_gets_no_password(way: Way) -> None:
    way.configure(NAMED, SAML, 'sts_url = "http://127.0.0.1:1/sts"')
    assert "the sts_url does not begin with https" in way.error("invalid-request", password=PASSWORD)


def test_an_sts_that_is_not_in_its_usual_place_is_found_by_vcenters_own_word(way: Way) -> None:
    place = f"https://{way.server.authority}{PATH}/vsphere.local"
    found = faults.status(200, _OPTIONS.format(place).encode(), {"Content-Type": "text/xml; charset=utf-8"})
    way.server.faults.add(STS, faults.status(404), times=1)
    way.server.faults.add("QueryOptions", found)
    way.ok(password=PASSWORD)
    assert operations(way.server).count(f"{STS}/vsphere.local") == 1


_OPTIONS = (
    '<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" '
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="http://www.w3.org/2001/XMLSchema"><soapenv:Body>'
    '<QueryOptionsResponse xmlns="urn:vim25"><returnval xsi:type="OptionValue"><key>config.vpxd.sso.sts.uri</key>'
    '<value xsi:type="xsd:string">{}</value></returnval></QueryOptionsResponse></soapenv:Body></soapenv:Envelope>'
)


def test_a_vcenter_without_an_sts_says_so(helper: Helper) -> None:
    with SimulatedVCenter() as vc:
        way = Way(helper, vc)
        way.configure(NAMED, SAML)
        assert f"{vc.authority} has no token service at {PATH}" in way.error("unsupported", password=PASSWORD)


# ---- killed and cut


@pytest.mark.parametrize("step", [STS, "LoginByToken", "POST /api/session"])
@pytest.mark.parametrize("fault", [faults.reset, faults.drop_after_work, faults.close_mid_answer])
@pytest.mark.sessions_counted_by_hand
def test_what_is_cut_leaves_at_most_what_the_next_login_ends(
    way: Way, step: str, fault: Callable[[], faults.Fault]
) -> None:
    """A session of which the server's answer never came cannot be ended by anybody who does not know its id."""
    way.server.faults.add(step, fault(), times=1)
    reply = silent(way.get(password=PASSWORD), PASSWORD)
    assert reply.status in (0, 5), reply
    unknown = {session.id for session in way.server.sessions} - way.helper.sessions_in_files
    assert len(unknown) <= (step != STS)
    assert not unknown or fault is not faults.reset
    answer = way.ok(password=PASSWORD)
    assert {answer["soap_session_id"], answer["rest_session_id"]} <= {session.id for session in way.server.sessions}
    assert len({session.id for session in way.server.sessions} - way.helper.sessions_in_files) <= len(unknown)


# ---- no secret anywhere


def test_neither_password_nor_token_is_shown_or_kept(helper: Helper) -> None:
    with SimulatedVCenter({"canary@vsphere.local": CANARY}, sts=Sts()) as vc:
        way = Way(helper, vc)
        way.configure('username = "canary@vsphere.local"', SAML)
        reply = way.get("-vv", password=CANARY)
        assert reply.status == 0, reply
        (message,) = [seen.body for seen in vc.requests if seen.operation == "LoginByToken"]
        signature = message.partition(b"SignatureValue>")[2][:40].decode()
        assert CANARY not in reply.stderr + reply.stdout.decode()
        assert signature not in reply.stderr + reply.stdout.decode()
        way.remembered_nowhere(CANARY, signature)
        assert CANARY not in way.error("login-refused", password=CANARY + "x", reauth=True)


# ---- the peers: vcsim, whose STS verifies nothing, and govc


def test_vcsim_gives_a_session_by_the_sts_that_sts_url_names(helper: Helper) -> None:
    """Its token was issued in 2018, and its server takes it: a token that has just been issued sets no bound by that."""
    user = "Administrator@VSPHERE.LOCAL"
    with peers.VcSim(user=user, password=PASSWORD) as vcsim:
        way = Way(helper, vcsim)  # type: ignore[arg-type]  # what is used of both is the same
        way.configure(f'username = "{user}"', SAML, f'sts_url = "https://{vcsim.authority}{PATH}/vsphere.local"')
        answer = way.ok(password=PASSWORD, api="soap")
        assert answer["source"] == "login"
        assert answer["expires_at"] > "2026"
        assert way.ok(api="soap")["source"] == "cache"


@pytest.mark.parametrize("first", ["govc", "we"])
def test_govc_and_we_use_each_others_session_of_the_user_who_is_named(way: Way, first: str) -> None:
    govc = peers.Govc(
        way.helper.home / ".govmomi", way.server.authority, USER, PASSWORD, ca_file=Path(way.server.ca_file)
    )
    if first == "govc":
        theirs = govc.ok("session.login", "-l")
        assert way.ok(api="soap")["soap_session_id"] == theirs
    else:
        ours = way.ok(api="soap", password=PASSWORD)["soap_session_id"]
        assert govc.ok("session.login", "-l") == ours
    assert way.server.session_count == 1


def test_a_failure_is_a_failure_also_inside(desk: Desk) -> None:
    with pytest.raises(Failure) as caught:
        ask(desk, password=WRONG)
    assert caught.value.kind == "login-refused"
