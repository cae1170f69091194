"""The memory that Python gets in the single file: see packaging/binary/memory.c."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from support import build_code

BINARY = Path(__file__).resolve().parents[2] / "packaging" / "binary"


@pytest.mark.parametrize("sanitizers", ["address,undefined", "undefined", "thread"])
def test_each_piece_is_aligned_keeps_what_it_holds_and_is_nobody_elses(tmp_path: Path, sanitizers: str) -> None:
    """Under this machine's sanitizers, as far as its compiler has them."""
    with build_code.importable():
        from binary import compiler
    harness = tmp_path / "harness"
    command = [compiler.compiler(), "-g", "-O1", "-std=gnu11", "-Wall", "-Werror", "-pthread", f"-I{BINARY}"]
    command += [str(Path(__file__).with_name("memory.c")), str(BINARY / "memory.c"), "-o", str(harness)]
    flags = [f"-fsanitize={sanitizers}", "-fno-sanitize-recover=all"]
    if subprocess.run([*command, *flags], capture_output=True, check=False).returncode:
        subprocess.run(command, check=True)
    done = subprocess.run([harness], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
