"""The page of limits is the whole list: as the code has them, and nothing is read from outside without one."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted([*(ROOT / "helper").rglob("*.py"), *(ROOT / "protocol").rglob("*.py")])
LIMIT = re.compile(r"_?MAX_|_?MOST(_|$)|_?READ_SIZE$|_?TIMEOUT$|\w*_LIMIT$")
READS = {"read", "readline", "readlines", "read_bytes", "read_text", "recv", "fetchall"}
OF_THE_READER = {"helper/vsphere_session/http/tunnel.py", "helper/vsphere_session/http/transport.py"}
"""Where `read` is `http.response.ResponseReader`'s, which is what the limits of answers are in."""


def in_code() -> Iterator[tuple[str, float]]:
    """Every module's constants that are limits: `module.NAME`, and the number."""
    for path in SOURCES:
        module = ".".join(path.relative_to(ROOT).with_suffix("").parts[2:])
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if (
                isinstance(node, ast.Assign)
                and isinstance(node.targets[0], ast.Name)
                and LIMIT.match(node.targets[0].id)
            ):
                value = eval(compile(ast.Expression(node.value), str(path), "eval"), {"__builtins__": {}})
                yield f"{module}.{node.targets[0].id}", float(value)


def on_page() -> list[tuple[str, float]]:
    """Every row of the page: the name in the code, and the number."""
    page = (ROOT / "docs" / "limits.md").read_text(encoding="utf-8")
    table = page.partition("<!-- limits -->")[2].partition("<!-- /limits -->")[0].strip().splitlines()[2:]
    cells = [row.split(" | ") for row in table]
    return [(where.strip("`"), float(number)) for _, number, where, _ in cells]


def test_the_page_has_every_limit_of_the_code_with_its_number() -> None:
    """And no other, each once."""
    assert sorted(on_page()) == sorted(in_code())


def test_nothing_is_read_without_a_limit() -> None:
    """A call of `read` without a number of bytes reads whatever there is."""
    endless = [
        f"{path.relative_to(ROOT)}:{node.lineno}: {ast.unparse(node)}"
        for path in SOURCES
        if str(path.relative_to(ROOT)) not in OF_THE_READER
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in READS
        and not node.args
    ]
    assert endless == []
