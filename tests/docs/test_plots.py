"""Plots are drawn from the figures that the pages show, and the same figures give the same bytes."""

from __future__ import annotations

import xml.etree.ElementTree as ET

from benchmarks import pages, picture
from docs import plots

SHOWN = picture.shown_bars(pages.shown(pages.PAGE, pages.STAGES))


def test_the_picture_of_the_stages_is_that_of_the_pages_figures() -> None:
    """Drawn again it is the same to the byte."""
    assert next(call for call, _ in SHOWN) == "govc's two calls"
    assert len(SHOWN) == 4
    assert pages.PICTURE.read_text(encoding="utf-8") == picture.draw(SHOWN)


def test_every_colour_has_another_one_for_a_dark_page() -> None:
    """In a rule of the picture itself; its ground is transparent."""
    drawn = picture.draw(SHOWN)
    root = ET.fromstring(drawn)
    styles = {
        part.strip().partition(": ")
        for element in root.iter()
        for part in element.get("style", "").split(";")
        if part.strip().startswith(("fill:", "stroke:"))
    }
    colours = {value for _, _, value in styles} - {"none"}
    assert plots.BAR in colours
    assert colours <= set(plots.ON_DARK)


def test_every_stage_is_written_as_text() -> None:
    """With its milliseconds, so that a reader's own programs can find them."""
    texts = {element.text for element in ET.fromstring(picture.draw(SHOWN)).iter("{http://www.w3.org/2000/svg}text")}
    for _, stages in SHOWN:
        for stage, value in stages:
            assert stage.replace("`", "") in texts
            assert any(text and text.strip() == f"{value:.2f}" for text in texts)
