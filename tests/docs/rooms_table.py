"""`python3 tests/run.py docs` writes docs/design.md's table of rooms: their order from pyproject.toml, their words from the code."""

from __future__ import annotations

import ast
import tomllib

from support.pages import ROOT

PAGE = ROOT / "docs" / "design.md"
START, END = "<!-- rooms -->\n\n", "\n\n<!-- /rooms -->"
HELPER = ROOT / "helper" / "vsphere_session"


def table() -> str:
    """A row for each room from the top down, then the ground and the protocols."""
    rows = [(f"`{name}`", said(name).partition("\n")[0]) for name in layers() if (HELPER / name).is_dir()]
    ground = [f"`{name}`" for name in layers() if (HELPER / f"{name}.py").is_file() and name != "__main__"]
    rows.append((", ".join(ground), "The ground: what all rooms stand on."))
    rows.append(("`credential_protocol`", "Callers' protocols, as functions over bytes."))
    return "\n".join(["| room | what it is |", "|---|---|", *(f"| {room} | {words} |" for room, words in rows)])


def layers() -> list[str]:
    """What import-linter holds, the highest first."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    found: list[str] = project["tool"]["importlinter"]["contracts"][0]["layers"]
    return found


def said(room: str) -> str:
    """What a room says of itself."""
    return ast.get_docstring(ast.parse((HELPER / room / "__init__.py").read_text(encoding="utf-8"))) or ""


def main() -> None:
    """Put the table between its marks."""
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(START)
    PAGE.write_text(f"{before}{START}{table()}{END}{rest.partition(END)[2]}", encoding="utf-8")
