"""The language of manual pages: text, as it may stand in one."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable

from packages.usage import PROGRAM


def head(name: str, version: str, seconds: int) -> str:
    """A page's first line, dated from `seconds` since 1970."""
    day = time.strftime("%Y-%m-%d", time.gmtime(seconds))
    return f'.TH {text(name.upper())} 1 "{day}" "{PROGRAM} {version}" "User Commands"'


def tagged(rows: Iterable[tuple[str, str]]) -> list[str]:
    """What stands in the margin, as roff, and the text beside it."""
    return [part for tag, beside in rows for part in (".TP", tag, line(beside))]


def literal(lines: Iterable[str]) -> list[str]:
    """Lines as they are."""
    return [".nf", *map(line, lines), ".fi"]


def bold(words: str) -> str:
    """In bold."""
    return f"\\fB{text(words)}\\fR"


def italic(words: str) -> str:
    """In italics."""
    return f"\\fI{text(words)}\\fR"


def call(words: str) -> str:
    """A call with its placeholders in italics."""
    return re.sub(r"\b[A-Z]{2,}\b", lambda word: f"\\fI{word[0]}\\fR", line(words))


def line(words: str) -> str:
    """Text that may begin a line, where a full stop or a quote would be a command."""
    return re.sub(r"^([.'])", r"\\&\1", text(words))


def text(words: str) -> str:
    """Text within a line."""
    return words.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq").replace("…", "...")
