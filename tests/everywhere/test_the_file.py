"""What the single file is made of: nothing that a host would have to have, and nothing of the machine that built it."""

from __future__ import annotations

import re
import sys
import sysconfig
import zlib
from itertools import pairwise
from pathlib import Path

import pytest

from everywhere import elf

CHECKOUT = Path(__file__).resolve().parents[2]
DEFLATED = re.compile(rb"\x78[\x01\x5e\x9c\xda]")  # how zlib's streams begin


@pytest.fixture(params=["file", "file_for_aarch64"], ids=["this machine's", "aarch64"])
def each(request: pytest.FixtureRequest) -> Path:
    """One of the two files."""
    path: Path = request.getfixturevalue(request.param)
    return path


def test_it_needs_no_loader_and_no_library(each: Path) -> None:
    found = elf.read(each)
    assert (found.interpreter, found.needed) == ("", ())
    assert not found.executable_stack


def test_each_is_for_the_machine_that_it_says(file: Path, file_for_aarch64: Path) -> None:
    assert elf.read(file).machine == sysconfig.get_platform().removeprefix("linux-")
    assert elf.read(file_for_aarch64).machine == "aarch64"


def test_no_two_parts_share_a_page_however_large_the_kernels_are(file: Path, file_for_aarch64: Path) -> None:
    """What is mapped later would take the place of the other. On aarch64 pages have 4, 16 or 64 KiB: Raspberry Pi 5, RHEL 8.

    The first part is the headers, which the second's page holds once more.
    """
    for path in (file, file_for_aarch64):
        found = elf.read(path)
        page = {"x86_64": 0x1000, "aarch64": 0x10000}[found.machine]
        for (_, end), (begin, _) in pairwise(found.mapped[1:]):
            assert (end - 1) // page < begin // page, path


def test_no_path_of_the_building_machine_is_in_it(each: Path) -> None:
    content = all_of(each)
    assert b"keyring/backends/SecretService.py" in content, "not all modules have been looked at"
    places = {str(path).encode() for path in (CHECKOUT, each.parents[1], Path(sys.prefix), Path(sys.base_prefix))}
    places = {place for place in places if place.count(b"/") > 1}  # /usr is on every host, and / and /tmp say nothing
    places |= {f"{path}/".encode() for path in (Path.home(), CHECKOUT.parent) if path != path.parent}
    assert {place for place in places if place in content} == set()
    assert set(re.findall(rb"/tmp/tmp\w{8}", content)) == set()


def all_of(path: Path) -> bytes:
    """The file, and all that is deflated in it."""
    data = path.read_bytes()
    parts = [data]
    for found in DEFLATED.finditer(data):
        try:
            parts.append(zlib.decompressobj().decompress(data[found.start() : found.start() + 1_000_000]))
        except zlib.error:  # it only looked like a stream
            continue
    return b"\0".join(parts)


def test_what_is_looked_for_is_found_where_it_is(tmp_path: Path) -> None:
    """In the open and deflated; and this machine's Python needs a loader and a library."""
    path = tmp_path / "file"
    path.write_bytes(b"..." + zlib.compress(b"/inside") + b".../outside")
    assert all(text in all_of(path) for text in (b"/inside", b"/outside"))
    found = elf.read(Path(sys.executable).resolve())
    assert "/ld-" in found.interpreter
    assert any(name.startswith("libc.so") for name in found.needed)
