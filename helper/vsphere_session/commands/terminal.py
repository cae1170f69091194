"""The terminal of the person who called, whatever stdin and stdout are: stdin is never read here."""

from __future__ import annotations

import os
import sys

from vsphere_session.errors import InteractionRequiredError

_ENOUGH = 16 * 1024
"""Bytes that somebody may paste: an address with a code in it is far shorter."""


class Terminal:
    """Somebody in front of a terminal (see `login.ground.Person`)."""

    def __init__(self, *, browser: bool) -> None:
        self._browser = browser

    @property
    def has_browser(self) -> bool:
        """Whether there may be a browser on this machine: not where the caller says no."""
        return self._browser

    def show(self, url: str) -> None:
        """Show an address that is to be opened."""
        if self._browser:
            sys.stderr.write(
                f"Log in in the browser window. If none has opened, open this address on this machine:\n\n  {url}\n\n"
            )
        else:
            sys.stderr.write(
                f"Open this address in a browser and log in:\n\n  {url}\n\nThe browser ends at an address that it may not be able to show. "
                "Paste that address here:\n"
            )
        sys.stderr.flush()

    def read(self) -> str:
        """A line that is typed or pasted. Raises InteractionRequiredError without a terminal."""
        try:
            terminal = os.open("/dev/tty" if os.name == "posix" else "CONIN$", os.O_RDWR)
        except OSError:
            raise InteractionRequiredError("there is no terminal to paste the address into; run this in one") from None
        try:
            return _line(terminal)
        finally:
            os.close(terminal)


def _line(terminal: int) -> str:
    """One line, longer than the 4,095 bytes that a terminal takes of one while it edits lines itself."""
    try:
        import termios  # noqa: PLC0415  # not on every platform

        before = termios.tcgetattr(terminal)
        raw = [*before[:3], before[3] & ~termios.ICANON, *before[4:]]
        termios.tcsetattr(terminal, termios.TCSADRAIN, raw)
    except (ImportError, OSError):
        return _read(terminal)
    try:
        return _read(terminal)
    finally:
        termios.tcsetattr(terminal, termios.TCSADRAIN, before)


def _read(terminal: int) -> str:
    parts = b""
    while len(parts) < _ENOUGH:
        part = os.read(terminal, 4096)
        parts += part
        if not part or b"\n" in part or b"\r" in part or b"\x04" in part:
            break
    return parts.replace(b"\r", b"\n").partition(b"\n")[0].decode("utf-8", "replace").strip(" \x04")
