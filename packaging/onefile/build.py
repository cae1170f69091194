"""Runs PyInstaller: one file out, the same bytes for the same tree."""

from __future__ import annotations

import re
import shutil
import sys
import tempfile
import tomllib
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import origin
from common import BINARY, BUILD, DIST, ROOT, BuildError, run
from onefile import bootloader
from onefile.contents import UNUSED

SPEC = Path(__file__).with_name("vsphere-session.spec")
TOOLS = ("ldd", "objcopy", "objdump", "strip")


def build() -> None:
    """Build dist/vsphere-session anew. Raise BuildError where this machine cannot, or PyInstaller fails."""
    check_machine()
    BUILD.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="onefile-", dir=BUILD) as work:  # two builds may run at the same time
        file = _build_in(Path(work))
        check_left_out(Path(work) / SPEC.stem / f"warn-{SPEC.stem}.txt")
        if sys.platform == "linux":  # elsewhere it is signed
            bootloader.reword(file)
        DIST.mkdir(exist_ok=True)
        file.replace(BINARY)


def _build_in(work: Path) -> Path:
    (work / "generated").mkdir()
    text = f'"""Written by the build."""\n\nSOURCE = {origin.source()!r}\n'
    (work / "generated" / "vsphere_session_build.py").write_text(text, encoding="utf-8")
    run(
        "PyInstaller",
        *(sys.executable, "-m", "PyInstaller", "--noconfirm", "--log-level", "WARN"),
        *("--distpath", work / "dist", "--workpath", work, SPEC),
        environment={
            "PYTHONHASHSEED": "0",
            "SOURCE_DATE_EPOCH": origin.time_of_source(),
            "PYINSTALLER_CONFIG_DIR": str(work / "cache"),  # a user's own cache knows nothing of what changed here
        },
    )
    return work / "dist" / BINARY.name


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
    if not has_shared_library():
        raise BuildError(
            f"{sys.executable} has no shared library, which the file must hold: use a Python that was"
            " configured with --enable-shared, or install your system's libpython package"
        )


def check_left_out(warnings: Path) -> None:
    """Raise BuildError if our own code imports a module that is left out as unused."""
    for line in warnings.read_text(encoding="utf-8").splitlines():
        found = re.match(r"excluded module named '?([\w.]+)'? - imported by (.*)", line)
        if found and found[1] in UNUSED and re.search(r"\b(vsphere_session|credential_protocol)\b", found[2]):
            raise BuildError(f"{found[1]} is left out as unused, but is imported by {found[2]}: see contents.py")


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
