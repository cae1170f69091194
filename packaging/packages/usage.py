"""What `vsphere-session --help` says, taken apart: manual page and completions say the same, and nothing else."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass

from common import ROOT

sys.path[:0] = [str(ROOT / "helper"), str(ROOT / "protocol")]  # this very tree's, whatever else is installed
from credential_protocol.dialects import DIALECTS  # noqa: E402  # when it can be found
from credential_protocol.messages import KINDS, VERBS  # noqa: E402
from vsphere_session import errors  # noqa: E402
from vsphere_session.cli.arguments import USAGE  # noqa: E402
from vsphere_session.cli.exec_export import FORMATS  # noqa: E402
from vsphere_session.configure.change import CALLERS  # noqa: E402
from vsphere_session.settings.config_file import CHOICES  # noqa: E402
from vsphere_session.version import PROGRAM, __version__  # noqa: E402

__all__ = [
    "CALLER_NAMES",
    "FILES",
    "NAMES",
    "PROGRAM",
    "VALUES",
    "VERSION",
    "WITH_CALLER",
    "Form",
    "Option",
    "examples",
    "forms",
    "options",
    "statuses",
    "verbs",
]
VERSION = __version__
NAMES = [row.program for row in DIALECTS.values() if row.program not in ("", PROGRAM)]
"""The further names under which the program speaks a caller's protocol."""
VALUES = {
    "--secret-store": tuple(CHOICES["secret_store"]),
    "--protocol": tuple(DIALECTS),
    "--format": tuple(FORMATS),
}
"""What may stand behind an option; of others it is free."""
FILES = ("--config",)
WITH_CALLER = ("configure", "unconfigure")
CALLER_NAMES = tuple(CALLERS)


@dataclass(frozen=True)
class Option:
    """One row of the options: its names, the placeholder of its value (empty: it has none), and what it is for."""

    names: tuple[str, ...]
    value: str
    text: str


@dataclass(frozen=True)
class Form:
    """One way to call the program: what stands behind its name, and what that does."""

    call: str
    text: str


def options() -> list[Option]:
    """All options, in the order of the help; those that share a text there have a row each."""
    rows: list[Option] = []
    for names, text in _rows(_section("options:"), re.compile(r"  (-.*?)\s{2,}(.*)")):
        words = [name.split(" ") for name in names.split(", ")]
        if any(len(word) == 2 for word in words):
            rows += [Option((name,), value, text) for name, value in words]
        else:
            rows.append(Option(tuple(word[0] for word in words), "", text))
    return rows


def forms() -> list[Form]:
    """All ways to call it."""
    lines = USAGE.partition("\n\n")[0].removeprefix("usage:").splitlines()
    column = lines[0].index(re.split(r" {2,}", lines[0].strip())[1]) + len("usage:")
    lines[0] = "       " + lines[0].strip()
    found: list[Form] = []
    for line in lines:
        call, text = line[:column].strip().removeprefix(PROGRAM).strip(), line[column:].strip()
        if line.startswith(f"       {PROGRAM}"):
            found.append(Form(call, text))
        else:
            found[-1] = Form(found[-1].call, f"{found[-1].text} {text}")
    return found


def verbs() -> dict[str, str]:
    """Every word that can come first, and what it does."""
    own = {form.call.split()[1]: form.text for form in forms() if len(form.call.split()) > 1}
    of_requests = dict(_rows(USAGE.split("\n\n")[1].splitlines(), re.compile(r"  (\w+)\s{2,}(.*)")))
    return {verb: of_requests[verb] for verb in VERBS} | {
        verb: text.partition(":")[0] for verb, text in own.items() if "|" not in verb
    }


def examples() -> list[str]:
    """The calls that the help ends with."""
    return [line.strip() for line in _section("example:")]


def statuses() -> dict[str, str]:
    """Each exit status of a failure: its kind's name, and what the class of that error says of itself."""
    said = {
        kind.kind: (kind.__doc__ or "").strip()
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, errors.SessionError) and kind is not errors.SessionError
    }
    return {str(status): f"{kind}: {said.get(kind, 'a bug of this program.')}" for kind, status in KINDS.items()}


def _section(title: str) -> list[str]:
    return USAGE.partition(f"{title}\n")[2].partition("\n\n")[0].splitlines()


def _rows(lines: list[str], start: re.Pattern[str]) -> list[tuple[str, str]]:
    """Each row's two columns; a line that begins no row goes on with the one above."""
    rows: list[tuple[str, str]] = []
    for line in lines:
        if found := start.fullmatch(line):
            rows.append((found[1], found[2]))
        else:
            rows[-1] = (rows[-1][0], f"{rows[-1][1]} {line.strip()}")
    return rows
