"""A command that prints a secret: what it may print, how long it may take, and what nobody gets to see of it."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from vsphere_session.clock import Clock, Deadline
from vsphere_session.errors import BusyError, InvalidRequestError, NotFoundError, SessionError
from vsphere_session.login import command
from vsphere_session.login.command import run

SECRET = "hunter2-\u00e4"
Made = Callable[[str], list[str]]


@pytest.fixture
def made(tmp_path: Path) -> Made:
    """A command, as a small program of a shell."""

    def make(script: str) -> list[str]:
        path = tmp_path / "a command"
        path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        path.chmod(0o700)
        return [str(path)]

    return make


def until(seconds: float = 60.0) -> Deadline:
    return Deadline(seconds, Clock())


def refusal(kind: type[SessionError], words: list[str], seconds: float = 60.0, *, several_lines: bool = False) -> str:
    with pytest.raises(kind) as caught:
        run(words, "password_command", until(seconds), several_lines=several_lines)
    assert type(caught.value) is kind
    text = str(caught.value)
    assert text.startswith("password_command")
    assert text.isprintable()
    assert "hunter2" not in text
    assert caught.value.__cause__ is None
    return text


class Alive:
    """A pipe that processes hold open for as long as they live."""

    def __init__(self, path: Path) -> None:
        self.path = path
        os.mkfifo(path)
        self._reading = os.open(path, os.O_RDONLY | os.O_NONBLOCK)

    def wait_for_the_last(self) -> None:
        """Wait until none of them is left."""
        os.set_blocking(self._reading, True)
        assert os.read(self._reading, 1) == b""

    def close(self) -> None:
        """Read no more."""
        os.close(self._reading)


@pytest.fixture
def alive(tmp_path: Path) -> Iterator[Alive]:
    """A pipe to hold open."""
    pipe = Alive(tmp_path / "alive")
    yield pipe
    pipe.close()


# ---- what it prints


@pytest.mark.parametrize(
    ("printed", "secret"),
    [
        (rf"{SECRET}", SECRET),
        (rf"{SECRET}\n", SECRET),
        (rf"{SECRET}\r\n", SECRET),
        (rf" {SECRET} \n", f" {SECRET} "),
        (rf"\357\273\277{SECRET}\n", SECRET),
        (r"a\tb", "a\tb"),
    ],
)
@pytest.mark.parametrize("way", ["_watched", "_awaited"])
def test_a_secret_is_what_is_printed_without_the_line_end(
    made: Made, printed: str, secret: str, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One line end, LF or CRLF, and no white space besides; a mark of byte order is none of it."""
    monkeypatch.setattr(command, "_watched", getattr(command, way))
    assert run(made(f"printf '{printed}'"), "password_command", until()) == secret


def test_one_line_end_only_is_taken_off_a_token(made: Made) -> None:
    assert run(made(r"printf 'a\r\nb\n\n'"), "token_command", until(), several_lines=True) == "a\r\nb\n"


@pytest.mark.parametrize("printed", ["", r"\n", r"\r\n", "  "])
def test_nothing_is_no_secret(made: Made, printed: str) -> None:
    assert "prints nothing" in refusal(NotFoundError, made(f"printf '{printed}'"))


@pytest.mark.parametrize("printed", [r"hunter2\nurl: vc\n", r"hunter2\n\n", r"hunter2\rx"])
def test_two_lines_are_no_password_and_the_way_out_is_told(made: Made, printed: str) -> None:
    assert "prints more than one line" in refusal(InvalidRequestError, made(f"printf '{printed}'"))


@pytest.mark.parametrize(
    ("printed", "match"), [(r"hunter2\000x", "a NUL"), (r"hunter2\377", "not UTF-8"), (r"\377\376\000", "not UTF-8")]
)
def test_what_is_no_text_is_no_secret(made: Made, printed: str, match: str) -> None:
    assert match in refusal(InvalidRequestError, made(f"printf '{printed}'"), several_lines=True)


@pytest.mark.parametrize("way", ["_watched", "_awaited"])
def test_a_megabyte_is_no_secret(made: Made, way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "_watched", getattr(command, way))
    assert "more than 65536 bytes" in refusal(
        InvalidRequestError, made("head -c 1000000 /dev/zero"), several_lines=True
    )
    assert len(run(made("head -c 65536 /dev/zero | tr '\\0' x"), "token_command", until())) == 65536


def test_output_without_end_is_cut_off(made: Made) -> None:
    assert "more than 65536 bytes" in refusal(InvalidRequestError, made("exec yes hunter2"))


# ---- when it fails


def test_of_a_failure_the_end_of_stderr_is_told_and_never_what_was_printed(made: Made) -> None:
    script = (
        r"printf 'hunter2\n'; head -c 5000 /dev/zero | tr '\0' x >&2; printf '\nlocked:\033[31m no key\n' >&2; exit 3"
    )
    text = refusal(NotFoundError, made(script))
    assert "ended with status 3" in text
    assert text.endswith("locked: [31m no key; run it by hand to see what it lacks")
    assert len(text) < 400


def test_a_secret_that_is_on_stderr_as_well_is_not_told(made: Made) -> None:
    assert "got …; run" in refusal(NotFoundError, made("echo hunter2; echo got hunter2 >&2; exit 1"))


def test_a_program_that_is_killed_says_by_what(made: Made) -> None:
    assert "by signal 9;" in refusal(NotFoundError, made("echo hunter2; kill -9 $$"))


def test_what_is_said_on_stderr_of_a_success_is_nobodys_business(made: Made, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(made("echo unlocking >&2; head -c 100000 /dev/zero >&2; echo x"), "password_command", until()) == "x"
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("words", "match"),
    [([], "is empty"), ([""], "is empty"), (["/nowhere/op\nread"], "/nowhere/op read cannot be found"), (["a\0b"], "Invalid argument"), (["/"], "denied")],
)  # fmt: skip
def test_what_cannot_be_run_is_told_as_that(words: list[str], match: str) -> None:
    assert match in refusal(InvalidRequestError, words)


def test_so_is_what_is_no_program(made: Made) -> None:
    words = made("")
    Path(words[0]).write_text("echo hunter2")
    assert "Exec format error" in refusal(InvalidRequestError, words)
    Path(words[0]).chmod(0o600)
    assert "denied" in refusal(InvalidRequestError, words)


def test_there_is_no_shell() -> None:
    assert run(["printf", "%s", "$HOME;`id`"], "password_command", until()) == "$HOME;`id`"


# ---- terminals, time, processes


def test_there_is_nothing_to_read_and_no_terminal(made: Made) -> None:
    """Whoever asks on a terminal finds none, also where we have one; whoever reads stdin is at its end."""
    script = "cat; (: < /dev/tty) 2>/dev/null && echo terminal; [ $(ps -o sid= -p $$) -eq $$ ] && echo own"
    assert run(made(script), "password_command", until()) == "own"


def test_a_command_that_waits_for_a_person_is_ended_with_all_that_it_has_started(made: Made, alive: Alive) -> None:
    text = refusal(BusyError, made(f"exec 3> '{alive.path}'; sleep 600 & echo hunter2; wait; sleep 600"), 1.0)
    assert "within 1 s; it has no terminal to ask on" in text
    alive.wait_for_the_last()


def test_so_is_one_that_ignores_being_told_to_end(made: Made, alive: Alive) -> None:
    refusal(BusyError, made(f"trap '' TERM INT; exec 3> '{alive.path}'; while :; do sleep 600; done"), 1.0)
    alive.wait_for_the_last()


def test_one_that_closes_its_output_and_goes_on_is_ended(made: Made) -> None:
    refusal(BusyError, made("echo hunter2; exec >/dev/null 2>&1; sleep 600"), 0.5)


def test_without_time_nothing_is_run(made: Made, tmp_path: Path) -> None:
    refusal(BusyError, made(f"touch '{tmp_path}/ran'"), 0.0)
    assert not (tmp_path / "ran").exists()


def test_an_agent_that_a_command_leaves_behind_is_not_waited_for(made: Made, tmp_path: Path) -> None:
    """As gpg-agent is: it keeps the output open, and stays."""
    pid = tmp_path / "pid"
    assert run(made(f"sleep 600 & echo $! > '{pid}'; echo {SECRET}"), "password_command", until()) == SECRET
    os.kill(int(pid.read_text()), signal.SIGKILL)  # it is there


def test_one_that_goes_on_talking_is_not_listened_to_for_ever(made: Made, tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    assert run(made(f"yes >&2 & echo $! > '{pid}'; echo {SECRET}"), "password_command", until()) == SECRET
    with suppress(ProcessLookupError):  # nobody reads what it says any more
        os.kill(int(pid.read_text()), signal.SIGKILL)


class Interruption(BaseException):
    """What a signal's handler raises."""


def test_whoever_interrupts_us_interrupts_the_command(
    made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is asked to end, and has time for it; wherever in its start that comes."""
    monkeypatch.setattr(command, "_GRACE", 60.0)
    ready, told = tmp_path / "ready", tmp_path / "told"
    os.mkfifo(ready)

    def interrupt(_number: int, _frame: object) -> None:
        raise Interruption

    def when_ready() -> None:
        ready.read_bytes()
        os.kill(os.getpid(), signal.SIGUSR1)

    before = signal.signal(signal.SIGUSR1, interrupt)
    thread = threading.Thread(target=when_ready)
    thread.start()
    try:
        words = made(f"trap 'echo told > \"{told}\"; exit 1' TERM; : > '{ready}'; while :; do sleep 0.01; done")
        with pytest.raises(Interruption):
            run(words, "password_command", until())
    finally:
        thread.join()
        signal.signal(signal.SIGUSR1, before)
    assert told.read_text() == "told\n"


def test_no_descriptor_and_no_process_is_left(made: Made) -> None:
    before, children = set(os.listdir("/proc/self/fd")), our_children()
    run(made("echo x"), "password_command", until())
    refusal(NotFoundError, made("exit 1"))
    refusal(BusyError, made("sleep 600"), 0.2)
    assert set(os.listdir("/proc/self/fd")) <= before  # other tests of this process may have had some that end now
    assert our_children() <= children


def our_children() -> set[str]:
    """The processes that this one has started and not waited for yet."""
    return {pid for file in Path("/proc/self/task").glob("*/children") for pid in file.read_text().split()}


def test_the_environment_is_that_which_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ITS_OWN", "1")
    words = [sys.executable, "-c", "import os; print(' '.join(sorted(os.environ)))"]
    assert "ITS_OWN" in run(words, "password_command", until()).split()
    given = run(words, "password_command", until(), environ={"PATH": os.defpath, "GIVEN": "1"}).split()
    assert "GIVEN" in given
    assert "ITS_OWN" not in given
