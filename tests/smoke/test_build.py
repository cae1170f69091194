"""The build of the single file says in one line what it lacks, or what goes wrong, and has made nothing then."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from support.made_up_toolchain import HERE, SOURCES, WANTED_ZIG, Tree

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="there is no static file elsewhere")


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    """A tree in which nothing is made yet."""
    return Tree(tmp_path)


# ---- what is missing


def test_with_everything_here_it_says_nothing_and_makes_what_the_file_is_linked_from(tree: Tree) -> None:
    """The second time there is nothing to do."""
    tree.makes("binary")
    (made,) = tree.cache.glob(f"{HERE}-*")
    assert {path.name for path in (made / "usr" / "lib").iterdir()} >= {"libz.a", "libexpat.a", "libpython3.13.a"}
    assert (made / "python" / "bin" / "python3.13").exists()
    calls = tree.calls.read_text()
    tree.makes("binary")
    assert tree.calls.read_text() == calls


def test_another_zig_than_the_pinned_one_is_refused(tree: Tree) -> None:
    tree.add_zig("0.14.9")
    assert tree.refusal().endswith(f"ziglang {WANTED_ZIG} is needed, 0.14.9 is here: run python3 tests/run.py build")


def test_without_zig_that_is_said(tree: Tree) -> None:
    """The one of this environment is hidden."""
    (tree.packages / "sitecustomize.py").write_text(
        "from importlib import metadata\n"
        "def find(name, known=metadata.distribution):\n"
        "    if name == 'ziglang': raise metadata.PackageNotFoundError(name)\n"
        "    return known(name)\n"
        "metadata.distribution = find\n"
    )
    assert tree.refusal().endswith(f"ziglang {WANTED_ZIG} is needed, none is here: run python3 tests/run.py build")


@pytest.mark.parametrize("names", [("make",), ("perl",), ("make", "perl")])
def test_tools_that_are_missing_are_named(tree: Tree, names: tuple[str, ...]) -> None:
    for name in names:
        (tree.tools / name).unlink()
    line = tree.refusal(PATH=str(tree.tools))
    assert line.endswith(f"{' and '.join(names)} cannot be found: install your system's packages of these names")


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        *((name, "changed") for name in SOURCES),
        *(("expat", fault) for fault in ("cut short", "empty", "missing", "a directory")),
    ],
)
def test_a_source_that_is_not_the_locks_is_refused_before_anything_is_built(tree: Tree, name: str, fault: str) -> None:
    """Not after minutes."""
    file = tree.source(name)
    data = file.read_bytes()
    file.unlink()
    if fault == "a directory":
        file.mkdir()
    elif fault != "missing":
        file.write_bytes({"changed": data[:-1] + b"!", "cut short": data[:-1], "empty": b""}[fault])
    line = tree.refusal()
    assert str(file) in line
    assert line.endswith("restore it: git checkout -- packaging/toolchain")
    assert ("sources.lock wants" in line) == (fault in ("changed", "cut short", "empty"))
    assert not tree.calls.exists()


def test_without_a_lock_that_is_said(tree: Tree) -> None:
    tree.lock.unlink()
    assert "sources.lock: No such file or directory" in tree.refusal()


@pytest.mark.parametrize("arch", ["sparc", "X86_64", "../x86_64", " "])
def test_an_architecture_that_is_not_known_is_refused_with_those_that_are(tree: Tree, arch: str) -> None:
    line = tree.refusal("--arch", arch)
    assert line.endswith(f"{arch!r} is no architecture that the file is made for: choose --arch x86_64 or aarch64")


@pytest.mark.parametrize("arguments", [("--arch",), ("binary", "--arch"), ("--arch", "")])
def test_an_architecture_without_a_name_is_refused_with_those_that_there_are(
    tree: Tree, arguments: tuple[str, ...]
) -> None:
    assert tree.refusal(*arguments).endswith("--arch wants a name: x86_64 or aarch64")


def test_this_machine_may_be_one_that_the_file_is_not_made_for(tree: Tree) -> None:
    (tree.packages / "sitecustomize.py").write_text("import platform\nplatform.machine = lambda: 'riscv64'\n")
    assert "'riscv64' is no architecture that the file is made for" in tree.refusal()
    assert "'riscv64' is no architecture that the file is made for" in tree.refusal("--arch", "x86_64")


@pytest.mark.parametrize("arguments", [("everything",), ("--arch", "aarch64", "plain"), ("--arch=aarch64",)])
def test_a_call_that_makes_no_sense_prints_what_there_is(tree: Tree, arguments: tuple[str, ...]) -> None:
    done = tree.build(*arguments)
    assert done.returncode == 2
    assert "[binary] [plain] [distributions]" in done.stderr
    assert not tree.cache.exists()


# ---- what goes wrong


@pytest.mark.parametrize("step", ["build_libs", "install_dev", "libpython"])
def test_a_step_that_fails_says_where_its_words_are(tree: Tree, step: str) -> None:
    """They are in a file, and what was made until then is gone."""
    line = tree.refusal(STEP=f'case "$*" in *{step}*) echo "no such register" >&2; exit 3 ;; esac')
    log = tree.cache / f"{HERE}.log"
    assert line.endswith(f"could not be built (make): see {log}")
    assert "no such register" in log.read_text()
    assert tree.under_way() == []
    tree.makes("binary")


def test_a_disk_with_too_little_room_is_refused_at_once(tree: Tree) -> None:
    line = tree.refusal(ROOM="999999999")
    assert line.endswith("has too little room: a build takes 999999999 MiB")
    assert not tree.calls.exists()


FILL = 'head -c 9000000 /dev/zero > fill; case "$*" in *%s*) exit 2 ;; esac'


@pytest.mark.parametrize("step", ["build_libs", "and go on"])
def test_a_disk_that_fills_up_is_told(tree: Tree, step: str) -> None:
    """A real one of four megabytes where this machine lets us mount it, else a limit on the size of files; a tool tells it, or nobody."""
    tree.cache.mkdir(parents=True)
    own = ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--user", "--map-root-user", "--mount"]
    mount = 'mount -t tmpfs -o size=4m none "$0" && exec "$@"'
    limit = 'ulimit -f 4000; exec "$@"'
    can = subprocess.run([*own, "sh", "-c", mount, str(tree.cache), "true"], capture_output=True, check=False)
    wrapped = [*own, "sh", "-c", mount, tree.cache] if can.returncode == 0 else ["sh", "-c", limit, "sh"]
    done = subprocess.run(
        [*wrapped, *tree.command("binary")],
        env=tree.environment(STEP=FILL % step, ROOM="1"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert re.search(r"no space is left (in|for) |File too large|could not be built", tree.one_line(done))
    if can.returncode == 0:
        assert "no space is left" in done.stderr
    tree.makes("binary")


@pytest.mark.parametrize(
    "fault", ["a file for .cache", "a file for toolchain", "a directory for the lock", "read-only"]
)
def test_a_cache_that_cannot_be_written_is_told(tree: Tree, fault: str) -> None:
    """Root may write everywhere but where there is no such place."""
    if fault == "read-only" and os.geteuid() == 0:
        tree.cache.parent.symlink_to("/proc")
    elif fault == "read-only":
        tree.cache.mkdir(parents=True, mode=0o500)
    elif fault == "a file for .cache":
        tree.cache.parent.write_text("")
    elif fault == "a file for toolchain":
        tree.cache.parent.mkdir()
        tree.cache.write_text("")
    else:
        (tree.cache / "lock").mkdir(parents=True)
    done = tree.build("binary")
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"packaging/build.py: {tree.cache}: ")
    assert line.endswith(": it must be a directory that you may write to")
