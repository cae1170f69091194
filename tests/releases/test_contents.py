"""What a release holds: the same in every form, for every architecture, with sums, and the same bytes again."""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import re
import subprocess
import tarfile
import zlib
from pathlib import Path

import pytest

from packages import release
from packages.usage import COMMANDS, NAMES
from releases.conftest import ROOT, Make
from support.pages import snippet

PROGRAM = "vsphere-session"
EVERYWHERE = {
    *(f"share/man/man1/{name}.1.gz" for name in (PROGRAM, *(f"{PROGRAM}-{command}" for command in COMMANDS))),
    f"share/bash-completion/completions/{PROGRAM}",
    f"share/fish/vendor_completions.d/{PROGRAM}.fish",
}
APART = {
    "deb": {
        f"share/zsh/vendor-completions/_{PROGRAM}",
        f"share/doc/{PROGRAM}/copyright",
        f"share/doc/{PROGRAM}/NOTICE",
    },
    "apk": {
        f"share/zsh/site-functions/_{PROGRAM}",
        f"share/licenses/{PROGRAM}/LICENSE",
        f"share/licenses/{PROGRAM}/NOTICE",
    },
    "tar.gz": {
        f"share/zsh/site-functions/_{PROGRAM}",
        f"share/doc/{PROGRAM}/LICENSE",
        f"share/doc/{PROGRAM}/NOTICE",
    },
}


@pytest.fixture(scope="module")
def made(make_inputs: Make, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A whole release."""
    place = tmp_path_factory.mktemp("dist")
    release.publish(make_inputs(real=False), place / "packages", place / "build")
    return place / "packages"


def test_a_release_is_made_for_both_architectures_in_every_form(made: Path) -> None:
    """Each under the name that its own world gives it."""
    both = ("x86_64", "aarch64")
    assert {file.name for file in made.iterdir()} == {
        "SHA256SUMS",
        f"{PROGRAM}.rb",
        f"{PROGRAM}-1.2.3-oci.tar",
        "vsphere_session_helper-1.2.3-py3-none-any.whl",
        f"{PROGRAM}_1.2.3_amd64.deb",
        f"{PROGRAM}_1.2.3_arm64.deb",
        *(f"{PROGRAM}-1.2.3-1.{name}.rpm" for name in both),
        *(f"{PROGRAM}-1.2.3-r0.{name}.apk" for name in both),
        *(f"{PROGRAM}-1.2.3-linux-{name}{end}" for name in both for end in ("", ".tar.gz", ".cdx.json")),
    }
    assert os.access(made / f"{PROGRAM}-1.2.3-linux-x86_64", os.X_OK)


def test_the_sums_are_what_sha256sum_checks(made: Path) -> None:
    """Of every file but themselves, by the page's command."""
    command = snippet("docs/releasing", "sums")
    done = subprocess.run(["/bin/sh", "-c", command], cwd=made, capture_output=True, text=True, check=True)
    assert len(done.stdout.splitlines()) == len(list(made.iterdir())) - 1


@pytest.mark.parametrize("form", APART)
def test_every_form_holds_the_program_its_names_its_pages_and_its_licences(made: Path, form: str) -> None:
    """And nothing else; an rpm's are seen where it is installed. All of it is root's, and nobody else may write to it."""
    members = list(_members(made, form))
    files = {name for name, member in members if member.isreg()}
    assert files == {f"bin/{PROGRAM}", *EVERYWHERE, *APART[form]}
    assert {name: member.linkname for name, member in members if member.issym()} == {
        f"bin/{name}": PROGRAM for name in NAMES
    }
    for name, member in members:
        assert (member.uid, member.gid) == (0, 0), name
        assert member.issym() or member.mode == (0o755 if member.isdir() or name.startswith("bin/") else 0o644), name
        assert member.mtime == 1_700_000_000 or member.isdir(), name


def _members(made: Path, form: str) -> list[tuple[str, tarfile.TarInfo]]:
    """What is in the one for x86_64, by its place below the prefix."""
    if form == "deb":
        (deb,) = made.glob("*_amd64.deb")
        data = subprocess.run(["dpkg-deb", "--fsys-tarfile", deb], capture_output=True, check=True).stdout
    elif form == "apk":
        (apk,) = made.glob("*.x86_64.apk")
        data = _last_stream(apk.read_bytes())
    else:
        data = gzip.decompress((made / f"{PROGRAM}-1.2.3-linux-x86_64.tar.gz").read_bytes())
    prefix = f"{PROGRAM}-1.2.3-linux-x86_64" if form == "tar.gz" else "usr"
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        members = [(member.name.removeprefix("./"), member) for member in archive]
    return [(name.removeprefix(f"{prefix}/"), member) for name, member in members if name.startswith(f"{prefix}/")]


def _last_stream(data: bytes) -> bytes:
    """An apk is several gzip files in one, the last of which has the files."""
    while True:
        stream = zlib.decompressobj(wbits=31)
        found = stream.decompress(data)
        if not stream.unused_data:
            return found
        data = stream.unused_data


def test_the_formula_names_the_archives_and_their_sums(made: Path) -> None:
    """Under the URL of the downloads; its home page is the project's."""
    text = (made / f"{PROGRAM}.rb").read_text()
    for name in ("x86_64", "aarch64"):
        archive = made / f"{PROGRAM}-1.2.3-linux-{name}.tar.gz"
        assert f'url "https://forge.example/us/project/releases/download/v1.2.3/{archive.name}"' in text
        assert f'sha256 "{hashlib.sha256(archive.read_bytes()).hexdigest()}"' in text
    assert 'homepage "https://forge.example/us/project"\n' in text
    assert text.count(" do\n") + 2 == text.count("  end\n") + 1  # the class itself and `def`


def test_readmes_lines_fit_a_terminal_and_name_one_file_of_a_release_each(made: Path) -> None:
    """For every kind of host there is."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    lines = readme.partition("<!-- get -->\n```sh\n")[2].partition("```")[0].splitlines()
    assert len(lines) >= 7
    for line in lines:
        assert len(line) <= 80
        named = [word.removeprefix("./") for word in line.partition("#")[0].split() if "*" in word]
        assert len(named) == 1, line
        assert len(list(made.glob(named[0]))) == 1, line


def test_the_page_on_releases_has_every_kind_of_file(made: Path) -> None:
    """Under its name, with VERSION and MACHINE for what differs."""
    page = (ROOT / "docs" / "releasing.md").read_text(encoding="utf-8")
    for file in made.iterdir():
        name = re.sub("x86_64|aarch64", "MACHINE", file.name.replace("1.2.3", "VERSION"))
        name = re.sub("amd64|arm64", "ARCH", name.partition("-py3")[0])
        assert f"`{name}`" in page or f"`{name}…`" in page, name


def test_the_same_inputs_give_the_same_bytes(made: Path, make_inputs: Make, tmp_path: Path) -> None:
    """In another directory, by other files of the same content."""
    release.publish(make_inputs(real=False), tmp_path / "again", tmp_path / "build")
    assert (tmp_path / "again" / "SHA256SUMS").read_text() == (made / "SHA256SUMS").read_text()
    assert list((tmp_path / "build").iterdir()) == [tmp_path / "build" / "packages.lock"]


def test_a_release_candidate_comes_before_its_release(make_inputs: Make, tmp_path: Path) -> None:
    """As each package manager writes that."""
    release.publish(make_inputs("1.2.3rc1", real=False), tmp_path / "dist", tmp_path / "build")
    names = {file.name for file in (tmp_path / "dist").iterdir()}
    assert {
        f"{PROGRAM}_1.2.3~rc1_amd64.deb",
        f"{PROGRAM}-1.2.3~rc1-1.x86_64.rpm",
        f"{PROGRAM}-1.2.3_rc1-r0.x86_64.apk",
    } <= names
    deb = tmp_path / "dist" / f"{PROGRAM}_1.2.3~rc1_amd64.deb"
    said = subprocess.run(["dpkg-deb", "-f", deb, "Version"], capture_output=True, text=True, check=True).stdout
    assert said == "1.2.3~rc1\n"
