"""The pages on ways to log in say what the program says, and what they tell their readers to write is that way."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from credential_protocol import KINDS
from credential_protocol.messages import Request
from vsphere_session.settings.config_file import load
from vsphere_session.settings.request import Settings
from vsphere_session.storage.reading import Reader

ROOT = Path(__file__).resolve().parents[2]
PAGES = ("password", "saml", "token", "certificate")
SOURCES = [*(ROOT / "helper").rglob("*.py"), *(ROOT / "protocol").rglob("*.py")]
MOST_LINES = 3


def page(name: str) -> str:
    return (ROOT / "docs" / "logins" / f"{name}.md").read_text(encoding="utf-8")


@cache
def texts_in_code() -> str:
    """Every text of the code, one a line, with `…` for what is filled in."""
    found = set()
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.JoinedStr):
                parts = [part.value if isinstance(part, ast.Constant) else "…" for part in node.values]
                found.add("".join(map(str, parts)))
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.add(node.value)
    return "\n".join(re.sub("…+", "…", text) for text in sorted(found))


def errors() -> list[tuple[str, str, str]]:
    """Page, text and kind of every error that a page tells of."""
    return [
        (name, text, kind)
        for name in PAGES
        for text, kind in re.findall(r"^\| `([^`]+)` \| `([a-z-]+)` \| ", page(name), flags=re.MULTILINE)
    ]


@pytest.mark.parametrize(("name", "text", "kind"), errors())
def test_every_error_text_is_one_of_the_codes(name: str, text: str, kind: str) -> None:
    """Word by word, but for `…`."""
    assert text in texts_in_code(), name
    assert kind in KINDS


@pytest.mark.parametrize("name", PAGES)
def test_a_page_has_its_parts(name: str) -> None:
    headings = re.findall(r"^## (.*)$", page(name), flags=re.MULTILINE)
    assert headings[-3:] == ["What it costs", "What an administrator has to do", "Errors"]
    assert sum(1 for each, _, _ in errors() if each == name) >= 8
    assert f"(logins/{name}.md)" in (ROOT / "docs" / "logins.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", PAGES)
def test_three_lines_configure_it(tmp_path: Path, name: str) -> None:
    """Those on the page, which choose this way and no other."""
    (block,) = re.findall(r"^```toml\n(.*?)^```$", page(name), flags=re.MULTILINE | re.DOTALL)
    assert len(block.splitlines()) <= 1 + MOST_LINES
    file = tmp_path / "config.toml"
    file.write_text(block, encoding="utf-8")
    settings = Settings(Request("get", "vc.example.com", {}), {"HOME": str(tmp_path)}, load(str(file)), Reader())
    assert settings.login is not None
    assert settings.login.name == name
