"""`session_store = "encrypted"` on a host where that cannot be: an error that says what to do, and nothing in clear instead."""

from __future__ import annotations

import sys

import pytest

from simulated_vcenter import SimulatedVCenter
from support.encrypted_files import encrypt, sealed_files
from support.file_keyring import install
from support.program import PASSWORD, USER, Helper, request

pytestmark = pytest.mark.sessions_counted_by_hand

WITHOUT_CRYPTOGRAPHY = """
import sys
sys.modules["cryptography"] = None
from vsphere_session.cli.main import main
main()
"""


@pytest.mark.parametrize(
    ("verb", "does", "kind"),
    [
        ("get", "unusable", "unsupported"),
        ("get", "locked", "storage"),
        ("get", "fail", "storage"),
        ("get", "forget", "unsupported"),
        ("get", "block", "busy"),
        ("store", "unusable", "unsupported"),
    ],
)
def test_without_a_keyring_that_works_nothing_is_logged_in_or_written_in_clear(
    vcenter: SimulatedVCenter, helper: Helper, verb: str, does: str, kind: str
) -> None:
    install(helper)
    encrypt(helper.home)
    fields = {"password": PASSWORD} if verb == "get" else {"soap_session_id": vcenter.add_session(USER)}
    reply = helper.call(
        verb, request(vcenter, **fields), "--timeout", "1" if does == "block" else "30", KEYRING_DOES=does
    )
    assert reply.kind == kind, reply
    assert 'session_store = "files"' in reply.stderr
    assert vcenter.logins == []
    assert not (helper.home / ".govmomi").exists()
    assert sealed_files(helper.home) == []


def test_on_a_host_without_any_back_end_it_is_unsupported(vcenter: SimulatedVCenter, helper: Helper) -> None:
    encrypt(helper.home)
    reply = helper.call(
        "get", request(vcenter, password=PASSWORD), DBUS_SESSION_BUS_ADDRESS="unix:path=/nonexistent/bus"
    )
    assert (reply.kind, reply.status) == ("unsupported", 10)
    assert "there is no keyring on this host" in reply.stderr
    assert vcenter.logins == []


def test_without_cryptography_it_is_unsupported_and_names_the_extra(vcenter: SimulatedVCenter, helper: Helper) -> None:
    install(helper)
    encrypt(helper.home)
    helper.program = [sys.executable, "-c", WITHOUT_CRYPTOGRAPHY]
    reply = helper.call("get", request(vcenter, password=PASSWORD))
    assert (reply.kind, reply.status) == ("unsupported", 10)
    assert "pip install 'vsphere-session-helper[encrypted]'" in reply.stderr
    assert vcenter.logins == []
