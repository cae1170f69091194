"""A copy of what the build reads, with made-up sources and tools, so that a toolchain is made at once.

The sources are empty but for their names, and so is what zig, make and perl do. It is the build's own code that makes the
toolchain from them; what follows it in a build is left out.
"""

from __future__ import annotations

import io
import os
import re
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

from support import build_code

ROOT = Path(__file__).resolve().parents[2]
with build_code.importable():
    from toolchain.recipes import EXPAT, ZLIB
    from toolchain.sources import sha256, sources
    from toolchain.zig import TARGETS, VERSION, target

WANTED_ZIG = VERSION
"""The compiler's version."""
ARCHITECTURES = tuple(TARGETS)
HERE = target().arch
OTHER = next(arch for arch in ARCHITECTURES if arch != HERE)
SOURCES = {
    "openssl": ("Configure",),
    "zlib": (*(f"{name}.c" for name in ZLIB), "zlib.h", "zconf.h"),
    "expat": tuple(f"expat/lib/{name}" for name in (*(f"{name}.c" for name in EXPAT), "expat.h", "expat_external.h")),
    "cpython": ("configure", "pyconfig.h", "Include/Python.h", "Lib/os.py", "Modules/_hacl/README"),
}
"""What the recipes touch of each."""
ZIG = """\
#!/bin/sh
case "$1" in ar) : > "$3" ;; esac
"""
MAKE = """\
#!/bin/sh
echo "$@" >> "$CALLS"
for word; do
    case "$word" in
    DESTDIR=*) mkdir -p "${word#DESTDIR=}/usr/lib" "${word#DESTDIR=}/usr/include" ;;
    *.a | python) : > "$word" ;;
    esac
done
eval "$STEP"
"""
DRIVER = """\
import os, sys
sys.path.insert(0, sys.argv[1])
import build
from toolchain import provide
build.binary.build = provide.provide
provide._ROOM_MIB = int(os.environ.get("ROOM", provide._ROOM_MIB))
sys.exit(build.main(sys.argv[2:]))
"""


class Tree:
    """A copy of what the build reads, with tools of its own."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.tools = place / "tools"
        self.packages = place / "packages"
        self.cache = place / ".cache" / "toolchain"
        self.calls = place / "calls"
        self.lock = place / "packaging" / "toolchain" / "sources.lock"
        ignore = shutil.ignore_patterns("__pycache__", "*.tar.xz")
        shutil.copytree(build_code.PACKAGING, place / "packaging", ignore=ignore)
        shutil.copy(ROOT / "pyproject.toml", place)
        self.add_sources()
        self.add_zig(VERSION)
        self.add_tool(self.tools / "make", MAKE)
        self.add_tool(self.tools / "perl", "#!/bin/sh\n")

    def source(self, name: str) -> Path:
        """Where the archive of a source is."""
        (row,) = (row for row in sources() if row.name == name)
        return self.lock.with_name("sources") / row.archive

    def add_sources(self) -> None:
        """Archives of empty files, in the lock."""
        self.lock.with_name("sources").mkdir(exist_ok=True)
        text = self.lock.read_text()
        for row in sources():
            with tarfile.open(self.source(row.name), "w:xz") as archive:
                for name in SOURCES[row.name]:
                    entry = tarfile.TarInfo(f"{row.name}/{name}")
                    entry.mode, content = 0o755, b"#!/bin/sh\n" if name == "configure" else b""
                    entry.size = len(content)
                    archive.addfile(entry, io.BytesIO(content))
            text = text.replace(row.archive_sha256, sha256(self.source(row.name).read_bytes()))
        self.lock.write_text(text)

    def add_zig(self, version: str) -> None:
        """A compiler of this version, as pip installs it."""
        shutil.rmtree(self.packages, ignore_errors=True)
        about = self.packages / f"ziglang-{version}.dist-info"
        about.mkdir(parents=True)
        (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: ziglang\nVersion: {version}\n")
        self.add_tool(self.packages / "ziglang" / "zig", ZIG)

    def add_tool(self, path: Path, script: str) -> None:
        """A program."""
        path.parent.mkdir(exist_ok=True)
        path.write_text(script)
        path.chmod(0o755)

    def command(self, *arguments: str) -> list[str | Path]:
        """The build, all of which is the tree's but for what follows the toolchain."""
        return [sys.executable, "-c", DRIVER, self.place / "packaging", *arguments]

    def environment(self, **more: str) -> dict[str, str]:
        """Its own tools before the system's; ROOM is what a build takes, in MiB, STEP what `make` does beside."""
        path = f"{self.tools}{os.pathsep}{os.defpath}"
        own = {"PATH": path, "PYTHONPATH": str(self.packages), "CALLS": str(self.calls), "STEP": "", "ROOM": "1"}
        return os.environ | own | more

    def build(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run the build to its end, whatever its exit status."""
        return subprocess.run(
            self.command(*arguments),
            env=self.environment(**environment),
            capture_output=True,
            text=True,
            check=False,
        )

    def makes(self, *arguments: str, **environment: str) -> None:
        """The same, where it must succeed and say nothing."""
        done = self.build(*arguments, **environment)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")

    def refusal(self, *arguments: str, **environment: str) -> str:
        """The one line with which the build ends, having made nothing."""
        return self.one_line(self.build(*(arguments or ("binary",)), **environment))

    def one_line(self, done: subprocess.CompletedProcess[str]) -> str:
        """The same, of a build that has run."""
        assert done.returncode == 1, done.stderr
        assert done.stdout == ""
        (line,) = done.stderr.splitlines()
        assert line.startswith("packaging/build.py: ")
        assert not (self.place / "dist").exists()
        assert self.made() == []
        return line

    def made(self) -> list[str]:
        """The architectures of the toolchains that are whole, as the next build sees it."""
        names = sorted(path.name for path in self.cache.glob("*") if path.is_dir())
        assert all(re.fullmatch(r"(\w+?)-[0-9a-f]{16}|work-\w+", name) for name in names)
        return [name.rpartition("-")[0] for name in names if not name.startswith("work-")]

    def under_way(self) -> list[Path]:
        """What is not whole."""
        return list(self.cache.glob("work-*"))
