"""Private keys to log in with: every kind of PEM with every kind of passphrase, and what is no such key."""

from __future__ import annotations

import random

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256

from crypto.keys import (
    CLEAR,
    ENCRYPTED,
    PASSPHRASE,
    block,
    certificate,
    encrypted_by_nobody_knows_what,
    kind,
    rsa_key,
    weak_key,
)
from vsphere_session.crypto import private_key
from vsphere_session.crypto.interface import Provider
from vsphere_session.crypto.private_key import NoPassphraseError, PrivateKey, UnusableKeyError, WrongPassphraseError
from vsphere_session.errors import InvalidRequestError, UnsupportedError

DATA = b"<ds:SignedInfo>"


@pytest.fixture(autouse=True)
def chosen(crypto: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever makes a PrivateKey gets the implementation that the test is run for."""
    monkeypatch.setattr(private_key, "provider", lambda: crypto)


def refusal(pem: bytes, passphrase: bytes | None = None) -> UnusableKeyError:
    """Why this is no key; the text quotes neither."""
    with pytest.raises(UnusableKeyError) as caught:
        PrivateKey(pem, passphrase)
    shown = f"{caught.value!r} {caught.value} {caught.value.__cause__!r} {caught.value.__context__!r}"
    assert caught.value.__suppress_context__
    for line in pem.split(b"\n"):
        assert len(line) < 30 or line.startswith(b"-----") or line.decode("latin-1") not in shown
    assert not passphrase or passphrase.decode("latin-1") not in shown
    assert "\n" not in str(caught.value)
    return caught.value


# ---- passphrases


@pytest.mark.parametrize("name", CLEAR + ENCRYPTED)
def test_each_kind_of_pem_signs_the_same(name: str) -> None:
    signature = PrivateKey(kind(name), PASSPHRASE if name in ENCRYPTED else None).sign(DATA)
    assert signature == rsa_key().sign(DATA, PKCS1v15(), SHA256())
    rsa_key().public_key().verify(signature, DATA, PKCS1v15(), SHA256())


@pytest.mark.parametrize("name", ENCRYPTED)
@pytest.mark.parametrize("passphrase", [b"battery", PASSPHRASE + b"\n", b"\xff\xfe\0", b"7", b"x" * 1024, b"x" * 5000])
def test_a_wrong_passphrase_is_told_as_such(name: str, passphrase: bytes) -> None:
    """Also one that is no text, or longer than any."""
    refused = refusal(kind(name), passphrase)
    assert isinstance(refused, WrongPassphraseError)
    assert "passphrase is wrong" in str(refused)


@pytest.mark.parametrize("name", ENCRYPTED)
@pytest.mark.parametrize("passphrase", [None, b""])
def test_a_missing_passphrase_is_told_as_such(name: str, passphrase: bytes | None) -> None:
    """An empty one is none."""
    refused = refusal(kind(name), passphrase)
    assert isinstance(refused, NoPassphraseError)
    assert "no passphrase" in str(refused)


@pytest.mark.parametrize("name", ENCRYPTED)
@pytest.mark.parametrize(
    "passphrase", [b"\xff\xfe", "pässwörd".encode(), "pässwörd".encode("latin-1"), b" a b ", b"x" * 1000]
)
def test_a_passphrase_may_be_any_bytes(name: str, passphrase: bytes) -> None:
    assert PrivateKey(kind(name, passphrase=passphrase), passphrase).sign(DATA)


@pytest.mark.parametrize("name", CLEAR)
@pytest.mark.parametrize("passphrase", [b"", b"superfluous", b"x" * 5000])
def test_a_passphrase_that_is_not_needed_does_no_harm(name: str, passphrase: bytes) -> None:
    assert PrivateKey(kind(name), passphrase).sign(DATA)


def test_no_wrong_passphrase_is_taken_for_a_right_one_or_for_a_damaged_file(crypto: Provider) -> None:
    """One in 256 leaves a padding that looks right."""
    pem = kind("PKCS#1, encrypted")
    for number in range(600):
        with pytest.raises(ValueError, match=r"^wrong passphrase$"):
            crypto.load_private_key(pem, b"wrong %d" % number)


# ---- what is no RSA key, or none at all


@pytest.mark.parametrize("encrypted", [False, True])
@pytest.mark.parametrize("form", ["PKCS#8", "PKCS#1"])
def test_a_key_of_an_elliptic_curve_is_refused_with_the_reason(form: str, encrypted: bool) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    pem = kind(f"{form}, encrypted" if encrypted else form, key)
    assert "not an RSA key" in str(refusal(pem, PASSPHRASE if encrypted else None))


def test_so_is_an_edwards_curve() -> None:
    assert "not an RSA key" in str(refusal(kind("PKCS#8", ed25519.Ed25519PrivateKey.generate())))


def test_a_short_rsa_key_is_refused() -> None:
    assert "fewer than 1024 bits" in str(refusal(weak_key()))


def test_a_certificate_in_its_place_is_called_that() -> None:
    assert "a certificate where the private key should be" in str(refusal(certificate(rsa_key())))


@pytest.mark.parametrize(
    "pem",
    [b"", b"\0", b"garbage" * 1000, b"-----BEGIN", b"\xff\xfe" + "-----BEGIN PRIVATE KEY-----".encode("utf-16-le")],
)
def test_what_is_no_pem_is_called_that(pem: bytes) -> None:
    assert "no private key in PEM form" in str(refusal(pem))


def test_a_key_in_opensshs_format_is_refused_with_the_way_to_convert_it() -> None:
    assert "ssh-keygen -p -m PEM" in str(refusal(block("OPENSSH PRIVATE KEY", b"openssh-key-v1\0" + bytes(200))))


@pytest.mark.parametrize("label", ["PRIVATE KEY", "RSA PRIVATE KEY", "ENCRYPTED PRIVATE KEY"])
@pytest.mark.parametrize("data", [b"", b"\x30", b"\x30\x84\xff\xff\xff\xff", bytes(500)])
def test_a_block_that_holds_no_key_is_damaged(label: str, data: bytes) -> None:
    assert "the file is damaged" in str(refusal(block(label, data), b"any"))


@pytest.mark.parametrize(
    "pem",
    [encrypted_by_nobody_knows_what(), kind("PKCS#1, encrypted").replace(b"AES-256-CBC", b"FOO-256-CBC")],
    ids=["PKCS#8", "PKCS#1"],
)
def test_an_encryption_that_nobody_knows_is_not_blamed_on_the_passphrase(pem: bytes) -> None:
    assert "encrypted in a way that cannot be read" in str(refusal(pem, PASSPHRASE))


@pytest.mark.parametrize("name", ["PKCS#8", "PKCS#1", "PKCS#8, encrypted", "PKCS#1, encrypted"])
def test_a_key_cut_anywhere_is_no_key(name: str) -> None:
    pem = kind(name).rstrip()
    for length in range(0, len(pem) - 1, 37):
        refusal(pem[:length], PASSPHRASE)


@pytest.mark.parametrize("name", ["PKCS#8", "PKCS#1", "PKCS#8, encrypted", "PKCS#1, encrypted"])
def test_a_key_changed_anywhere_is_refused_or_signs_right(name: str) -> None:
    """What is stored twice may be wrong once."""
    rng = random.Random(name)
    pem = kind(name)
    for _ in range(60):
        changed = bytearray(pem)
        changed[rng.randrange(len(pem))] = rng.choice(b"ABCxyz019+/=- \n\0\xff")
        try:
            key = PrivateKey(bytes(changed), PASSPHRASE)
        except UnusableKeyError:
            continue
        rsa_key().public_key().verify(key.sign(DATA), DATA, PKCS1v15(), SHA256())


# ---- files with more in them, signatures, certificates


def test_text_certificates_and_other_line_ends_around_a_key_do_no_harm() -> None:
    pem = kind("PKCS#8", rsa_key(number=1))
    whole = b"Bag Attributes: none\n" + certificate(rsa_key()) + b"\n\n" + pem + certificate(rsa_key()) + b"the end"
    for text in (whole, whole.replace(b"\n", b"\r\n")):
        assert PrivateKey(text).sign(DATA) == rsa_key(number=1).sign(DATA, PKCS1v15(), SHA256())


@pytest.mark.parametrize("bits", [1024, 1031, 3072, 4096])
def test_keys_of_all_usual_sizes_sign(bits: int) -> None:
    signature = PrivateKey(kind("PKCS#8", rsa_key(bits))).sign(DATA)
    rsa_key(bits).public_key().verify(signature, DATA, PKCS1v15(), SHA256())


@pytest.mark.parametrize("size", [0, 1, 2**20])
def test_data_of_any_size_is_signed(size: int) -> None:
    data = bytes(size)
    assert PrivateKey(kind("PKCS#8")).sign(data) == rsa_key().sign(data, PKCS1v15(), SHA256())


def test_a_key_belongs_to_its_own_certificates_only() -> None:
    """The first certificate of a chain counts, whoever signed it."""
    key = PrivateKey(kind("PKCS#8"))
    own, other = certificate(rsa_key(), by=rsa_key(number=1)), certificate(rsa_key(number=1), by=rsa_key())
    assert key.belongs_to(own)
    assert key.belongs_to(own + other)
    assert not key.belongs_to(other)
    assert not key.belongs_to(other + own)
    assert key.belongs_to(kind("PKCS#8") + own)
    assert not key.belongs_to(certificate(ec.generate_private_key(ec.SECP256R1())))
    assert not key.belongs_to(certificate(ed25519.Ed25519PrivateKey.generate()))


@pytest.mark.parametrize("text", [b"", b"garbage", block("CERTIFICATE", bytes(100)), b"-----BEGIN CERTIFICATE-----\n"])
def test_a_certificate_that_cannot_be_read_is_called_that(text: bytes) -> None:
    with pytest.raises(UnusableKeyError, match="the certificate cannot be read") as caught:
        PrivateKey(kind("PKCS#8")).belongs_to(text)
    assert isinstance(caught.value, InvalidRequestError)
    with pytest.raises(UnusableKeyError, match="the certificate cannot be read"):
        PrivateKey(kind("PKCS#8")).belongs_to(kind("PKCS#8"))


def test_an_encrypted_block_where_the_certificate_should_be_asks_nobody() -> None:
    encrypted = kind("PKCS#1, encrypted").replace(b"RSA PRIVATE KEY", b"CERTIFICATE")
    with pytest.raises(UnusableKeyError, match="the certificate cannot be read"):
        PrivateKey(kind("PKCS#8")).belongs_to(encrypted)


def test_a_key_shows_nothing_of_itself() -> None:
    key = PrivateKey(kind("PKCS#8"))
    assert "PRIVATE" not in repr(key).upper().replace("PRIVATE_KEY.PRIVATEKEY", "")
    assert "BEGIN" not in f"{key} {key!r} {vars(key)}"


def test_without_any_implementation_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(private_key, "provider", lambda: None)
    with pytest.raises(UnsupportedError, match=r"pip install 'vsphere-session-helper\[encrypted\]'"):
        PrivateKey(kind("PKCS#8"))
