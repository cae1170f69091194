"""The terminal of the person who called, whatever stdin and stdout are: stdin is never read here."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from vsphere_session.commands.browser import open_browser
from vsphere_session.errors import BusyError, InteractionRequiredError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vsphere_session.clock import Deadline

_ENOUGH = 32 * 1024
"""Bytes that somebody may paste: an address with a code in it is far shorter."""
_LOOK_UP = 1.0
"""Seconds after which the clock is read again, whatever it is."""


class Terminal:
    """Somebody in front of a terminal (see `login.ground.Person`). `environ` is for the browser: there is no secret in it."""

    def __init__(self, environ: Mapping[str, str], *, browser: bool) -> None:
        self._environ = environ
        self._browser = browser

    @property
    def has_browser(self) -> bool:
        """Whether there may be a browser on this machine: not where the caller says no."""
        return self._browser

    def show(self, url: str) -> None:
        """Show an address that is to be opened. Raises as `read` does where the answer could not be read later."""
        if self._browser:
            sys.stderr.write(
                f"Log in in the browser window. If none has opened, open this address on this machine:\n\n  {url}\n\n"
            )
        else:
            os.close(_terminal())
            sys.stderr.write(
                f"Open this address in a browser and log in:\n\n  {url}\n\nThe browser ends at an address that it may not be able to show. "
                "Paste that address here:\n"
            )
        sys.stderr.flush()

    def open(self, url: str) -> None:
        """Open it in the browser, if there is one."""
        open_browser(url, self._environ)

    def read(self, deadline: Deadline) -> str:
        """A line that is typed or pasted. Raises InteractionRequiredError without a terminal, BusyError at the end of `deadline`."""
        terminal = _terminal()
        try:
            return _line(terminal, deadline)
        finally:
            os.close(terminal)


def _terminal() -> int:
    try:
        return os.open("/dev/tty" if os.name == "posix" else "CONIN$", os.O_RDWR)
    except OSError:
        raise InteractionRequiredError(
            "there is no terminal to paste the address into; run this command in one, or without --no-browser where there is a browser"
        ) from None


def _line(terminal: int, deadline: Deadline) -> str:
    """One line, longer than the 4,095 bytes that a terminal takes of one while it edits lines itself."""
    try:
        import termios  # noqa: PLC0415  # not on every platform

        before = termios.tcgetattr(terminal)
    except (ImportError, OSError):
        return _read(terminal, deadline)
    try:
        raw = [*before[:3], before[3] & ~termios.ICANON, *before[4:]]
        termios.tcsetattr(terminal, termios.TCSADRAIN, raw)
        return _read(terminal, deadline)
    finally:
        termios.tcsetattr(terminal, termios.TCSADRAIN, before)


def _read(terminal: int, deadline: Deadline) -> str:
    parts = b""
    while len(parts) < _ENOUGH:
        _await(terminal, deadline)
        part = os.read(terminal, 4096)
        parts += part
        if not part or b"\n" in part or b"\r" in part or b"\x04" in part:
            break
    return parts.replace(b"\r", b"\n").partition(b"\n")[0].decode("utf-8", "replace").strip(" \x04")


def _await(terminal: int, deadline: Deadline) -> None:
    if os.name != "posix":
        return
    from select import select  # noqa: PLC0415  # not on every platform; macOS has no poll for terminals

    while not select([terminal], [], [], max(0.0, min(deadline.remaining(), _LOOK_UP)))[0]:
        if deadline.remaining() <= 0:
            raise BusyError(
                f"nothing was pasted within {deadline.seconds:g} s; start again, or allow more with --timeout"
            )
