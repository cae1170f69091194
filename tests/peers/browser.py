"""A real browser as a person has it, without its window: Chromium, driven by the DevTools protocol over a pipe."""

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections import deque
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from peers.chromium import chromium
from peers.toolchain import PeerMissingError

PATIENCE = 60.0
OPTIONS = (
    "--remote-debugging-pipe",
    "--headless",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--no-proxy-server",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1, EXCLUDE ::1",  # never beyond this machine
)
# Chromium reads commands from descriptor 3 and writes to 4, which other things may have here.
START = """\
import fcntl, os, sys
reads, writes = (fcntl.fcntl(int(number), fcntl.F_DUPFD, 10) for number in sys.argv[1:3])
os.dup2(reads, 3)
os.dup2(writes, 4)
os.execv(sys.argv[3], sys.argv[3:])
"""


class Browser:
    """Runs for as long as the context lasts, with a home of its own and nothing of this process's environment."""

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as opened:
            home = Path(
                opened.enter_context(tempfile.TemporaryDirectory(prefix="browser-", ignore_cleanup_errors=True))
            )
            self._log = opened.enter_context((home / "log").open("w+", encoding="utf-8"))
            self._start(home, opened)
            self._count = 0
            self._buffer = b""
            self._events: deque[dict[str, Any]] = deque()
            self.call("Browser.getVersion")
            self._opened = opened.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._opened.close()

    def open(self, url: str, *, any_certificate: bool = False) -> "Tab":
        """Open a new tab, and go to ``url`` in it; with ``any_certificate`` the person has told it to trust them all."""
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        tab = Tab(self, target, session)
        if any_certificate:
            self.call("Security.setIgnoreCertificateErrors", session, ignore=True)
        tab.go(url)
        return tab

    def call(self, method: str, session: str = "", **parameters: Any) -> dict[str, Any]:
        """Carry out one command of the protocol, and return its result."""
        self._count += 1
        number = self._count
        command = {"id": number, "method": method, "params": parameters} | ({"sessionId": session} if session else {})
        os.write(self._commands, json.dumps(command).encode() + b"\0")
        until = time.monotonic() + PATIENCE
        while (message := self._read(until)).get("id") != number:
            self._events.append(message)
        if "error" in message:
            raise BrowserError(f"{method}: {message['error']['message']}")
        result: dict[str, Any] = message["result"]
        return result

    def next_event(self, until: float) -> None:
        """Wait for something to happen in any tab, unless it has since the last look."""
        if self._events:
            self._events.clear()
        else:
            self._read(until)

    def _read(self, until: float) -> dict[str, Any]:
        while b"\0" not in self._buffer:
            ready, _, _ = select.select([self._answers], [], [], max(0.0, until - time.monotonic()))
            part = os.read(self._answers, 1 << 20) if ready else b""
            if not part:
                raise BrowserError(f"the browser {'has ended' if ready else 'does not answer'}: {self._said()}")
            self._buffer += part
        line, _, self._buffer = self._buffer.partition(b"\0")
        message: dict[str, Any] = json.loads(line)
        return message

    def _start(self, home: Path, opened: contextlib.ExitStack) -> None:
        found = chromium()
        their_input, self._commands = os.pipe()
        self._answers, their_output = os.pipe()
        for mine in (self._commands, self._answers):
            opened.callback(os.close, mine)
        # As root, whom it refuses otherwise; and in containers, which have no namespaces to give.
        options = [*OPTIONS, "--no-sandbox", f"--user-data-dir={home / 'profile'}"]
        try:
            process = subprocess.Popen(
                [sys.executable, "-c", START, str(their_input), str(their_output), found.program, *options],
                env={"HOME": str(home), "PATH": os.defpath, "TMPDIR": str(home), **found.environment},
                stdin=subprocess.DEVNULL,
                stdout=self._log,
                stderr=self._log,
                pass_fds=(their_input, their_output),
                start_new_session=True,
            )
        except OSError as error:
            raise PeerMissingError(f"{found.program} does not start: {error}") from error
        finally:
            os.close(their_input)
            os.close(their_output)
        opened.callback(_end, process)

    def _said(self) -> str:
        self._log.flush()
        self._log.seek(0)
        return self._log.read()[-2000:]


class BrowserError(AssertionError):
    """The browser did not do what it was told, or a page is not what was expected."""


class Tab:
    """One tab. Every wait ends after a minute with what the page shows then."""

    def __init__(self, browser: Browser, target: str, session: str) -> None:
        self._browser = browser
        self._target = target
        self._session = session
        self._call("Page.enable")

    def go(self, url: str) -> str:
        """Go to an address; return why the page can not be had, such as ``net::ERR_CONNECTION_REFUSED``, or nothing."""
        return str(self._call("Page.navigate", url=url).get("errorText", ""))

    def fill(self, selector: str, text: str) -> None:
        """Type into the field, once it is there."""
        self.wait_for(f"document.querySelector({json.dumps(selector)})")
        self.evaluate(f"document.querySelector({json.dumps(selector)}).focus()")
        self._call("Input.insertText", text=text)

    def click(self, selector: str) -> None:
        """Click, once it is there."""
        self.wait_for(f"document.querySelector({json.dumps(selector)})")
        self.evaluate(f"document.querySelector({json.dumps(selector)}).click()")

    def wait_for_text(self, text: str) -> None:
        """Wait until the page shows this text."""
        self.wait_for(f"document.body && document.body.innerText.includes({json.dumps(text)})")

    def wait_for(self, expression: str) -> None:
        """Wait until the JavaScript expression is true on the page, whichever that is by then."""
        until = time.monotonic() + PATIENCE
        while True:
            try:
                if self.evaluate(f"Boolean({expression}) && document.readyState === 'complete'"):
                    return
            except BrowserError:  # the page went away meanwhile
                pass
            try:
                self._browser.next_event(until)
            except BrowserError as error:
                raise BrowserError(f"never true: {expression}; at {self.url}: {self.text}") from error

    @property
    def text(self) -> str:
        """What the page shows."""
        return str(self.evaluate("document.body ? document.body.innerText : ''"))

    @property
    def url(self) -> str:
        """What its address bar shows, whether there is a page or not."""
        history = self._call("Page.getNavigationHistory")
        return str(history["entries"][history["currentIndex"]]["url"])

    def evaluate(self, expression: str) -> Any:
        """Return the value of a JavaScript expression."""
        done = self._call("Runtime.evaluate", expression=expression, returnByValue=True)
        if "exceptionDetails" in done:
            raise BrowserError(f"{expression}: {done['exceptionDetails']['text']}")
        return done["result"].get("value")

    def look(self, width: int, height: int, scheme: str) -> None:
        """Be a screen of this size, whose owner likes pages to be `light` or `dark`, and let the page draw itself anew."""
        self._call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600
        )
        self._call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        drawn = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
        self._call("Runtime.evaluate", expression=drawn, awaitPromise=True)

    def close(self) -> None:
        """Close the tab."""
        self._browser.call("Target.closeTarget", targetId=self._target)

    def _call(self, method: str, **parameters: Any) -> dict[str, Any]:
        return self._browser.call(method, self._session, **parameters)


def _end(process: "subprocess.Popen[bytes]") -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
