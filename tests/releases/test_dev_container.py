"""The dev container: the machine that the forge's tests run on, with the demo behind it when it opens."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
CONTAINER: dict[str, Any] = json.loads((ROOT / ".devcontainer" / "devcontainer.json").read_text(encoding="utf-8"))
LINUX, _, _ = (ROOT / ".github" / "workflows" / "test.yml").read_text(encoding="utf-8").partition("\n  pythons:\n")
INSTALL = "apt-get install --yes --no-install-recommends "


def test_it_has_the_properties_of_a_dev_container_and_no_others() -> None:
    """In plain JSON, which tools read that know no comments; a property that is misspelt does nothing and says nothing."""
    assert set(CONTAINER) == {"name", "image", "onCreateCommand", "postCreateCommand", "customizations"}


def test_it_is_the_image_of_the_forges_tests() -> None:
    assert re.findall(r"^    container: (\S+)$", LINUX, re.MULTILINE) == [CONTAINER["image"]]


def test_it_has_the_packages_of_the_forges_tests() -> None:
    (said,) = re.findall(rf"{INSTALL}\\\n((?: {{12}}.*\n)+)", LINUX)
    before, _, packages = CONTAINER["onCreateCommand"].partition(f" && {INSTALL}")
    assert before == "apt-get update"
    assert packages.split() == said.replace("\\", "").split()


def test_it_shows_the_demo_and_finds_the_environment_that_this_makes() -> None:
    assert CONTAINER["postCreateCommand"] == "python3 tests/run.py demo"
    settings = CONTAINER["customizations"]["vscode"]["settings"]
    assert settings["python.defaultInterpreterPath"] == "${containerWorkspaceFolder}/.venv/bin/python"
