"""What all plots of the documentation share: how they look on light and dark pages, and that the same figures give the same bytes."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from html import escape
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

mpl.use("svg")

TEXT, NOTE, LINE, BAR, OTHER = "#1f2328", "#59636e", "#d1d9e0", "#0969da", "#8c959f"
"""Colours on a light page."""

ON_DARK = {TEXT: "#f0f6fc", NOTE: "#9198a1", LINE: "#3d444d", BAR: "#4493f8", OTHER: "#656c76"}
"""What each becomes where the reader's system is dark: an image knows no more of its page than that."""

SETTINGS: dict[Any, Any] = {
    "svg.hashsalt": "vsphere-session",
    "svg.fonttype": "none",  # text stays text: it can be read aloud, and is small
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],  # it comes with matplotlib, so that the same layout comes of it anywhere
    "font.size": 10,
    "text.color": TEXT,
    "axes.edgecolor": LINE,
    "axes.labelcolor": NOTE,
    "xtick.color": LINE,
    "xtick.labelcolor": NOTE,
    "ytick.color": LINE,
    "ytick.labelcolor": NOTE,
}


@contextmanager
def style() -> Iterator[None]:
    """Within, figures are made in this way, whatever the settings of who runs it are."""
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(SETTINGS)
        yield


def svg(figure: Figure, title: str) -> str:
    """The figure, made within `style`, on a transparent ground, named for who cannot see it."""
    written = io.StringIO()
    figure.savefig(written, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    head, root, rest = written.getvalue().partition("<svg ")
    attributes, _, drawing = rest.partition(">")
    named = f'{root}role="img" {attributes}>\n <title>{escape(title)}</title>\n <style>{_dark()}</style>'
    return head + named + "\n".join(line.rstrip() for line in drawing.split("\n"))


def _dark() -> str:
    rules = "".join(
        f'[style*="{what}: {light}"]{{{what}:{dark}!important}}'
        for light, dark in ON_DARK.items()
        for what in ("fill", "stroke")
    )
    return f"@media (prefers-color-scheme: dark){{{rules}}}"
