"""What crosses the session bus to the Secret Service: AES-128-CBC under the names of `cryptography`, which the file has itself."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import secretstorage

from support.built_in_crypto import AS_IN_THE_FILE, CBC, BuiltInCrypto, Interpreter

Work = Callable[..., bytes]
KEY = bytes.fromhex("2b7e151628aed2a6abf7158809cf4f3c")
VECTOR = bytes(range(16))
# NIST SP 800-38A, F.2.1
PLAIN = bytes.fromhex(
    "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e5130c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710"
)
CIPHER = bytes.fromhex(
    "7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b273bed6b8e3c1743b7116e69e222295163ff1caa1681fac09120eca307586e1a7"
)


@pytest.fixture
def of_the_package() -> Work:
    """By `cryptography`."""
    names: dict[str, Any] = {}
    exec(CBC, names)
    return names["cbc"]  # type: ignore[no-any-return]


@pytest.fixture(params=["built_in", "sanitized", "of_the_package"])
def cbc(request: pytest.FixtureRequest) -> Work:
    """The same code, by each `cryptography`."""
    found = request.getfixturevalue(request.param)
    return found if request.param == "of_the_package" else lambda *arguments: found.ask("cbc", *arguments)


def test_known_answers(cbc: Work) -> None:
    assert cbc(True, KEY, VECTOR, PLAIN) == CIPHER
    assert cbc(False, KEY, VECTOR, CIPHER) == PLAIN


@pytest.mark.parametrize("size", [0, 16, 4096, 2**20])
def test_what_one_encrypts_the_other_decrypts(built_in: BuiltInCrypto, of_the_package: Work, size: int) -> None:
    key, vector, data = os.urandom(16), os.urandom(16), os.urandom(size)
    made = built_in.ask("cbc", True, key, vector, data)
    assert made == of_the_package(True, key, vector, data)
    assert built_in.ask("cbc", False, key, vector, made) == of_the_package(False, key, vector, made) == data


def test_a_text_may_come_in_pieces(cbc: Work) -> None:
    for encrypting, given, made in ((True, PLAIN, CIPHER), (False, CIPHER, PLAIN)):
        for size in (1, 5, 16, 17, 33):
            pieces = [given[place : place + size] for place in range(0, len(given), size)]
            assert cbc(encrypting, KEY, VECTOR, b"", *pieces, b"") == made


@pytest.mark.parametrize("size", [1, 15, 17, 63])
def test_a_block_that_is_not_whole_is_a_value_error(cbc: Work, size: int) -> None:
    for encrypting in (True, False):
        with pytest.raises(ValueError, match="multiple of the block"):
            cbc(encrypting, KEY, VECTOR, PLAIN[:size])


@pytest.mark.parametrize("size", [0, 15, 17])
def test_a_key_or_vector_of_another_size_is_a_value_error(cbc: Work, size: int) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  # each says it in its own words
        cbc(True, b"k" * size, VECTOR, PLAIN)
    with pytest.raises(ValueError):  # noqa: PT011
        cbc(True, KEY, b"v" * size, PLAIN)


def test_the_module_itself_takes_whole_blocks_only(built_in: BuiltInCrypto) -> None:
    for name in ("encrypt_cbc", "decrypt_cbc"):
        for key, vector, data in ((KEY, VECTOR, b"x"), (KEY[:15], VECTOR, b""), (KEY, VECTOR[:15], b"")):
            with pytest.raises(ValueError, match="16 bytes"):
                built_in.ask(name, key, vector, data)


# ---- secretstorage's own code

SECRETS = [b"", b"p", b"a password of 16", "pässwörd ☃".encode(), bytes(range(256))]
SEND = f"""
from types import SimpleNamespace
from secretstorage.util import format_secret
session = SimpleNamespace(encrypted=True, aes_key={KEY!r}, object_path="/session")
print([format_secret(session, secret, "text/plain")[1:3] for secret in {SECRETS!r}])
"""
RECEIVE = f"""
from types import SimpleNamespace
from secretstorage import Item
def received(sent):
    item = object.__new__(Item)
    item.ensure_not_locked = lambda: None
    item.session = SimpleNamespace(encrypted=True, aes_key={KEY!r}, object_path="/session")
    item._item = SimpleNamespace(call=lambda *_: (("/session", *sent),))
    return item.get_secret()
print([received(sent) for sent in SENT])
"""


def told(code: str, with_the_module: Interpreter | None) -> Any:
    """What this prints, with the file's `cryptography` or with the package."""
    libraries = str(Path(secretstorage.__file__).parents[1])
    command = [sys.executable, "-c", code]
    if with_the_module:
        command = with_the_module.running(f"{AS_IN_THE_FILE}sys.path.append({libraries!r})\n{code}")
    return ast.literal_eval(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


@pytest.mark.parametrize("sender", ["the file", "the package"])
@pytest.mark.parametrize("receiver", ["the file", "the package"])
def test_secretstorage_sends_and_receives_secrets_by_it(
    with_the_module: Interpreter, sender: str, receiver: str
) -> None:
    sent = told(SEND, with_the_module if sender == "the file" else None)
    assert told(f"SENT = {sent!r}\n{RECEIVE}", with_the_module if receiver == "the file" else None) == SECRETS


def test_what_else_cryptography_has_is_not_there(with_the_module: Interpreter) -> None:
    """A library that tries it gets what it gets where the package is not installed."""
    code = """
try:
    from cryptography.hazmat.primitives.asymmetric import rsa
except ImportError:
    print(["missing"])
"""
    assert told(code, with_the_module) == ["missing"]
