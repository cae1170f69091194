"""The browser of the person who called: started without our secrets, our streams and our terminal.

`webbrowser` of the standard library hands all three on, and starts browsers in the terminal, which read its input.
"""

from __future__ import annotations

import os
import shlex
import subprocess  # nosec B404  # a browser is a program
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_ON_A_DESKTOP = (("xdg-open",), ("gio", "open"), ("x-www-browser",), ("firefox",), ("chromium",), ("google-chrome",))
_DISPLAYS = ("DISPLAY", "WAYLAND_DISPLAY")


def open_browser(url: str, environ: Mapping[str, str]) -> None:
    """Open `url` in the browser that `environ` names (BROWSER), or that the platform has; nothing where there is none.

    `environ` is the browser's own.
    """
    if os.name == "nt" and not environ.get("BROWSER"):
        os.startfile(url)  # type: ignore[attr-defined]  # noqa: S606  # nosec B606  # there it is the way to open something
        return
    for words in commands(url, environ):
        if _started(words, environ):
            return


def commands(url: str, environ: Mapping[str, str]) -> list[Sequence[str]]:
    """What may open `url`, the best first. BROWSER is as other programs read it: names or commands with `:` between, `%s` the URL."""
    named = [shlex.split(text) for text in environ.get("BROWSER", "").split(os.pathsep) if text.strip(" &")]
    found = [[word for word in words if word != "&"] for words in named]
    if sys.platform == "darwin":
        found.append(["open"])
    elif "WSL_DISTRO_NAME" in environ:
        found.append(["wslview"])
    if any(environ.get(name) for name in _DISPLAYS):
        found += [list(words) for words in _ON_A_DESKTOP]
    return [_with(url, words) for words in found]


def _with(url: str, words: list[str]) -> list[str]:
    return [word.replace("%s", url) for word in words] if any("%s" in word for word in words) else [*words, url]


def _started(words: Sequence[str], environ: Mapping[str, str]) -> bool:
    """Whether it runs, or has ended well; `xdg-open` and its like end as soon as somebody else has the URL."""
    try:
        process = subprocess.Popen(  # noqa: S603  # nosec B603  # the user's own browser; there is no shell
            words,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=dict(environ),
            start_new_session=True,
        )
    except (OSError, ValueError):
        return False
    return process.wait() == 0
