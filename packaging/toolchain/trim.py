"""Makes the archives in sources/ from the releases that sources.lock names: ``python packaging/toolchain/trim.py FILE ...``.

A release is given as a file, as its project or a distribution hands it out; its SHA-256 is what says that it is the
one. What no build of ours reads is left out: the archives are a tenth of the releases, and lie in this repository, since
no package source keeps a release for as long as somebody may want to build this commit. The same release gives the same
bytes, so that anyone can see that nothing but files was taken out.
"""

from __future__ import annotations

import io
import lzma
import re
import sys
import tarfile
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[1])]
from common import BuildError  # noqa: E402  # when it can be found
from toolchain.sources import DIRECTORY, LOCK, Source, sha256, sources  # noqa: E402  # likewise

# Regular expressions, of paths within a release.
LEFT_OUT = {
    "cpython": (
        r"(Android|Doc|InternalDocs|Mac|PC|PCbuild|iOS)/",
        r"\.(github|devcontainer|azure-pipelines|vscode)/",
        r"Misc/(?!python(-config)?[.-])",
        r"Lib/(test|idlelib|tkinter|turtledemo|ensurepip|pydoc_data|lib2to3|venv|ctypes|sqlite3|curses|dbm|wsgiref)/",
        r"Lib/(asyncio|multiprocessing|concurrent|unittest|_pyrepl|xmlrpc|pydoc|doctest|pdb|turtle|mailbox|imaplib)[./]",
        r"Lib/(_pydecimal|smtplib|cgi|statistics|optparse|tarfile_|bdb|nntplib|sre_\w+|antigravity|this)\.py",
        r"Modules/(_ctypes|_decimal|_sqlite|_testcapi|_testlimitedcapi|_testinternalcapi|_xxtestfuzz|cjkcodecs|_multiprocessing)/",
        r"Modules/(expat/(?!pyexpatns\.h)|_test\w*|_tkinter|tkappinit|_curses\w*|_elementtree|_lsprof|xx\w+)",
        r"Tools/(?!build/|freeze/flag)",
        r"Parser/asdl\w*\.py|Lib/.*/tests?/",
    ),
    "openssl": (
        r"(test|demos|VMS|ms|os-dep)/",
        r"(doc|fuzz|engines)/(?!(.*/)?build\.info$)",
        r"apps/.*\.(c|pem|cnf|in|srl|txt|h|pl|sh|cnf)$",
        r"\w[\w-]*\.md$|\.github/",
        r"Configurations/(15|50)-.*",
        r"(crypto|engines)/(.*/)?asm/(?!.*(x86_64|avx|armv8|armx|arm64|aarch64))",  # of other processors
    ),
    "zlib": (
        r"(contrib|examples|doc|test|win32|amiga|msdos|nintendods|old|os400|qnx|watcom)/",
        r"ChangeLog|.*\.(3|pdf)$",
    ),
    "expat": (r"(?!expat/(lib/.*\.[ch]$|COPYING|AUTHORS))",),
}


def trimmed(source: Source, release: bytes) -> bytes:
    """The archive to keep: the same files but those left out, in the order of their names, without owners and times."""
    left_out = [re.compile(pattern) for pattern in LEFT_OUT[source.name]]
    out = io.BytesIO()
    with (
        tarfile.open(fileobj=io.BytesIO(release)) as given,
        tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as kept,
    ):
        for member in sorted(given.getmembers(), key=lambda member: member.name):
            _, _, name = member.name.partition("/")
            if not member.isfile() or any(pattern.match(name) for pattern in left_out):
                continue
            entry = tarfile.TarInfo(f"{source.name}/{name}")
            entry.size, entry.mode = member.size, 0o755 if member.mode & 0o100 else 0o644
            kept.addfile(entry, given.extractfile(member))
    return lzma.compress(out.getvalue(), preset=9 | lzma.PRESET_EXTREME)


def keep(source: Source, archive: bytes) -> None:
    """Put it into sources/, in place of an older one, and its SHA-256 into the lock."""
    for old in DIRECTORY.glob(f"{source.name}-*"):
        old.unlink()
    (DIRECTORY / source.archive).write_bytes(archive)
    at = rf'(name = "{source.name}"\n(?:.+\n)*archive_sha256 = )".*"'
    LOCK.write_text(re.sub(at, rf'\g<1>"{sha256(archive)}"', LOCK.read_text(encoding="utf-8")), encoding="utf-8")


def main(files: list[str]) -> int:
    """Return the exit status."""
    try:
        for file in files:
            release = Path(file).read_bytes()
            found = [source for source in sources() if source.release_sha256 == sha256(release)]
            if not found:
                raise BuildError(f"{file}: no release in sources.lock has the SHA-256 {sha256(release)}")
            keep(found[0], trimmed(found[0], release))
    except (BuildError, OSError) as error:
        sys.stderr.write(f"trim.py: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
