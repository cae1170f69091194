"""A client of the simulated STS, by hand."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from simulated_vcenter import SimulatedVCenter, keys
from simulated_vcenter.selftest import messages_by_hand as by_hand
from simulated_vcenter.selftest.messages_by_hand import Made
from simulated_vcenter.selftest.raw import Answer, Raw
from simulated_vcenter.sts import Sts

USER, PASSWORD = "administrator@vsphere.local", "VMware1!"
ROBOT = keys.new_pair("robot-1")
STRANGER = keys.new_pair("robot-2")


@contextmanager
def with_sts() -> Iterator[SimulatedVCenter]:
    """Give a vCenter whose STS knows one solution user."""
    with SimulatedVCenter(sts=Sts()) as server:
        server.sts.register_solution_user("robot-1", ROBOT.certificate_pem)
        yield server


def ask(vc: SimulatedVCenter, message: Made, *, action: str = "Issue", path: str = "/sts/STSService") -> Answer:
    headers = {"Content-Type": 'text/xml; charset="utf-8"', "SOAPAction": f'"{by_hand.WST}/RST/{action}"'}
    return Raw(vc.url, vc.ca_file).ask("POST", path, headers, message.text())


def by_password(vc: SimulatedVCenter, **asked: object) -> Made:
    now = vc.clock.now()
    return Made(now, by_hand.issue(now, **asked), before=by_hand.password(USER, PASSWORD))  # type: ignore[arg-type]


def by_certificate(vc: SimulatedVCenter, pair: keys.KeyPair = ROBOT, **asked: object) -> Made:
    now = vc.clock.now()
    content = by_hand.issue(now, **{"key_type": "PublicKey", "extra": by_hand.USE_KEY, **asked})  # type: ignore[arg-type]
    return Made(now, content, before=by_hand.binary_token(pair), key=pair, key_info=by_hand.BY_BINARY_TOKEN)


def life(answer: Answer) -> float:
    """Return for how many seconds the token in the answer is valid."""
    begin, end = (
        datetime.fromisoformat(re.findall(f'<saml2:Conditions[^>]* {name}="([^"]*)"', answer.text)[0])
        for name in ("NotBefore", "NotOnOrAfter")
    )
    return (end - begin).total_seconds()


ACT_AS = '<wst14:ActAs xmlns:wst14="http://docs.oasis-open.org/ws-sx/ws-trust/200802"></wst14:ActAs>'
Change = Callable[[SimulatedVCenter], Made]


def changed(old: str, new: str, count: int = 1) -> Callable[[str], str]:
    """Replace text in a finished message."""

    def spoil(message: str) -> str:
        assert old in message
        return message.replace(old, new, count)

    return spoil
