"""The forge's workflows: well-formed, pinned, with few rights, and made of this project's own commands."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from peers.actionlint import actionlint

ROOT = Path(__file__).resolve().parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
TEXTS = {file.name: file.read_text(encoding="utf-8") for file in WORKFLOWS}


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda file: file.name)
def test_actionlint_finds_nothing(workflow: Path) -> None:
    """Without the checks of other linters, which not every machine has."""
    done = subprocess.run(
        [actionlint(), "-shellcheck=", "-pyflakes=", workflow], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_actionlint_would_find_something(tmp_path: Path) -> None:
    """An expression that names nothing."""
    broken = TEXTS["release.yml"].replace("steps.version.outputs", "steps.no-such-step.outputs", 1)
    (tmp_path / "release.yml").write_text(broken, encoding="utf-8")
    command: list[str | Path] = [actionlint(), "-shellcheck=", "-pyflakes=", tmp_path / "release.yml"]
    assert subprocess.run(command, cwd=ROOT, capture_output=True, check=False).returncode == 1


@pytest.mark.parametrize("name", TEXTS)
def test_every_action_is_pinned_by_a_commit_with_its_version_beside_it(name: str) -> None:
    used = re.findall(r"uses: (\S+)(.*)", TEXTS[name])
    assert used
    for action, comment in used:
        assert action.startswith("./") or re.fullmatch(r"[\w.-]+/[\w.-]+@[0-9a-f]{40}", action), action
        assert action.startswith("./") or re.fullmatch(r" # v\d+\.\d+\.\d+", comment), action


def test_an_action_has_one_version_in_all_workflows() -> None:
    pins = {pin for text in TEXTS.values() for pin in re.findall(r"uses: (\S+@.*)", text)}
    assert len({pin.partition("@")[0] for pin in pins}) == len(pins)


@pytest.mark.parametrize("name", TEXTS)
def test_a_workflow_may_read_and_only_the_publishing_job_may_write(name: str) -> None:
    """And what is checked out keeps no token."""
    before, _, jobs = TEXTS[name].partition("\njobs:\n")
    assert "permissions:\n  contents: read\n" in before
    parts = re.split(r"^  (\w+):\n", jobs, flags=re.MULTILINE)
    for job, text in zip(parts[1::2], parts[2::2], strict=True):
        assert ("permissions:" in text) == (job == "publish")
        assert text.count("actions/checkout@") == text.count("persist-credentials: false")


@pytest.mark.parametrize("name", TEXTS)
def test_no_script_has_an_expression_in_it(name: str) -> None:
    """What a tag or a branch is called would be run as a part of the script."""
    scripts = re.findall(r"^( +)(?:- )?run: (.*\n(?:\1 {2,}.*\n|\n)*)", TEXTS[name], flags=re.MULTILINE)
    assert scripts
    for _, script in scripts:
        assert "${{" not in script


@pytest.mark.parametrize("name", TEXTS)
def test_every_command_and_every_folder_of_tests_exists(name: str) -> None:
    commands = set(re.findall(r"tests/run\.py (\w+)", TEXTS[name]))
    known = subprocess.run([sys.executable, ROOT / "tests" / "run.py"], capture_output=True, text=True, check=False)
    assert commands
    for command in commands:
        assert re.search(rf"^  {command} ", known.stderr, re.MULTILINE), command
    for folder in re.findall(r"\btests/\w+(?!\w|\.py)", TEXTS[name]):
        assert os.path.isdir(ROOT / folder), folder
