"""What `--help` says, taken apart: completions offer that and the manual has it, and nothing else."""

from __future__ import annotations

import re
from dataclasses import dataclass

_OPTION = re.compile(r"  (-.*?)\s{2,}(.*)")
_WORD = re.compile(r"  ([a-z][\w-]*)\s{2,}(.*)")
_COLUMN = " " * 10


@dataclass(frozen=True)
class Option:
    """One row of the options: its names, the placeholder of its value (empty: it has none), and what it is for."""

    names: tuple[str, ...]
    value: str
    text: str

    @property
    def values(self) -> tuple[str, ...]:
        """The values that it may have; of others they are free."""
        return listed(self.text) if self.value == "NAME" else ()


@dataclass(frozen=True)
class Form:
    """One way to call the program: what stands behind its name, and what that does."""

    call: str
    text: str

    @property
    def verb(self) -> str:
        """The word by which it is called; empty where that may be one of several, or none."""
        return next((word for word in self.call.split() if word.isascii() and word.islower() and "|" not in word), "")


class Usage:
    """One help's text."""

    def __init__(self, text: str, program: str) -> None:
        self._text = text
        self._program = program

    def options(self) -> list[Option]:
        """All options, in the order of the help; those that share a text there have a row each."""
        found: list[Option] = []
        for names, text in _rows(self._text.splitlines(), _OPTION):
            words = [name.partition("[=")[0].split(" ") for name in names.split(", ")]
            if any(len(word) == 2 for word in words):
                found += [Option((name,), value, text) for name, value in words]
            else:
                found.append(Option(tuple(word[0] for word in words), "", text))
        return found

    def forms(self) -> list[Form]:
        """All ways to call it."""
        lines = self._text.partition("\n\n")[0].removeprefix("usage:").splitlines()
        column = lines[0].index(re.split(r" {2,}", lines[0].strip())[1]) + len("usage:")
        lines[0] = "       " + lines[0].strip()
        found: list[Form] = []
        for line in lines:
            call, text = line[:column].strip().removeprefix(self._program).strip(), line[column:].strip()
            if line.startswith(f"       {self._program}"):
                found.append(Form(call, text))
            else:
                found[-1] = Form(found[-1].call, f"{found[-1].text} {text}")
        return found

    def verbs(self) -> dict[str, str]:
        """Every word that can come first, and what it does: of programs, of people, and the others."""
        own = {form.verb: re.split(r"[:;]", form.text)[0] for form in self.forms() if form.verb}
        return self.of_requests() | self.for_people() | own

    def of_requests(self) -> dict[str, str]:
        """The verbs of a request."""
        return dict(_rows(self._text.split("\n\n")[1].splitlines(), _WORD))

    def for_people(self) -> dict[str, str]:
        """The commands for people."""
        return dict(_rows(self._section("for people:"), _WORD))

    def examples(self) -> list[str]:
        """The calls that the help ends with."""
        return [line.strip() for line in self._section("example:")]

    def _section(self, title: str) -> list[str]:
        return self._text.partition(f"\n{title}\n")[2].partition("\n\n")[0].splitlines()


def listed(text: str) -> tuple[str, ...]:
    """The names that a text ends with, as in `the format: one (default), another`; none where it does not."""
    words = re.split(r", | or ", re.sub(r" \([^)]*\)", "", text).rpartition(": ")[2])
    return tuple(words) if len(words) > 1 and all(re.fullmatch(r"[\w-]+", word) for word in words) else ()


def _rows(lines: list[str], start: re.Pattern[str]) -> list[tuple[str, str]]:
    """Each row's two columns; a line that begins in the second goes on with the row above."""
    rows: list[tuple[str, str]] = []
    within = False
    for line in lines:
        if found := start.fullmatch(line):
            rows.append((found[1], found[2]))
            within = True
        elif within and line.startswith(_COLUMN):
            rows[-1] = (rows[-1][0], f"{rows[-1][1]} {line.strip()}")
        else:
            within = False
    return rows
