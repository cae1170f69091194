"""The store: extension modules and their libraries that stay in the single file until they are imported.

It is what follows PyInstaller's archive of Python modules (PYZ): a table, marshalled, then the files' bytes.

    table   {module: ((path below the unpacked directory, offset, size, compressed), ...)}

Offsets count from the table's end. A module's libraries come first and its own file last. `start.py` reads it.
"""

from __future__ import annotations

import marshal
import os
import zlib
from pathlib import Path

from PyInstaller.depend.bindepend import get_imports  # type: ignore[import-untyped]

from common import run
from onefile.base_library import Entry
from onefile.contents import STORED

MARSHAL_VERSION = 2  # the last whose output does not depend on who else holds a reference
Place = tuple[str, int, int, bool]


def append(archive: Path, entries: list[Entry], work: Path) -> None:
    """Append a store with these binaries, stripped, to a PYZ archive."""
    places: dict[str, Place] = {}
    blobs = []
    offset = 0
    for path, source, _ in sorted(entries):
        data = _stripped(Path(source), work / path)
        compressed = not STORED.search(path)
        data = zlib.compress(data, 9) if compressed else data
        places[path] = path, offset, len(data), compressed
        blobs.append(data)
        offset += len(data)
    table = {
        _module(path): tuple(places[needed] for needed in (*_libraries(source, entries), path))
        for path, source, kind in sorted(entries)
        if kind == "EXTENSION"
    }
    with archive.open("ab") as file:
        file.write(marshal.dumps(table, MARSHAL_VERSION))
        file.writelines(blobs)


def _stripped(source: Path, target: Path) -> bytes:
    target.parent.mkdir(parents=True, exist_ok=True)
    run("strip", "strip", "-o", target, source)
    return target.read_bytes()


def _module(path: str) -> str:
    """The name under which a file is imported: `…/lib-dynload/_ssl.cpython-311-….so` is `_ssl`."""
    return (path.partition("/lib-dynload/")[2] or path).partition(".")[0].replace("/", ".")


def _libraries(source: str, entries: list[Entry]) -> list[str]:
    """The libraries in the store that a binary needs, those that others need first."""
    stored = {os.path.basename(path): (path, origin) for path, origin, kind in entries if kind == "BINARY"}
    found: list[str] = []
    for name in sorted(os.path.basename(name) for name, _ in get_imports(source)):
        if name in stored:
            path, origin = stored[name]
            found += [needed for needed in (*_libraries(origin, entries), path) if needed not in found]
    return found
