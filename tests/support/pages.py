"""What the pages tell their readers to write, for the tests to use as it stands there.

A snippet is a fenced block below a line `<!-- snippet: NAME -->`. A page is README, CONTRIBUTING, callers (the first page
of docs/callers), another page of docs/callers by its name, or any page by its path below docs, as logins/oidc and
docs/faults. tests/docs checks that every snippet is used by a test: call `snippet` with both names as literals.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_SNIPPET = re.compile(r"^<!-- snippet: ([\w-]+) -->\n```\w*\n(.*?)^```$", flags=re.DOTALL | re.MULTILINE)


class Call:
    """A command line of a page, as it stands behind `$ `, and what the page shows of its answer."""

    def __init__(self, command: str, shown: str) -> None:
        self.command = command
        self.shown = shown

    def is_answered_by(self, output: str) -> bool:
        """Whether this is what the page shows, wherever lines are folded; its `…` is what differs from run to run."""
        pattern = ".*".join(re.escape("".join(part.split())) for part in self.shown.split("…"))
        return re.fullmatch(pattern, "".join(output.split())) is not None


class SnippetError(AssertionError):
    """The page does not have what the test expects of it."""


def page_file(page: str) -> Path:
    """The file of a page."""
    if page in ("README", "CONTRIBUTING"):
        return ROOT / f"{page}.md"
    if "/" in page:
        return ROOT / "docs" / f"{page.removeprefix('docs/')}.md"
    return ROOT / "docs" / "callers" / f"{'README' if page == 'callers' else page}.md"


def pages() -> dict[str, Path]:
    """Every page that has snippets or may have them, by its name."""
    named = ["README", "CONTRIBUTING", "callers"]
    for file in sorted((ROOT / "docs").rglob("*.md")):
        folder, name = file.parent.relative_to(ROOT / "docs").as_posix(), file.stem
        if folder == "callers":
            named += [name] if name != "README" else []
        else:
            named.append(f"{folder if folder != '.' else 'docs'}/{name}")
    return {page: page_file(page) for page in named}


def snippets(page: str) -> dict[str, str]:
    """Every snippet of a page by its name. Raises SnippetError for a name that is there twice."""
    found = _SNIPPET.findall(page_file(page).read_text(encoding="utf-8"))
    if len(dict(found)) < len(found):
        raise SnippetError(f"{page} has two snippets of one name")
    return dict(found)


def snippet(page: str, name: str, replacing: Mapping[str, str] | None = None) -> str:
    """The text of a snippet, with the test's own values in the place of the page's examples, as in `vc.example.com`.

    Raises SnippetError where the page has no such snippet, or the snippet no such example.
    """
    text = snippets(page).get(name)
    if text is None:
        raise SnippetError(f"{page} has no snippet {name}")
    for example, value in (replacing or {}).items():
        if example not in text:
            raise SnippetError(f"the snippet {name} of {page} does not speak of {example}")
        text = text.replace(example, value)
    return text


def calls(console: str) -> list[Call]:
    """The calls of a `console` block."""
    return [Call(*part.split("\n", 1)) for part in re.split(r"^\$ ", console, flags=re.MULTILINE)[1:]]
