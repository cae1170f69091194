"""What the audit says of sources of the single file that are behind, by made-up answers of `apt-cache showsrc`."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from audit import behind
from audit.behind import Pinned, compared, lines, pinned, upstream, versions

OPENSSL = Pinned("openssl", "3.5.7", "openssl", "3.5.")
ZLIB = Pinned("zlib", "1.3.1", "zlib", "1.3.")
EXPAT = Pinned("expat", "2.8.3", "expat", "2.")


def said(package: str, *versions: str) -> str:
    """As apt-cache has it: with more fields, and an empty line behind each."""
    return "".join(
        f"Package: {package}\nFormat: 3.0 (quilt)\nBinary: {package}, lib{package}\nVersion: {version}\n"
        f"Build-Depends: debhelper (>= 13), Version: 9\nPackage-List: \n {package} deb libs optional\n\n"
        for version in versions
    )


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        ("3.5.7-1~deb13u2", "3.5.7"),
        ("1:1.3.dfsg+really1.3.1-1+b1", "1.3.1"),
        ("1:1.2.13.dfsg-1", "1.2.13"),
        ("2.8.3+dfsg-2", "2.8.3"),
        ("2.8.3+dfsg1-2", "2.8.3"),
        ("2.8.3~dfsg2-2+deb13u1", "2.8.3"),
        ("3.13.15+repack1-1", "3.13.15"),
        ("3.13.5-2+deb13u5", "3.13.5"),
        ("2.8.3", "2.8.3"),
        ("2.8.3-1-2", "2.8.3-1"),
        ("3.6.0~beta1-1", "3.6.0~beta1"),
    ],
)
def test_a_version_is_compared_as_its_project_calls_it(version: str, expected: str) -> None:
    """Without epoch, revision, and what Debian notes about the archive."""
    assert upstream(version) == expected


def test_all_versions_of_all_suites_are_taken() -> None:
    """A field of another name that holds the word is none of them."""
    text = said("openssl", "3.5.7-1~deb13u2", "3.5.9-1") + "\n" + said("zlib", "1:1.3.dfsg+really1.3.1-1")
    assert versions(text) == {"openssl": {"3.5.7", "3.5.9"}, "zlib": {"1.3.1"}}
    assert versions("") == {}
    assert versions("Package: openssl\n\nVersion: 1\n") == {}


def test_the_newest_of_the_versions_that_count_is_named() -> None:
    """By number and not by letter; another series, and what is no release yet, does not count."""
    offered = said("openssl", "3.5.7-1", "3.5.9-1~deb13u1", "3.5.10-1", "3.5.11~beta1-1", "3.6.3-1", "4.0.0-1")
    assert compared([OPENSSL], offered) == ["openssl 3.5.7: 3.5.10 is out"]
    assert compared([ZLIB], said("zlib", "1:1.3.dfsg+really1.3.2-3", "1:1.30-1")) == ["zlib 1.3.1: 1.3.2 is out"]


def test_each_source_that_is_behind_has_its_line() -> None:
    offered = said("openssl", "3.5.7-1", "3.5.8-1") + said("zlib", "1:1.3.1-1") + said("expat", "2.9.0-1~deb13u1")
    assert compared([OPENSSL, ZLIB, EXPAT], offered) == [
        "openssl 3.5.7: 3.5.8 is out",
        "expat 2.8.3: 2.9.0 is out",
    ]


def test_an_older_one_or_the_same_is_no_news() -> None:
    """Which a stable Debian keeps for long."""
    (line,) = compared([OPENSSL, EXPAT], said("openssl", "3.5.7-1~deb13u3", "3.5.1-1") + said("expat", "2.7.1-2"))
    assert line.startswith("no newer release")


def test_a_package_that_no_index_knows_is_told() -> None:
    """Lest a renamed one is taken for one that is up to date."""
    assert compared([OPENSSL], said("zlib", "1:1.3.1-1")) == ["openssl 3.5.7: no index knows the package openssl"]


def test_every_source_of_the_lock_is_looked_for() -> None:
    """Each in a series that it belongs to itself."""
    assert {source.name for source in pinned()} >= {"cpython", "openssl", "zlib", "expat"}
    assert all(source.version.startswith(source.follow) and source.package for source in pinned())


# ---- with an apt of our own


@pytest.fixture
def apt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A PATH that holds nothing but what a test puts into it."""
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def put(place: Path, name: str, script: str) -> None:
    (place / name).write_text(f"#!/bin/sh\n{script}\n")
    (place / name).chmod(stat.S_IRWXU)


UPDATE = """\
case "$*" in
*indextargets*) echo "http://mirror.invalid/debian/ bookworm Debian"; echo "http://mirror.invalid/security/ bookworm-security Debian-Security" ;;
*update*) while read -r line; do echo "$line"; done < "${3%/*}/sources.list" > "${0%/*}/asked"; exit 100 ;;
esac
"""


def test_the_newer_suites_are_asked_where_this_machine_has_its_packages_from(apt: Path) -> None:
    """A suite that fails is not the end of it."""
    put(apt, "apt-get", UPDATE)
    put(apt, "apt-cache", f"echo '{said('openssl', '3.5.99-1')}'")
    assert "openssl" in " ".join(line for line in lines() if line.endswith("3.5.99 is out"))
    asked = [line.split("] ")[1] for line in (apt / "asked").read_text().splitlines()]
    assert asked == [
        "http://mirror.invalid/debian/ trixie main",
        "http://mirror.invalid/debian/ trixie-updates main",
        "http://mirror.invalid/debian/ sid main",
        "http://mirror.invalid/security/ trixie-security main",
    ]


@pytest.mark.parametrize(
    ("get", "cache", "reason"),
    [
        (None, None, "this machine has no apt"),
        ("exit 0", "exit 0", "this machine's apt has no sources of Debian's"),
        ("echo 'http://mirror.invalid/ noble Ubuntu'", "exit 0", "this machine's apt has no sources of Debian's"),
        (UPDATE, "echo 'E: You must put some deb-src' >&2; exit 100", "apt-get update brings nothing"),
        ("exec /bin/sleep 60", "exit 0", "apt-get takes longer than 0.2 s"),
    ],
)
def test_where_nobody_can_be_asked_one_line_says_so(
    apt: Path, monkeypatch: pytest.MonkeyPatch, get: str | None, cache: str | None, reason: str
) -> None:
    """And why; the audit goes on."""
    monkeypatch.setattr(behind, "_WAIT", 0.2 if get and "sleep" in get else 60)
    for name, script in (("apt-get", get), ("apt-cache", cache)):
        if script:
            put(apt, name, script)
    assert lines() == [f"NOT COMPARED with newer releases, no index of sources answers here ({reason})"]
