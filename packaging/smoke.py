"""The tests of what dist/ holds: ``python packaging/smoke.py``; arguments go to pytest.

The tests that run the program as the contract has it (TESTS, and IN_THREE_WAYS) run on the single file, which is what
callers are given, and every real caller does: those of tests/commands, tests/login, tests/interop and tests/configure that run
the program (see tests/support/of_the_program.py). So do the promises, in their short form. It does its main job in the roots of
tests/everywhere, is installed from its packages on an older Debian, and runs in the container image.

The wheel is installed by pipx and uv; its console script has an environment of its own, where it runs what touches each
part of it (TESTS): all else it does as `test` has it, by the same Python and the same libraries. The source
distribution has to hold all tests, and to build the very same single file, from the first source on unless SMOKE_TOOLCHAIN
says `cached`. That and the installers go on beside the tests, since they take minutes in which one core does nothing.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import distributions
import installed
import installers
import origin
from common import BILL, BINARY, BUILD, ROOT, SANITIZED, BuildError, progress, run
from toolchain.sources import sha256

TESTS = (
    "tests/smoke",
    "--ignore-glob=tests/smoke/test_build*",  # which say nothing of a program
    "--ignore=tests/smoke/test_collected.py",
    "--ignore=tests/smoke/test_what_is_inside.py",
    "tests/cache/test_encrypted_sessions.py",
    "tests/cache/test_encrypted_without_a_keyring.py",
    "tests/cache/test_moving_into_the_encrypted_store.py",
    "tests/secrets",
)
PROMISES = ("tests/promises/test_promises.py",)
IN_THREE_WAYS = (
    "-p",
    "support.three_ways",
    "-p",
    "support.of_the_program",
    "tests/contract",
    "tests/cli",
    "tests/settings",
    "tests/interop/test_dialects.py",
)
WITH_SANITIZERS = (
    "tests/smoke/test_fast_lane.py",
    "tests/smoke/test_remembered_answers.py",
    "tests/cli/test_who_reads_stdin.py",
    "-k",
    "not without_proc and not last_table",  # which they need, and which is the real file's
)
EVERYWHERE = ("tests/everywhere",)
CALLERS = (
    "tests/commands",
    "tests/login",
    "tests/interop",
    "tests/configure",
    "tests/fleet/test_program.py",
    "--ignore=tests/interop/test_dialects.py",  # in three ways
    "--ignore=tests/interop/test_python_page.py",  # of the library
    "-p",
    "support.of_the_program",
)
RELEASED = ("tests/releases/test_installed.py", "tests/releases/test_image.py")
UNPACKED = BUILD / "smoke" / "sdist"
TOOLCHAIN = "SMOKE_TOOLCHAIN"
"""The variable that says `cached` where the source distribution need not compile interpreter and OpenSSL once more, too."""


def main(arguments: list[str]) -> int:
    """Return the exit status: that of pytest for tests that fail."""
    try:
        check_built()
        with ThreadPoolExecutor(1) as beside:
            meanwhile = [beside.submit(check) for check in (check_source_distribution, installers.check)]
            check_single_file(arguments)
            progress("the wheel")
            check_program(installed.console_script(), [*TESTS, *arguments])
            progress("the source distribution, and the wheel by pipx and uv")
            for check in meanwhile:
                check.result()
    except BuildError as error:
        sys.stderr.write(f"packaging/smoke.py: {error}\n")
        return 1
    except subprocess.CalledProcessError as error:  # pytest has said what is wrong
        return error.returncode
    return 0


def check_single_file(arguments: list[str]) -> None:
    """Run all that is said of it."""
    progress("the single file")
    check_program(BINARY, [*TESTS, *PROMISES, *arguments])
    progress("the single file on other hosts")
    check_program(BINARY, [*EVERYWHERE, *arguments])
    progress("the single file in three ways")
    check_program(BINARY, [*IN_THREE_WAYS, *arguments])
    progress("its launcher with sanitizers")
    run("the file with sanitizers", sys.executable, ROOT / "packaging" / "build.py", "sanitized")
    check_program(SANITIZED, [*WITH_SANITIZERS, *arguments])
    progress("the single file and its callers")
    check_program(BINARY, [*CALLERS, *arguments])
    progress("the single file in packages and in the image")
    check_program(BINARY, [*RELEASED, *arguments])


def check_built() -> None:
    """Raise BuildError unless dist/ holds one of each."""
    if not (BINARY.exists() and len(distributions.wheels()) == len(distributions.source_distributions()) == 1):
        raise BuildError("dist/ does not hold the single file, a wheel and a source distribution: build them first")
    if sha256(BINARY.read_bytes()) not in BINARY.with_name(BILL).read_text(encoding="utf-8"):
        raise BuildError(f"dist/{BILL} is of another file than the one beside it: build both again")


def check_program(program: Path, arguments: list[str]) -> None:
    """Run tests on one program."""
    subprocess.run(  # noqa: S603  # nosec B603  # what is run stands here
        [sys.executable, "-m", "pytest", "-q", "-n", "auto", *arguments],
        cwd=ROOT,
        env=os.environ | {"VSPHERE_SESSION_PROGRAM": str(program), "PYTHONPATH": str(ROOT / "tests")},
        check=True,
    )


def check_source_distribution() -> None:
    """Raise BuildError unless every test and the same single file come out of the source distribution."""
    shutil.rmtree(UNPACKED, ignore_errors=True)
    (sdist,) = distributions.source_distributions()
    shutil.unpack_archive(sdist, UNPACKED)
    (tree,) = UNPACKED.iterdir()
    if collected(tree) != collected(ROOT):
        raise BuildError(
            "the source distribution does not hold the tests of this tree: build it again, or see its include in pyproject.toml"
        )
    if os.environ.get(TOOLCHAIN) == "cached":
        (tree / ".cache").mkdir(exist_ok=True)
        (tree / ".cache" / "toolchain").symlink_to(ROOT / ".cache" / "toolchain")
    said = run("the single file", BINARY, "--version")
    build = (sys.executable, tree / "packaging" / "build.py", "binary")
    built_from = said.partition(" (")[2].rpartition(", OpenSSL ")[0]
    same = {origin.BUILT_FROM: built_from, "SOURCE_DATE_EPOCH": origin.time_of_source()}
    run("the build from the sdist", *build, environment=same)
    for name in (BINARY.name, BILL):
        if (tree / "dist" / name).read_bytes() != (BINARY.parent / name).read_bytes():
            raise BuildError(
                f"the source distribution builds another {name} than dist/ holds: the tree has changed, or a build is not repeatable"
            )


def collected(tree: Path) -> list[str]:
    """The names of all tests in a tree."""
    pytest = (sys.executable, "-m", "pytest", "-q", "--collect-only", "--rootdir", tree, tree / "tests")
    lines = run("the collection of the tests", *pytest).splitlines()
    return sorted(line for line in lines if "::" in line)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
