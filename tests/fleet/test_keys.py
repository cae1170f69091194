"""The fleet's keys: what people write, and that a sealed session opens in its own place with its own key, and nowhere else."""

from __future__ import annotations

from base64 import b64encode

import pytest

from vsphere_session.errors import InvalidRequestError
from vsphere_session.fleet.keys import MAX_KEYS, Keys, NotOpenedError, UnknownKeyError, hkdf_sha256, new_key

PLACE = {"name": "vs:ci:{ab}", "kind": "soap", "key_text": "https://me@vc/sdk#insecure=false"}
SECRET = b64encode(bytes(range(32))).decode()
# RFC 5869, appendix A.1 to A.3: key, salt, info, length, what is derived
RFC_5869 = [
    (
        "0b" * 22,
        "000102030405060708090a0b0c",
        "f0f1f2f3f4f5f6f7f8f9",
        42,
        "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865",
    ),
    (
        bytes(range(0x50)).hex(),
        bytes(range(0x60, 0xB0)).hex(),
        bytes(range(0xB0, 0x100)).hex(),
        82,
        "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09"
        "da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87",
    ),
    ("0b" * 22, "", "", 42, "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"),
]


@pytest.fixture
def keys() -> Keys:
    return Keys.of_text(new_key("2026-11"))


def test_what_is_sealed_for_a_place_opens_there(keys: Keys) -> None:
    sealed = keys.seal(b"session", **PLACE, fence=7)
    assert keys.open(sealed, **PLACE, fence=7) == b"session"
    assert keys.seal(b"session", **PLACE, fence=7) != sealed


@pytest.mark.parametrize(("key", "salt", "info", "length", "derived"), RFC_5869)
def test_keys_are_derived_as_rfc_5869_has_it(key: str, salt: str, info: str, length: int, derived: str) -> None:
    made = hkdf_sha256(bytes.fromhex(key), info=bytes.fromhex(info), salt=bytes.fromhex(salt), length=length)
    assert made.hex() == derived


def test_comments_and_empty_lines_are_no_keys() -> None:
    text = f"# ours\n\n  {new_key('b')}  \n\t# old\n{new_key('a.2_x-')}\r\n"
    assert Keys.of_text(text).ids == ("b", "a.2_x-")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# nothing\n",
        SECRET,
        f"{SECRET}\n",
        f":{SECRET}",
        f"a b:{SECRET}",
        f"{'x' * 33}:{SECRET}",
        f"ä:{SECRET}",
        f"a:{SECRET[:-4]}",
        f"a:{SECRET[:-1]}",
        f"a:{SECRET[:-2]}9=",
        f"a: {SECRET}",
        f"a:{SECRET}:{SECRET}",
        f"a:{b64encode(bytes(33)).decode()}",
        "a:",
        "a:é",
        f"a:{SECRET}\na:{SECRET}",
        "".join(f"{number}:{SECRET}\n" for number in range(MAX_KEYS + 1)),
    ],
)
def test_a_key_that_is_none_is_refused_without_a_word_of_it(text: str) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        Keys.of_text(text)
    message = str(caught.value)
    assert "fleet's key" in message
    assert SECRET[:6] not in message


def test_an_id_that_is_none_gets_no_key() -> None:
    with pytest.raises(InvalidRequestError):
        new_key("a:b")


def test_another_fleets_session_is_told_from_a_damaged_one(keys: Keys) -> None:
    sealed = Keys.of_text(new_key("theirs")).seal(b"x", **PLACE, fence=1)
    with pytest.raises(UnknownKeyError) as caught:
        keys.open(sealed, **PLACE, fence=1)
    assert caught.value.key_id == keys.id_of(sealed)
    assert len(caught.value.key_id) == 16
    with pytest.raises(NotOpenedError):
        keys.open(b"nonsense", **PLACE, fence=1)
    assert keys.id_of(b"nonsense") == ""
    assert keys.id_of(keys.seal(b"x", **PLACE, fence=1)) == "2026-11"


def test_nobody_sees_a_key_in_a_traceback(keys: Keys) -> None:
    assert repr(keys) == "Keys(ids=('2026-11',))"
