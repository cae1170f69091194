"""The container image: skopeo reads it, and the program runs in it with nothing else there.

In `python3 tests/run.py smoke` with the built single file, else with one that only prints its version.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import subprocess
import tarfile
from pathlib import Path

import certifi
import pytest

import peers
from packages.architectures import ARCHITECTURES
from packages.image import AUTHORITIES, USER, image
from packages.usage import NAMES, PROGRAM
from releases.conftest import ROOT, Make
from releases.inside import run_in


@pytest.fixture(scope="module")
def archive(make_inputs: Make, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The image in its file."""
    path = tmp_path_factory.mktemp("image") / "image.tar"
    path.write_bytes(image(make_inputs()))
    return path


def copied(archive: Path, into: Path, architecture: str) -> dict[str, object]:
    """What skopeo finds in it for an architecture: the configuration; its layers are unpacked into a directory."""
    policy = into.with_name(f"policy-{architecture}.json")
    policy.write_text('{"default": [{"type": "insecureAcceptAnything"}]}')
    blobs = into.with_name(f"blobs-{architecture}")
    command: list[str | Path] = [
        peers.debian()["skopeo"],
        "--policy",
        policy,
        "--override-arch",
        ARCHITECTURES[architecture].go,
    ]
    subprocess.run([*command, "copy", "-q", f"oci-archive:{archive}:vsphere-session:1.2.3", f"dir:{blobs}"], check=True)
    manifest = json.loads((blobs / "manifest.json").read_bytes())
    into.mkdir()
    for layer in manifest["layers"]:
        with tarfile.open(blobs / layer["digest"].removeprefix("sha256:")) as unpacked:
            # An argument of extractall is unknown to Debian's own 3.11.2, for which it is so anyway.
            unpacked.extraction_filter = getattr(tarfile, "fully_trusted_filter", None)
            unpacked.extractall(into)
    configuration: dict[str, object] = json.loads(
        (blobs / manifest["config"]["digest"].removeprefix("sha256:")).read_bytes()
    )
    return configuration


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_it_holds_the_program_authorities_and_licences_and_nothing_else(
    archive: Path, tmp_path: Path, architecture: str
) -> None:
    configuration = copied(archive, tmp_path / "root", architecture)
    assert (configuration["architecture"], configuration["os"]) == (ARCHITECTURES[architecture].go, "linux")
    files = {
        path.relative_to(tmp_path / "root").as_posix() for path in (tmp_path / "root").rglob("*") if not path.is_dir()
    }
    licences = {f"usr/share/licenses/{PROGRAM}/{name}" for name in ("LICENSE", "NOTICE")}
    programs = {f"usr/bin/{name}" for name in (PROGRAM, *NAMES)}
    assert files == {"etc/passwd", "etc/group", AUTHORITIES, *licences, *programs}
    assert (tmp_path / "root" / AUTHORITIES).read_bytes() == Path(certifi.where()).read_bytes()
    notice = (tmp_path / "root" / f"usr/share/licenses/{PROGRAM}/NOTICE").read_text()
    assert "What is in it, and under which licences." in notice
    assert "Mozilla's list of authorities by certifi" in notice


def test_the_program_runs_in_it_as_an_ordinary_user(archive: Path, tmp_path: Path) -> None:
    """By the image's own entry point, whose home is theirs alone."""
    configuration = copied(archive, tmp_path / "root", platform.machine())["config"]
    assert isinstance(configuration, dict)
    assert configuration["User"] == f"{USER}:{USER}"
    (entry,) = configuration["Entrypoint"]
    environment = dict(variable.split("=", 1) for variable in configuration["Env"])
    home = tmp_path / "root" / environment["HOME"][1:]
    assert home.stat().st_mode & 0o777 == 0o700
    if os.geteuid() == 0:
        assert home.stat().st_uid == USER
    done = run_in(tmp_path / "root", entry, "--version", environment=environment, user=USER)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"{PROGRAM} ")


def test_every_blob_is_what_its_name_says_and_both_architectures_share_a_layer(archive: Path) -> None:
    with tarfile.open(archive) as layout:
        blobs = {member.name: layout.extractfile(member) for member in layout if member.name.startswith("blobs/")}
    names = {name for name, file in blobs.items() if file is not None}
    assert len(names) == 1 + 2 + 2 + 3  # the index, manifests, configurations, layers
    with tarfile.open(archive) as layout:
        for name in names:
            file = layout.extractfile(name)
            assert file is not None
            assert hashlib.sha256(file.read()).hexdigest() == name.rpartition("/")[2]


def test_it_says_what_it_is_and_where_it_comes_from(archive: Path, tmp_path: Path) -> None:
    """In labels, with the licence of the tree."""
    configuration = copied(archive, tmp_path / "root", "x86_64")["config"]
    assert isinstance(configuration, dict)
    labels = configuration["Labels"]
    assert labels["org.opencontainers.image.version"] == "1.2.3"
    assert labels["org.opencontainers.image.source"] == "https://forge.example/us/project"
    assert labels["org.opencontainers.image.licenses"] in (ROOT / "pyproject.toml").read_text(encoding="utf-8")
