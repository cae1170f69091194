"""What the callers' tests rely on when they use programs of Debian's packages."""

import subprocess
from pathlib import Path

import pytest

from peers import PeerMissingError, debian, path_with_debian


@pytest.mark.parametrize("program", ["skopeo", "podman", "docker-credential-pass", "pass", "gpg"])
def test_every_program_starts_wherever_it_comes_from(program: str, tmp_path: Path) -> None:
    environment = {"PATH": path_with_debian(), "HOME": str(tmp_path)}
    option = "version" if program in ("docker-credential-pass", "pass") else "--version"

    done = subprocess.run([debian()[program], option], env=environment, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (0, "")
    assert any(character.isdigit() for character in done.stdout)


def test_a_machine_without_debians_packages_is_told_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(
        PeerMissingError, match=r"skopeo, podman, .* not on PATH, and this machine has no Debian packages"
    ):
        debian.__wrapped__()


def test_a_program_on_path_is_used_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in debian():
        program = tmp_path / name
        program.touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path))

    assert set(debian.__wrapped__().values()) == {tmp_path / name for name in debian()}
