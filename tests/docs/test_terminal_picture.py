"""The picture of a terminal shows what README's first calls say."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from pathlib import Path

from docs import terminal_picture
from simulated_vcenter import SimulatedVCenter
from support.pages import ROOT
from support.program import PASSWORD


def test_readmes_first_calls_say_what_readme_shows(home: Path, tmp_path: Path) -> None:
    """Stored once; the first `get` logs in, for both kinds, the second one finds the sessions."""
    on_path = tmp_path / "bin"
    on_path.mkdir()
    with SimulatedVCenter({terminal_picture.USER: PASSWORD}) as vcenter:
        seen = list(terminal_picture.outputs(vcenter, home, on_path))
        assert len(seen) == 3
        for call, output in seen:
            assert call.is_answered_by(output), (call.command, output)
        assert len(vcenter.logins) == 2


def test_the_picture_is_drawn_of_them() -> None:
    """`python3 tests/run.py docs` draws it; README has it with a text for who cannot see it."""
    assert terminal_picture.PICTURE.read_text(encoding="utf-8") == terminal_picture.draw()
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert re.search(r'<img src="docs/terminal\.svg"[^>]* alt="[^"]{40,}">', readme)


def test_the_picture_fetches_nothing() -> None:
    drawn = terminal_picture.draw()
    ET.fromstring(drawn)
    assert "url(http" not in drawn
    assert "@font-face" not in drawn
