"""AES-256-GCM: known answers, what one implementation encrypts the other decrypts, and nothing else is ever decrypted."""

from __future__ import annotations

import os
import random

import pytest

from support.built_in_crypto import BuiltInCrypto
from vsphere_session.crypto import of_cryptography
from vsphere_session.crypto.aes_gcm import AES256GCM
from vsphere_session.crypto.interface import Provider

KEY, NONCE = bytes(range(32)), bytes(range(12))
DATA, ASSOCIATED = b"soap_session_id=52b2c8d1", b"https://user@vc.example.com/sdk"

LONG = (
    "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b391aafd255",
    "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662898015ad",
)
KEY_OF_LONG, NONCE_OF_LONG = "feffe9928665731c6d6a8f9467308308" * 2, "cafebabefacedbaddecaf888"
# The test cases 13 to 16 of the specification that NIST has adopted (McGrew and Viega): key, nonce, associated data,
# plain text, cipher text, tag.
KNOWN = [
    ("00" * 32, "00" * 12, "", "", "", "530f8afbc74536b9a963b4f1c4cb738b"),
    ("00" * 32, "00" * 12, "", "00" * 16, "cea7403d4d606b6e074ec5d3baf39d18", "d0d1c8a799996bf0265b98b5d48ab919"),
    (KEY_OF_LONG, NONCE_OF_LONG, "", *LONG, "b094dac5d93471bdec1a502270e3cc6c"),
    (
        *(KEY_OF_LONG, NONCE_OF_LONG, "feedfacedeadbeeffeedfacedeadbeefabaddad2"),
        *(text[:120] for text in LONG),
        "76fc6ece0f4e1768cddf8853bb2d551b",
    ),
]


@pytest.mark.parametrize("case", KNOWN, ids=["13", "14", "15", "16"])
def test_known_answers(crypto: Provider, case: tuple[str, ...]) -> None:
    key, nonce, associated, plain, cipher, tag = map(bytes.fromhex, case)
    assert crypto.encrypt_gcm(key, nonce, plain, associated) == cipher + tag
    assert crypto.decrypt_gcm(key, nonce, cipher + tag, associated) == plain


@pytest.mark.parametrize("size", [0, 1, 15, 16, 17, 4096, 2**20])
def test_what_one_encrypts_the_other_decrypts(built_in: BuiltInCrypto, size: int) -> None:
    key, nonce, data, associated = os.urandom(32), os.urandom(12), os.urandom(size), os.urandom(size % 100)
    made = built_in.encrypt_gcm(key, nonce, data, associated)
    assert made == of_cryptography.encrypt_gcm(key, nonce, data, associated)
    assert built_in.decrypt_gcm(key, nonce, made, associated) == data
    assert of_cryptography.decrypt_gcm(key, nonce, made, associated) == data


def test_a_bit_changed_anywhere_is_noticed(crypto: Provider) -> None:
    """In key, nonce, cipher text, tag or associated data."""
    parts = [KEY, NONCE, crypto.encrypt_gcm(KEY, NONCE, DATA, ASSOCIATED), ASSOCIATED]
    rng = random.Random(1)
    for number, part in enumerate(parts):
        for place in range(len(part)):
            changed = bytearray(part)
            changed[place] ^= 1 << rng.randrange(8)
            given = [*parts[:number], bytes(changed), *parts[number + 1 :]]
            assert crypto.decrypt_gcm(*given) is None
    assert crypto.decrypt_gcm(*parts) == DATA


def test_what_is_cut_short_or_stretched_is_not_decrypted(crypto: Provider) -> None:
    made = crypto.encrypt_gcm(KEY, NONCE, DATA, ASSOCIATED)
    for length in range(len(made)):
        assert crypto.decrypt_gcm(KEY, NONCE, made[:length], ASSOCIATED) is None
        assert crypto.decrypt_gcm(KEY, NONCE, made[length + 1 :], ASSOCIATED) is None
    assert crypto.decrypt_gcm(KEY, NONCE, made + b"\0", ASSOCIATED) is None
    assert crypto.decrypt_gcm(KEY, NONCE, made, b"") is None


@pytest.mark.parametrize("size", [0, 16, 24, 31, 33])
def test_a_key_of_another_size_is_refused(crypto: Provider, size: int) -> None:
    """Also one that other kinds of AES have, and the error has nothing of it."""
    key = b"k" * size
    for work in (crypto.encrypt_gcm, crypto.decrypt_gcm):
        with pytest.raises(ValueError, match="32 bytes") as caught:
            work(key, NONCE, DATA, b"")
        assert "kkkk" not in repr(caught.value)
    with pytest.raises(ValueError, match="32 bytes"):
        AES256GCM(crypto, key)


@pytest.mark.parametrize("size", [0, 11, 13, 16])
def test_a_nonce_of_another_size_is_refused(crypto: Provider, size: int) -> None:
    with pytest.raises(ValueError, match="nonce of 12"):
        crypto.encrypt_gcm(KEY, bytes(size), DATA, b"")
    with pytest.raises(ValueError, match="nonce of 12"):
        crypto.decrypt_gcm(KEY, bytes(size), bytes(40), b"")
    assert AES256GCM(crypto, KEY).decrypt(bytes(size), bytes(40), b"") is None


def test_one_key_encrypts_and_decrypts_by_any_of_them(crypto: Provider) -> None:
    cipher = AES256GCM(crypto, KEY)
    made = cipher.encrypt(NONCE, DATA, ASSOCIATED)
    assert DATA not in made
    assert cipher.decrypt(NONCE, made, ASSOCIATED) == DATA
    assert cipher.decrypt(NONCE, made, b"") is None
