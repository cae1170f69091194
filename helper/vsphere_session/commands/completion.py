"""`completion`: the script by which a shell completes our commands, and, hidden, what that script asks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
from click.shell_completion import split_arg_string

from vsphere_session.commands.candidates import candidates
from vsphere_session.commands.completion_scripts import SCRIPTS
from vsphere_session.commands.options import command

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from vsphere_session.commands.candidates import Candidate
    from vsphere_session.commands.invocation import Invocation

_WORDS = "_VSPHERE_SESSION_WORDS"
_LINE, _WORD = "_VSPHERE_SESSION_LINE", "_VSPHERE_SESSION_WORD"


@command(
    "Print what lets a shell complete commands, options, endpoints and users. Put it where that shell looks:\n\n"
    "\b\n"
    "  bash        ~/.local/share/bash-completion/completions/vsphere-session\n"
    "  zsh         a file _vsphere-session in a directory of $fpath\n"
    "  fish        ~/.config/fish/completions/vsphere-session.fish\n"
    "  powershell  add the line below to the file $PROFILE\n\n"
    "The packages bring it along for the first three.",
    "vsphere-session completion bash >~/.local/share/bash-completion/completions/vsphere-session\n"
    "vsphere-session completion powershell | Out-String | Invoke-Expression",
)
@click.argument("shell", type=click.Choice(list(SCRIPTS)))
@click.option("--answer", is_flag=True, hidden=True)
def completion_command(invocation: Invocation, *, shell: str, answer: bool) -> None:
    """See above; `--answer` is for the script."""
    text = "".join(_answer(invocation.environ, invocation.usage)) if answer else SCRIPTS[shell]
    invocation.screen.raw(text)


def _answer(environ: Mapping[str, str], usage: str) -> Iterator[str]:
    """A line for each candidate: kind, word, and what it is for, with a tab between them."""
    begun, *words = _typed(environ)
    there = begun.removesuffix(environ.get(_WORD, begun)).removesuffix("@")  # of this word, and stays, for bash
    for each in candidates(words, begun, usage):
        if _is_plain(each):
            yield f"{each.kind}\t{each.word.removeprefix(there)}\t{' '.join(each.text.split())}\n"


def _typed(environ: Mapping[str, str]) -> list[str]:
    """What has been typed behind the program's name: the word that is begun, then those before it. Bash says its line."""
    if _LINE not in environ:
        return environ.get(_WORDS, "").split("\n")
    words = split_arg_string(environ[_LINE])[1:]
    begun = "" if not words or environ[_LINE][-1:].isspace() else words.pop()
    return [begun, *words]


def _is_plain(candidate: Candidate) -> bool:
    """A name from a file may be anything: what is no visible text is not offered."""
    return candidate.word.isprintable()
