"""The single file's own module, packaging/binary/crypto.c: what holds for it alone."""

from __future__ import annotations

import ast
import json
import os
import pty
import select
import subprocess
import sys
from types import ModuleType

import pytest

from crypto.keys import PASSPHRASE, certificate, kind, rsa_key, weak_key
from simulated_vcenter import SimulatedVCenter
from support.built_in_crypto import AS_IN_THE_FILE, SAID_BY_A_SANITIZER, BuiltInCrypto, Interpreter
from support.encrypted_files import encrypt, key_text, sealed_file, unsealed
from support.file_keyring import install, session_key
from support.program import PASSWORD, Helper, request
from vsphere_session.crypto import of_cryptography
from vsphere_session.crypto.provider import provider

ENCRYPTED = kind("PKCS#1, encrypted")


# ---- which implementation is used


def test_the_built_in_module_goes_before_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("_vsphere_session_crypto")
    found: object = provider()
    assert found is of_cryptography
    monkeypatch.setitem(sys.modules, "_vsphere_session_crypto", module)
    found = provider()
    assert found is module


def test_without_either_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cryptography.exceptions", None)
    monkeypatch.delitem(sys.modules, "vsphere_session.crypto.of_cryptography")
    monkeypatch.delattr("vsphere_session.crypto.of_cryptography")
    assert provider() is None


AS_THE_FILE = f"""
{AS_IN_THE_FILE}
sys.path += {[path for path in sys.path if path]!r}
from vsphere_session.cli.main import main
main()
"""


@pytest.mark.sessions_counted_by_hand
def test_encrypted_sessions_by_it_are_those_of_the_package(
    vcenter: SimulatedVCenter, helper: Helper, with_the_module: Interpreter
) -> None:
    """The file is what every other reader expects, and each opens what the other has closed."""
    keyring = install(helper)
    encrypt(helper.home)
    as_ever = helper.program
    helper.program = with_the_module.running(AS_THE_FILE)
    first = helper.ok("get", request(vcenter, password=PASSWORD))
    text = key_text(vcenter, "rest")
    content = json.loads(unsealed(sealed_file(helper.home, text).read_bytes(), session_key(keyring), text))
    assert content["SessionID"] == first["rest_session_id"]
    helper.program = as_ever
    assert helper.ok("get", request(vcenter)) == first | {"source": "cache"}
    again = helper.ok("get", request(vcenter, password=PASSWORD, reauth=True))
    helper.program = with_the_module.running(AS_THE_FILE)
    assert helper.ok("get", request(vcenter)) == again | {"source": "cache"}
    assert {session.id for session in vcenter.sessions} == {again["soap_session_id"], again["rest_session_id"]}


# ---- what a C module can do wrong

ON_A_TERMINAL = f"""
import os, _vsphere_session_crypto as crypto
key = crypto.load_private_key({kind("PKCS#8")!r}, None)
for pem in ({ENCRYPTED!r}, {kind("PKCS#8, encrypted")!r}):
    try:
        crypto.load_private_key(pem, None)
    except ValueError as error:
        print("said:", error)
try:
    crypto.belongs_to(key, {ENCRYPTED.replace(b"RSA PRIVATE KEY", b"CERTIFICATE")!r})
except ValueError as error:
    print("said:", error)
"""


def test_nobody_is_asked_on_a_terminal(with_the_module: Interpreter) -> None:
    """OpenSSL's own way to get a passphrase opens /dev/tty, whatever stdin is."""
    child, terminal = pty.fork()
    if child == 0:
        command = with_the_module.running(ON_A_TERMINAL)
        os.execvpe(command[0], command, {**os.environ, **with_the_module.environment})
    shown = b""
    try:
        while select.select([terminal], [], [], 60)[0]:
            shown += os.read(terminal, 4096)
    except OSError:  # it has ended
        pass
    finally:
        os.close(terminal)  # hangs up, if it still waits for somebody to type
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert shown.decode().split("\r\n") == ["said: no passphrase", "said: no passphrase", "said: damaged", ""]


def exercise(crypto: BuiltInCrypto) -> None:
    """Every function, by its good and its bad ways."""
    made = crypto.encrypt_gcm(bytes(32), bytes(12), b"data", b"more")
    assert crypto.decrypt_gcm(bytes(32), bytes(12), made, b"more") == b"data"
    assert crypto.decrypt_gcm(bytes(32), bytes(12), made, b"less") is None
    assert crypto.decrypt_gcm(bytes(32), bytes(12), b"", b"") is None
    assert crypto.ask("decrypt_cbc", bytes(16), bytes(16), crypto.ask("encrypt_cbc", bytes(16), bytes(16), made[:16]))
    key = crypto.load_private_key(ENCRYPTED, PASSPHRASE)
    assert crypto.sign(key, b"data")
    assert crypto.belongs_to(key, certificate(rsa_key()))
    assert not crypto.belongs_to(key, certificate(rsa_key(number=1)))
    mistakes: list[tuple[str, tuple[object, ...]]] = [
        ("encrypt_gcm", (b"short", bytes(12), b"", b"")),
        ("decrypt_gcm", (bytes(32), b"short", b"", b"")),
        ("encrypt_gcm", (bytes(32), bytes(12), "text", b"")),
        ("encrypt_gcm", (bytes(32),)),
        ("encrypt_cbc", (bytes(16), bytes(16), b"short")),
        ("decrypt_cbc", (bytes(16), None, b"")),
        ("load_private_key", (b"", None)),
        ("load_private_key", (ENCRYPTED, None)),
        ("load_private_key", (ENCRYPTED, b"wrong")),
        ("load_private_key", (ENCRYPTED, "text")),
        ("load_private_key", ("text", b"")),
        ("load_private_key", (weak_key(), None)),
        ("load_private_key", (ENCRYPTED[:600], PASSPHRASE)),
        ("sign", (key, "text")),
        ("sign", ("no key", b"data")),
        ("belongs_to", (key, ENCRYPTED)),
        ("belongs_to", (key, None)),
        ("belongs_to", (None, b"")),
    ]
    for name, arguments in mistakes:
        with pytest.raises((ValueError, TypeError)) as caught:
            crypto.ask(name, *arguments)
        assert b"correct" not in repr(caught.value).encode()


def test_whatever_it_is_given_it_leaks_nothing(with_sanitizers: Interpreter) -> None:
    """Python itself lets go of little at its end: a leak is ours where one of its calls is in crypto.c."""
    options = with_sanitizers.environment["ASAN_OPTIONS"].replace("detect_leaks=0", "detect_leaks=1")
    crypto = BuiltInCrypto(with_sanitizers, ASAN_OPTIONS=f"{options}:fast_unwind_on_malloc=0:malloc_context_size=60")
    for _ in range(2):
        exercise(crypto)
    status, told = crypto.end()
    assert status in (0, SAID_BY_A_SANITIZER)
    assert "crypto.c" not in told
    assert not told or "LeakSanitizer: detected memory leaks" in told


COUNT = f"""
import sys, _vsphere_session_crypto as crypto
new = lambda size: bytes(bytearray(size))
pem, passphrase, certificate = {ENCRYPTED!r}, {PASSPHRASE!r}, {certificate(rsa_key())!r}
key = crypto.load_private_key(pem, passphrase)
made = crypto.encrypt_gcm(new(32), new(12), new(20), b"")
works = [
    lambda: crypto.encrypt_gcm(new(32), new(12), new(20), new(9)),
    lambda: crypto.decrypt_gcm(new(32), new(12), made, b""),
    lambda: crypto.decrypt_gcm(new(32), new(12), new(40), new(9)),
    lambda: crypto.decrypt_gcm(new(32), new(12), new(4), new(9)),
    lambda: crypto.encrypt_gcm(new(31), new(12), new(20), new(9)),
    lambda: crypto.encrypt_gcm(new(32), new(12), new(20), "text"),
    lambda: crypto.encrypt_cbc(new(16), new(16), new(32)),
    lambda: crypto.decrypt_cbc(new(16), new(15), new(32)),
    lambda: crypto.load_private_key(pem, passphrase),
    lambda: crypto.load_private_key(pem, None),
    lambda: crypto.load_private_key(pem, "text"),
    lambda: crypto.load_private_key(new(99), new(9)),
    lambda: crypto.sign(key, new(99)),
    lambda: crypto.sign(new(9), new(99)),
    lambda: crypto.belongs_to(key, certificate),
    lambda: crypto.belongs_to(key, new(99)),
    lambda: crypto.belongs_to(new(9), new(99)),
]
def call(work, times):
    for _ in range(times):
        try:
            work()
        except (ValueError, TypeError):
            pass
def held():
    return sys.getallocatedblocks(), *map(sys.getrefcount, (None, pem, passphrase, certificate, made, key))
for number, work in enumerate(works):
    call(work, 20)
    before = held()
    call(work, 100)
    print(number, [after - count for after, count in zip(held(), before)])
"""


def test_no_call_keeps_an_object(with_the_module: Interpreter) -> None:
    """Neither one that it was given nor one that it made: a hundred calls would show it."""
    done = subprocess.run(with_the_module.running(COUNT), capture_output=True, text=True, check=True)
    counts = [ast.literal_eval(line.partition(" ")[2]) for line in done.stdout.splitlines()]
    assert len(counts) == 17
    assert [each for each in counts if max(map(abs, each)) > 50] == []


FAIL = f"""
import _vsphere_session_crypto as crypto
for pem in (b"", {ENCRYPTED!r}):
    try:
        crypto.load_private_key(pem, b"wrong")
    except ValueError:
        pass
assert crypto.decrypt_gcm(bytes(32), bytes(12), bytes(40), b"") is None
"""
TLS = """
import ssl
context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
for work in (
    lambda: context.load_verify_locations(cadata="no certificate"),
    lambda: context.wrap_bio(ssl.MemoryBIO(), ssl.MemoryBIO(), server_hostname="x").do_handshake(),
):
    try:
        work()
    except ssl.SSLError as error:
        print(repr(error))
"""


def test_what_it_finds_wrong_is_not_taken_for_a_fault_of_tls(with_the_module: Interpreter) -> None:
    """OpenSSL keeps one list of errors for all that happens in a thread."""
    told = []
    for code in (TLS, f"{FAIL}{TLS}"):
        done = subprocess.run(with_the_module.running(code), capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")
        told.append(done.stdout)
    assert told[0] == told[1]
    assert "SSLWantReadError" in told[0]
