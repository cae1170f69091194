r"""A certificate and its private key, out of the files that people have.

In one file or two, in any order, with text between them, with the certificates of authorities behind or before one's own,
with line ends of Windows, a mark of byte order, indented, or as one line with `\n` in it as it comes out of a variable.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from credential_protocol.jsontext import in_utf8
from vsphere_session.clock import rfc3339
from vsphere_session.crypto.private_key import NoPassphraseError, PrivateKey
from vsphere_session.digest import sha256_hex
from vsphere_session.errors import InvalidRequestError, NotFoundError
from vsphere_session.login.der import validity
from vsphere_session.vsphere.saml import CLOCK_TOLERANCE
from vsphere_session.vsphere.security import KeyHolder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_CERTIFICATES = ("CERTIFICATE", "X509 CERTIFICATE")
_REQUESTS = ("CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST")
_DAMAGED = "the certificate cannot be read: it is damaged; have a new copy made"
_LINE = 64


@dataclass(frozen=True)
class KeyPair:
    """A certificate with its key.

    certificate            one's own, in DER
    chain                  all that the file has, one's own first
    not_before, not_after  Unix seconds, None where that is beyond what can be counted
    """

    certificate: bytes = field(repr=False)
    chain: tuple[bytes, ...] = field(repr=False)
    key: PrivateKey = field(repr=False)
    not_before: float | None
    not_after: float | None

    @property
    def digest(self) -> str:
        """The SHA-256 of the certificate, in 64 hexadecimal digits: what tells it from others in a record."""
        return sha256_hex(self.certificate)

    @property
    def holder(self) -> KeyHolder:
        """What messages are signed with."""
        return KeyHolder(self.certificate, self.key.sign)


def key_pair(
    certificate: bytes, private_key: bytes = b"", passphrase: Callable[[], bytes | None] | None = None
) -> KeyPair:
    """The certificate that belongs to a key, and that.

    certificate  what is in the file of the certificate
    private_key  what is in the file of the key; empty where that is in the same file
    passphrase   gives what opens the key; asked only where it is encrypted

    Raises InvalidRequestError, of which UnusableKeyError is one; UnsupportedError where nothing here can read keys.
    """
    certificates = _certificates(certificate)
    key = _key(private_key or certificate, passphrase)
    own = next((one for one in certificates if key.belongs_to(_pem(one))), None)
    if own is None:
        raise InvalidRequestError(
            "the private key does not belong to the certificate; give the key that it was made with"
        )
    try:
        begins, ends = validity(own)
    except ValueError:
        raise InvalidRequestError(_DAMAGED) from None
    return KeyPair(own, (own, *(one for one in certificates if one != own)), key, begins, ends)


def refuse_expired(pair: KeyPair, now: float) -> None:
    """Say what the server would only call invalid credentials. Raises NotFoundError, InvalidRequestError.

    now  Unix seconds; the clock may be wrong by as much as the server tolerates
    """
    if pair.not_after is not None and now > pair.not_after + CLOCK_TOLERANCE:
        raise NotFoundError(
            f"the certificate has expired at {rfc3339(pair.not_after)}; have a new one made, and registered in vCenter's SSO"
        )
    if pair.not_before is not None and now < pair.not_before - CLOCK_TOLERANCE:
        raise InvalidRequestError(
            f"the certificate is not valid before {rfc3339(pair.not_before)}, and here it is {rfc3339(now)}; wait, or correct the clock"
        )


def _certificates(data: bytes) -> list[bytes]:
    blocks = list(_blocks(data))
    found = [_der(lines) for label, lines in blocks if label in _CERTIFICATES]
    if found:
        return found
    if any(label in _REQUESTS for label, _ in blocks):
        raise InvalidRequestError(
            "there is a request for a certificate where the certificate should be; have it issued"
        )
    if any(_is_key(label) for label, _ in blocks):
        raise InvalidRequestError(
            "there is a private key and no certificate where the certificate should be; give its file"
        )
    raise InvalidRequestError(
        "there is no certificate in PEM form: no line that is -----BEGIN CERTIFICATE-----; convert one in DER by "
        "openssl x509 -inform der, and one in PKCS#12 by openssl pkcs12"
    )


def _key(data: bytes, passphrase: Callable[[], bytes | None] | None) -> PrivateKey:
    keys = [(label, lines) for label, lines in _blocks(data) if _is_key(label)]
    if len(keys) > 1:
        raise InvalidRequestError(
            f"there are {len(keys)} private keys in one file; leave the one that is for the certificate"
        )
    pem = _joined(*keys[0]) if keys else data  # which says itself what it is instead
    try:
        return PrivateKey(pem)
    except NoPassphraseError:
        opener = passphrase() if passphrase is not None else None
        if not opener:
            raise
    return PrivateKey(pem, opener)


def _is_key(label: str) -> bool:
    return label.endswith("PRIVATE KEY")


def _blocks(data: bytes) -> Iterator[tuple[str, list[str]]]:
    """The blocks of a PEM file that have an end: label, and the lines within."""
    try:
        text = in_utf8(data).decode("latin-1").replace("\\r", "").replace("\\n", "\n")
    except UnicodeDecodeError:
        return
    label, lines = "", list[str]()
    for line in map(str.strip, text.splitlines()):
        if line.startswith("-----BEGIN ") and line.endswith("-----"):
            label, lines = line[11:-5], []
        elif label and line == f"-----END {label}-----":
            yield label, lines
            label = ""
        elif label:
            lines.append(line)


def _joined(label: str, lines: list[str]) -> bytes:
    return "\n".join([f"-----BEGIN {label}-----", *lines, f"-----END {label}-----", ""]).encode("latin-1")


def _der(lines: list[str]) -> bytes:
    try:
        return b64decode("".join(lines), validate=True)
    except ValueError:
        raise InvalidRequestError(_DAMAGED) from None


def _pem(der: bytes) -> bytes:
    digits = b64encode(der).decode()
    return _joined("CERTIFICATE", [digits[at : at + _LINE] for at in range(0, len(digits), _LINE)])
