"""What happens where Debian's packages cannot be had, and how roots are made of them; apt-get is played by a script."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from peers import PeerMissingError
from support import roots
from support.roots import debian_root

OFFLINE = """\
#!/bin/sh
case "$*" in
    *indextargets*) echo "http://debian.test/debian/ bookworm"; echo "http://debian.test/security/ bookworm-security";;
    *update*) echo "W: Failed to fetch http://debian.test/debian/dists/bullseye: could not resolve 'debian.test'" >&2;;
    *) echo "E: Unable to locate package hello" >&2; exit 100;;
esac
"""
SERVING = """\
#!/bin/sh
case "$*" in
    *indextargets*) echo "http://debian.test/debian/ bookworm"; echo "http://debian.test/security/ bookworm-security";;
    *update*) cp "$(dirname "$3")/sources.list" "%(copy)s";;
    *) echo . >> "%(copy)s.asked"; cp "%(package)s" "$(dirname "$3")/archives/";;
esac
"""


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Roots of this test alone."""
    monkeypatch.setattr(roots, "ROOTS", tmp_path / "roots")
    roots._root.cache_clear()


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The first directory of PATH."""
    directory = tmp_path / "bin"
    directory.mkdir()
    monkeypatch.setenv("PATH", str(directory), prepend=":")
    return directory


def played_by(programs: Path, script: str) -> None:
    """Let this script be apt-get."""
    (programs / "apt-get").write_text(script, encoding="utf-8")
    (programs / "apt-get").chmod(0o755)


def package(directory: Path) -> Path:
    """A package with a program in /bin, which has another name, and a file elsewhere."""
    tree = directory / "tree"
    for name, text in {
        "DEBIAN/control": "Package: hello\nVersion: 1\nArchitecture: all\nMaintainer: nobody\nDescription: it\n",
        "bin/dash": "#!\n",
        "usr/share/doc/hello": "hello\n",
    }.items():
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_text(text, encoding="utf-8")
    (tree / "bin/dash").chmod(0o4755)
    (tree / "bin/link").hardlink_to(tree / "bin/dash")
    subprocess.run(["dpkg-deb", "--build", tree, directory / "hello.deb"], check=True, stdout=subprocess.DEVNULL)
    return directory / "hello.deb"


def test_without_a_network_one_line_says_so_and_nothing_is_left_as_if_it_were_whole(
    programs: Path, tmp_path: Path
) -> None:
    played_by(programs, OFFLINE)
    for _ in range(2):
        with pytest.raises(PeerMissingError) as caught:
            debian_root("bullseye", ["hello"])
        assert str(caught.value) == (
            "no root of Debian bullseye, for which a network is needed once: apt-get cannot have hello: W: Failed to fetch "
            "http://debian.test/debian/dists/bullseye: could not resolve 'debian.test' E: Unable to locate package hello"
        )
    assert not [path for path in (tmp_path / "roots").iterdir() if path.suffix == ""]


def test_a_machine_without_apt_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(PeerMissingError, match="made by apt-get and dpkg-deb, which this machine does not have"):
        debian_root("bullseye", ["hello"])


def test_a_root_has_the_packages_files_and_what_every_host_has(programs: Path, tmp_path: Path) -> None:
    played_by(programs, SERVING % {"copy": tmp_path / "copy", "package": package(tmp_path)})
    root = debian_root("bullseye", ["hello"])
    assert {name: (root / name).readlink() for name in ("bin", "lib", "bin/sh")} == {
        "bin": Path("usr/bin"),
        "lib": Path("usr/lib"),
        "bin/sh": Path("dash"),
    }
    assert (root / "usr/bin/dash").stat().st_mode & 0o7777 == 0o755, "no file runs as somebody else"
    assert (root / "usr/bin/link").samefile(root / "usr/bin/dash")
    assert (root / "usr/share/doc/hello").read_text(encoding="utf-8") == "hello\n"
    listed = [
        "dpkg-query",
        f"--admindir={root}/var/lib/dpkg",
        "--show",
        "-f",
        "${Package} ${db:Status-Status}",
        "hello",
    ]
    assert subprocess.run(listed, capture_output=True, text=True, check=True).stdout == "hello installed"


def test_packages_come_from_where_this_machine_has_its_own_release(programs: Path, tmp_path: Path) -> None:
    played_by(programs, SERVING % {"copy": tmp_path / "copy", "package": package(tmp_path)})
    debian_root("bullseye", ["hello"])
    (line,) = (tmp_path / "copy").read_text(encoding="utf-8").splitlines()
    assert line.endswith("http://debian.test/debian/ bullseye main")


def test_it_is_made_once_and_again_when_the_list_changes(programs: Path, tmp_path: Path) -> None:
    played_by(programs, SERVING % {"copy": tmp_path / "copy", "package": package(tmp_path)})
    root = debian_root("bullseye", ["hello"])
    roots._root.cache_clear()  # as another process has none
    assert debian_root("bullseye", ["hello"]) == root
    assert debian_root("bullseye", ["hello", "more"]) != root
    assert len((tmp_path / "copy.asked").read_text(encoding="utf-8").splitlines()) == 2


def test_of_the_packages_only_some_files_are_taken_if_so_wished(programs: Path, tmp_path: Path) -> None:
    played_by(programs, SERVING % {"copy": tmp_path / "copy", "package": package(tmp_path)})
    root = debian_root("bullseye", ["hello"], only=("usr/bin/da",))
    assert [path.relative_to(root).as_posix() for path in root.rglob("*")] == ["usr", "usr/bin", "usr/bin/dash"]
