"""`configure git`: git calls the program for the configured hosts, and `unconfigure git` takes that back."""

from __future__ import annotations

import pytest

from configure.setting_up import OTHER, Setup
from interop.desk import Desk
from support.pages import snippet

MINE = '[user]\n\tname = Me\n# mine\n[credential "https://mine.example.com"]\n\thelper = mine\n'


@pytest.fixture
def gitconfig(setup: Setup) -> str:
    """Git's global configuration has something in it; its key for the vCenter is returned."""
    setup.write(setup.home / ".gitconfig", MINE)
    return f"credential.https://{setup.authority}.helper"


def test_git_calls_the_program_for_the_configured_host(setup: Setup, gitconfig: str) -> None:
    link = setup.bin / "git-credential-vsphere"
    assert setup.ok("configure", "git") == [
        f"link {link} -> {setup.program}",
        f"set {gitconfig} in git's global configuration",
    ]
    request = f"protocol=https\nhost={setup.authority}\n\n".encode()
    filled = setup.desk.run("git", "credential", "fill", stdin=request, GIT_TERMINAL_PROMPT="0")
    (session,) = setup.desk.vcenter.sessions
    assert f"password={session.id}\n" in filled.stdout.decode()


def test_the_pages_commands_say_do_and_undo(setup: Setup, gitconfig: str) -> None:
    assert gitconfig
    before = setup.files()
    done = setup.desk.shell(snippet("callers", "configure"))
    said = done.stdout.decode().splitlines()
    assert (done.status, done.stderr) == (0, "")
    assert said[:2] == said[2:4]
    assert [line.split()[0] for line in said[4:]] == ["unset", "remove"]
    assert setup.files() == before


def test_it_is_done_once_and_undone_to_the_byte(setup: Setup, gitconfig: str) -> None:
    assert gitconfig
    setup.round("git", changes=2)


@pytest.mark.parametrize("directory", ["with a space", "it's", "$HOME"])
def test_the_programs_directory_can_have_any_name(desk: Desk, directory: str) -> None:
    """Git hands the value to a shell."""
    setup = Setup(desk)
    setup.bin = setup.bin.rename(setup.home / directory)
    setup.program = setup.bin / "vsphere-session"
    setup.ok("configure", "git")
    request = f"protocol=https\nhost={setup.authority}\n\n".encode()
    assert b"password=" in desk.run("git", "credential", "fill", stdin=request, GIT_TERMINAL_PROMPT="0").stdout


def test_the_link_stays_until_the_last_host_is_gone(setup: Setup) -> None:
    setup.ok("configure", "git")
    assert setup.ok("configure", "git", "--host", OTHER) == [
        f"set credential.https://{OTHER}.helper in git's global configuration"
    ]
    assert setup.ok("unconfigure", "git", "--host", setup.authority) == [
        f"unset credential.https://{setup.authority}.helper in git's global configuration"
    ]
    assert (setup.bin / "git-credential-vsphere").is_symlink()
    assert len(setup.ok("unconfigure", "git", f"--host={OTHER}")) == 2
    assert not (setup.bin / "git-credential-vsphere").is_symlink()


def test_another_helper_for_the_host_stays(setup: Setup, gitconfig: str) -> None:
    setup.desk.run("git", "config", "--global", gitconfig, "mine")
    assert gitconfig in setup.refused(2, "configure", "git")
    assert setup.ok("unconfigure", "git") == ["nothing to do"]


@pytest.mark.parametrize("kind", ["file", "link", "dangling link"])
def test_what_has_the_links_name_stays(setup: Setup, kind: str) -> None:
    path = setup.bin / "git-credential-vsphere"
    if kind == "file":
        path.write_text("mine")
    else:
        path.symlink_to("/bin/true" if kind == "link" else "/nowhere/vsphere-session")
    assert str(path) in setup.refused(9, "configure", "git")
    assert setup.ok("unconfigure", "git") == ["nothing to do"]
    assert path.is_symlink() or path.read_text() == "mine"


def test_a_link_that_the_user_made_is_used_and_stays(setup: Setup) -> None:
    path = setup.bin / "git-credential-vsphere"
    path.symlink_to("vsphere-session")
    assert len(setup.ok("configure", "git")) == 1
    assert len(setup.ok("unconfigure", "git")) == 1
    assert path.is_symlink()


def test_without_git_it_is_not_found(setup: Setup) -> None:
    reply = setup.run("configure", "git", PATH=str(setup.bin))
    assert (reply.status, reply.stdout) == (3, b""), reply
    assert "git cannot be found" in reply.stderr
    assert not (setup.bin / "git-credential-vsphere").is_symlink()


def test_what_git_refuses_is_an_error_that_says_so(setup: Setup, gitconfig: str) -> None:
    """What was done before it is said, and a second call does the rest."""
    lock = setup.home / ".gitconfig.lock"
    lock.touch()
    reply = setup.run("configure", "git")
    assert (reply.status, reply.stdout.count(b"\n")) == (9, 1), reply
    assert "git refused" in reply.stderr
    lock.unlink()
    assert setup.ok("configure", "git") == [f"set {gitconfig} in git's global configuration"]
