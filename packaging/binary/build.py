"""Builds dist/vsphere-session: one static file for one architecture, the same bytes for the same tree."""

from __future__ import annotations

import re
import shutil
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import distribution, version
from pathlib import Path

import origin
from binary import compiler, sbom
from binary.contents import BUNDLED, NOT_REACHED, UNUSED
from common import BILL, BINARY, BUILD, ROOT, SANITIZED, BuildError, alone, executable, installed, run
from toolchain import zig
from toolchain.provide import provide
from toolchain.sources import source

_HERE = Path(__file__).parent
SPEC = _HERE / "collect.spec"
OUR_OWN = {
    "vsphere_session_start": "start.py",
    "vsphere_session_importers": "importers.py",
    "vsphere_session_plugins": "plugins.py",
    "cryptography": "cryptography_names.py",
    "fractions": "stand_ins/fractions.py",
    "rich._emoji_codes": "stand_ins/emoji_codes.py",
    "rich._unicode_data._versions": "stand_ins/unicode_versions.py",
    "html": "stand_ins/html_escape.py",
    "jaraco.context": "stand_ins/exception_trap.py",
    "more_itertools": "stand_ins/no_more_itertools.py",
    "asyncio": "stand_ins/asyncio_names.py",
    "redis.__init__": "stand_ins/redis_package.py",
    "redis._parsers.__init__": "stand_ins/redis_parsers.py",
    "redis.observability.__init__": "stand_ins/redis_observability.py",
    "redis.observability.metrics": "stand_ins/redis_metrics.py",
    "redis.observability.recorder": "stand_ins/redis_recorder.py",
}
"""Modules of the file that are not the program's, or not as their library has them, and what they are made from."""


def build(arch: str | None = None) -> None:
    """Build it and its bill of materials anew, for this machine's architecture or the one that is named.

    Raise BuildError where this machine can't, or a source or a compiler fails. The first build makes the toolchain.
    """
    toolchain, native = provide(arch), provide()
    with workplace() as work:
        launcher = compiler.compile_launcher(work, toolchain)
        file = work / BINARY.name
        _collect(work, native.python, toolchain.target, launcher, file)
        bill = work / BILL
        sbom.write(bill, file, toolchain.target)
        place = executable(toolchain.target.arch)
        _hand_out(file, place)
        _hand_out(bill, place.with_name(BILL))


def build_sanitized() -> None:
    """Build the launcher with sanitizers, for tests."""
    with workplace() as work:
        file = work / BINARY.name
        compiler.compile_sanitized(work, file)
        _hand_out(file, SANITIZED)


def build_plain() -> None:
    """Build it as PyInstaller alone does: a file that unpacks itself into a temporary directory at every start."""
    installed("pyinstaller", pinned(), called="PyInstaller", command="build")
    if not has_shared_library():
        raise BuildError(
            f"{sys.executable} has no shared library, which the file must hold: use a Python that was"
            " configured with --enable-shared, or install your system's libpython package"
        )
    with workplace() as work:
        analyse(work, VSPHERE_SESSION_PLAIN="1")
        _hand_out(work / "dist" / BINARY.name, BINARY)


def analyse(work: Path, **environment: str) -> None:
    """Have PyInstaller find what belongs to the program on this Python; found.json and its warnings go into work/collect."""
    _generate(work, f"PyInstaller {version('pyinstaller')}")
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


def modules() -> list[str]:
    """The names of all modules that belong into the file."""
    with workplace() as work:
        return _collect(work, provide().python, zig.target(), Path("-"), Path("-")).splitlines()


def _collect(work: Path, python: Path, target: zig.Target, launcher: Path, file: Path) -> str:
    """Put all modules of the program behind the launcher, as the toolchain's own Python finds and compiles them."""
    _generate(work, f"OpenSSL {source('openssl').version}, {target.triple}")
    stage(work / "libraries")
    return run(
        "the search for modules",
        *(python, "-I", "-S", "-B", "-X", "no_debug_ranges", _HERE / "collect.py", file, launcher),
        *(ROOT / "helper", ROOT / "protocol", work / "generated", work / "libraries"),
        environment={"PYTHONHASHSEED": "0"},
    )


def _generate(work: Path, built_with: str) -> None:
    """Write the module that says what the program is made of."""
    (work / "generated").mkdir()
    plugins = distribution("keyring").read_text("entry_points.txt")
    text = f'"""Written by the build."""\n\nSOURCE = {origin.source(built_with)!r}\nKEYRING_PLUGINS = {plugins!r}\n'
    (work / "generated" / "vsphere_session_build.py").write_text(text, encoding="utf-8")


def stage(directory: Path) -> None:
    """Copy the libraries that belong to the program, with the stand-ins: what else this environment holds, the build must not find."""
    for name in BUNDLED:
        found = distribution(name)
        for file in found.files or ():
            if file.suffix == ".py":
                (directory / file).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(str(found.locate_file(file)), directory / file)
    (directory / "jaraco" / "__init__.py").touch()  # a namespace, which modulefinder knows nothing of
    for name, source_file in OUR_OWN.items():
        shutil.copy(_HERE / source_file, directory / f"{name.replace('.', '/')}.py")


@contextmanager
def workplace() -> Iterator[Path]:
    """A directory for one build, the only one that there is: builds wait for each other, and one that was killed is cleared away."""
    BUILD.mkdir(exist_ok=True)
    with alone(BUILD / "lock"):
        for old in BUILD.glob("binary-*"):
            shutil.rmtree(old, ignore_errors=True)
        with tempfile.TemporaryDirectory(prefix="binary-", dir=BUILD) as directory:
            yield Path(directory)


def _hand_out(file: Path, place: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    file.replace(place)


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
    from PyInstaller.depend.bindepend import get_python_library_path  # type: ignore[import-untyped]  # noqa: PLC0415  # build_plain looks first

    return bool(get_python_library_path())
