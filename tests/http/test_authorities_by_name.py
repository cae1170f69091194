"""The platform's authorities are looked for by name, where there are such names: a bundle takes long to load.

Whatever comes of it, the result is the one that the whole store has.
"""

from __future__ import annotations

import shutil
import ssl
import subprocess
from pathlib import Path

import pytest

from peers import debian
from simulated_vcenter import SimulatedVCenter
from support.program import PASSWORD, Helper, request
from vsphere_session.http import authorities
from vsphere_session.http.trust import Trust


@pytest.fixture
def store(helper: Helper, tmp_path: Path) -> Path:
    """An empty directory for names, and no bundle."""
    directory = tmp_path / "certs"
    directory.mkdir()
    helper.environment |= {"SSL_CERT_FILE": str(tmp_path / "bundle.pem"), "SSL_CERT_DIR": str(directory)}
    return directory


def add(store: Path, certificate: Path | str) -> None:
    """As `c_rehash` does."""
    done = subprocess.run(
        [debian()["openssl"], "x509", "-noout", "-subject_hash", "-in", str(certificate)],
        capture_output=True,
        check=True,
    )
    shutil.copy(certificate, store / f"{done.stdout.decode().strip()}.0")


def asked(vcenter: SimulatedVCenter) -> dict[str, object]:
    return request(vcenter, password=PASSWORD, ca_file="")


def test_an_authority_is_found_by_its_name(vcenter: SimulatedVCenter, helper: Helper, store: Path) -> None:
    add(store, vcenter.ca_file)
    assert helper.ok("get", asked(vcenter))["source"] == "login"


def test_one_that_only_the_bundle_has_counts_all_the_same(
    vcenter: SimulatedVCenter, helper: Helper, store: Path
) -> None:
    """The directory has names, of others."""
    (store / "0a1b2c3d.0").write_text("")
    shutil.copy(vcenter.ca_file, store.parent / "bundle.pem")
    assert helper.ok("get", asked(vcenter))["source"] == "login"


def test_one_that_nobody_has_is_untrusted_with_the_same_words(
    vcenter: SimulatedVCenter, helper: Helper, store: Path
) -> None:
    plain = helper.call("get", asked(vcenter))
    (store / "0a1b2c3d.0").write_text("")
    by_name = helper.call("get", asked(vcenter))
    assert by_name.kind == "untrusted"
    assert by_name.stderr == plain.stderr
    assert vcenter.session_count == 0


def test_no_name_counts_for_who_names_authorities_a_pin_or_none(
    vcenter: SimulatedVCenter, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (store / "0a1b2c3d.0").write_text("")
    monkeypatch.setenv("SSL_CERT_FILE", str(store.parent / "missing"))
    monkeypatch.setenv("SSL_CERT_DIR", str(store))
    assert Trust().quick_context() is not None
    for trust in (
        Trust(ca_file=str(vcenter.ca_file)),
        Trust(insecure=True),
        Trust(thumbprint=vcenter.thumbprint),
    ):
        assert trust.quick_context() is None
    monkeypatch.setenv("SSL_CERT_FILE", str(vcenter.ca_file))
    assert Trust().quick_context() is None, "a variable names a file"


def test_it_verifies_chain_and_name(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (store / "0a1b2c3d.0").write_text("")
    monkeypatch.setenv("SSL_CERT_FILE", str(store.parent / "missing"))
    monkeypatch.setenv("SSL_CERT_DIR", str(store))
    context = Trust().quick_context()
    assert context is not None
    assert context.verify_mode == ssl.CERT_REQUIRED
    assert context.check_hostname
    assert context.minimum_version >= ssl.TLSVersion.TLSv1_2


def test_the_distribution_s_names_go_with_its_bundle(
    tmp_path: Path, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where OpenSSL's own places are empty, as in a program built for another distribution."""
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "missing"))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path / "missing"))
    bundle = tmp_path / "whole.pem"
    bundle.write_text("")
    monkeypatch.setattr(authorities, "_BUNDLES", (str(bundle),))
    assert Trust().quick_context() is None
    monkeypatch.setattr(authorities, "_BY_NAME", {str(bundle): str(store)})
    assert Trust().quick_context() is None, "there are no names in it"
    (store / "0a1b2c3d.0").write_text("")
    assert Trust().quick_context() is not None
