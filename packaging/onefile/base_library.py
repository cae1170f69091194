"""PyInstaller's base_library.zip: what Python has to find before PyInstaller's own importer works.

PyInstaller puts 150 modules there. The bootloader unpacks it, and Python reads its table of contents, at every start;
but five are all that is needed so early. The others join the modules that are never unpacked.
"""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

from onefile.contents import CODECS, FIRST_CODECS

Entry = tuple[str, str, str]  # name, source, kind: PyInstaller's tables of contents consist of these


def divide(library: Path, small: Path) -> list[Entry]:
    """Write what is needed early to `small`, and return the table of contents of the rest."""
    rest = []
    with zipfile.ZipFile(library) as whole, zipfile.ZipFile(small, "w") as part:
        for member in sorted(whole.namelist()):
            package, _, module = member.removesuffix(".pyc").rpartition("/")
            if package == "encodings" and module in FIRST_CODECS:
                part.writestr(zipfile.ZipInfo(member), whole.read(member))
            elif package != "encodings" or module in CODECS:
                rest.append(_entry(member))
    return rest


def _entry(member: str) -> Entry:
    source = Path(os.__file__).parent / member.removesuffix("c")
    name = member.removesuffix(".pyc").removesuffix("/__init__").replace("/", ".")
    return name, str(source), "PYMODULE"
