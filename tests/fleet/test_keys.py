"""The fleet's keys: what people write, and that a sealed session opens in its own place with its own key, and nowhere else."""

from __future__ import annotations

import os
import zlib
from base64 import b64encode
from itertools import pairwise
from typing import Any

import pytest

from vsphere_session.errors import InvalidRequestError, UnsupportedError
from vsphere_session.fleet.keys import (
    MAGIC,
    MAX_KEYS,
    MAX_SESSION_BYTES,
    Keys,
    NotOpenedError,
    UnknownKeyError,
    hkdf_sha256,
    new_key,
)

PLACE: dict[str, Any] = {"name": "vs:ci:{ab}", "kind": "soap", "key_text": "https://me@vc/sdk#insecure=false"}
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


@pytest.mark.parametrize(
    "other",
    [
        {"name": "vs:ci:{ac}"},
        {"name": "vs:prod:{ab}"},
        {"kind": "rest"},
        {"key_text": "https://root@vc/sdk#insecure=false"},
        {"fence": 8},
        {"fence": 70},
        {"name": "vs:ci:{ab}s", "kind": "oap"},
    ],
)
def test_what_is_put_into_another_place_does_not_open(keys: Keys, other: dict[str, Any]) -> None:
    """Of another host or user, another namespace, another kind, or an old one under a newer fence."""
    sealed = keys.seal(b"session", **PLACE, fence=7)
    with pytest.raises(NotOpenedError):
        keys.open(sealed, **(PLACE | {"fence": 7} | other))


def test_no_bit_can_be_changed_and_no_byte_be_cut_off_or_added(keys: Keys) -> None:
    """One in the name of the key makes it another's, each other one makes it nobody's."""
    sealed = keys.seal(b"session", **PLACE, fence=7)
    for bit in range(8 * len(sealed)):
        damaged = bytearray(sealed)
        damaged[bit // 8] ^= 1 << bit % 8
        with pytest.raises((NotOpenedError, UnknownKeyError)) as caught:
            keys.open(bytes(damaged), **PLACE, fence=7)
        of_the_key = len(MAGIC) <= bit // 8 < len(MAGIC) + 8
        assert caught.type is (UnknownKeyError if of_the_key else NotOpenedError)
    for damaged_bytes in (*(sealed[:length] for length in range(len(sealed))), sealed + b"x"):
        with pytest.raises(NotOpenedError):
            keys.open(damaged_bytes, **PLACE, fence=7)


def test_a_session_sealed_with_one_key_does_not_open_as_anothers_of_the_fleet() -> None:
    """Renamed to the other key that is there as well."""
    first, second = new_key("a"), new_key("b")
    of_first, of_second = Keys.of_text(f"{first}\n{second}"), Keys.of_text(f"{second}\n{first}")
    name = slice(len(MAGIC), len(MAGIC) + 8)
    sealed = bytearray(of_first.seal(b"x", **PLACE, fence=1))
    sealed[name] = of_second.seal(b"x", **PLACE, fence=1)[name]
    assert of_first.id_of(bytes(sealed)) == "b"
    with pytest.raises(NotOpenedError):
        of_first.open(bytes(sealed), **PLACE, fence=1)


def test_a_key_is_replaced_in_three_steps_and_all_runners_open_all_sessions_at_each() -> None:
    """The new one last everywhere, then first, then alone; during a step some runners are at the one before."""
    old, new = new_key("2026-08"), new_key("2026-11")
    steps = [Keys.of_text(text) for text in (old, f"{old}\n{new}", f"{new}\n{old}", new)]
    for before, after in pairwise(steps):
        for sealer, opener in ((before, after), (after, before)):
            if (sealer, opener) != (steps[2], steps[3]):
                assert opener.open(sealer.seal(b"x", **PLACE, fence=1), **PLACE, fence=1) == b"x"
    with pytest.raises(UnknownKeyError):
        steps[3].open(steps[1].seal(b"x", **PLACE, fence=1), **PLACE, fence=1)


@pytest.mark.parametrize("length", [0, 1, MAX_SESSION_BYTES])
def test_a_session_may_be_as_long_as_the_limit(keys: Keys, length: int) -> None:
    data = os.urandom(length)
    assert keys.open(keys.seal(data, **PLACE, fence=0), **PLACE, fence=0) == data


def test_a_longer_one_is_not_shared(keys: Keys) -> None:
    with pytest.raises(ValueError, match="not shared"):
        keys.seal(bytes(MAX_SESSION_BYTES + 1), **PLACE, fence=0)


@pytest.mark.parametrize(
    "packed",
    [
        zlib.compress(bytes(MAX_SESSION_BYTES + 1)),
        zlib.compress(bytes(100 * 1024 * 1024)),
        zlib.compress(b"session")[:-1],
        zlib.compress(b"session") + b"more",
        b"session",
        b"",
    ],
    ids=["too long", "a bomb", "cut short", "with more behind it", "not deflated", "empty"],
)
def test_what_somebody_with_the_key_sealed_in_another_way_does_not_open(
    keys: Keys, packed: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also a bomb, of which no more is unpacked than a session may have."""
    with monkeypatch.context() as patch:
        patch.setattr(zlib, "compress", lambda _data: packed)
        sealed = keys.seal(b"", **PLACE, fence=1)
    with pytest.raises(NotOpenedError):
        keys.open(sealed, **PLACE, fence=1)


def test_without_cryptography_the_error_says_what_to_install(keys: Keys, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vsphere_session.fleet.keys.provider", lambda: None)
    with pytest.raises(UnsupportedError, match=r"vsphere-session-helper\[fleet\]"):
        keys.seal(b"", **PLACE, fence=1)


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
