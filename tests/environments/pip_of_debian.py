"""A pip for a Python that brings none: Debian and Ubuntu keep theirs in a package of its own, which anybody can unpack."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from environments.environment import BootstrapError
from peers import PeerMissingError, apt

PACKAGE = "python3-pip-whl"
WHEELS = "usr/share/python-wheels/pip-*.whl"
AUTHORITIES = "ca-certificates"
BUNDLE = Path("/etc/ssl/certs/ca-certificates.crt")

# Debian's pip knows but one file of authorities, opens it even if it is told another, and a bare machine has none.
START = """
import sys
wheel, authorities, *arguments = sys.argv[1:]
sys.path[0] = wheel
from pip._vendor import certifi
certifi.where = lambda: authorities
from pip._internal.cli.main import main
sys.exit(main(arguments))
"""


@contextlib.contextmanager
def pip_of_debian(root: Path = Path("/")) -> Iterator[list[str]]:
    """What follows a Python on the command line and is pip there, until the context ends; nothing is installed.

    What does not lie on this machine apt downloads, and checks who signed it. Raises BootstrapError.
    """
    authorities = root / BUNDLE.relative_to("/")
    missing = [] if any(root.glob(WHEELS)) else [PACKAGE]
    missing += [] if authorities.is_file() else [AUTHORITIES]
    with tempfile.TemporaryDirectory() as directory:
        unpacked = Path(directory, "unpacked")
        if missing:
            _unpack(missing, Path(directory, "apt"), unpacked)
        if AUTHORITIES in missing:
            authorities = Path(directory, "authorities.crt")
            each = sorted(unpacked.glob("usr/share/ca-certificates/*/*.crt"))
            authorities.write_bytes(b"".join(path.read_bytes() for path in each))
        wheel = max([*unpacked.glob(WHEELS), *root.glob(WHEELS)])
        yield ["-c", START, str(wheel), str(authorities)]


def _unpack(packages: list[str], downloads: Path, into: Path) -> None:
    if not (shutil.which("apt-get") and shutil.which("dpkg-deb")):
        raise BootstrapError(
            "this Python has no ensurepip, and there is no apt-get to fetch pip by:"
            " install the package that has ensurepip, often python3-pip or python3-venv, then run this again"
        )
    try:
        for archive in apt.download_alone(downloads, packages):
            subprocess.run(["dpkg-deb", "-x", archive, into], check=True)
    except PeerMissingError as error:
        raise BootstrapError(f"this Python has no ensurepip: `apt install python3-venv` brings it; {error}") from error
