"""What the single file is made of, beside our own code: for its bill of materials and for NOTICE."""

from __future__ import annotations

import re
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from binary.contents import BUNDLED
from common import BuildError
from toolchain import zig
from toolchain.sources import DIRECTORY, Source, source, sources

# By what names those who collect vulnerabilities know a source: scanners find no other way from one to the other.
CPE = {
    "cpython": "python:python",
    "openssl": "openssl:openssl",
    "zlib": "zlib:zlib",
    "expat": "libexpat_project:libexpat",
    "musl": "musl-libc:musl",
}
LICENCES = {
    "cpython": ("LICENSE",),
    "openssl": ("LICENSE.txt",),
    "zlib": ("LICENSE",),
    "expat": ("expat/COPYING",),
}
"""Where a source's licence stands in its archive."""
INCORPORATED = {
    "cpython": ("Modules/_hacl/Hacl_Hash_SHA2.h", "Modules/_randommodule.c", "Python/dtoa.c", "Python/pyhash.c")
}
"""Files with a notice of their own, which is to be kept where the binary goes."""
MUSL = "lib/libc/musl"
"""Where zig has it."""
CLASSIFIERS = {
    "License :: OSI Approved :: Apache Software License": "Apache-2.0",
    "License :: OSI Approved :: MIT License": "MIT",
}
"""What distributions say that have no licence expression yet."""


@dataclass(frozen=True)
class Component:
    """A part of the file, or with `linked` false a tool that makes it.

    licence          an SPDX expression
    release          where its source is, and its SHA-256; both empty for what a package index keeps
    """

    name: str
    version: str
    licence: str
    purl: str
    release: str = ""
    sha256: str = ""
    linked: bool = True


def components() -> list[Component]:
    """All of them. Raise BuildError for one that is not here or does not say its licence."""
    return [*map(_of_source, sources()), *_of_zig(), *map(_of_python, BUNDLED)]


def texts(part: Component) -> list[str]:
    """Its licence, and other notices that have to be kept."""
    if part.name in LICENCES:
        return _texts_of_source(source(part.name))
    if part.name in ("musl", "ziglang"):
        home = zig.program().parent
        file = home / "LICENSE" if part.name == "ziglang" else home / MUSL / "COPYRIGHT"
        return [file.read_text(encoding="utf-8")]
    found = distribution(part.name).files or ()
    licences = [file for file in found if re.match(r"LICEN[CS]E|COPYING|NOTICE", file.name)]
    return [Path(str(file.locate())).read_text(encoding="utf-8") for file in licences]


def _of_source(row: Source) -> Component:
    return Component(row.name, row.version, row.licence, row.purl, row.release, row.release_sha256)


def _texts_of_source(row: Source) -> list[str]:
    with tarfile.open(DIRECTORY / row.archive) as archive:

        def text(name: str) -> str:
            file = archive.extractfile(f"{row.name}/{name}")
            assert file  # noqa: S101  # nosec B101  # extractfile() raises KeyError for one that is not there
            return file.read().decode()

        return [*map(text, LICENCES[row.name]), *(_notice(text(name)) for name in INCORPORATED.get(row.name, ()))]


def _notice(code: str) -> str:
    """The comment of a C file that has to be kept, without the marks of a comment."""
    comments = re.findall(r"/\*(.*?)\*/", code, re.DOTALL)
    found = next(text for text in comments if re.search(r"copyright", text, re.IGNORECASE))
    return re.sub(r"^ ?\* ?", "", found.replace("***", ""), flags=re.MULTILINE).strip("*\n ")


def _of_zig() -> Iterator[Component]:
    """Musl, and the compiler itself, whose own few functions are in every program that it makes."""
    musl = zig.program().parent / MUSL
    version = re.search(r'"(.+)"', (musl / "src" / "internal" / "version.h").read_text(encoding="utf-8"))
    if not version:
        raise BuildError(f"{musl} does not say its version: see packaging/binary/components.py")
    yield Component("musl", version[1], "MIT", f"pkg:generic/musl@{version[1]}")
    yield Component("ziglang", zig.VERSION, "MIT", f"pkg:pypi/ziglang@{zig.VERSION}", linked=False)


def _of_python(name: str) -> Component:
    try:
        found = distribution(name)
    except PackageNotFoundError as error:
        raise BuildError(f"the package {name} is not here: run python3 tests/run.py build") from error
    normal = re.sub(r"[-_.]+", "-", name).lower()
    return Component(name, found.version, _licence(found), f"pkg:pypi/{normal}@{found.version}")


def _licence(found: Distribution) -> str:
    said = found.metadata.get_all("License-Expression") or []
    said += [CLASSIFIERS[each] for each in found.metadata.get_all("Classifier") or [] if each in CLASSIFIERS]
    if not said:
        raise BuildError(f"{found.name} {found.version} does not say its licence: see packaging/binary/components.py")
    return str(said[0])
