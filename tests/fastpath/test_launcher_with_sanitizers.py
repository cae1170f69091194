"""The launcher's short way under the address and undefined behaviour sanitizers, on answers that nobody has written."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from support import build_code
from vsphere_session.fastpath import remembered
from vsphere_session.fastpath.launcher import Handed
from vsphere_session.storage.reading import Reader

ROOT = Path(__file__).resolve().parents[2]
BINARY = ROOT / "packaging" / "binary"
TO_PYTHON = 42
STDIN = b'{"url": "vc.example.com"}'
SESSION = "5e55104a-1234"


@pytest.fixture(scope="module")
def harness(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The C files but for what starts Python, with what this machine's compiler has of sanitizers (zig has only one)."""
    place = tmp_path_factory.mktemp("harness")
    with build_code.importable():
        from binary import compiler
    compiler.write_variables(place)
    sources = [str(BINARY / name) for name in ("answer.c", "checksum.c", "sha256.c")]
    command = [compiler.compiler(), "-g", "-O1", "-std=gnu11", "-Wall", "-Werror", "-Wl,--wrap=realloc"]
    command += [f"-I{place}", f"-I{BINARY}", str(Path(__file__).with_name("harness.c")), *sources]
    for sanitizers in ("address,undefined", "undefined"):
        flags = [f"-fsanitize={sanitizers}", "-fno-sanitize-recover=all", "-o", str(place / "harness")]
        if subprocess.run([*command, *flags], capture_output=True, check=False).returncode == 0:
            return place / "harness"
    raise AssertionError("no compiler here has sanitizers")


class Call:
    """One call of the harness in a home of its own, and what was remembered for it."""

    def __init__(self, harness: Path, place: Path) -> None:
        self.harness = harness
        self.place = place
        self.state = place / ".local/state/vsphere-session"
        self.sessions = place / "sessions"
        self.sessions.mkdir(mode=0o700)
        (self.sessions / "file").write_text(f"what govmomi writes {SESSION} and more")
        (self.sessions / "file").chmod(0o600)
        os.utime(self.sessions / "file", (1e9, 1e9))
        self.answer = f'{{"soap_session_id": "{SESSION}"}}\n'.encode()

    def run(self, stdin: bytes = STDIN, **environment: str) -> subprocess.CompletedProcess[bytes]:
        """Call it; a sanitizer that has something to say ends it with 99."""
        ends = {"ASAN_OPTIONS": "exitcode=99:detect_leaks=0", "UBSAN_OPTIONS": "exitcode=99:halt_on_error=1"}
        return subprocess.run(
            [self.harness, "get"],
            input=stdin,
            capture_output=True,
            env={"HOME": str(self.place), **ends, **environment},
            cwd=self.place,
            check=False,
        )

    def remember(self, *, reads: bool = True) -> None:
        """As the program does after the call was answered."""
        with build_code.importable():
            from binary.archive import checksum
        question = bytes.fromhex(self.run(b"", MODE="describe").stdout.decode())
        now = time.time()
        handed = Handed(state=str(self.state), question=question, build=42, checksum=checksum, began=now + 3)
        reader = Reader()
        reader.finds(str(self.place / "config.toml"))
        early = reader.count
        reader.private(str(self.sessions / "file"))
        seen = reader.seen(now + 3)
        assert len(seen) == 3
        holds = ({SESSION: str(self.sessions / "file")}, now - 1, now + 3600)
        stdin = STDIN if reads else None
        remembered.remember(
            handed, self.answer, stdin, early=seen[:early], seen=seen, contents=reader.contents, holds=holds, others=0
        )

    @property
    def files(self) -> list[Path]:
        """The two files, that of the call first."""
        return sorted((self.state / "answers").iterdir(), key=lambda path: path.suffix, reverse=True)


@pytest.fixture
def call(harness: Path, tmp_path: Path) -> Iterator[Call]:
    """A call that has been answered before."""
    made = Call(harness, tmp_path)
    made.remember()
    assert made.run().stdout == made.answer
    yield made
    shutil.rmtree(made.state)


def sealed(data: bytearray) -> bytes:
    """A file with its checksum put right, so that what comes after that is reached."""
    with build_code.importable():
        from binary.archive import checksum
    return checksum(bytes(data[8:])).to_bytes(8, sys.byteorder) + bytes(data[8:])


def flipped(data: bytearray, rng: random.Random) -> None:
    data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)


def cut(data: bytearray, rng: random.Random) -> None:
    del data[rng.randrange(8, max(9, len(data))) :]


def stretched(data: bytearray, rng: random.Random) -> None:
    data += rng.randbytes(rng.randrange(1, 5000))


def a_number_replaced(data: bytearray, rng: random.Random) -> None:
    place = rng.randrange(40, max(41, len(data) - 8))
    number = rng.choice([0, 1, 2, 2**63, 2**64 - 1, 4095, 4096, 262144, 2**32])
    data[place : place + 8] = number.to_bytes(8, sys.byteorder)


CHANGES: tuple[Callable[[bytearray, random.Random], None], ...] = (flipped, cut, stretched, a_number_replaced)


@pytest.mark.parametrize("which", [0, 1], ids=["of the call", "of the answer"])
@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
@pytest.mark.parametrize("checked", [True, False], ids=["with its checksum", "with another checksum"])
def test_a_made_up_file_is_no_fault_of_memory(
    call: Call, which: int, change: Callable[[bytearray, random.Random], None], *, checked: bool
) -> None:
    """One that its checksum does not fit is no answer; what was read of stdin is handed on."""
    rng = random.Random(f"{which} {change.__name__} {checked}")
    file = call.files[which]
    whole = file.read_bytes()
    for _ in range(60):
        data = bytearray(whole)
        for _ in range(rng.choice([1, 1, 2, 5])):
            change(data, rng)
        file.write_bytes(sealed(data) if checked else bytes(data))
        done = call.run(MODE="handed")
        assert done.returncode in (0, TO_PYTHON), (done, bytes(data))
        assert done.stderr == b""
        assert checked or done.stdout in (call.answer, b"", STDIN)
        if done.returncode == TO_PYTHON:
            assert done.stdout in (b"", STDIN)


def test_a_realloc_that_fails_is_pythons_business(call: Call) -> None:
    for number in range(1, 4):
        done = call.run(FAIL=str(number), MODE="handed")
        assert (done.returncode, done.stderr) in ((TO_PYTHON, b""), (0, b""))
    many = b" " * 500_000
    for number in range(1, 12):
        done = call.run(many, FAIL=str(number), MODE="handed")
        assert (done.returncode, done.stderr) == (TO_PYTHON, b"")
        assert many.startswith(done.stdout)


def test_stdin_is_left_alone_where_nothing_is_remembered_or_the_call_reads_none(harness: Path, tmp_path: Path) -> None:
    """The file of the call says so."""
    call = Call(harness, tmp_path)
    assert (call.run(MODE="handed").returncode, call.run(MODE="handed").stdout) == (TO_PYTHON, b"")
    call.remember(reads=False)
    with (tmp_path / "stdin").open("w+b") as stdin:
        stdin.write(STDIN)
        stdin.seek(0)
        environment = {"HOME": str(tmp_path), "ASAN_OPTIONS": "detect_leaks=0"}
        done = subprocess.run(
            [harness, "get"], stdin=stdin, stdout=subprocess.PIPE, env=environment, cwd=tmp_path, check=False
        )
        assert (done.returncode, done.stdout) == (0, call.answer)
        assert os.lseek(stdin.fileno(), 0, os.SEEK_CUR) == 0


@pytest.mark.parametrize("time_of_file", [-(10**18), -1, 0, 2**62, 2**63 - 1])
def test_files_with_extreme_metadata_are_written_down_as_c_reads_them(time_of_file: int) -> None:
    """Negative and far times, the largest inode and device: the same 64 bits."""
    packed = remembered._numbers(2**64 - 1, time_of_file)
    assert packed == (2**64 - 1).to_bytes(8, sys.byteorder) + time_of_file.to_bytes(8, sys.byteorder, signed=True)
