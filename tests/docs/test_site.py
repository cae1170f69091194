"""The pages as a site: it is built whole or not at all, fetches nothing, and can be read on a phone and on a desk, by day and by night."""

from __future__ import annotations

import functools
import http.server
import re
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from docs import site
from peers.browser import Browser
from support.pages import ROOT

SCREENS = {"phone": (390, 844), "desktop": (1280, 900)}
SCHEMES = ("light", "dark")
SMALLEST, BODY, CONTRAST = 12.0, 16.0, 4.5
"""Pixels of the smallest text and of a page's own text, and the ratio that WCAG asks for (1.4.3)."""

SEEN = """(() => {
    const shown = document.querySelector('.md-content');
    const luminance = (colour) => {
        const parts = colour.match(/[\\d.]+/g).slice(0, 3).map((part) => part / 255);
        const [red, green, blue] = parts.map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    };
    const ground = luminance(getComputedStyle(document.body).backgroundColor);
    const texts = [...shown.querySelectorAll('p, li, td, th, code, h1, h2, h3')].filter((each) => each.innerText.trim());
    const size = (each) => parseFloat(getComputedStyle(each).fontSize);
    const contrast = (each) => {
        const style = getComputedStyle(each);
        const [less, more] = [luminance(style.color), ground].sort((one, other) => one - other);
        return (more + 0.05) / (less + 0.05);
    };
    const scrolls = (each) => {
        for (let up = each.parentElement; up && up !== shown; up = up.parentElement) {
            if (['auto', 'scroll'].includes(getComputedStyle(up).overflowX)) return true;
        }
        return false;
    };
    const wide = (each) => each.getBoundingClientRect().right > innerWidth;
    return {
        overflow: document.documentElement.scrollWidth - innerWidth,
        ground: ground,
        smallest: Math.min(...texts.map(size)),
        body: Math.min(...[...shown.querySelectorAll('p')].map(size)),
        contrast: Math.min(...[...shown.querySelectorAll('p, td')].filter((each) => each.innerText.trim()).map(contrast)),
        cut: [...shown.querySelectorAll('table, pre code, img')].filter((each) => wide(each) && !scrolls(each)
            && !['auto', 'scroll'].includes(getComputedStyle(each).overflowX)).map((each) => each.outerHTML.slice(0, 99)),
        broken: [...shown.querySelectorAll('img')].filter((each) => !each.naturalWidth).map((each) => each.src),
        scrolling: [...shown.querySelectorAll('table')].filter((each) => wide(each) && scrolls(each)).length,
        fetched: performance.getEntriesByType('resource').map((each) => each.name),
    };
})()"""


def copied(directory: Path) -> Path:
    """The pages where a test may change them."""
    for name in ("docs", *site.BESIDE):
        (shutil.copytree if (ROOT / name).is_dir() else shutil.copy)(ROOT / name, directory / name)
    return directory


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site."""
    root = copied(tmp_path_factory.mktemp("site"))
    assert site.build(root) == 0
    return root / "build" / "site"


@pytest.fixture(scope="module")
def served(built: Path) -> Iterator[str]:
    """Its address."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(built))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.parametrize(
    "added",
    [
        "\n[gone](gone.md)\n",
        "\n[gone](reference.md#gone)\n",
        "\n[gone](/docs/reference.md)\n",
        None,
    ],
    ids=["a dead link", "a dead anchor", "a link that GitHub knows and no site", "a page in no menu"],
)
def test_it_is_not_built_with(tmp_path: Path, added: str | None, capfd: pytest.CaptureFixture[str]) -> None:
    """And the page is named."""
    root = copied(tmp_path)
    page = root / "docs" / ("limits.md" if added else "stray.md")
    page.write_text(page.read_text(encoding="utf-8") + added if added else "# Stray\n", encoding="utf-8")
    assert site.build(root) != 0
    assert f"docs/{page.name}" in capfd.readouterr().err


def test_every_page_of_the_tree_is_a_page_of_the_site(built: Path) -> None:
    """Under the same name; README is a directory's first page."""
    pages = [*ROOT.glob("docs/**/*.md"), *(ROOT / name for name in site.BESIDE if name.endswith(".md"))]
    for page in pages:
        name = page.relative_to(ROOT).with_suffix(".html")
        assert (built / (name.with_name("index.html") if name.stem == "README" else name)).is_file(), page


def test_markdown_means_the_same_here_as_on_github(built: Path) -> None:
    """No list, table, fence or heading is left as text within a paragraph."""
    for page in built.rglob("*.html"):
        for paragraph in re.findall(r"<p>(.*?)</p>", page.read_text(encoding="utf-8"), flags=re.DOTALL):
            assert not re.search(r"^(?:[-*] |\d{1,2}\. |\||```|#+ )", paragraph, flags=re.MULTILINE), (page, paragraph)


def test_nothing_is_fetched_from_elsewhere(built: Path) -> None:
    """No script, style, font or picture; links that a reader clicks are another thing."""
    for page in built.rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        assert not re.findall(r"<(?:script|img|iframe|source)\b[^>]*\bsrc=\"?(?:https?:)?//[^>]*>", text), page
        assert not re.findall(r"<link\b[^>]*\bhref=\"?(?:https?:)?//[^>]*>", text), page
        assert 'class="mermaid"' not in text, page
    for sheet in [*built.rglob("*.css"), *built.rglob("*.svg")]:
        assert not re.findall(r"url\(['\"]?(?:https?:)?//|@import", sheet.read_text(encoding="utf-8")), sheet


@pytest.mark.timeout(600)
@pytest.mark.parametrize("screen", SCREENS)
def test_every_page_can_be_read(built: Path, served: str, screen: str) -> None:
    """By day and by night.

    Nothing is wider than the screen, but for what scrolls within itself; text is large enough and stands out; all pictures
    are there; and only this server was asked for anything.
    """
    pages = sorted(page.relative_to(built).as_posix() for page in built.rglob("*.html") if page.name != "404.html")
    assert len(pages) >= 40
    wrong, scrolling = [], 0
    with Browser() as browser:
        tab = browser.open("about:blank")
        for page in pages:
            assert tab.go(f"{served}/{page}") == ""
            tab.wait_for("document.querySelector('.md-content h1')")
            for scheme in SCHEMES:
                tab.look(*SCREENS[screen], scheme)
                seen = tab.evaluate(SEEN)
                wrong += [f"{page} by {scheme} {fault}" for fault in faults(scheme, served, seen)]
                scrolling += seen["scrolling"]
    assert wrong == []
    assert scrolling or screen != "phone"


def faults(scheme: str, served: str, found: dict[str, Any]) -> list[str]:
    """What is wrong with a page as it is shown."""
    wrong = {
        f"is {found['overflow']} px wider than the screen": found["overflow"] > 0,
        f"has what is cut off: {found['cut']}": found["cut"],
        f"has pictures that are not there: {found['broken']}": found["broken"],
        f"has text of {found['smallest']} px": found["smallest"] < SMALLEST,
        f"has paragraphs of {found['body']} px": found["body"] is not None and found["body"] < BODY,
        f"has text with a contrast of {found['contrast']}": found["contrast"] is not None
        and found["contrast"] < CONTRAST,
        "is dark by day or light by night": (found["ground"] > 0.5) != (scheme == "light"),
        f"asks others: {found['fetched']}": not all(address.startswith(served) for address in found["fetched"]),
    }
    return [fault for fault, there in wrong.items() if there]
