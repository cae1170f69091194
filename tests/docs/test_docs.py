"""What the pages say is true: tests they name exist, tables match the code, and tests use their snippets."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import vsphere_session
from credential_protocol import KINDS
from credential_protocol.dialects import DIALECTS
from docs import dialects_table, errors_tree, rooms_table
from support.pages import page_file, pages, snippets
from vsphere_session.service.verbs import REPLY_FIELDS
from vsphere_session.settings import fleet_fields
from vsphere_session.settings.config_file import KEYS
from vsphere_session.settings.environment import FAMILIES, Family
from vsphere_session.settings.request import FIELDS

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
REFERENCE = (ROOT / "docs" / "reference.md").read_text(encoding="utf-8")
CALLERS = sorted(ROOT.glob("docs/callers/*.md"))
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
CACHE = (ROOT / "docs" / "cache.md").read_text(encoding="utf-8")


def test_every_test_that_the_page_on_the_cache_names_exists() -> None:
    """Each row of its tables names one at least."""
    rows = [
        row for row in CACHE.splitlines() if row.startswith("|") and not row.startswith(("|---", "| govmomi |", "| |"))
    ]
    assert len(rows) >= 25
    for row in rows:
        names = re.findall(r"`(?:(\w+)/)?(test_\w+\.py)::(test_\w+)`", row)
        assert names, row
        for folder, file, name in names:
            assert f"def {name}(" in (ROOT / "tests" / (folder or "cache") / file).read_text(encoding="utf-8"), name


def test_the_reference_has_every_error_kind_with_its_status() -> None:
    """And no other."""
    rows = re.findall(r"^\| `([a-z-]+)` \| (\d+) \|", REFERENCE, flags=re.MULTILINE)
    assert {kind: int(status) for kind, status in rows} == KINDS


@pytest.mark.parametrize("name", sorted({*FIELDS["get"], *FIELDS["store"], *FIELDS["erase"], *REPLY_FIELDS, *KEYS}))
def test_the_reference_has_every_request_field_reply_field_and_setting(name: str) -> None:
    """By its name."""
    assert re.search(rf"\b{name}\b", REFERENCE)


@pytest.mark.parametrize("name", [*fleet_fields.KEYS, *fleet_fields.VARIABLES.values()])
def test_the_reference_has_every_setting_of_a_fleet(name: str) -> None:
    """By its name, in the section of its own."""
    assert f"`{name}`" in REFERENCE.partition("## Fleet")[2].partition("\n## ")[0]


def test_readme_has_the_table_of_dialects() -> None:
    """As the code has it, and nobody else has one; `python3 tests/run.py docs` writes it."""
    assert dialects_table.shown(README) == dialects_table.table()
    assert [page.name for page in PAGES if "<!-- dialects -->" in page.read_text(encoding="utf-8")] == ["README.md"]


@pytest.mark.parametrize("name", sorted({*vsphere_session.__all__} - {"__version__"}))
def test_the_api_page_has_every_name_that_can_be_imported(name: str) -> None:
    """By itself, or with its module."""
    shown = re.findall(r"^::: (\S+)$", (ROOT / "docs" / "api.md").read_text(encoding="utf-8"), flags=re.MULTILINE)
    module = getattr(vsphere_session, name).__module__
    assert {module, f"{module}.{name}"} & {*shown}


def test_the_page_for_python_has_the_tree_of_exceptions() -> None:
    """As the code has it, and all that can be imported; `python3 tests/run.py docs` writes it."""
    found = errors_tree.shown(page_file("python").read_text(encoding="utf-8"))
    assert found == errors_tree.tree()
    public = {name for name in vsphere_session.__all__ if name.endswith("Error")}
    assert set(re.findall(r"- `(\w+)`", found)) == public


@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_dialect_has_a_page(dialect: str) -> None:
    """Which says what an error looks like, and what the caller does with the secret."""
    text = page_file(dialect).read_text(encoding="utf-8")
    assert "## An error" in text
    assert re.search(r"^## What .* does with the secret$", text, flags=re.MULTILINE)


@pytest.mark.parametrize("page", CALLERS, ids=lambda page: page.stem)
def test_every_block_on_a_callers_page_is_a_snippet(page: Path) -> None:
    """So that a test can use it."""
    name = "callers" if page.stem == "README" else page.stem
    assert page.read_text(encoding="utf-8").count("\n```") == 2 * len(snippets(name))


def test_every_snippet_is_used_by_a_test_and_every_use_is_of_a_snippet() -> None:
    """By the two names in a test's call of `snippet`."""
    marked = {(page, name) for page in pages() for name in snippets(page)}
    assert marked
    used = set()
    for file in (ROOT / "tests").rglob("*.py"):
        used |= _uses(file)
    assert used == marked


def _uses(file: Path) -> set[tuple[object, object]]:
    """The pages and names in its calls of `snippet`."""
    return {
        (node.args[0].value, node.args[1].value)
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "snippet"
        if isinstance(node.args[0], ast.Constant) and isinstance(node.args[1], ast.Constant)
    }


def test_the_reference_has_every_environment_variable() -> None:
    """Of all three families."""
    for family in FAMILIES:
        for attribute in set(Family.__slots__) - {"bare_addresses", "insecure_means_verify", "secrets_in_files"}:
            assert f"`{getattr(family, attribute)}" in REFERENCE or not getattr(family, attribute)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_to_files_and_their_headings(page: Path) -> None:
    """Within the repository."""
    for target, heading in re.findall(r"\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)", page.read_text(encoding="utf-8")):
        file = page.parent / target if target else page
        assert file.exists(), target
        assert not heading or heading in _headings(file), f"{target}#{heading}"


def _headings(page: Path) -> set[str]:
    """The names under which GitHub knows its headings."""
    found = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in found}


def test_the_design_has_the_rooms_in_the_order_that_lint_holds() -> None:
    """As `python3 tests/run.py docs` writes them; each room says what belongs in it and what never does."""
    assert rooms_table.table() in (ROOT / "docs" / "design.md").read_text(encoding="utf-8")
    for name in rooms_table.layers():
        if (ROOT / "helper" / "vsphere_session" / name).is_dir():
            assert re.search(r"\b(never|nothing|nobody|not)\b", rooms_table.said(name), flags=re.IGNORECASE), name


def test_readme_is_short() -> None:
    """What does not fit is on a page of its own."""
    assert len(README.splitlines()) <= 200
