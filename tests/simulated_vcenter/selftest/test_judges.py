"""Both judges take what is good and refuse what is not, each by itself."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

import pytest

from simulated_vcenter import SimulatedVCenter, keys
from simulated_vcenter.judges import verdicts
from simulated_vcenter.selftest import messages_by_hand as by_hand
from simulated_vcenter.selftest.messages_by_hand import Made
from simulated_vcenter.sts import Sts

ROBOT, STRANGER = keys.new_pair("robot-1"), keys.new_pair("robot-2")
JUDGES = ["signxml", "xmlsec"]


def message(**changes: object) -> Made:
    now = time.time()
    content = by_hand.issue(now, key_type="PublicKey", extra=by_hand.USE_KEY)
    made = Made(now, content, by_hand.binary_token(ROBOT), key=ROBOT, key_info=by_hand.BY_BINARY_TOKEN)
    return made.but(**changes)


@pytest.mark.parametrize("algorithm", ["sha256", "sha384", "sha512"])
def test_both_take_a_message_that_is_signed(algorithm: str) -> None:
    raw = message(algorithm=algorithm).text()
    assert verdicts(raw, ROBOT.certificate_pem) == dict.fromkeys(JUDGES, "")


@pytest.mark.parametrize("string_type", ["xs:string", "xsd:string"])
def test_both_take_an_assertion_of_the_sts(string_type: str) -> None:
    sts = SimulatedVCenter(sts=Sts(string_type=string_type)).sts
    for bound in (None, ROBOT.certificate):
        token = sts.issue_for_test("alice@vsphere.local", holder_of_key=bound)
        assert verdicts(token, sts.signer.certificate) == dict.fromkeys(JUDGES, "")


def replaced(old: str, new: str) -> Callable[[], bytes]:
    def spoil() -> bytes:
        text = message().text().decode()
        assert old in text
        return text.replace(old, new, 1).encode()

    return spoil


BAD: dict[str, Callable[[], bytes]] = {
    "another key": lambda: message(key=STRANGER).text(),
    "a changed Body": replaced("<wst:KeyType>", "<wst:KeyType> "),
    "a changed Timestamp": replaced("<wsu:Expires>", "<wsu:Expires> "),
    "a changed SignedInfo": replaced("<ds:SignedInfo ", '<ds:SignedInfo Id="x" '),
    "only the Body": lambda: message(covered=("_body",)).text(),
    "only the Timestamp": lambda: message(covered=("_time",)).text(),
    "no signature": lambda: message(key=None).text(),
    "no XML": lambda: b"<S:Envelope",
}


@pytest.mark.parametrize("judge", JUDGES)
@pytest.mark.parametrize("case", BAD)
def test_each_refuses_what_is_wrong(case: str, judge: str) -> None:
    assert verdicts(BAD[case](), ROBOT.certificate)[judge]


@pytest.mark.parametrize("judge", JUDGES)
def test_each_refuses_a_changed_and_a_forged_assertion(judge: str) -> None:
    sts = SimulatedVCenter(sts=Sts()).sts
    token = sts.issue_for_test("alice@vsphere.local")
    assert verdicts(token.replace("alice", "root"), sts.signer.certificate)[judge]
    assert verdicts(token, STRANGER.certificate)[judge]
    assert verdicts(re.sub("<ds:Signature.*</ds:Signature>", "", token), sts.signer.certificate)[judge]
