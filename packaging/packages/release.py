"""All that is released, in one directory: made beside its place, checked off in SHA256SUMS, and put there when it is whole."""

from __future__ import annotations

import hashlib
import shutil
import sys
import tempfile
from pathlib import Path

from common import BUILD, DIST, BuildError, alone, progress
from packages import homebrew, image, system
from packages.archive import Archive
from packages.description import files, links
from packages.inputs import DOWNLOADS, Inputs
from packages.usage import PROGRAM

PLACE = DIST / "packages"
SUMS = "SHA256SUMS"


def publish(inputs: Inputs, place: Path = PLACE, build: Path = BUILD) -> None:
    """Make everything anew into `place`; what was there stays until then. Raises BuildError."""
    inputs.check()
    system.nfpm()
    build.mkdir(exist_ok=True)
    try:
        with tempfile.TemporaryDirectory(prefix="packages-", dir=build) as directory:
            new = Path(directory) / "packages"
            new.mkdir()
            make(inputs, new, Path(directory))
            _put(new, place, Path(directory) / "old", build / "packages.lock")
    except OSError as error:
        raise BuildError(
            f"the packages cannot be written: {error.strerror or error}; free some space, or see who owns {place}"
        ) from None


def make(inputs: Inputs, into: Path, work: Path) -> None:
    """Make everything into a directory."""
    archives: dict[str, tuple[str, str]] = {}
    for architecture, executable in inputs.executables.items():
        progress(f"packages for {architecture}")
        stem = f"{PROGRAM}-{inputs.version}-linux-{architecture}"
        shutil.copyfile(executable, into / stem)
        (into / stem).chmod(0o755)
        shutil.copyfile(inputs.boms[architecture], into / f"{stem}.cdx.json")
        archive = archive_of(inputs, architecture, stem)
        (into / f"{stem}.tar.gz").write_bytes(archive)
        archives[architecture] = f"{stem}.tar.gz", hashlib.sha256(archive).hexdigest()
        for form in system.FORMS:
            with tempfile.TemporaryDirectory(dir=work) as empty:
                system.make(inputs, architecture, form, into, Path(empty))
    progress("image")
    (into / f"{PROGRAM}-{inputs.version}-oci.tar").write_bytes(image.image(inputs))
    for distribution in inputs.distributions:
        shutil.copyfile(distribution, into / distribution.name)
    if inputs.downloads:
        (into / f"{PROGRAM}.rb").write_text(homebrew.formula(inputs, archives), encoding="utf-8")
    else:
        sys.stderr.write(f"no Homebrew formula: {DOWNLOADS} does not say from where people get the archives\n")
    (into / SUMS).write_text(sums_of(into), encoding="ascii")


def archive_of(inputs: Inputs, architecture: str, stem: str) -> bytes:
    """The archive that is unpacked into a prefix such as /usr/local, without its first directory."""
    archive = Archive(inputs.time)
    for file in files(inputs, architecture, "tar"):
        archive.file(f"{stem}/{file.place}", file.content, file.mode)
    for place, target in links().items():
        archive.link(f"{stem}/{place}", target)
    return archive.tar_gz()


def sums_of(directory: Path) -> str:
    """What `sha256sum --check` reads."""
    files = sorted(file for file in directory.iterdir() if file.name != SUMS)
    return "".join(f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.name}\n" for file in files)


def _put(new: Path, place: Path, old: Path, lock: Path) -> None:
    """Put a whole directory in the place of another. Who is killed in between leaves none."""
    place.parent.mkdir(parents=True, exist_ok=True)
    with alone(lock):
        if place.exists():
            place.rename(old)
        new.rename(place)
