"""`configure` and `unconfigure` themselves: hosts, places for links, and what is no request."""

from __future__ import annotations

import os
import subprocess

import pytest

from configure.setting_up import OTHER, Setup
from vsphere_session.configure import links
from vsphere_session.configure.plan import Target
from vsphere_session.errors import InvalidRequestError

VERBS = pytest.mark.parametrize("verb", ["configure", "unconfigure"])


@VERBS
@pytest.mark.parametrize(
    "words", [(), ("svn",), ("git", "docker"), ("git", "--host", "me@h"), ("git", "--host", "a b")]
)
def test_what_is_no_caller_or_no_host_is_an_invalid_request(setup: Setup, verb: str, words: tuple[str, ...]) -> None:
    """On stderr alone, with the kind's exit status."""
    assert setup.refused(2, verb, *words).startswith("vsphere-session: ")


@pytest.mark.parametrize("caller", ["git", "docker", "kubernetes", "bazel"])
def test_without_any_host_one_has_to_be_named(setup: Setup, caller: str) -> None:
    setup.desk.config.write_text("")
    assert "--host" in setup.refused(2, "configure", caller)


def test_every_configured_host_is_meant_where_none_is_named(setup: Setup) -> None:
    setup.desk.config.write_text(
        'url = "https://A.example.com/sdk"\n[endpoint."b.example.com:444"]\n[endpoint."a.example.com"]\n'
    )
    config = setup.home / ".docker" / "config.json"
    assert setup.ok("configure", "docker", "--dry-run")[1:] == [
        f"set credHelpers.a.example.com in {config}",
        f"set credHelpers.b.example.com:444 in {config}",
    ]


def test_unconfigure_needs_no_configuration(setup: Setup) -> None:
    """It finds what this program wrote, also for hosts that are configured no more."""
    before = setup.files()
    setup.ok("configure", "docker", "--host", OTHER)
    assert len(setup.ok("unconfigure", "docker")) == 2
    assert setup.files() == before


def test_a_link_that_is_at_home_already_is_used_and_removed(setup: Setup) -> None:
    """~/.local/bin is the place where the program's own directory could not be written at the time."""
    link = setup.home / ".local" / "bin" / "docker-credential-vsphere"
    link.parent.mkdir(parents=True)
    link.symlink_to(setup.program)
    assert len(setup.ok("configure", "docker")) == 1
    assert not (setup.bin / link.name).is_symlink()
    assert len(setup.ok("unconfigure", "docker")) == 2
    assert not link.is_symlink()


@pytest.mark.parametrize("writable", [True, False])
def test_a_link_goes_home_where_the_programs_directory_cannot_be_written(
    setup: Setup, monkeypatch: pytest.MonkeyPatch, writable: bool
) -> None:
    """The tests may run as root, who can write everywhere: so the operating system's answer is the test's."""
    monkeypatch.setattr(os, "access", lambda *_: writable)
    desk = Target(setup.desk.environment, str(setup.program), str(setup.home), [])
    directory = setup.bin if writable else setup.home / ".local" / "bin"
    assert links.place("docker-credential-vsphere", desk) == str(directory / "docker-credential-vsphere")


@pytest.mark.parametrize("start", ["vsphere-session", "./installed/vsphere-session"])
def test_the_link_leads_to_the_absolute_path_of_the_program(setup: Setup, start: str) -> None:
    """However it was started: by its name on PATH, or by a path from the current directory."""
    command = ["/bin/sh", "-c", f"{start} configure docker"]
    subprocess.run(command, cwd=setup.home, env=setup.desk.environment, check=True, capture_output=True)
    assert (setup.bin / "docker-credential-vsphere").readlink() == setup.program


def test_a_directory_that_is_not_on_path_is_named(setup: Setup) -> None:
    lines = setup.ok("configure", "docker", PATH=os.defpath)
    assert f"{setup.bin} is not on PATH: add it" in lines
    assert setup.ok("configure", "docker", PATH=os.defpath) == ["nothing to do"]


def test_a_module_run_by_python_is_nothing_that_a_caller_can_run(setup: Setup) -> None:
    with pytest.raises(InvalidRequestError):
        links.this_program("/some/where/__main__.py", setup.desk.environment)


def test_the_help_names_both(setup: Setup) -> None:
    for words in (("--help",), ("configure", "--help")):
        text = "\n".join(setup.ok(*words))
        assert all(word in text for word in ("configure CALLER", "unconfigure CALLER", "--dry-run", "--host HOST"))
