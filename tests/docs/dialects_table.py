"""`python3 tests/run.py docs` writes README's table of dialects, as the code has it."""

from __future__ import annotations

from pathlib import Path

from credential_protocol.dialects import DIALECTS

README = Path(__file__).resolve().parents[2] / "README.md"
START, END = "<!-- dialects -->\n\n", "\n<!-- /dialects -->"


def table() -> str:
    """A row for each dialect, with its page."""
    rows = [
        f"| [`{name}`](docs/callers/{name}.md) | `{row.program or f'vsphere-session --protocol {name}'}` | {row.caller} |\n"
        for name, row in DIALECTS.items()
    ]
    return "".join(["| dialect | called as | by |\n|---|---|---|\n", *rows])


def shown(text: str) -> str:
    """The table in a README."""
    return text.partition(START)[2].partition(END)[0]


def main() -> None:
    """Put the table between its marks."""
    text = README.read_text(encoding="utf-8")
    before, _, rest = text.partition(START)
    README.write_text(f"{before}{START}{table()}{END}{rest.partition(END)[2]}", encoding="utf-8")
