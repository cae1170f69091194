"""RSA keys and certificates made up for tests: of people, solution users, extensions, and the STS itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

_PKCS8 = serialization.PrivateFormat.PKCS8


@dataclass(frozen=True, eq=False)
class KeyPair:
    """A private key and a certificate for it."""

    key: rsa.RSAPrivateKey
    certificate: x509.Certificate

    @property
    def certificate_pem(self) -> str:
        """The certificate as text."""
        return self.certificate.public_bytes(serialization.Encoding.PEM).decode()

    @property
    def key_pem(self) -> str:
        """The key as text: PKCS#8, not encrypted."""
        nothing = serialization.NoEncryption()
        return self.key.private_bytes(serialization.Encoding.PEM, _PKCS8, nothing).decode()

    def sign(self, data: bytes, algorithm: hashes.HashAlgorithm | None = None) -> bytes:
        """Sign with PKCS#1 v1.5, by default over SHA-256."""
        return self.key.sign(data, padding.PKCS1v15(), algorithm or hashes.SHA256())


def new_pair(
    name: str,
    *,
    issuer: KeyPair | None = None,
    not_before: datetime | None = None,
    not_after: datetime | None = None,
    serial: int | None = None,
) -> KeyPair:
    """Make a certificate of this common name, by itself or by an issuer, valid by default from yesterday for a year."""
    key = rsa.generate_private_key(65537, 2048)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(serial or x509.random_serial_number())
        .not_valid_before(not_before or now - timedelta(days=1))
        .not_valid_after(not_after or now + timedelta(days=365))
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
    )
    return KeyPair(key, builder.sign(issuer.key if issuer else key, hashes.SHA256()))


def load(certificate: str | bytes | x509.Certificate) -> x509.Certificate:
    """Return a certificate from PEM (the first one in it), or as it is."""
    if isinstance(certificate, x509.Certificate):
        return certificate
    pem = certificate.encode() if isinstance(certificate, str) else certificate
    return x509.load_pem_x509_certificates(pem)[0]


def der(certificate: x509.Certificate) -> bytes:
    """Return the certificate's own bytes."""
    return certificate.public_bytes(serialization.Encoding.DER)
