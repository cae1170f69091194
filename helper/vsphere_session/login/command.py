"""A program that prints a secret, such as `pass`, `op` or `vault`, run when the secret is needed.

It runs without a shell, with nothing to read and no terminal (a session of its own), and is ended with all that it has
started when its time is over. What it prints is nowhere but in the result: of a program that fails, only what it says on
stderr is told.
"""

from __future__ import annotations

import errno
import os
import selectors
import signal
import subprocess
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

from credential_protocol.jsontext import in_utf8
from vsphere_session.errors import BusyError, InvalidRequestError, NotFoundError, SessionError
from vsphere_session.vsphere.faults import shown

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vsphere_session.clock import Deadline

MAX_OUTPUT_BYTES = 64 * 1024
_MAX_TOLD_BYTES = 200
_GRACE = 1.0
"""Seconds for a program to end by itself after it was told to."""
_LOOK_AGAIN = 0.05
"""Seconds between looks at whether it has ended while something that it started keeps its output open."""
_CHUNK = 16 * 1024


def run(
    words: Sequence[str],
    name: str,
    until: Deadline,
    *,
    several_lines: bool = False,
    environ: Mapping[str, str] | None = None,
) -> str:
    """What the program prints on stdout, without the one line end that is its last.

    words          program and arguments, never given to a shell
    name           the setting that it comes from, for errors
    several_lines  whether there may be line ends within, as a token may have
    environ        its environment; this process's own if None

    Raises NotFoundError where it fails or prints nothing, InvalidRequestError where it cannot be run or prints something
    else than a secret, BusyError where it takes too long.
    """
    if not words or not words[0]:
        raise InvalidRequestError(f"{name} is empty; give a list: a program and its arguments")
    if until.remaining() <= 0:
        raise _too_slow(name, until)
    program = _Program(words, name, environ)
    try:
        process = program.started()
        stdout, stderr = (_watched if os.name == "posix" else _awaited)(process, name, until)
    except BaseException as error:
        program.end(at_once=isinstance(error, SessionError))
        raise
    finally:
        program.close()
    if process.returncode:
        raise _failed(name, process.returncode, stdout, stderr)
    return _secret(stdout, name, several_lines=several_lines)


class _Program:
    """A program that runs. A thread starts it: what a signal's handler raises could lose us a process in the midst of that.

    The thread is never joined: a `join` that is interrupted takes it for ended while it runs (Python 3.11).
    """

    def __init__(self, words: Sequence[str], name: str, environ: Mapping[str, str] | None) -> None:
        self._words = list(words)
        self._name = name
        self._environ = environ
        self._process: subprocess.Popen[bytes] | None = None
        self._error = OSError(errno.EAGAIN, "")
        self._starting = threading.Lock()
        self._tried = threading.Event()
        self._called_off = False

    def started(self) -> subprocess.Popen[bytes]:
        """The process. Raises InvalidRequestError."""
        threading.Thread(target=self._start).start()
        self._tried.wait()
        if self._process is None:
            raise _not_runnable(self._name, self._words[0], self._error)
        return self._process

    def _start(self) -> None:
        with self._starting:
            if not self._called_off:
                self._try()
        self._tried.set()

    def _try(self) -> None:
        try:
            self._process = subprocess.Popen(  # noqa: S603  # nosec B603  # running the user's program is the purpose; there is no shell
                self._words,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=self._environ,
                start_new_session=True,
            )
        except OSError as error:
            self._error = error
        except ValueError:  # a NUL, in words or environment
            self._error = OSError(errno.EINVAL, "")

    def end(self, *, at_once: bool) -> None:
        """End it and all that it has started; where we are asked to end ourselves, it is asked first."""
        with self._starting:
            self._called_off = True
        process = self._process
        if process is None or process.returncode is not None:  # then its number may be somebody else's by now
            return
        try:
            if not at_once:
                _signal_all(process, signal.SIGTERM)
                with suppress(subprocess.TimeoutExpired):
                    process.wait(_GRACE)
        finally:
            _signal_all(process, getattr(signal, "SIGKILL", signal.SIGTERM))
            process.wait()

    def close(self) -> None:
        """Its output is not listened to any more."""
        if self._process is not None:
            for pipe in filter(None, (self._process.stdout, self._process.stderr)):
                pipe.close()


def _watched(process: subprocess.Popen[bytes], name: str, until: Deadline) -> tuple[bytes, bytes]:
    """Stdout, and the end of stderr, of a program that has ended; what it has started may go on."""
    assert process.stdout is not None and process.stderr is not None  # noqa: S101, PT018  # nosec B101  # pipes were asked for
    out, err = process.stdout.fileno(), process.stderr.fileno()
    said, late = {out: b"", err: b""}, 0
    with selectors.DefaultSelector() as selector:
        for descriptor in said:
            os.set_blocking(descriptor, False)
            selector.register(descriptor, selectors.EVENT_READ)
        while selector.get_map():
            has_ended = process.poll() is not None
            left = until.remaining()
            if left <= 0 and not has_ended:
                raise _too_slow(name, until)
            ready = selector.select(0 if has_ended else min(left, _LOOK_AGAIN))
            for key, _ in ready:
                part = os.read(key.fd, _CHUNK)
                said[key.fd] += part
                late += len(part) if has_ended else 0
                if not part:
                    selector.unregister(key.fd)
            said[err] = said[err][-_MAX_TOLD_BYTES:]
            if len(said[out]) > MAX_OUTPUT_BYTES:
                raise _too_long(name)
            if has_ended and (not ready or late > MAX_OUTPUT_BYTES * 2):  # twice what pipes hold that it has filled
                break  # something that it has started has the same output, and may keep it for ever
    try:
        process.wait(max(0.0, until.remaining()))
    except subprocess.TimeoutExpired:
        raise _too_slow(name, until) from None
    return said[out], said[err]


def _awaited(process: subprocess.Popen[bytes], name: str, until: Deadline) -> tuple[bytes, bytes]:
    """The same where pipes cannot be watched: all that it has started has to end, too."""
    try:
        stdout, stderr = process.communicate(timeout=max(0.0, until.remaining()))
    except subprocess.TimeoutExpired:
        raise _too_slow(name, until) from None
    if len(stdout) > MAX_OUTPUT_BYTES:
        raise _too_long(name)
    return stdout, stderr[-_MAX_TOLD_BYTES:]


def _signal_all(process: subprocess.Popen[bytes], number: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, number)
        else:
            process.terminate()


def _not_runnable(name: str, program: str, error: OSError) -> InvalidRequestError:
    if error.errno == errno.ENOENT:
        return InvalidRequestError(f"{name}: {shown(program)} cannot be found; check its name and PATH")
    reason = os.strerror(error.errno or 0)
    return InvalidRequestError(f"{name}: {shown(program)} cannot be run ({reason}); check its mode and first line")


def _failed(name: str, status: int, stdout: bytes, stderr: bytes) -> NotFoundError:
    told = stderr.decode("utf-8", "replace")
    for line in filter(None, map(str.strip, stdout.decode("utf-8", "replace").splitlines())):
        told = told.replace(line, "…")  # a secret that is on both
    how = f"with status {status}" if status > 0 else f"by signal {-status}"
    return NotFoundError(
        f"{name} ended {how}{': ' if shown(told) else ''}{shown(told)}; run it by hand to see what it lacks"
    )


def _secret(stdout: bytes, name: str, *, several_lines: bool) -> str:
    try:
        text = in_utf8(stdout).decode()
    except UnicodeDecodeError:
        raise InvalidRequestError(
            f"{name} prints something that is not UTF-8 text; let it print the secret alone"
        ) from None
    text = text.removesuffix("\n").removesuffix("\r") if text.endswith("\n") else text
    if not text.strip():
        raise NotFoundError(f"{name} prints nothing; run it by hand to see what it lacks")
    if "\0" in text:
        raise InvalidRequestError(f"{name} prints a NUL; let it print the secret alone")
    if not several_lines and ("\n" in text or "\r" in text):
        raise InvalidRequestError(
            f"{name} prints more than one line; let it print the secret alone, as head -n 1 does for pass show"
        )
    return text


def _too_long(name: str) -> InvalidRequestError:
    return InvalidRequestError(f"{name} prints more than {MAX_OUTPUT_BYTES} bytes; let it print the secret alone")


def _too_slow(name: str, until: Deadline) -> BusyError:
    return BusyError(
        f"{name} has not come to its end within {until.seconds:g} s; it has no terminal to ask on: if it waits for a person, "
        "unlock what it reads by hand, or allow more with --timeout"
    )
