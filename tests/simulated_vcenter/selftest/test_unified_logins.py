"""From 8.0.3 on one id is good for both kinds, however it was got; before, for one."""

from __future__ import annotations

import base64
import gzip
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from simulated_vcenter import SimulatedVCenter
from simulated_vcenter.selftest import messages_by_hand as by_hand
from simulated_vcenter.selftest.messages_by_hand import Made
from simulated_vcenter.selftest.raw import API, Raw
from simulated_vcenter.selftest.test_extension import KEY, OWN, through_tunnel
from simulated_vcenter.sts import Sts

ADMIN, PASSWORD = "administrator@vsphere.local", "VMware1!"
Way = Callable[[SimulatedVCenter, Raw, Path], str]


def by_token(vc: SimulatedVCenter, raw: Raw, _: Path) -> str:
    message = Made(time.time(), by_hand.LOGIN, before=vc.sts.issue_for_test("alice@vsphere.local"))
    return raw.ask("POST", "/sdk", {"Content-Type": "text/xml"}, message.text()).session_id


def by_sign(vc: SimulatedVCenter, raw: Raw, _: Path) -> str:
    token = base64.b64encode(gzip.compress(vc.sts.issue_for_test("alice@vsphere.local").encode())).decode()
    return str(raw.ask("POST", API, {"Authorization": f'SIGN token="{token}"'}).json)


def by_ticket(_: SimulatedVCenter, raw: Raw, __: Path) -> str:
    own = raw.login(ADMIN, PASSWORD).session_id
    ticket = raw.call("AcquireCloneTicket", "SessionManager", session=own).element("returnval")
    return raw.call("CloneSession", "SessionManager", f"<cloneTicket>{ticket}</cloneTicket>").session_id


def by_impersonation(vc: SimulatedVCenter, raw: Raw, _: Path) -> str:
    vc.add_session("alice@vsphere.local")
    own = raw.login(ADMIN, PASSWORD).session_id
    given = "<userName>alice@vsphere.local</userName>"
    return raw.call("ImpersonateUser", "SessionManager", given, own).session_id


WAYS: dict[str, Way] = {
    "password": lambda _, raw, __: raw.login(ADMIN, PASSWORD).session_id,
    "REST password": lambda _, raw, __: str(raw.rest_login(ADMIN, PASSWORD).json),
    "token": by_token,
    "SIGN": by_sign,
    "ticket": by_ticket,
    "impersonation": by_impersonation,
    "extension": lambda vc, _, directory: through_tunnel(vc, directory, OWN).session_id,
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("unified", [True, False])
def test_an_id_is_good_for_both_kinds_from_8_0_3_on(tmp_path: Path, way: str, unified: bool) -> None:
    with SimulatedVCenter(unified=unified, sts=Sts(), tunnel=True) as vc:
        vc.register_extension(KEY, OWN.certificate_pem)
        raw = Raw(vc.url, vc.ca_file)
        secret = WAYS[way](vc, raw, tmp_path)
        good = [bool(raw.whoami(secret)), raw.rest("GET", API, secret).status == 200]
        assert good == (
            [True, True] if unified else [way not in {"SIGN", "REST password"}, way in {"SIGN", "REST password"}]
        )
        if unified:
            assert raw.rest("DELETE", API, secret).status == 204
            assert not raw.whoami(secret)
