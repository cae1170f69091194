"""pyVmomi's client of the STS goes through every check, and both judges take what it signs."""

from __future__ import annotations

import ssl
import warnings
from collections.abc import Iterator
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from pyVim import sso
from pyVmomi import vim
from pyVmomi.SoapAdapter import SoapStubAdapter

from simulated_vcenter import SimulatedVCenter, keys
from simulated_vcenter.judges import verdicts
from simulated_vcenter.selftest.certificate_files import Files, written
from simulated_vcenter.sts import Sts
from support.pyvmomi import pyvmomi_connections

USER, PASSWORD = "administrator@vsphere.local", "VMware1!"
ROBOT, STRANGER = keys.new_pair("robot-1"), keys.new_pair("robot-2")
BOTH = {"signxml": "", "xmlsec": ""}


@pytest.fixture(autouse=True)
def _old_calls() -> Iterator[None]:
    """Its clock is `utcnow`, which warns from Python 3.12 on."""
    with pyvmomi_connections(), warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        yield


@pytest.fixture
def vc() -> Iterator[SimulatedVCenter]:
    with SimulatedVCenter(sts=Sts()) as server:
        server.sts.register_solution_user("robot-1", ROBOT.certificate)
        yield server


def trust(vc: SimulatedVCenter) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=vc.ca_file)


def authenticator(vc: SimulatedVCenter) -> Any:
    made: Any = sso.SsoAuthenticator
    return made(f"https://{vc.authority}/sts/STSService")


def bound_token(vc: SimulatedVCenter, files: Files) -> str:
    return str(authenticator(vc).get_hok_saml_assertion(files.certificate, files.key, ssl_context=trust(vc)))


def log_in(vc: SimulatedVCenter, token: str, key: str = "") -> str:
    """Log in by a token, signed if there is a key; return the user's name."""
    host, port = vc.authority.split(":")
    add: Any = sso.add_saml_context
    make: Any = SoapStubAdapter
    stub = make(host, int(port), version="vim.version.version12", sslContext=trust(vc), samlToken=token)
    sign = partial(add, saml_token=token, private_key_file=key) if key else None
    managers: Any = vim.SessionManager
    try:
        with stub.requestModifier(sign) if sign else nullcontext():
            return str(managers("SessionManager", stub).LoginByToken().userName)
    finally:
        stub.DropConnections()


def test_a_bearer_token_by_password_logs_in(vc: SimulatedVCenter) -> None:
    token = authenticator(vc).get_bearer_saml_assertion(USER, PASSWORD, ssl_context=trust(vc))
    assert log_in(vc, token) == "VSPHERE.LOCAL\\administrator"
    assert vc.refusals == []


def test_a_bound_token_by_certificate_logs_in_and_both_judges_take_what_was_signed(
    vc: SimulatedVCenter, tmp_path: Path
) -> None:
    files = written(ROBOT, tmp_path)
    assert log_in(vc, bound_token(vc, files), files.key) == "VSPHERE.LOCAL\\robot-1"
    assert vc.refusals == []
    bodies = [each.body for each in vc.requests]
    assert [verdicts(body, ROBOT.certificate) for body in bodies] == [BOTH, BOTH]


def test_a_bound_token_gives_another_one(vc: SimulatedVCenter, tmp_path: Path) -> None:
    files = written(ROBOT, tmp_path)
    token = bound_token(vc, files)
    again = authenticator(vc).get_token_by_token(token, files.key, ssl_context=trust(vc))
    assert verdicts(again, vc.sts.signer.certificate) == BOTH
    assert vc.refusals == []


def test_the_wrong_password_certificate_and_key_are_refused(vc: SimulatedVCenter, tmp_path: Path) -> None:
    with pytest.raises(Exception, match="Invalid credentials"):
        authenticator(vc).get_bearer_saml_assertion(USER, "wrong", ssl_context=trust(vc))
    stranger = written(STRANGER, tmp_path, "stranger")
    with pytest.raises(Exception, match="Invalid credentials"):
        bound_token(vc, stranger)
    token = bound_token(vc, written(ROBOT, tmp_path))
    for key in ("", stranger.key):
        with pytest.raises(vim.fault.InvalidLogin):
            log_in(vc, token, key)
    assert (len(vc.refusals), vc.session_count) == (4, 0)
