"""`python3 tests/run.py docs` draws docs/terminal.svg: README's first steps, taken in a terminal that leads to a simulated vCenter.

What is shown is what README shows of the real output, where `…` stands for what differs from run to run. A call that says
anything else is an error, and there is no picture of it.
"""

from __future__ import annotations

import io
import re
import tempfile
from pathlib import Path

from rich.console import Console
from rich.text import Text

from support.example_com import FIRST_TIME, ExampleCom, example_com
from support.file_keyring import install
from support.pages import ROOT, Call, snippet
from support.program import Helper

PICTURE = ROOT / "docs" / "terminal.svg"
COLUMNS = 64
MONOSPACED = "ui-monospace, Menlo, Consolas, DejaVu Sans Mono, Liberation Mono, monospace"
_WEB_FONTS = re.compile(r"@font-face \{.*?\}\n?", flags=re.DOTALL)
_STATUS = """\
ENDPOINT: vc.example.com
USER: terraform@vsphere.local
KINDS: soap, rest
AGE: …
CONFIRMED: …
GOOD UNTIL: in 24 min
MADE BY: us, by password
"""


def first_steps() -> list[Call]:
    """README's, and what there is afterwards. Terraform's own output is not shown."""
    login, apply = snippet("README", "first-steps").splitlines()
    return [Call(login, snippet("README", "first-login")), Call(apply, ""), Call("vsphere-session status", _STATUS)]


def take(place: ExampleCom) -> None:
    """Take the steps there, and assert that each says what is shown. With the real Terraform: tests/interop."""
    login, apply, status = first_steps()
    place.shows(login, FIRST_TIME, columns=COLUMNS)
    place.put("terraform", "exit 0")
    place.answers(apply)
    place.shows(status, columns=COLUMNS)


def draw() -> str:
    """The picture. It names no font that would have to be fetched."""
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    for call in first_steps():
        console.print(Text.assemble(("$ ", "bold green"), (call.command, "bold")), soft_wrap=False)
        if call.shown:
            console.print(Text(call.shown.rstrip("\n"), "bright_white"))
    drawn = console.export_svg(title="vsphere-session", unique_id="terminal")
    drawn = _WEB_FONTS.sub("", drawn).replace("Fira Code, monospace", MONOSPACED)
    return "\n".join(line.rstrip() for line in drawn.splitlines()) + "\n"


def main() -> None:
    """Take the steps, and draw them if they say what README says."""
    with tempfile.TemporaryDirectory() as home:
        helper = Helper(Path(home))
        install(helper)
        with example_com(helper) as place:
            take(place)
    PICTURE.write_text(draw(), encoding="utf-8")
