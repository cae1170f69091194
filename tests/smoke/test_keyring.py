"""The platform's keyring on Linux, by the same library in a wheel and, with all that it needs, in the single file."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulated_vcenter import SimulatedVCenter
from smoke.secret_service import SecretService
from support.encrypted_files import encrypt, sealed_ids
from support.program import PASSWORD, USER, Helper, request


def test_a_login_is_kept_in_the_secret_service_of_the_session_bus(
    vcenter: SimulatedVCenter, helper: Helper, tmp_path: Path
) -> None:
    """It crosses the bus encrypted, serves a login, and is gone after `erase`."""
    with SecretService(tmp_path) as service:
        helper.environment["DBUS_SESSION_BUS_ADDRESS"] = service.address
        assert helper.ok("store", request(vcenter, password=PASSWORD)) == {"stored": "password"}
        ((attributes, secret),) = service.secrets.items()
        assert secret == PASSWORD.encode()
        assert ("username", USER) in attributes
        assert b"CreateItem" in service.sent
        assert PASSWORD.encode() not in service.sent

        assert helper.ok("get", request(vcenter))["source"] == "login"
        assert helper.ok("erase", request(vcenter)) == {"erased": "password,soap,rest"}
        assert service.secrets == {}


@pytest.mark.sessions_counted_by_hand
def test_encrypted_sessions_have_their_key_in_the_secret_service(
    vcenter: SimulatedVCenter, helper: Helper, tmp_path: Path
) -> None:
    """The key is made once, crosses the bus encrypted, and what it has closed is opened again."""
    encrypt(helper.home)
    with SecretService(tmp_path) as service:
        helper.environment["DBUS_SESSION_BUS_ADDRESS"] = service.address
        first = helper.ok("get", request(vcenter, password=PASSWORD))
        assert first["source"] == "login"
        assert helper.ok("get", request(vcenter)) == first | {"source": "cache"}
        ((attributes, key),) = service.secrets.items()
        assert ("service", "vsphere-session:session-key") in attributes
        assert key not in service.sent
        sealed = sealed_ids(helper.home, bytes.fromhex(key.decode()), vcenter)
        assert sealed == {first["soap_session_id"], first["rest_session_id"]}
        assert helper.ok("erase", request(vcenter)) == {"erased": "soap,rest"}
        assert len(service.secrets) == 1
    assert vcenter.sessions == []


@pytest.mark.parametrize("address", [None, "unix:path=/nonexistent/bus"])
def test_without_a_session_bus_storing_is_unsupported_and_the_choice_is_named(
    helper: Helper, address: str | None
) -> None:
    if address is not None:
        helper.environment["DBUS_SESSION_BUS_ADDRESS"] = address
    reply = helper.call("store", {"url": "vc", "username": "me", "password": "x"})
    assert (reply.kind, reply.status) == ("unsupported", 10)
    assert "--secret-store file" in reply.stderr
