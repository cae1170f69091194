"""The stages of calls as a waterfall, in SVG that reads well on light and dark pages. The same numbers give the same bytes."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from benchmarks.stages import Bar

WIDTH, LABELS, ROW, HEAD, GAP, TOP = 960, 260, 20, 22, 8, 56
STEPS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
STYLE = """\
text { font: 12px system-ui, sans-serif; fill: #1f2328 }
.call { font-weight: 600 }
.note { fill: #59636e }
.line { stroke: #d1d9e0 }
.bar { fill: #0969da }
.other { fill: #8c959f }
@media (prefers-color-scheme: dark) {
  text { fill: #f0f6fc }
  .note { fill: #9198a1 }
  .line { stroke: #3d444d }
  .bar { fill: #4493f8 }
  .other { fill: #656c76 }
}"""


def draw(bars: list[Bar]) -> str:
    """The whole picture; all calls on one scale of milliseconds."""
    longest = max(sum(value for _, value in stages) for _, stages in bars)
    scale = (WIDTH - LABELS - 80) / longest
    step = next(step for step in STEPS if longest / step <= 14)
    ticks = [(LABELS + number * scale, number) for number in range(0, int(longest) + 1, step)]
    lines = [_text(10, 20, "Where the time of a warm get goes, in milliseconds, all on one scale", "call")]
    lines += [_text(left, 42, str(number), "note", anchor="middle") for left, number in ticks]
    top = TOP
    for number, (call, stages) in enumerate(bars):
        lines.append(_text(10, top + 14, f"{call}: {sum(value for _, value in stages):.1f} ms", "call"))
        top += HEAD
        bottom = top + ROW * len(stages)
        lines += [f'<line class="line" x1="{left:.1f}" y1="{top}" x2="{left:.1f}" y2="{bottom}"/>' for left, _ in ticks]
        lines += _waterfall(stages, top, scale, "bar" if number else "other")
        top = bottom + GAP
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{top}" viewBox="0 0 {WIDTH} {top}" role="img">'
    title = "<title>Where the time of a warm get goes, in milliseconds</title>"
    return "\n".join([head, title, f"<style>\n{STYLE}\n</style>", *lines, "</svg>"]) + "\n"


def _waterfall(stages: list[tuple[str, float]], top: int, scale: float, kind: str) -> Iterator[str]:
    """A row for each stage, which begins where the one above it ends."""
    left = float(LABELS)
    for stage, value in stages:
        width = value * scale
        yield _text(LABELS - 10, top + 14, stage, "note", anchor="end")
        shape = f'x="{left:.1f}" y="{top + 3}" width="{max(1.0, width):.1f}" height="{ROW - 6}" rx="2"'
        yield f'<rect class="{kind}" {shape}/>'
        yield _text(left + width + 6, top + 14, f"{value:.2f}")
        left += width
        top += ROW


def _text(left: float, top: int, text: str, kind: str = "", *, anchor: str = "") -> str:
    attributes = (f' class="{kind}"' if kind else "") + (f' text-anchor="{anchor}"' if anchor else "")
    return f'<text x="{left:.1f}" y="{top}"{attributes}>{escape(text.replace("`", ""))}</text>'
