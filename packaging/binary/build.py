"""Builds dist/vsphere-session: one file out, the same bytes for the same tree."""

from __future__ import annotations

import re
import shutil
import sys
import tempfile
import tomllib
from importlib.metadata import PackageNotFoundError, distribution, version
from pathlib import Path

import origin
from binary import compiler
from binary.archive import Writer
from binary.contents import EARLY, NOT_REACHED, UNUSED, is_asking
from common import BINARY, BUILD, ROOT, SANITIZED, BuildError, run

SPEC = Path(__file__).with_name("collect.spec")
TOOLS = ("ldd", "objcopy", "objdump", "strip")


def build(*, sanitized: bool = False) -> None:
    """Build it anew. Raise BuildError where this machine cannot, or PyInstaller or the compiler fails.

    With `sanitized` its launcher has the compiler's sanitizers, and the file is for tests alone.
    """
    check_machine()
    compiler.compiler()
    compiler.static_library()
    with _workplace() as directory:
        work = Path(directory)
        _collect(work)
        file = work / BINARY.name
        _put_together(work, file, sanitized=sanitized)
        _hand_out(file, SANITIZED if sanitized else BINARY)


def build_sanitized() -> None:
    """Build the one for tests."""
    build(sanitized=True)


def build_plain() -> None:
    """Build it as PyInstaller alone does: a file that unpacks itself into a temporary directory at every start."""
    check_machine()
    if not has_shared_library():
        raise BuildError(
            f"{sys.executable} has no shared library, which the file must hold: use a Python that was"
            " configured with --enable-shared, or install your system's libpython package"
        )
    with _workplace() as directory:
        _collect(Path(directory), VSPHERE_SESSION_PLAIN="1")
        _hand_out(Path(directory) / "dist" / BINARY.name, BINARY)


def _workplace() -> tempfile.TemporaryDirectory[str]:
    BUILD.mkdir(exist_ok=True)
    return tempfile.TemporaryDirectory(prefix="binary-", dir=BUILD)  # two builds may run at the same time


def _collect(work: Path, **environment: str) -> None:
    (work / "generated").mkdir()
    plugins = distribution("keyring").read_text("entry_points.txt")
    text = f'"""Written by the build."""\n\nSOURCE = {origin.source()!r}\nKEYRING_PLUGINS = {plugins!r}\n'
    (work / "generated" / "vsphere_session_build.py").write_text(text, encoding="utf-8")
    run(
        "PyInstaller",
        *(sys.executable, "-m", "PyInstaller", "--noconfirm", "--log-level", "WARN"),
        *("--distpath", work / "dist", "--workpath", work, SPEC),
        environment={
            "PYTHONHASHSEED": "0",
            "SOURCE_DATE_EPOCH": origin.time_of_source(),
            "PYINSTALLER_CONFIG_DIR": str(work / "cache"),  # a user's own cache knows nothing of what changed here
            **environment,
        },
    )
    check_left_out(work / SPEC.stem / f"warn-{SPEC.stem}.txt")


def _put_together(work: Path, file: Path, *, sanitized: bool) -> None:
    from binary.parts import parts  # noqa: PLC0415  # imports PyInstaller, for which check_machine looks first

    found = parts(work / SPEC.stem)
    early = [part for part in found if part.name in EARLY]
    asking = [part for part in found if is_asking(part.name)]
    late = [part for part in found if part not in early and part not in asking]
    Writer(compiler.compile_launcher(work, sanitized=sanitized)).write(file, early, asking, late)


def _hand_out(file: Path, place: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    file.replace(place)


def check_machine() -> None:
    """Raise BuildError, in one line, where this Python or this machine is not fit to build."""
    wanted = pinned()
    try:
        found = version("pyinstaller")
    except PackageNotFoundError:
        found = "none"
    if found != wanted:
        raise BuildError(f"PyInstaller {wanted} is needed, {found} is here: run python3 tests/run.py build")
    missing = [tool for tool in TOOLS if sys.platform == "linux" and not shutil.which(tool)]
    if missing:
        raise BuildError(f"{', '.join(missing)} cannot be found: install your system's binutils and libc packages")


def check_left_out(warnings: Path) -> None:
    """Raise BuildError if a module is left out as unused that our own code imports, or a library together with itself."""
    for line in warnings.read_text(encoding="utf-8").splitlines():
        found = re.match(r"excluded module named '?([\w.]+)'? - imported by (.*)", line)
        if found and found[1] in UNUSED:
            for importer, how in re.findall(r"'?([\w.]+)'? \(([^)]*)\)", found[2]):
                if (found[1], importer) not in NOT_REACHED and _is_needed(importer.partition(".")[0], how):
                    raise BuildError(
                        f"{found[1]} is left out as unused, but is imported by {importer} ({how}): see contents.py"
                    )


def _is_needed(importer: str, how: str) -> bool:
    """Say whether a package cannot do without a module that it imports so, in PyInstaller's words."""
    if importer in {"vsphere_session", "credential_protocol"}:
        return True
    # A condition counts for nothing: it may hold on this very Python.
    return importer not in sys.stdlib_module_names and not {"delayed", "optional"} & set(how.split(", "))


def pinned() -> str:
    """Return the version of PyInstaller that pyproject.toml wants."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    name = "pyinstaller=="
    lines: list[str] = project["optional-dependencies"]["dev"]
    return next(line.removeprefix(name) for line in lines if line.startswith(name))


def has_shared_library() -> bool:
    """Say whether PyInstaller finds the shared library of this Python."""
    from PyInstaller.depend.bindepend import get_python_library_path  # type: ignore[import-untyped]  # noqa: PLC0415  # check_machine looks first

    return bool(get_python_library_path())
