"""The certificates: valid for loopback, pinned by both thumbprints, exchangeable while serving."""

from __future__ import annotations

import hashlib
import re
import socket
import ssl
import stat
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from simulated_vcenter import SimulatedVCenter


@pytest.fixture
def vc() -> Iterator[SimulatedVCenter]:
    with SimulatedVCenter() as vc:
        yield vc


def leaf(vc: SimulatedVCenter, name: str, ca_file: str | None = None) -> bytes:
    """Return the certificate that is served, after verifying it for this name."""
    trust = ssl.create_default_context(cafile=ca_file or vc.ca_file)
    port = int(vc.authority.rpartition(":")[2])
    with closing(trust.wrap_socket(socket.create_connection(("127.0.0.1", port)), server_hostname=name)) as tls:
        return tls.getpeercert(binary_form=True) or b""


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1", "::1"])
def test_the_leaf_is_valid_for_every_loopback_name(vc: SimulatedVCenter, name: str) -> None:
    der = leaf(vc, name)
    plain = {re.sub(":", "", vc.thumbprint), re.sub(":", "", vc.thumbprint_sha1)}
    assert plain == {hashlib.sha256(der).hexdigest().upper(), hashlib.sha1(der).hexdigest().upper()}
    assert re.fullmatch("([0-9A-F]{2}:){31}[0-9A-F]{2}", vc.thumbprint)


def test_a_new_certificate_has_another_authority_and_the_old_one_no_longer_vouches(
    vc: SimulatedVCenter,
) -> None:
    old_ca, old_thumbprint = vc.ca_file, vc.thumbprint
    vc.new_certificate()
    assert leaf(vc, "localhost")
    assert vc.thumbprint != old_thumbprint
    with pytest.raises(ssl.SSLCertVerificationError, match="verify failed"):
        leaf(vc, "localhost", old_ca)


def test_a_certificate_can_be_for_other_names_or_out_of_date(vc: SimulatedVCenter) -> None:
    vc.new_certificate("vcenter.example.com")
    with pytest.raises(ssl.SSLCertVerificationError, match="mismatch"):
        leaf(vc, "localhost")
    vc.new_certificate(expired=True)
    with pytest.raises(ssl.SSLCertVerificationError, match="expired"):
        leaf(vc, "localhost")


def test_a_client_that_refuses_the_certificate_disturbs_nobody(vc: SimulatedVCenter) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        leaf(vc, "elsewhere.example.com")
    assert leaf(vc, "localhost")


def test_the_directory_is_private_and_gone_afterwards() -> None:
    with SimulatedVCenter() as vc:
        directory = Path(vc.ca_file).parent
        assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    assert not directory.exists()
