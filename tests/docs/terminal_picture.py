"""`python3 tests/run.py docs` draws docs/terminal.svg: README's first calls, run against a simulated vCenter.

What is shown is what README shows of the real output, where `…` stands for what differs from run to run. A call that says
anything else is an error, and there is no picture of it.
"""

from __future__ import annotations

import io
import re
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console
from rich.text import Text

from simulated_vcenter import SimulatedVCenter
from support.pages import ROOT, Call, calls
from support.program import PASSWORD, program

PICTURE = ROOT / "docs" / "terminal.svg"
HOST, USER = "vc.example.com", "terraform@vsphere.local"
COLUMNS = 64
MONOSPACED = "ui-monospace, Menlo, Consolas, DejaVu Sans Mono, Liberation Mono, monospace"
_CONSOLE = re.compile(r"^```console\n(.*?)^```$", flags=re.DOTALL | re.MULTILINE)
_WEB_FONTS = re.compile(r"@font-face \{.*?\}\n?", flags=re.DOTALL)


def first_calls() -> list[Call]:
    """README's first calls."""
    (block,) = _CONSOLE.findall((ROOT / "README.md").read_text(encoding="utf-8"))
    return calls(block)


def outputs(vcenter: SimulatedVCenter, home: Path, on_path: Path) -> Iterator[tuple[Call, str]]:
    """Each call with what it really says, the server's own address being that of README."""
    configuration = home / ".config" / "vsphere-session"
    configuration.mkdir(parents=True)
    (configuration / "config.toml").write_text('secret_store = "file"\n', encoding="utf-8")
    (on_path / "vsphere-session").symlink_to(program()[0])
    environment = {"HOME": str(home), "PATH": f"{on_path}:/usr/bin:/bin", "GOVC_TLS_CA_CERTS": str(vcenter.ca_file)}
    for call in first_calls():
        command = call.command.replace(HOST, vcenter.authority).replace('"…"', f'"{PASSWORD}"')
        done = subprocess.run(
            ["/bin/sh", "-c", command],
            env=environment,
            cwd=home,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        yield call, (done.stdout + done.stderr).replace(vcenter.authority, HOST)


def draw() -> str:
    """The picture. It names no font that would have to be fetched."""
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    for call in first_calls():
        console.print(Text.assemble(("$ ", "bold green"), (call.command, "bold")), soft_wrap=False)
        console.print(Text(call.shown.rstrip("\n"), "bright_white"))
    drawn = console.export_svg(title="vsphere-session", unique_id="terminal")
    drawn = _WEB_FONTS.sub("", drawn).replace("Fira Code, monospace", MONOSPACED)
    return "\n".join(line.rstrip() for line in drawn.splitlines()) + "\n"


def main() -> None:
    """Run the calls, and draw them if they say what README says."""
    with (
        SimulatedVCenter({USER: PASSWORD}) as vcenter,
        tempfile.TemporaryDirectory() as home,
        tempfile.TemporaryDirectory() as on_path,
    ):
        for call, output in outputs(vcenter, Path(home), Path(on_path)):
            if not call.is_answered_by(output):
                raise SystemExit(f"README does not show what this says: {call.command}\n{output}")
    PICTURE.write_text(draw(), encoding="utf-8")
