"""What a release is made from, with stand-ins for what only a build has."""

from __future__ import annotations

import dataclasses
import os
import platform
from collections.abc import Callable
from pathlib import Path

import pytest

from releases.stand_in import executable
from support import build_code

ROOT = Path(__file__).resolve().parents[2]

# What the build's own programs find when they start is found here once and for all: a folder of the tests and a program
# of the build have one name, so their directory must not stay in the path.
with build_code.importable():
    from packages.architectures import ARCHITECTURES
    from packages.inputs import Inputs

Make = Callable[..., Inputs]


@pytest.fixture(scope="session")
def make_inputs(tmp_path_factory: pytest.TempPathFactory) -> Make:
    """Inputs of a version; of this machine's executable the one under test, where that is a single file."""

    def make(version: str = "1.2.3", *, real: bool = True, **other: object) -> Inputs:
        place = tmp_path_factory.mktemp("inputs")
        files, boms = {}, {}
        for name, architecture in ARCHITECTURES.items():
            files[name] = place / name
            files[name].write_bytes(executable(version, architecture.machine))
            boms[name] = place / f"{name}.cdx.json"
            boms[name].write_text(f'{{"bomFormat": "CycloneDX", "for": "{name}"}}')
        built = os.environ.get("VSPHERE_SESSION_PROGRAM")
        if built and real:
            files[platform.machine()] = Path(built)
        (place / "NOTICE").write_text("What is in it, and under which licences.\n")
        (place / "vsphere_session_helper-1.2.3-py3-none-any.whl").write_bytes(b"a wheel")
        inputs = Inputs(
            version=version,
            time=1_700_000_000,
            executables=files,
            boms=boms,
            licence=ROOT / "LICENSE",
            notice=place / "NOTICE",
            distributions=[place / "vsphere_session_helper-1.2.3-py3-none-any.whl"],
            downloads="https://forge.example/us/project/releases/download/v1.2.3",
        )
        return dataclasses.replace(inputs, **other)  # type: ignore[arg-type]  # a test names the fields itself

    return make
