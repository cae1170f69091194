"""A certificate and its key out of the files that people have, and what is wrong with those that cannot be used."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, pkcs12

from crypto.keys import CLEAR, ENCRYPTED, PASSPHRASE, block, certificate, kind, rsa_key
from vsphere_session.crypto.private_key import NoPassphraseError, WrongPassphraseError
from vsphere_session.errors import InvalidRequestError, NotFoundError, SessionError
from vsphere_session.login.der import validity
from vsphere_session.login.pem import KeyPair, key_pair, refuse_expired

OWN, KEY = certificate(rsa_key()), kind("PKCS#8")
AUTHORITY = certificate(rsa_key(number=1))
DER = x509.load_pem_x509_certificate(OWN).public_bytes(Encoding.DER)
TEXT = b"subject=CN = robot\nissuer=CN = VMCA\n\n"


def refusal(certificate_file: bytes, key_file: bytes = b"", passphrase: bytes | None = None) -> SessionError:
    with pytest.raises(InvalidRequestError) as caught:
        key_pair(certificate_file, key_file, lambda: passphrase)
    shown = f"{caught.value} {caught.value.__cause__!r}"
    assert shown.isprintable()
    for line in (certificate_file + key_file).splitlines():
        assert len(line) < 30 or line.startswith(b"-----") or line.decode("latin-1") not in shown
    return caught.value


def is_the_pair(pair: KeyPair) -> None:
    assert pair.certificate == DER == pair.chain[0]
    rsa_key().public_key().verify(pair.holder.sign(b"data"), b"data", PKCS1v15(), hashes.SHA256())
    assert pair.holder.certificate == DER


SHAPES: dict[str, tuple[bytes, bytes]] = {
    "two files": (OWN, KEY),
    "one file": (OWN + KEY, b""),
    "one file, the key first": (KEY + OWN, b""),
    "the same file twice": (OWN + KEY, OWN + KEY),
    "a chain, one's own first": (OWN + AUTHORITY, KEY),
    "a chain, one's own last": (AUTHORITY + OWN, KEY),
    "text before and between": (TEXT + OWN + b"\n" + TEXT + AUTHORITY, TEXT + KEY + b"the end"),
    "Windows' line ends": (OWN.replace(b"\n", b"\r\n"), KEY.replace(b"\n", b"\r\n")),
    "a mark of byte order": (b"\xef\xbb\xbf" + OWN, b"\xef\xbb\xbf" + KEY),
    "PowerShell's >": (OWN.decode().encode("utf-16"), KEY.decode().encode("utf-16")),
    "indented, as in YAML": (OWN.replace(b"\n", b"\n    "), KEY.replace(b"\n", b"\n\t")),
    "one line, of a variable": (OWN.replace(b"\n", b"\\n"), KEY.replace(b"\n", b"\\r\\n")),
    "without a last line end": (OWN.rstrip(), KEY.rstrip()),
    "a name in another alphabet before it": ("Besitzer: Jörg\n".encode() + OWN, "Jörg".encode("latin-1") + b"\n" + KEY),
    "a certificate under its old label": (OWN.replace(b" CERTIFICATE", b" X509 CERTIFICATE"), KEY),
    "another key in the certificate's file": (OWN + kind("PKCS#8", rsa_key(number=1)), KEY),
}


@pytest.mark.parametrize(("certificate_file", "key_file"), SHAPES.values(), ids=SHAPES)
def test_certificate_and_key_are_found_in_every_shape(certificate_file: bytes, key_file: bytes) -> None:
    is_the_pair(key_pair(certificate_file, key_file))


@pytest.mark.parametrize("name", CLEAR + ENCRYPTED)
@pytest.mark.parametrize("line_end", [b"\n", b"\r\n"])
def test_each_kind_of_key_opens(name: str, line_end: bytes) -> None:
    """Beside the certificate as well; who has no passphrase is asked for it only where there is one."""
    asked: list[int] = []

    def passphrase() -> bytes:
        asked.append(1)
        return PASSPHRASE

    for own, key in ((OWN, kind(name)), (OWN + kind(name), b"")):
        is_the_pair(key_pair(own.replace(b"\n", line_end), key.replace(b"\n", line_end), passphrase))
    assert len(asked) == (2 if name in ENCRYPTED else 0)


def test_the_chain_has_ones_own_first_and_each_once() -> None:
    authority = x509.load_pem_x509_certificate(AUTHORITY).public_bytes(Encoding.DER)
    assert key_pair(AUTHORITY + OWN + OWN, KEY).chain == (DER, authority)


def test_the_digest_is_the_fingerprint_of_ones_own_certificate() -> None:
    expected = x509.load_pem_x509_certificate(OWN).fingerprint(hashes.SHA256()).hex()
    assert key_pair(AUTHORITY + OWN, KEY).digest == expected


def test_nothing_of_it_is_shown() -> None:
    assert repr(key_pair(OWN, KEY)).startswith("KeyPair(not_before=")


# ---- what cannot be used


@pytest.mark.parametrize(
    ("certificate_file", "key_file", "match"),
    [
        (OWN, kind("PKCS#8", rsa_key(number=1)), "does not belong to the certificate"),
        (AUTHORITY, KEY, "does not belong to the certificate"),
        (OWN, KEY + kind("PKCS#1", rsa_key(number=1)), "2 private keys in one file"),
        (OWN + KEY + KEY, b"", "2 private keys in one file"),
        (OWN, kind("PKCS#8", ec.generate_private_key(ec.SECP256R1())), "not an RSA key"),
        (OWN, block("EC PARAMETERS", b"\6\1\1") + kind("PKCS#1", ec.generate_private_key(ec.SECP256R1())), "not an RSA key"),
        (certificate(ec.generate_private_key(ec.SECP256R1())), KEY, "does not belong"),
        (OWN, OWN, "a certificate where the private key should be"),
        (OWN, b"", "a certificate where the private key should be"),
        (OWN, b"garbage", "no private key in PEM form"),
        (OWN, KEY.replace(b"M", b"", 1), "damaged"),
        (KEY, KEY, "a private key and no certificate"),
        (block("CERTIFICATE REQUEST", DER), KEY, "a request for a certificate"),
        (DER, KEY, "no certificate in PEM form"),
        (pkcs12.serialize_key_and_certificates(b"n", rsa_key(), None, None, NoEncryption()), KEY, "openssl pkcs12"),
        (b"", KEY, "no certificate in PEM form"),
        (OWN[:-30], KEY, "no certificate in PEM form"),
        (OWN.replace(b"\nM", b"\n!", 1), KEY, "the certificate cannot be read"),
        (block("CERTIFICATE", DER[:200]), KEY, "the certificate cannot be read"),
        (b"\xff\xfe\x00" + OWN, KEY, "no certificate in PEM form"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_says_why(certificate_file: bytes, key_file: bytes, match: str) -> None:
    assert match in str(refusal(certificate_file, key_file))


@pytest.mark.parametrize("name", ENCRYPTED)
def test_a_passphrase_that_is_missing_or_wrong_is_told_as_that(name: str) -> None:
    assert isinstance(refusal(OWN, kind(name)), NoPassphraseError)
    assert isinstance(refusal(OWN, kind(name), b"battery"), WrongPassphraseError)
    with pytest.raises(NoPassphraseError):
        key_pair(OWN, kind(name))


# ---- its time


def dated(begins: datetime, ends: datetime) -> bytes:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "x" * 60)])
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(rsa_key().public_key())
    made = made.serial_number(x509.random_serial_number()).not_valid_before(begins).not_valid_after(ends)
    return made.sign(rsa_key(), hashes.SHA256()).public_bytes(Encoding.PEM)


BEGIN, END = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), datetime(2028, 2, 29, 23, 59, 59, tzinfo=UTC)


def test_an_expired_certificate_is_told_with_its_end() -> None:
    pair = key_pair(dated(BEGIN, END), KEY)
    refuse_expired(pair, END.timestamp() + 600)
    with pytest.raises(NotFoundError, match=r"expired at 2028-02-29T23:59:59Z; have a new one made"):
        refuse_expired(pair, END.timestamp() + 601)


def test_one_that_is_not_valid_yet_is_told_with_both_times() -> None:
    pair = key_pair(dated(BEGIN, END), KEY)
    refuse_expired(pair, BEGIN.timestamp() - 600)
    with pytest.raises(
        InvalidRequestError, match=r"not valid before 2026-01-02T03:04:05Z, and here it is 2026-01-02T02:54:04Z"
    ):
        refuse_expired(pair, BEGIN.timestamp() - 601)


@pytest.mark.parametrize(
    ("begins", "ends"),
    [
        (BEGIN, END),
        (datetime(1950, 1, 1, tzinfo=UTC), datetime(2049, 12, 31, 23, 59, 59, tzinfo=UTC)),
        (datetime(2050, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)),
    ],
)
def test_times_of_both_forms_are_read(begins: datetime, ends: datetime) -> None:
    pair = key_pair(dated(begins, ends), KEY)
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    assert (pair.not_before, pair.not_after) == tuple((each - epoch) / timedelta(seconds=1) for each in (begins, ends))


def test_a_damaged_certificate_is_refused_or_has_times_whatever_is_wrong() -> None:
    changed: Callable[[int, int], bytes] = lambda place, value: DER[:place] + bytes([value]) + DER[place + 1 :]  # noqa: E731
    for data in [DER[:length] for length in range(150)] + [
        changed(p, v) for p in range(150) for v in (0, 0x7F, 0x84, 0xFF)
    ]:
        try:
            begins, ends = validity(data)
        except ValueError:
            continue
        assert begins is None or ends is None or isinstance(begins + ends, float)
