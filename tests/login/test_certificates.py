"""Logins by certificate and key: of programs (solution users) and of people, with every shape of file, and what is wrong."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

import peers
from contract.desk import START, Desk
from credential_protocol.messages import Failure
from crypto.keys import PASSPHRASE, certificate, kind, rsa_key
from hostile.canary import CANARY, silent
from login.way import Way, words
from simulated_vcenter import Clock, SimulatedVCenter, faults, keys
from simulated_vcenter.judges import verdicts
from simulated_vcenter.sts import PATH, Sts
from support.pages import snippet
from support.program import PASSWORD, USER, Helper
from vsphere_session.crypto import private_key

OWN, KEY = certificate(rsa_key()), kind("PKCS#8")
OTHER, OTHER_KEY = certificate(rsa_key(number=1)), kind("PKCS#8", rsa_key(number=1))
AUTHORITY = keys.new_pair("an authority").certificate_pem.encode()
ROBOT = "robot-1@vsphere.local"
BOTH = {"signxml": "", "xmlsec": ""}
STS = f"POST {PATH}"


@pytest.fixture
def vc() -> Iterator[SimulatedVCenter]:
    with SimulatedVCenter(sts=Sts()) as server:
        server.sts.register_solution_user("robot-1", OWN)
        yield server


@pytest.fixture
def way(helper: Helper, vc: SimulatedVCenter) -> Way:
    return Way(helper, vc)


def files(way: Way, own: bytes = OWN, key: bytes = KEY) -> list[str]:
    """The two lines of a configuration that name these files; one, if the key is in the same."""
    lines = [f'certificate = "{way.file("given-certificate.pem", own)}"']
    return [*lines, f'private_key = "{way.file("given-key.pem", key)}"'] if key else lines


def judged(vc: SimulatedVCenter, own: bytes = OWN) -> int:
    """How many signed messages came; both judges have nothing against any of them."""
    signed = [seen.body for seen in vc.requests if b"SignatureValue" in seen.body]
    for message in signed:
        assert verdicts(message, own) == BOTH
    return len(signed)


# ---- it works


def test_the_certificate_that_the_page_makes_logs_in(way: Way, tmp_path: Path) -> None:
    """Once an administrator has registered it."""
    subprocess.run(
        ["/bin/sh", "-c", snippet("logins/certificate", "make")], cwd=tmp_path, check=True, capture_output=True
    )
    made = (tmp_path / "robot.pem").read_bytes()
    way.server.sts.register_solution_user("robot", made)
    way.configure(*files(way, made, (tmp_path / "robot.key").read_bytes()))
    assert way.ok()["username"].lower().endswith("robot")


@pytest.mark.parametrize("named", [True, False], ids=["named", "not named"])
@pytest.mark.parametrize("api", ["soap", "rest", "both"])
def test_a_solution_user_logs_in_with_two_files_and_no_password(way: Way, api: str, named: bool) -> None:
    way.configure(*files(way), *([f'username = "{ROBOT}"'] if named else []))
    assert way.ok(api=api)["source"] == "login"
    kinds = ["soap", "rest"] if api == "both" else [api]
    assert way.owners() == [(ROBOT, each) for each in kinds]
    assert not way.server.refusals
    assert [seen.operation for seen in way.server.requests].count(STS) == 1
    assert judged(way.server) == (1 if api == "rest" else 2)
    assert way.ok(api=api)["source"] == "cache"


def test_a_person_with_password_and_certificate(way: Way) -> None:
    """Any certificate does: the token is bound to its key, the login is by password."""
    way.configure(*files(way, OTHER, OTHER_KEY), f'username = "{USER}"')
    way.ok(password=PASSWORD)
    assert way.owners() == [(USER, "soap"), (USER, "rest")]
    assert judged(way.server, OTHER) == 2


def test_a_wrong_password_of_a_person_counts_once_with_that_of_other_ways(way: Way) -> None:
    way.configure(*files(way), f'username = "{USER}"')
    for method in ("certificate", "saml", "certificate", "password"):
        way.error("login-refused", password="wr0ng", method=method, api="soap")
    assert len(way.server.refusals) == 1


@pytest.mark.parametrize(
    ("own", "key"),
    [
        (OWN.replace(b"\n", b"\r\n"), KEY.replace(b"\n", b"\r\n")),
        (b"subject=CN = robot\n\n" + OWN, b"Bag Attributes\n" + KEY),
        (OWN + AUTHORITY, KEY),
        (AUTHORITY + OWN, KEY),
        (OWN + KEY, b""),
        (KEY + OWN, b""),
        (OWN, kind("PKCS#1")),
    ],
    ids=["Windows", "text before", "chain", "chain, own last", "one file", "one file, key first", "PKCS#1"],
)
def test_files_in_every_shape(way: Way, own: bytes, key: bytes) -> None:
    way.configure(*files(way, own, key))
    way.ok()
    assert way.owners() == [(ROBOT, "soap"), (ROBOT, "rest")]
    assert judged(way.server) == 2


@pytest.mark.parametrize("form", ["PKCS#8, encrypted", "PKCS#1, encrypted"])
def test_an_encrypted_key_is_opened_by_what_a_command_prints(way: Way, form: str) -> None:
    command = way.program("given-command", f"echo '{PASSPHRASE.decode()}'")
    way.configure(*files(way, OWN, kind(form)), f"key_passphrase_command = {words(command)}")
    way.ok()
    way.ok(verify="always")
    assert way.runs("given-command") == 1
    assert way.owners() == [(ROBOT, "soap"), (ROBOT, "rest")]


def test_a_key_of_4096_bits(way: Way) -> None:
    own = certificate(rsa_key(4096))
    way.server.sts.register_solution_user("robot-2", own)
    way.configure(*files(way, own, kind("PKCS#8", rsa_key(4096))))
    way.ok()
    assert judged(way.server, own) == 2


def test_the_variables_of_govc(way: Way) -> None:
    way.configure()
    way.helper.environment |= {
        "GOVC_URL": way.server.authority,
        "GOVC_CERTIFICATE": str(way.file("given-certificate.pem", OWN)),
        "GOVC_PRIVATE_KEY": str(way.file("given-key.pem", KEY)),
    }
    way.ok()
    assert way.owners() == [(ROBOT, "soap"), (ROBOT, "rest")]


def test_with_a_password_in_the_variables_too_it_has_to_be_said_which_is_meant(way: Way) -> None:
    way.configure()
    way.helper.environment |= {
        "GOVC_URL": way.server.authority,
        "GOVC_USERNAME": USER,
        "GOVC_PASSWORD": PASSWORD,
        "GOVC_CERTIFICATE": str(way.file("given-certificate.pem", OWN)),
        "GOVC_PRIVATE_KEY": str(way.file("given-key.pem", KEY)),
    }
    message = way.error("invalid-request")
    assert "certificate and password" in message
    assert not way.server.requests
    way.ok(method="certificate")
    assert judged(way.server) == 2
    way.ok(method="password", reauth=True)
    assert judged(way.server) == 2
    way.configure('method = "password"')
    assert way.ok()["source"] == "cache"


def test_a_certificate_does_not_ask_on_behalf_of_a_tokens_owner_nor_renew_it(way: Way) -> None:
    way.configure(*files(way), 'method = "certificate"')
    message = way.error("unsupported", token=way.server.sts.issue_for_test(USER), method="certificate")
    assert "ActAs" in message
    assert not any("STSService" in request.path for request in way.server.requests)


def test_an_address_of_ipv6_and_a_port_are_signed_as_the_server_sees_them(helper: Helper) -> None:
    with SimulatedVCenter(sts=Sts(), host="::1") as vc:
        vc.sts.register_solution_user("robot-1", OWN)
        way = Way(helper, vc)
        way.configure(*files(way))
        way.ok(api="rest")
        assert way.owners() == [(ROBOT, "rest")]
        assert not vc.refusals


def test_on_a_vcenter_with_one_session_for_both_there_is_one_login(helper: Helper) -> None:
    with SimulatedVCenter(sts=Sts(), unified=True) as vc:
        vc.sts.register_solution_user("robot-1", OWN)
        way = Way(helper, vc)
        way.configure(*files(way))
        answer = way.ok()
        assert answer["soap_session_id"] == answer["rest_session_id"]
        assert vc.login_attempts == 1


# ---- whose session it is


@pytest.mark.parametrize("chain", [b"", AUTHORITY], ids=["alone", "after the authority's"])
def test_a_certificate_renewed_at_the_same_path_never_gets_the_others_session(way: Way, chain: bytes) -> None:
    """Where nobody is named: it may be another program's by now."""
    renewed = keys.new_pair("robot-2")
    way.server.sts.register_solution_user("robot-2", renewed.certificate)
    way.configure(*files(way, chain + OWN))
    first = way.ok()
    files(way, chain + renewed.certificate_pem.encode(), renewed.key_pem.encode())
    second = way.ok()
    assert second["source"] == "login"
    assert {first["soap_session_id"], first["rest_session_id"]}.isdisjoint(
        {second["soap_session_id"], second["rest_session_id"]}
    )
    files(way, chain + OWN)
    assert way.ok()["soap_session_id"] == first["soap_session_id"]


def test_govc_uses_our_session_and_we_govcs_where_the_user_is_named(way: Way) -> None:
    way.configure(*files(way), f'username = "{ROBOT}"')
    govc = peers.Govc(way.helper.home / ".govmomi", way.server.authority, ROBOT, ca_file=Path(way.server.ca_file))
    ours = way.ok(api="soap")["soap_session_id"]
    assert govc.ok("session.login", "-l") == ours
    way.server.end_all()
    for file in (way.helper.home / ".govmomi" / "sessions").iterdir():
        file.unlink()
    own, key = way.helper.home / "given-certificate.pem", way.helper.home / "given-key.pem"
    pair = ("-cert", str(own), "-key", str(key))
    nobody = peers.Govc(way.helper.home / "govc", way.server.authority, ca_file=Path(way.server.ca_file))
    token = nobody.ok("session.login", "-issue", *pair)
    theirs = govc.ok("session.login", "-l", *pair, "-token", token)
    assert way.ok(api="soap")["soap_session_id"] == theirs


# ---- what cannot be used is said without a call


_EC = ec.generate_private_key(ec.SECP256R1())
_LATER, _BEFORE = datetime.now(UTC) + timedelta(days=2), datetime.now(UTC) - timedelta(days=2)
_EXPIRED = keys.new_pair("robot-1", not_before=_BEFORE - timedelta(days=9), not_after=_BEFORE)
_NOT_YET = keys.new_pair("robot-1", not_before=_LATER, not_after=_LATER + timedelta(days=9))


@pytest.mark.parametrize(
    ("own", "key", "error", "said"),
    [
        (OWN, OTHER_KEY, "invalid-request", "the private key does not belong to the certificate"),
        (certificate(_EC), kind("PKCS#8", _EC), "invalid-request", "the private key is not an RSA key"),
        (OWN, KEY + OTHER_KEY, "invalid-request", "there are 2 private keys in one file"),
        (OWN, kind("PKCS#8, encrypted"), "invalid-request", "is encrypted, and there is no passphrase for it"),
        (
            _EXPIRED.certificate_pem.encode(),
            _EXPIRED.key_pem.encode(),
            "not-found",
            "the certificate has expired at 20",
        ),
        (_NOT_YET.certificate_pem.encode(), _NOT_YET.key_pem.encode(), "invalid-request", "is not valid before 20"),
        (b"", KEY, "invalid-request", "there is no certificate in PEM form"),
        (KEY, KEY, "invalid-request", "a private key and no certificate where the certificate should be"),
    ],
)
@pytest.mark.parametrize("api", ["soap", "rest"])
def test_what_is_wrong_with_the_files_is_said_without_a_call(
    way: Way, own: bytes, key: bytes, error: str, said: str, api: str
) -> None:
    way.configure(*files(way, own, key))
    assert said in way.error(error, api=api)
    assert not way.server.requests


def test_a_file_that_is_not_there_is_named(way: Way) -> None:
    way.configure('certificate = "given-nothing.pem"')
    assert "cannot read the certificate" in way.error("storage")


def test_a_passphrase_that_is_wrong(way: Way) -> None:
    command = way.program("given-command", f"echo '{CANARY}'")
    way.configure(*files(way, OWN, kind("PKCS#8, encrypted")), f"key_passphrase_command = {words(command)}")
    reply = silent(way.get("-vv"))
    assert "the passphrase is wrong, or the file is damaged" in reply.fields["message"]
    assert not way.server.requests


def test_without_a_library_for_keys_it_is_said_what_to_install(
    home: Path, vc: SimulatedVCenter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(private_key, "provider", lambda: None)
    own, key = home / "own.pem", home / "key.pem"
    own.write_bytes(OWN)
    key.write_bytes(KEY)
    desk = Desk(home, vc, certificate=str(own), private_key=str(key))
    with pytest.raises(Failure) as caught:
        desk.ask("get", username="")
    assert caught.value.kind == "unsupported"
    assert "pip install 'vsphere-session-helper[encrypted]'" in caught.value.message


# ---- what the server refuses


@pytest.mark.parametrize("wrong", ["unregistered", "another one is registered", "disabled"])
def test_what_the_sts_does_not_take_is_said_with_what_to_look_at(way: Way, wrong: str) -> None:
    if wrong == "unregistered":
        own = keys.new_pair("robot-9")
    elif wrong == "disabled":
        own = keys.new_pair("robot-3")
        way.server.sts.register_solution_user("robot-3", own.certificate)
        way.server.sts.disable_solution_user("robot-3")
    else:
        own = keys.new_pair("robot-4")
        way.server.sts.register_solution_user("robot-4", keys.new_pair("robot-4").certificate)
    way.configure(*files(way, own.certificate_pem.encode(), own.key_pem.encode()))
    message = way.error("login-refused")
    assert "refused the certificate" in message
    assert "see dir-cli service list on vCenter" in message
    assert way.server.session_count == 0


@pytest.mark.parametrize(("shift", "said"), [(660, "11 minutes ahead of"), (-660, "11 minutes behind")])
def test_clocks_that_differ_by_eleven_minutes_are_said_to(way: Way, shift: float, said: str) -> None:
    way.server.clock.advance(shift)
    way.configure(*files(way))
    assert f"its clock is {said} this machine's" in way.error("login-refused")


# ---- its life


def test_a_session_is_renewed_at_the_end_of_its_token(home: Path) -> None:
    with SimulatedVCenter(clock=Clock(START), sts=Sts(holder_of_key_life=600, session_ends_with_token=True)) as vc:
        pair = keys.new_pair("robot-1")
        vc.sts.register_solution_user("robot-1", pair.certificate)
        own, key = home / "own.pem", home / "key.pem"
        own.write_text(pair.certificate_pem)
        key.write_text(pair.key_pem)
        desk = Desk(home, vc, certificate=str(own), private_key=str(key))
        assert desk.ask("get", username=ROBOT)["expires_at"] == "2027-01-15T08:10:00Z"
        vc.clock.advance(601)
        assert desk.ask("get", username=ROBOT)["source"] == "login"
        assert vc.session_count == 2


# ---- vcsim


def test_vcsim_gives_a_session_by_the_sts_that_sts_url_names(helper: Helper) -> None:
    """It verifies nothing, and its token is Administrator's, without a key: it is only the shape that counts there."""
    with peers.VcSim(user="Administrator@VSPHERE.LOCAL", password=PASSWORD) as vcsim:
        way = Way(helper, vcsim)  # type: ignore[arg-type]  # what is used of both is the same
        way.configure(*files(way), f'sts_url = "https://{vcsim.authority}{PATH}/vsphere.local"')
        assert way.ok(api="soap")["source"] == "login"


# ---- cut


@pytest.mark.parametrize("step", [STS, "LoginByToken", "POST /api/session"])
@pytest.mark.parametrize("fault", [faults.reset, faults.close_mid_answer])
@pytest.mark.sessions_counted_by_hand
def test_a_login_that_is_cut_leaves_at_most_what_nobody_can_know(
    way: Way, step: str, fault: Callable[[], faults.Fault]
) -> None:
    way.configure(*files(way), f'username = "{ROBOT}"')
    way.server.faults.add(step, fault(), times=1)
    reply = way.get()
    assert reply.status in (0, 5), reply
    unknown = {session.id for session in way.server.sessions} - way.helper.sessions_in_files
    assert len(unknown) <= (fault is not faults.reset and step != STS)
    way.ok()
    assert len({session.id for session in way.server.sessions} - way.helper.sessions_in_files) <= len(unknown)


# ---- no secret anywhere


def test_neither_key_nor_token_nor_passphrase_is_shown_or_kept(way: Way) -> None:
    command = way.program("given-command", f"echo '{PASSPHRASE.decode()}'")
    way.configure(*files(way, OWN, kind("PKCS#8, encrypted")), f"key_passphrase_command = {words(command)}")
    reply = way.get("-vv")
    assert reply.status == 0, reply
    (message,) = [seen.body for seen in way.server.requests if seen.operation == "LoginByToken"]
    signature = message.partition(b"SignatureValue>")[2][:40].decode()
    secrets = [signature, PASSPHRASE.decode(), *KEY.decode().splitlines()[1:-1]]
    for secret in secrets:
        assert secret not in reply.stderr + reply.stdout.decode()
    way.remembered_nowhere(*secrets)
