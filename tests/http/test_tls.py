"""TLS without `ssl`: as safe as with it, and the same platform's authorities."""

from __future__ import annotations

import ssl
import sys
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest
import truststore

from simulated_vcenter import SimulatedVCenter
from support.program import PASSWORD, Helper, request
from vsphere_session.http import authorities
from vsphere_session.http.authorities import trust_the_platform
from vsphere_session.http.sockets import Socket
from vsphere_session.http.tls import (
    PROTOCOL_TLS_CLIENT,
    Context,
    SSLError,
    client_context,
    start_tls,
    without_old_versions,
)
from vsphere_session.http.trust import Trust

SETTINGS: dict[str, Callable[[Context], object]] = {
    "certificate": lambda context: int(context.verify_mode),
    "host name": lambda context: context.check_hostname,
    "how names match": lambda context: context._host_flags,  # type: ignore[attr-defined]
    "how chains are built": lambda context: int(context.verify_flags),
    "oldest version": lambda context: int(context.minimum_version),
    "newest version": lambda context: int(context.maximum_version),
    "ciphers": lambda context: context.get_ciphers(),
    "security level": lambda context: context.security_level,
    "options": lambda context: int(context.options),
}


@pytest.mark.parametrize("read", SETTINGS.values(), ids=SETTINGS)
def test_a_context_has_the_settings_of_a_client_of_ssl(read: Callable[[Context], object]) -> None:
    assert read(Context(PROTOCOL_TLS_CLIENT)) == read(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))


def test_certificate_and_host_name_are_verified_by_tls_1_2_or_newer() -> None:
    context = client_context()
    assert context.verify_mode == ssl.CERT_REQUIRED
    assert context.check_hostname
    assert context.minimum_version == ssl.TLSVersion.TLSv1_2


# ---- versions of TLS that are broken

OLD = ssl.TLSVersion.TLSv1_1
WITH_OLD_CIPHERS = "DEFAULT:@SECLEVEL=0"


@pytest.fixture
def old(vcenter: SimulatedVCenter) -> SimulatedVCenter:
    """A server that speaks TLS 1.1 and nothing newer."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        vcenter.tls.minimum_version = OLD
        vcenter.tls.maximum_version = OLD
    vcenter.tls.set_ciphers(WITH_OLD_CIPHERS)
    return vcenter


def handshake(server: SimulatedVCenter, context: Context) -> None:
    """One that nothing but the version can fail: the server's authority is trusted, and old ciphers are allowed."""
    context.load_verify_locations(server.ca_file)
    context.set_ciphers(WITH_OLD_CIPHERS)
    host, _, port = server.authority.rpartition(":")
    tcp = Socket()
    tcp.connect((host, int(port)))
    start_tls(tcp, context, host, 10).close()


def permissive(kind: type[Context]) -> Context:
    """A context as a Python has it that was built to leave versions to OpenSSL, and an OpenSSL that allows all."""
    context = kind(PROTOCOL_TLS_CLIENT)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = ssl.TLSVersion.TLSv1
    return context


@pytest.mark.parametrize("kind", [Context, ssl.SSLContext, truststore.SSLContext])
def test_a_server_that_speaks_only_tls_1_1_is_refused(old: SimulatedVCenter, kind: type[Context]) -> None:
    """It would be accepted otherwise, where OpenSSL has that version at all."""
    if kind is not truststore.SSLContext:  # which sets its own authorities
        handshake(old, permissive(kind))
    context = without_old_versions(permissive(kind))
    assert context.minimum_version == ssl.TLSVersion.TLSv1_2
    with pytest.raises(SSLError, match=r"(?i)protocol.version|unsupported.protocol"):
        handshake(old, context)


def test_a_newer_version_that_the_machine_asks_for_stays() -> None:
    context = Context(PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    assert without_old_versions(context).minimum_version == ssl.TLSVersion.TLSv1_3


@pytest.mark.parametrize("trust", ["ca_file", "thumbprint", "insecure"])
def test_the_program_refuses_it_whatever_openssl_s_configuration_allows(
    old: SimulatedVCenter, helper: Helper, tmp_path: Path, trust: str
) -> None:
    configuration = tmp_path / "openssl.cnf"
    configuration.write_text(
        "openssl_conf = all\n[all]\nssl_conf = ssl\n[ssl]\nsystem_default = old\n"
        f"[old]\nMinProtocol = TLSv1\nCipherString = {WITH_OLD_CIPHERS}\n"
    )
    more: dict[str, dict[str, object]] = {
        "ca_file": {},
        "thumbprint": {"ca_file": "", "thumbprint": old.thumbprint},
        "insecure": {"ca_file": "", "insecure": True},
    }
    reply = helper.call("get", request(old, password=PASSWORD, **more[trust]), OPENSSL_CONF=str(configuration))
    assert reply.kind == "unreachable"
    assert "does not speak TLS as we do" in reply.fields["message"]
    assert old.login_attempts == 0


# ---- whose certificate


@pytest.mark.parametrize("trust", [Trust(insecure=True), Trust(thumbprint=64 * "a")], ids=["insecure", "thumbprint"])
def test_insecure_and_a_thumbprint_leave_the_authorities_out(trust: Trust) -> None:
    context = trust.context()
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_NONE, False)


@pytest.mark.parametrize("context", [Context(PROTOCOL_TLS_CLIENT), ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)])
def test_a_certificate_for_another_name_is_refused_and_the_socket_closed(
    vcenter: SimulatedVCenter, context: Context
) -> None:
    context.load_verify_locations(vcenter.ca_file)
    host, _, port = vcenter.authority.rpartition(":")
    tcp = Socket()
    tcp.connect((host, int(port)))
    with pytest.raises(ssl.SSLCertVerificationError, match="mismatch"):
        start_tls(tcp, context, "other.example.com", 10)
    assert tcp.fileno() == -1


# ---- whom the platform trusts


@pytest.fixture
def bundle(vcenter: SimulatedVCenter, tmp_path: Path) -> Path:
    """A file of authorities, where a distribution may have it."""
    path = tmp_path / "bundle.pem"
    path.write_bytes(Path(vcenter.ca_file).read_bytes())
    return path


def trusted(context: Context) -> int:
    """How many authorities a context has loaded."""
    return context.cert_store_stats()["x509_ca"]


def test_openssl_s_own_file_counts(bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(bundle))
    monkeypatch.setattr(authorities, "_BUNDLES", ())
    assert trusted(trust_the_platform(Context(PROTOCOL_TLS_CLIENT))) == 1


def test_a_directory_of_hashed_names_counts(tmp_path: Path, bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is in it is read when a certificate asks for it, so the distribution's bundle is not loaded."""
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "missing"))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path / "directory"))
    monkeypatch.setattr(authorities, "_BUNDLES", (str(bundle),))
    (tmp_path / "directory").mkdir()
    assert trusted(trust_the_platform(Context(PROTOCOL_TLS_CLIENT))) == 1, "an empty one does not"
    (tmp_path / "directory" / "0a1B2c3d.0").write_bytes(bundle.read_bytes())
    assert trusted(trust_the_platform(Context(PROTOCOL_TLS_CLIENT))) == 0


def test_without_those_the_distribution_s_first_bundle_counts(
    tmp_path: Path, bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "missing"))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path / "missing"))
    monkeypatch.setattr(authorities, "_BUNDLES", (str(tmp_path / "missing"), str(bundle)))
    assert trusted(trust_the_platform(Context(PROTOCOL_TLS_CLIENT))) == 1
    monkeypatch.setattr(authorities, "_BUNDLES", ())
    context = trust_the_platform(Context(PROTOCOL_TLS_CLIENT))
    assert (trusted(context), context.verify_mode) == (0, ssl.CERT_REQUIRED), "nothing is trusted then"


def test_the_bundles_are_those_that_truststore_knows() -> None:
    """The library for other platforms, which looks in the same places on this one, but for a RHEL without the link."""
    from truststore import _openssl

    assert set(authorities._BUNDLES) == {*_openssl._CA_FILE_CANDIDATES, "/etc/pki/tls/certs/ca-bundle.crt"}


def test_truststore_decides_on_other_platforms(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    assert type(trust_the_platform(Context(PROTOCOL_TLS_CLIENT))) is truststore.SSLContext
