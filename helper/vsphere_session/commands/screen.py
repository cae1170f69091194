"""What a command shows: plain words first, colours and drawings never alone; a pipe and NO_COLOR get none.

What is shown on stdout is kept until the command is done, so that nothing is there before the whole answer is. What is
told meanwhile goes to stderr, and only to a terminal.
"""

from __future__ import annotations

import io
import json
import os
from contextlib import contextmanager
from itertools import count
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from vsphere_session.version import PROGRAM

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

_WITHOUT_WINDOW = 10_000
"""Columns of what is no terminal: nothing is folded there."""
_HEIGHT = 25
"""Lines, which nothing depends on; where none are said, rich takes a dumb terminal to have 80 columns."""
_GAP = _INDENT = 2


def visible(text: str) -> str:
    """`text` from somebody else as it may be shown: a control character, or one that turns lines around, is a `?`."""
    return "".join(c if c.isprintable() else "?" for c in text)


class Screen:
    """Where a command shows things. `styles` are rich's: a colour may underline what words say."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        plain = bool(environ.get("NO_COLOR")) or environ.get("TERM", "") in ("", "dumb")
        self._kept = io.StringIO()
        self.on_terminal = os.isatty(1)
        self.colours = self.on_terminal and not plain
        self._out = _console(
            self._kept, environ, terminal=self.on_terminal, colours=self.colours, width=_width(1, environ)
        )
        errors_on_terminal = os.isatty(2)
        self.err = _console(
            _Stderr(),
            environ,
            terminal=errors_on_terminal,
            colours=errors_on_terminal and not plain,
            width=_width(2, environ),
        )

    @property
    def width(self) -> int:
        """Columns of stdout's window; many where it is none."""
        return self._out.width

    def line(self, *parts: str | Text, style: str = "") -> None:
        """A line, folded at words where the window is narrower; parts are set one behind the other."""
        text = Text(style=style)
        for part in parts:
            text.append(part)
        self._out.print(text, soft_wrap=not self.on_terminal)

    def json(self, value: object) -> None:
        """A document for programs."""
        self._kept.write(json.dumps(value, indent=2, ensure_ascii=False) + "\n")

    def raw(self, text: str) -> None:
        """`text` as it is, such as PEM."""
        self._kept.write(text)

    def records(
        self,
        columns: Sequence[str],
        rows: Iterable[Sequence[str | Text]],
        *,
        preview: bool = False,
        below: int = 0,
    ) -> None:
        """Rows below the names of their columns; where the window is too narrow for that, one value a line.

        A `preview` is for a question that follows: on stderr, at once. Of the last columns so many may stand in a line of
        their own `below` the others.
        """
        console = self.err if preview else self._out
        texts = [[value if isinstance(value, Text) else Text(visible(value)) for value in row] for row in rows]
        widths = [max([cell_len(name), *(row[i].cell_len for row in texts)]) for i, name in enumerate(columns)]
        head = [Text(name, "bold") for name in columns]
        first = len(columns) - below
        # not rich's own table, which takes seconds for some thousand rows
        if _together(widths) <= console.width:
            console.print(_aligned([head, *texts], widths), soft_wrap=True)
        elif below and max(_together(widths[:first]), _INDENT + _together(widths[first:])) <= console.width:
            console.print(_aligned([head, *texts], widths, first), soft_wrap=True)
        else:
            lines: list[Text] = []
            for row in texts:
                facts = [_fact(name, value) for name, value in zip(columns, row, strict=True) if value.plain]
                lines += [*([Text()] if lines else []), *facts]
            console.print(Text("\n").join(_folded(lines, console)), soft_wrap=True)

    def facts(self, rows: Iterable[tuple[str, str | Text]]) -> None:
        """`NAME: VALUE`, one a line."""
        for name, value in rows:
            self.line(_fact(name, value if isinstance(value, Text) else Text(visible(value))))

    def shown(self) -> bytes:
        """All that is to be written to stdout."""
        text = self._kept.getvalue()
        if not self.colours:  # a table pads its last column
            text = "\n".join(line.rstrip(" ") for line in text.split("\n"))
        return text.encode("utf-8", "replace")

    @contextmanager
    def counting(self, what: str, total: int) -> Iterator[Callable[[], None]]:
        """While the block lasts, a line on a terminal's stderr that counts up each time it is called; gone at the end."""
        if self.err.is_dumb_terminal:
            self.tell(what)
        numbers = count(1)
        with self.waiting(what) as now:
            yield lambda: now(f"{next(numbers)} of {total}")

    def warn(self, line: str) -> None:
        """A line on stderr, for whoever reads that: what was done, but not all of it."""
        self.err.print(Text(f"{PROGRAM}: {visible(line)}"), soft_wrap=True)

    def tell(self, line: str) -> None:
        """A line on stderr for the person who waits or is asked; nothing in a pipe."""
        if self.err.is_terminal:
            self.err.print(Text(line))

    @contextmanager
    def waiting(self, what: str) -> Iterator[Callable[[str], None]]:
        """On a terminal, a line on stderr while something goes on, gone at its end; what is yielded says what that is now."""
        if not self.err.is_terminal:
            yield lambda _now: None
            return
        with self.err.status(Text(what)) as status:
            yield lambda now: status.update(Text(f"{what}: {now}"))


def _together(widths: Sequence[int]) -> int:
    """Columns of a line in which these stand."""
    return sum(widths) + _GAP * (len(widths) - 1)


def _aligned(rows: Sequence[Sequence[Text]], widths: Sequence[int], first: int | None = None) -> Text:
    """Lines with a gap between columns, and none behind the last of a line; the `first` columns in one, the others below."""
    whole = Text()
    for number, row in enumerate(rows):
        whole.append("\n" if number else "")
        for i, (cell, width) in enumerate(zip(row, widths, strict=True)):
            whole.append("\n" + " " * _INDENT if i == first else "")
            last = i + 1 in (first, len(row))
            whole.append_text(cell).append("" if last else " " * (width - cell.cell_len + _GAP))
    return whole


def _folded(lines: Iterable[Text], console: Console) -> Iterator[Text]:
    """The lines; those that a terminal's window is too narrow for at words."""
    for line in lines:
        if line.cell_len <= console.width or not console.is_terminal:
            yield line
        else:
            yield from line.wrap(console, console.width)


def _fact(name: str, value: Text) -> Text:
    return Text.assemble((f"{name}: ", "bold"), value)


class _Stderr(io.TextIOBase):
    """Stderr as it is now; nobody reading it is no reason to fail."""

    def write(self, text: str) -> int:
        try:
            os.write(2, text.encode("utf-8", "replace"))
        except OSError:
            pass
        return len(text)

    def isatty(self) -> bool:
        return os.isatty(2)

    def fileno(self) -> int:
        return 2


def _console(file: io.TextIOBase, environ: Mapping[str, str], *, terminal: bool, colours: bool, width: int) -> Console:
    told = {
        name: environ[name] for name in ("TERM", "COLORTERM") if name in environ
    }  # not FORCE_COLOR: a pipe has none
    return Console(
        file=file,  # type: ignore[arg-type]  # rich wants what `open` returns, and uses what this is
        force_terminal=terminal,
        color_system="auto" if colours else None,
        no_color=not colours,
        width=width,
        height=_HEIGHT,
        markup=False,
        emoji=False,
        highlight=False,
        legacy_windows=False,
        _environ=told,
    )


def _width(number: int, environ: Mapping[str, str]) -> int:
    try:
        columns = os.get_terminal_size(number).columns
    except OSError:
        return _WITHOUT_WINDOW
    named = environ.get("COLUMNS", "")
    return int(named) if named.isascii() and named.isdigit() and 0 < int(named) < _WITHOUT_WINDOW else columns or 80
