"""A toolchain is whole or it is not there: builds that are interrupted, several at once, other versions and machines."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from support.made_up_toolchain import ARCHITECTURES, HERE, OTHER, Tree

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="there is no static file elsewhere")


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    """A tree in which nothing is made yet."""
    return Tree(tmp_path)


@contextmanager
def held(tree: Tree, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """A build that has come to its first `make`, and waits there until it is killed or somebody writes into the FIFO `go`."""
    for name in ("here", "go"):
        os.mkfifo(tree.place / name)
    step = 'case "$*" in *build_libs*) echo > "$PLACE/here"; read -r word < "$PLACE/go" ;; esac'
    with subprocess.Popen(
        tree.command(*(arguments or ("binary",))),
        env=tree.environment(STEP=step, PLACE=str(tree.place)),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            (tree.place / "here").read_text()
            yield process
        finally:
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_an_interrupted_build_leaves_nothing_that_looks_whole(tree: Tree, number: signal.Signals) -> None:
    """And the next one takes away what it left."""
    with held(tree) as process:
        process.send_signal(number)
        _, said = process.communicate()
        assert said == ""
        assert process.returncode == (130 if number is signal.SIGINT else -number)
    assert tree.made() == []
    if number is signal.SIGINT:
        assert tree.under_way() == []
    tree.makes("binary")
    assert tree.made() == [HERE]
    assert tree.under_way() == []


AT_WORK = """
import sys
sys.path.insert(0, sys.argv[1])
from binary.build import workplace
with workplace() as work:
    (work / "launcher").touch()
    print(work, flush=True)
    sys.stdin.read()
"""


def test_what_a_build_of_the_file_leaves_that_was_killed_the_next_one_clears_away(tree: Tree) -> None:
    """Whichever step it was killed in."""
    command = [sys.executable, "-c", AT_WORK, str(tree.place / "packaging")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as killed:
        assert killed.stdout is not None
        left = Path(killed.stdout.readline().strip())
        killed.kill()
    assert [path.name for path in left.iterdir()] == ["launcher"]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True)
    assert done.stdout.strip() not in ("", str(left))
    assert list(left.parent.glob("binary-*")) == []


def test_two_builds_at_once_make_it_once(tree: Tree) -> None:
    """The second waits, as long as it takes."""
    with held(tree) as first:
        second = subprocess.Popen(tree.command("binary"), env=tree.environment(), stderr=subprocess.PIPE, text=True)
        with second:
            (tree.place / "go").write_text("on\n")
            assert first.communicate() == ("", "")
            _, said = second.communicate()
            assert (first.returncode, second.returncode, said) == (0, 0, "")
    assert tree.calls.read_text().count("build_libs") == 1
    assert tree.made() == [HERE]


def test_who_has_a_toolchain_does_not_wait_for_another_ones_build(tree: Tree) -> None:
    """A build for this machine goes on beside one for another architecture."""
    tree.makes("binary")
    with held(tree, "--arch", OTHER):
        tree.makes("binary")
    assert tree.made() == [HERE]


def test_another_version_takes_the_place_of_the_one_that_is_here(tree: Tree) -> None:
    """Whatever goes into it may have changed: a source, the recipes, the compiler."""
    for name in ("sources.lock", "recipes.py", "zig.py"):
        before = set(tree.cache.glob(f"{HERE}-*"))
        with (tree.lock.with_name(name)).open("a") as file:
            file.write("# changed\n")
        tree.makes("binary")
        assert tree.made() == [HERE]
        assert not before & set(tree.cache.iterdir())


def test_another_architecture_is_made_beside_this_one_by_its_python(tree: Tree) -> None:
    """Which is made first, where it is not here."""
    tree.makes("--arch", OTHER)
    assert tree.made() == sorted(ARCHITECTURES)
    assert tree.calls.read_text().count("build_libs") == 2
    tree.makes("--arch", OTHER)
    tree.makes("--arch", HERE)
    assert tree.calls.read_text().count("build_libs") == 2
