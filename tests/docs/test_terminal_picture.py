"""The picture of a terminal shows README's first steps."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

from docs import terminal_picture
from support.example_com import example_com
from support.file_keyring import install
from support.pages import ROOT
from support.program import Helper


def test_the_steps_say_what_the_picture_shows(helper: Helper) -> None:
    """One login for each kind, and afterwards `status` lists them."""
    install(helper)
    with example_com(helper) as place:
        terminal_picture.take(place)
        assert len(place.vcenter.logins) == 2


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
