"""The module `_vsphere_session_crypto` of the single file, in a Python beside the tests' own that is asked over pipes.

So the same tests can be run on whatever interpreter has the module, and under the compiler's sanitizers.
"""

from __future__ import annotations

import ast
import os
import subprocess
import sys
import sysconfig
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from support import build_code

with build_code.importable():
    from binary import compiler
    from toolchain import provide, zig

CRYPTO = build_code.PACKAGING / "binary" / "crypto.c"
NAMES = CRYPTO.with_name("cryptography_names.py")
MAIN = """
#include <Python.h>
PyMODINIT_FUNC PyInit__vsphere_session_crypto(void);
int main(int count, char **words) {
    PyImport_AppendInittab("_vsphere_session_crypto", PyInit__vsphere_session_crypto);
    return Py_BytesMain(count, words);
}
"""
STRICT = ("-std=gnu11", "-Wall", "-Wextra", "-Werror", "-DOPENSSL_NO_DEPRECATED")
SANITIZED = ("-O1", "-g", "-fno-omit-frame-pointer", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")
SAID_BY_A_SANITIZER = 99

CBC = '''
def cbc(encrypting, key, vector, *pieces):
    """AES-CBC as secretstorage asks for it, by whatever `cryptography` is here."""
    from cryptography.hazmat.backends import default_backend
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    cipher = Cipher(algorithms.AES(key), modes.CBC(vector), default_backend())
    context = cipher.encryptor() if encrypting else cipher.decryptor()
    return b"".join(map(context.update, pieces)) + context.finalize()
'''

AS_IN_THE_FILE = f"""
import importlib.util, sys
spec = importlib.util.spec_from_file_location("cryptography", {str(NAMES)!r})
sys.modules["cryptography"] = names = importlib.util.module_from_spec(spec)
spec.loader.exec_module(names)
"""

SERVE = f"""
import ast
import _vsphere_session_crypto as crypto
{AS_IN_THE_FILE}
{CBC}
keys = []
for line in sys.stdin:
    name, arguments = ast.literal_eval(line)
    try:
        work = cbc if name == "cbc" else getattr(crypto, name)
        done = work(*(keys[one.start] if isinstance(one, range) else one for one in map(eval, arguments)))
        if name == "load_private_key":
            keys.append(done)
            done = len(keys) - 1
        print(repr((None, done)), flush=True)
    except Exception as error:
        print(repr((type(error).__name__, repr(error.args))), flush=True)
"""


@dataclass(frozen=True)
class Interpreter:
    """A Python that can import the module."""

    command: tuple[str, ...]
    path: tuple[str, ...] = ()
    """What it must have on its `sys.path` for that."""
    environment: dict[str, str] = field(default_factory=dict)

    def running(self, code: str) -> list[str]:
        """The command that runs this code in it."""
        return [*self.command, "-c", f"import sys; sys.path[:0] = {list(self.path)!r}\n{code}"]


def interpreter(place: Path) -> Interpreter:
    """A Python with the module in it, as the single file has it: made in `place` of what the toolchain holds, by its compiler."""
    toolchain = provide.provide()
    home = place / "python"
    (home / "bin").mkdir(parents=True)
    (home / "lib").symlink_to(toolchain.python.parents[1] / "lib")
    main, program = place / "main.c", home / "bin" / toolchain.python.name
    main.write_text(MAIN, encoding="ascii")
    _compile(
        [*zig.Compiler(toolchain.target, place).command(), *STRICT, "-O2"],
        *(f"-I{toolchain.include}", f"-I{toolchain.include / 'python'}", str(main), str(CRYPTO), f"-L{toolchain.lib}"),
        *(f"-l{library}" for library in compiler.LIBRARIES),
        *("-static", "-o", str(program)),
        environment=zig.caches(),
    )
    return Interpreter((str(program), "-s", "-E"))


def interpreter_with_sanitizers(place: Path) -> Interpreter:
    """The tests' own Python, which finds the module in `place`: of the toolchain's OpenSSL, by this machine's compiler, which has sanitizers."""
    toolchain, command = provide.provide(), compiler.compiler()
    target = place / f"_vsphere_session_crypto{sysconfig.get_config_var('EXT_SUFFIX')}"
    _compile(
        [command, *STRICT, *SANITIZED, "-shared", "-fPIC"],
        *(f"-I{toolchain.include}", f"-I{sysconfig.get_path('include')}", str(CRYPTO)),
        # Its names stay its own: the Python has an OpenSSL, too.
        *(str(toolchain.lib / "libcrypto.a"), "-Wl,--exclude-libs,ALL", "-Wl,-Bsymbolic", "-o", str(target)),
    )
    library = subprocess.run(
        [command, "-print-file-name=libasan.so"], capture_output=True, text=True, check=True
    ).stdout.strip()
    environment = {
        "LD_PRELOAD": library,
        "PYTHONMALLOC": "malloc",
        "ASAN_OPTIONS": f"exitcode={SAID_BY_A_SANITIZER}:detect_leaks=0",
        "UBSAN_OPTIONS": f"exitcode={SAID_BY_A_SANITIZER}:halt_on_error=1",
    }
    return Interpreter((sys.executable, "-s", "-E"), (str(place),), environment)


def _compile(command: list[str], *arguments: str, environment: dict[str, str] | None = None) -> None:
    done = subprocess.run(
        [*command, *arguments], env=os.environ | (environment or {}), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"crypto.c cannot be compiled:\n{done.stderr}"


class BuiltInCrypto:
    """What the module can do, as `crypto/interface.py` lists it; keys are numbers here. A context manager."""

    def __init__(self, interpreter: Interpreter, **environment: str) -> None:
        self._process = subprocess.Popen(
            interpreter.running(SERVE),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, **interpreter.environment, **environment},
        )

    def ask(self, name: str, *arguments: object) -> Any:
        """Call one of its functions; a `range` stands for the key of that number. Raises what it raises."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{(name, [repr(one) for one in arguments])!r}\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, f"it has ended: {self.end()}"
        error, done = ast.literal_eval(line)
        if error is None:
            return done
        raise {"ValueError": ValueError, "TypeError": TypeError, "RuntimeError": RuntimeError}[error](
            *ast.literal_eval(done)
        )

    def end(self) -> tuple[int, str]:
        """Its exit status, and what it wrote on stderr."""
        told = self._process.communicate(timeout=120)[1]
        return self._process.returncode, told

    def encrypt_gcm(self, key: bytes, nonce: bytes, data: bytes, associated: bytes) -> bytes:  # noqa: D102
        return self.ask("encrypt_gcm", key, nonce, data, associated)  # type: ignore[no-any-return]

    def decrypt_gcm(self, key: bytes, nonce: bytes, data: bytes, associated: bytes) -> bytes | None:  # noqa: D102
        return self.ask("decrypt_gcm", key, nonce, data, associated)  # type: ignore[no-any-return]

    def load_private_key(self, pem: bytes, passphrase: bytes | None) -> object:  # noqa: D102
        return range(self.ask("load_private_key", pem, passphrase), 10**9)

    def sign(self, key: object, data: bytes) -> bytes:  # noqa: D102
        return self.ask("sign", key, data)  # type: ignore[no-any-return]

    def belongs_to(self, key: object, certificate: bytes) -> bool:  # noqa: D102
        return self.ask("belongs_to", key, certificate)  # type: ignore[no-any-return]
