"""The session id in what people copy; the Python API takes the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulated_vcenter import SimulatedVCenter
from support.program import USER
from vsphere_session import RestClient, Session, SoapClient
from vsphere_session.vsphere.session_id import bare_session_id

ID = "6898ab=="


@pytest.mark.parametrize(
    "text",
    [ID, f'"{ID}"', f" {ID} ", f'vmware_soap_session="{ID}"; Path=/', f"Vmware-Api-Session-Id:{ID}", f'"{ID}"; Secure'],
)
def test_an_id_is_taken_out_of_what_surrounds_it(text: str) -> None:
    assert bare_session_id(text) == ID


@pytest.mark.parametrize("text", ["a=b", "other=1; more=2", "a;b", "", "sha256:ab", '"', "x: y"])
def test_what_has_no_name_of_ours_stays_as_it_is(text: str) -> None:
    """It may be an id, or nothing that is one: that is for others to say."""
    assert bare_session_id(text) == text


@pytest.mark.parametrize("kind", ["soap", "rest"])
def test_a_python_caller_may_adopt_a_whole_cookie(vcenter: SimulatedVCenter, home: Path, kind: str) -> None:
    """It is what pyVmomi has in `stub.cookie`."""
    session_id = vcenter.add_session(USER, "soap" if kind == "soap" else "rest")
    session = Session(f"administrator@{vcenter.authority}", ca_file=vcenter.ca_file, environ={"HOME": str(home)})
    client = SoapClient() if kind == "soap" else RestClient()
    session.adopt(client, f'vmware_soap_session="{session_id}"; Path=/; HttpOnly; Secure;')
    session.keep(client)
    assert client.session_id == session_id
