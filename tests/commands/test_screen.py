"""What commands show: in windows of all widths, in every script, in a pipe; and that words alone say everything."""

from __future__ import annotations

import os
import pty
import subprocess
import sys

import pytest
from rich.cells import cell_len

from commands.at_a_terminal import terminal
from support.program import Helper
from vsphere_session.commands.screen import Screen, visible

NAMES = [
    "administrator@vsphere.local",
    "\u6771\u4eac\\\u7ba1\u7406\u8005",  # wide
    "\u0645\u062f\u064a\u0631@example.com",  # from right to left
    "e\u0301toile@example.com",  # a mark of its own
    "evil\x1b[31m\u202ename\x07\r\n",
    "",
]


class Window(Screen):
    """A screen of so many columns."""

    def __init__(self, columns: int, **environ: str) -> None:
        super().__init__(environ)
        self.on_terminal = True
        self._out.width = columns
        self._out._force_terminal = True


@pytest.mark.parametrize("columns", [20, 40, 60, 80, 120, 200])
def test_no_line_is_wider_than_the_window_and_nothing_is_lost(columns: int) -> None:
    screen = Window(columns)
    screen.records(("USER", "LAST CONFIRMED", "AGENT"), [(name, "3 min ago", "govc/0.56.0 " * 4) for name in NAMES])
    lines = screen.shown().decode().splitlines()
    assert max(map(cell_len, lines)) <= columns
    shown = "".join("".join(lines).split())
    for name in NAMES:
        assert "".join(visible(name).split()) in shown


def test_names_with_control_characters_and_turned_lines_are_shown_with_a_question_mark() -> None:
    screen = Window(80)
    screen.facts([("User", NAMES[4])])
    assert screen.shown() == b"User: evil?[31m?name???\n"


def test_columns_are_aligned_where_there_is_room() -> None:
    screen = Window(80)
    screen.records(("A", "B"), [(NAMES[1], "x"), ("b", "y")])
    lines = screen.shown().decode().splitlines()
    assert [cell_len(line[: line.index(end)]) for line, end in zip(lines, "Bxy", strict=True)] == [13, 13, 13]


def test_a_table_without_rows() -> None:
    screen = Window(80)
    screen.records(("A", "B"), [])
    assert screen.shown() == b"A  B\n"


@pytest.mark.parametrize(
    ("environ", "coloured"),
    [
        ({"TERM": "xterm-256color"}, True),
        ({"TERM": "xterm-256color", "NO_COLOR": "1"}, False),
        ({"TERM": "dumb"}, False),
        ({}, False),
    ],
)
def test_colours_are_for_terminals_that_have_them(environ: dict[str, str], *, coloured: bool) -> None:
    """Of a real terminal, whose other end is read here."""
    ours, theirs = pty.openpty()
    code = (
        "import os\nfrom vsphere_session.commands.screen import Screen\n"
        "screen = Screen(os.environ)\nscreen.records(('A', 'B'), [('x', 'y')])\nos.write(1, screen.shown())\n"
    )
    subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": os.pathsep.join(sys.path), **environ},
        stdout=theirs,
        check=True,
    )
    os.close(theirs)
    seen = os.read(ours, 65536)
    os.close(ours)
    assert (b"\x1b" in seen) == coloured, seen
    assert b"A" in seen
    assert b"y" in seen


def test_a_pipe_has_none_whatever_the_environment_says(helper: Helper) -> None:
    forced = {"TERM": "xterm-256color", "FORCE_COLOR": "1", "CLICOLOR_FORCE": "1", "TTY_COMPATIBLE": "1"}
    for words in (("explain", "vc.example.com"), ("config", "check"), ("config", "show", "vc"), ("explain", "--help")):
        reply = helper.run(*words, stdin=b"", timeout=60.0, **forced)
        assert reply.status == 0, reply
        assert b"\x1b" not in reply.stdout, reply


@pytest.mark.parametrize("locale", ["C", "C.UTF-8", "POSIX", "nonsense"])
def test_every_locale_shows_the_same(helper: Helper, locale: str) -> None:
    reply = helper.run("explain", "vc.example.com", "--username", "\u6771\u4eac", LC_ALL=locale, LANG=locale)
    assert (reply.status, reply.stderr) == (0, ""), reply
    assert "\u6771\u4eac" in reply.stdout.decode()


@pytest.mark.parametrize("columns", [20, 40, 80, 200])
@pytest.mark.parametrize(
    "words", [("explain", "vc.example.com"), ("config", "show", "vc.example.com"), ("config", "check")]
)
def test_commands_fit_into_the_window(helper: Helper, columns: int, words: tuple[str, ...]) -> None:
    with terminal(helper, *words, columns=columns, NO_COLOR="1") as screen:
        assert screen.end() == 0, screen.seen
    assert max(map(cell_len, screen.seen.splitlines())) <= columns


def test_what_a_program_reads_is_as_it_was_given() -> None:
    """Text has line ends of other kinds, and tabs at its end, which tables do not."""
    screen = Screen({})
    screen.json("a\u2028b\x0b")
    screen.raw("word\t\n\n")
    assert screen.shown() == '"a\u2028b\\u000b"\nword\t\n\n'.encode()
