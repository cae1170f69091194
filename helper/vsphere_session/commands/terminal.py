"""The terminal of the person who called, whatever stdin and stdout are: stdin is never read here."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from vsphere_session.commands.browser import open_browser
from vsphere_session.commands.tty import PART, Tty
from vsphere_session.errors import BusyError, InteractionRequiredError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vsphere_session.clock import Deadline

_ENOUGH = 32 * 1024
"""Bytes that somebody may paste: an address with a code in it is far shorter."""
_ENDS = frozenset(b"\r\n\x04")
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
            try:
                with Tty():
                    pass
            except OSError:
                raise _nobody() from None
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
        parts = b""
        try:
            with Tty(without="ICANON") as tty:  # which takes 4,095 bytes of a line: it may be longer
                while len(parts) < _ENOUGH:
                    _await(tty, deadline)
                    part = tty.read(PART)
                    parts += part
                    if not part or _ENDS.intersection(part):
                        break
        except OSError:
            raise _nobody() from None
        return parts.replace(b"\r", b"\n").partition(b"\n")[0].decode("utf-8", "replace").strip(" \x04")


def _nobody() -> InteractionRequiredError:
    return InteractionRequiredError(
        "there is no terminal to paste the address into; run this command in one, or without --no-browser where there is a browser"
    )


def _await(tty: Tty, deadline: Deadline) -> None:
    while not tty.wait(min(deadline.remaining(), _LOOK_UP)):
        if deadline.remaining() <= 0:
            raise BusyError(
                f"nothing was pasted within {deadline.seconds:g} s; start again, or allow more with --timeout"
            )
