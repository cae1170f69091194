"""CPython's private modules: each in one file, and where an interpreter has none, the public one does the same.

A warm answer reads `_json` or `_socket` where their public wrappers would take longer to import than the answer takes.
Nobody promises those names, so the fallback runs here, on every Python that runs this test, and must tell the same.
"""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import credential_protocol
import vsphere_session
from simulated_vcenter import SimulatedVCenter
from support.program import PASSWORD, request

HELPER, PROTOCOL = (Path(str(package.__file__)).parent for package in (vsphere_session, credential_protocol))
ROOTS = [str(HELPER.parent), str(PROTOCOL.parent)]
PACKAGING = Path(__file__).resolve().parents[2] / "packaging"

HOMES = {
    "_json": (PROTOCOL / "jsontext.py", {"json"}),
    "_sha1": (HELPER / "digest.py", {"hashlib"}),
    "_sha2": (HELPER / "digest.py", {"hashlib"}),
    "_sha256": (HELPER / "digest.py", {"hashlib"}),
    "_signal": (HELPER / "cli/signals.py", {"signal"}),
    "_socket": (HELPER / "http/sockets.py", {"socket"}),
    "_ssl": (HELPER / "http/tls.py", {"ssl"}),
    "_thread": (HELPER / "http/sockets.py", {"threading"}),
    "_vsphere_session_crypto": (HELPER / "crypto/provider.py", {"vsphere_session"}),
}
"""The one file that imports each, and what its fallback imports."""

OUTSIDE = {PACKAGING / f"binary/{name}.py" for name in ("start", "importers", "cryptography_names")}
"""Run in the single file's own interpreter only, of which the build knows what it has."""


def is_private(module: str) -> bool:
    return module.startswith("_") and not module.startswith("__")


def named(node: ast.AST) -> list[str]:
    """The modules that a statement, or a call by name, imports."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        return [node.module or ""] if not node.level else []
    if isinstance(node, ast.Call):
        return [word.value for word in node.args if isinstance(word, ast.Constant) and word.value in HOMES]
    return []


def private_imports(file: Path) -> set[str]:
    return {name for node in ast.walk(ast.parse(file.read_text())) for name in named(node) if is_private(name)}


def test_each_private_module_is_imported_in_one_file() -> None:
    found = {
        (name, file) for root in (HELPER, PROTOCOL) for file in root.rglob("*.py") for name in private_imports(file)
    }
    assert found == {(name, file) for name, (file, _) in HOMES.items()}


def test_no_part_of_the_build_imports_one_but_what_runs_in_the_single_file() -> None:
    assert {file for file in PACKAGING.rglob("*.py") if private_imports(file)} == OUTSIDE


def bound(statements: list[ast.stmt]) -> set[str]:
    """The names that these statements give a meaning to."""
    names: set[str] = set()
    for node in (node for statement in statements for node in ast.walk(statement)):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names |= {alias.asname or alias.name for alias in node.names}
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif isinstance(node, ast.FunctionDef):
            names.add(node.name)
    return names


def attempts(file: Path, module: str) -> Iterator[ast.Try]:
    """The `try` statements whose body imports the module."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Try) and module in {
            name for statement in node.body for inner in ast.walk(statement) for name in named(inner)
        }:
            yield node


@pytest.mark.parametrize("module", HOMES)
def test_the_fallback_is_the_public_module_and_gives_all_the_names(module: str) -> None:
    file, public = HOMES[module]
    (attempt,) = attempts(file, module)
    (fallback,) = attempt.handlers
    assert fallback.type is not None
    assert "ImportError" in ast.unparse(fallback.type)
    imported = {name for statement in fallback.body for node in ast.walk(statement) for name in named(node)}
    assert {name.partition(".")[0] for name in imported} == public
    assert bound(attempt.body) - bound(fallback.body) <= {"make_scanner"}, "which is used there only"


# ---- the same results, in a process that has the private modules and in one that has not

NEEDED_BY_THE_PUBLIC_ONE = {"_signal", "_socket", "_ssl", "_thread"}
HIDE = f"""
import sys
hidden = sys.argv.pop(1) == "hidden"
if hidden:
    sys.modules.update(dict.fromkeys({sorted(set(HOMES) - NEEDED_BY_THE_PUBLIC_ONE)}))
import hashlib, json, signal, socket, ssl, threading
if hidden:
    sys.modules.update(dict.fromkeys({sorted(NEEDED_BY_THE_PUBLIC_ONE)}))
sys.path[:0] = {ROOTS}
"""


def both(script: str, *arguments: str, stdin: str = "") -> str:
    """What a script writes with the private modules, and without them, which must be the same."""
    told = [
        subprocess.run(
            [sys.executable, "-I", "-X", "utf8", "-c", HIDE + script, which, *arguments],
            input=stdin,
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=True,
        ).stdout
        for which in ("private", "hidden")
    ]
    assert told[0] == told[1]
    return told[0]


SAMPLES = [
    '{"url": "https://vc/sdk", "password": "p\\u00e4ss\\"\\\\", "n": [1, -2.50, 1e3, true, false, null]}',
    '"\\ud83d\\ude00"', '"\\ud800"', '"ü\u2028"', "[]", "{}", "[[[1]]]", " [ ] ", "\ufeff{}", '{"a": 1, "a": 2}',
    "", "nul", "NaN", "-Infinity", "-", "01", "1.", "1.5e", "[1\uff12]", "[1.\uff12]", "\uff11", "[1,]", '{"a":1,}', '{"a" 1}', "{1:2}",
    "[1 2]", '"a', '"a\nb"', '"a\\qb"', '"\\u12"', '"\\u12zz"', '"\\', "[" * 200_000, "{} x", "[1", '{"a":', '"a"b',
]  # fmt: skip

READ = """
from credential_protocol.jsontext import decode, encode, quote
for text in json.load(sys.stdin):
    for tail in (False, True):
        try:
            print(repr(decode(text.encode("utf-8", "surrogatepass"), tail=tail)))
        except ValueError as error:
            print("ValueError" if isinstance(error, json.JSONDecodeError) else type(error).__name__,
                  *[repr(word) for word in ("q", "\\\\n") if repr(word) in str(error)])
    print(quote(text[:100]), encode({"a": [text[:100], True, None, 1.5]}, in_ascii=False))
"""


def test_json_is_read_and_written_alike() -> None:
    """And no message quotes what was read: it may be a password."""
    told = both(READ, stdin=json.dumps(SAMPLES))
    assert "'q'" not in told
    assert "'\\n'" not in told
    assert told.count("ValueError\n") > len(SAMPLES)


def test_digests_are_alike() -> None:
    told = both("""
from vsphere_session.digest import session_digest, sha1_hex, sha256_hex
for data in (b"", b"abc", bytes(100_000)):
    print(sha1_hex(data), sha256_hex(data), session_digest(data.decode()))
""")
    assert "a9993e364706816aba3e25717850c26c9cd0d89d ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61" in told


def test_signals_are_alike() -> None:
    assert both("""
from os import getpid, kill
from vsphere_session.cli import signals
def told(work):
    try:
        print(work())
    except (signals.Interrupted, LookupError) as error:
        print(repr(error), getattr(error, "status", None))
def wait():
    with signals.Alarm(0.01, LookupError("rang")):
        signal.pause()
def kept():
    with handlers.unbroken():
        kill(getpid(), signal.SIGTERM)
        print("still here")
signals.hand_on_signals(frozenset())
print([int(signal.getsignal(number)) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGPIPE, signal.SIGXFSZ)])
handlers = signals.Signals()
handlers.install()
told(lambda: kill(getpid(), signal.SIGINT))
told(wait)
told(kept)
signals.ignore_signals()
told(lambda: kill(getpid(), signal.SIGTERM))
""").splitlines() == ["[0, 0, 0, 0]", "Interrupted(2) 130", "LookupError('rang') None", "still here",
                      "Interrupted(15) 143", "None"]  # fmt: skip


def test_names_of_tls_and_sockets_mean_the_same() -> None:
    told = both("""
from vsphere_session.clock import Clock, Deadline
from vsphere_session.endpoint import parse_endpoint
from vsphere_session.http import sockets, tls
for module in (sockets, tls):
    values = {name: getattr(module, name) for name in vars(module) if name.isupper() or "TLSv1" in name}
    print(sorted((name, int(value)) for name, value in values.items() if name != "TYPE_CHECKING"))
print(*(getattr(tls, name) for name in tls.__all__ if name.startswith("SSL")), sep="\\n")
print(tls.get_default_verify_paths())
context = tls.client_context()
print(*(int(getattr(context, name)) for name in ("verify_mode", "check_hostname", "verify_flags", "minimum_version",
                                                 "maximum_version", "options", "security_level")))
print(context.get_ciphers())
print([(int(family), address) for family, address in sockets.look_up(parse_endpoint("localhost:1"), Deadline(9, Clock()))])
""")
    assert "('PROTO_TLSv1_2', 771)" in told
    assert "(2, ('127.0.0.1', 1))" in told


ASK = """
from vsphere_session.cli import main
sys.exit(main.run(sys.argv[1:]))
"""


@pytest.mark.parametrize("trust", ["ca_file", "thumbprint", "insecure", "wrong thumbprint", "platform"])
def test_the_program_answers_alike(vcenter: SimulatedVCenter, tmp_path: Path, trust: str) -> None:
    """To a login that is not cached, over a real connection."""
    ways: dict[str, dict[str, object]] = {
        "ca_file": {},
        "thumbprint": {"ca_file": "", "thumbprint": vcenter.thumbprint},
        "insecure": {"ca_file": "", "insecure": True},
        "wrong thumbprint": {"ca_file": "", "thumbprint": "AB" * 32},
        "platform": {"ca_file": ""},
    }
    asked = request(vcenter, password=PASSWORD, **ways[trust])
    answers = []
    for which in ("private", "hidden"):
        (tmp_path / which).mkdir(mode=0o700)
        done = subprocess.run(
            [sys.executable, "-I", "-c", HIDE + ASK, which, "get"],
            input=json.dumps(asked).encode(), capture_output=True, env={"HOME": str(tmp_path / which)}, check=False,
        )  # fmt: skip
        answers.append(
            json.loads(done.stdout.replace(str(tmp_path / which).encode(), b"HOME"))
            | {"status": done.returncode, "stderr": done.stderr}
        )
        for name in ("soap_session_id", "rest_session_id", "expires_at"):
            answers[-1].pop(name, None)
    assert answers[0] == answers[1]
    assert answers[0].get("error") == {"wrong thumbprint": "untrusted", "platform": "untrusted"}.get(trust)
    assert ("source" in answers[0]) == (trust not in {"wrong thumbprint", "platform"})
