"""Debian's headless Chromium, for a machine that lacks it: unpacked into the cache with its libraries and fonts."""

import functools
import hashlib
import platform
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from peers import apt
from peers.debian import INSTALLED
from peers.locked import exclusively
from peers.toolchain import CACHE, PeerMissingError

PACKAGE = "chromium-headless-shell"
PROGRAM = Path("usr/lib/chromium/chromium-headless-shell")
FONTS = """\
<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><dir>%s</dir><dir>/usr/share/fonts</dir><cachedir prefix="xdg">fontconfig</cachedir></fontconfig>
"""


@dataclass(frozen=True)
class Chromium:
    """The executable, and the variables with which it finds what was unpacked beside it."""

    program: Path
    environment: dict[str, str]


@functools.cache
def chromium() -> Chromium:
    """Return the one that is installed, else one that the first process that asks unpacks while others wait.

    Raise ``PeerMissingError`` where Debian's packages can not be had.
    """
    if (Path("/") / PROGRAM).is_file():
        return Chromium(Path("/") / PROGRAM, {})
    root = _provide()
    libraries = sorted({path.parent for path in (root / "usr/lib").rglob("*.so*")} - {root / PROGRAM.parent})
    return Chromium(
        root / PROGRAM,
        {"LD_LIBRARY_PATH": ":".join(map(str, libraries)), "FONTCONFIG_FILE": str(root / "fonts.conf")},
    )


def _provide() -> Path:
    if not (shutil.which("apt-get") and shutil.which("dpkg-deb") and INSTALLED.is_file()):
        raise PeerMissingError(f"{PACKAGE}: not installed, and this machine has no Debian packages")
    release = platform.freedesktop_os_release()
    described = (release["ID"], release.get("VERSION_ID"), platform.machine())
    digest = hashlib.sha256(repr(described).encode() + Path(__file__).read_bytes()).hexdigest()[:16]
    target = CACHE / f"chromium-{digest}"
    with exclusively(CACHE / "chromium.lock"):
        if not target.is_dir():
            _unpack_into(target)
    return target


def _unpack_into(target: Path) -> None:
    """All of it appears at once, or nothing does."""
    unfinished = target.with_suffix(".unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    downloads = unfinished / "downloads"
    archives = apt.download(downloads, [PACKAGE], installed=INSTALLED.read_text(encoding="utf-8"))
    for archive in archives:
        done = subprocess.run(
            ["dpkg-deb", "--extract", archive, unfinished], capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise PeerMissingError(f"{archive.name} can not be unpacked: {done.stderr}")
    shutil.rmtree(downloads)
    if not (unfinished / PROGRAM).is_file():
        raise PeerMissingError(f"{PROGRAM} is in none of the packages")
    (unfinished / "fonts.conf").write_text(FONTS % (target / "usr/share/fonts"), encoding="utf-8")
    unfinished.rename(target)
