"""`vsphere-session login --no-browser`: the browser is elsewhere, and where it has come to is pasted into a real terminal."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from commands.at_a_terminal import terminal as at_a_terminal
from login.broker.by_hand import address_after
from login.broker.site import Site
from support.terminal import Terminal

PROMPT = b"Paste that address here:"


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    """A terminal."""
    with Terminal() as opened:
        yield opened


def start(site: Site, terminal: Terminal, *options: str, stdin: int | None = None) -> subprocess.Popen[bytes]:
    """Start the command, and come to where it waits for what is pasted."""
    words = [*site.helper.program, *options, "login", "--no-browser", site.vcenter.authority]
    process = terminal.start(words, site.helper.environment, python=sys.executable, stdin=stdin)
    terminal.see(PROMPT)
    return process


def url(terminal: Terminal) -> str:
    """The address that is shown."""
    (line,) = [line for line in terminal.seen.decode().splitlines() if line.startswith("  https://")]
    return line.strip()


def test_the_address_is_pasted(site: Site, terminal: Terminal) -> None:
    """Nobody listens at the redirect URI meanwhile. The terminal is as before afterwards, and `get` has the session."""
    process = start(site, terminal)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", site.port))
    terminal.type(address_after(site, url(terminal)).encode() + b"\n")
    assert terminal.end(process) == 0, terminal.seen
    assert b"logged in: https://" in terminal.seen
    assert terminal.modes == terminal.modes_before
    assert site.ok()["source"] == "cache"
    assert site.vcenter.session_count == 2


@pytest.mark.parametrize("end", [b"\n", b"\r", b"\r\n"])
def test_an_address_longer_than_a_line_of_a_terminal(site: Site, terminal: Terminal, end: bytes) -> None:
    """A terminal that edits lines takes 4,095 bytes of one, and drops the rest."""
    process = start(site, terminal)
    while terminal.edits_lines:  # it has shown the address, and has the terminal in a moment
        assert process.poll() is None, terminal.seen
    address = f"{address_after(site, url(terminal))}&session_state={'x' * 9000}"
    terminal.type(address.encode() + end)
    assert terminal.end(process) == 0, terminal.seen
    assert terminal.modes == terminal.modes_before
    assert site.vcenter.session_count == 2


def test_what_is_on_stdin_stays_there(site: Site, terminal: Terminal, tmp_path: Path) -> None:
    (tmp_path / "stdin").write_bytes(b"http://localhost/?code=not-this&state=one\n")
    with (tmp_path / "stdin").open("rb") as stdin:
        process = start(site, terminal, stdin=stdin.fileno())
        terminal.type(address_after(site, url(terminal)).encode() + b"\n")
        assert terminal.end(process) == 0, terminal.seen
        assert os.lseek(stdin.fileno(), 0, os.SEEK_CUR) == 0
    assert site.vcenter.session_count == 2


def test_control_c_leaves_nothing_behind(site: Site, terminal: Terminal) -> None:
    process = start(site, terminal)
    while terminal.edits_lines:
        assert process.poll() is None, terminal.seen
    terminal.type(b"http://localhost")
    terminal.type(b"\x03")
    assert terminal.end(process) == 130, terminal.seen
    assert terminal.modes == terminal.modes_before
    assert (site.vcenter.session_count, site.kept) == (0, [])
    assert b"Traceback" not in terminal.seen


def test_nobody_pastes_anything(site: Site, terminal: Terminal) -> None:
    process = start(site, terminal, "--timeout", "2")
    assert terminal.end(process) == 8, terminal.seen
    assert b"nothing was pasted within 2 s; start again, or allow more with --timeout" in terminal.seen
    assert terminal.modes == terminal.modes_before


@pytest.mark.parametrize("typed", [b"\n", b"\x04", b"what?\x20is this\n", b"http://localhost/auth\n"])
def test_what_is_pasted_is_no_answer(site: Site, terminal: Terminal, typed: bytes) -> None:
    process = start(site, terminal)
    while terminal.edits_lines:
        assert process.poll() is None, terminal.seen
    terminal.type(typed)
    assert terminal.end(process) in (2, 4), terminal.seen
    assert b"paste" in terminal.seen.rpartition(b"vsphere-session: ")[2] or b"invalid_grant" in terminal.seen
    assert terminal.modes == terminal.modes_before
    assert site.vcenter.session_count == 0


def test_the_answer_to_another_login(site: Site, terminal: Terminal) -> None:
    """Its code is not even shown to the provider."""
    process = start(site, terminal)
    address = address_after(site, url(terminal)).replace("state=", "state=x")
    terminal.type(address.encode() + b"\n")
    assert terminal.end(process) == 2, terminal.seen
    assert b"what was pasted is the answer to another login" in terminal.seen
    assert site.asked("authorization_code") == 0


def test_denied(site: Site, terminal: Terminal) -> None:
    process = start(site, terminal)
    terminal.type(address_after(site, url(terminal), decision="deny").encode() + b"\n")
    assert terminal.end(process) == 4, terminal.seen
    assert b"the login was denied in the browser" in terminal.seen


def test_a_code_is_good_once(site: Site, terminal: Terminal) -> None:
    """Somebody has replayed it: the broker voids all that came of it, and the error says to log in again."""
    process = start(site, terminal)
    address = address_after(site, url(terminal))
    code = address.partition("code=")[2].partition("&")[0]
    site.broker.use(site.broker.given.codes, code)
    terminal.type(address.encode() + b"\n")
    assert terminal.end(process) == 4, terminal.seen
    assert b"the code is good once and for a minute: log in with the browser again" in terminal.seen
    assert code.encode() not in terminal.seen.rpartition(b"vsphere-session: ")[2]
    assert site.vcenter.session_count == 0


def test_without_a_terminal(site: Site) -> None:
    """Said before anybody opens the address in vain."""
    done = subprocess.run(
        [*site.helper.program, "login", "--no-browser", site.vcenter.authority],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        env=site.helper.environment,
        start_new_session=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 11
    assert done.stderr.decode() == (
        "vsphere-session: there is no terminal to paste the address into; run this command in one, or without --no-browser where there is "
        "a browser\n"
    )


def test_a_terminal_that_goes_away(site: Site) -> None:
    """Also where the signal that tells of it is ignored, as under nohup."""
    status = site.helper.home / "status"
    site.helper.program = ["/bin/sh", "-c", f"trap '' HUP; {site.helper.program[0]} \"$@\"; echo $? >{status}", "sh"]
    with at_a_terminal(site.helper, "login", "--no-browser", site.vcenter.authority) as screen:
        screen.wait_for(PROMPT.decode())
        screen.hang_up()
    assert int(status.read_text()) in (2, 11)
    assert (site.vcenter.session_count, site.kept) == (0, [])
