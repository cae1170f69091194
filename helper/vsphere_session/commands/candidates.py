"""What may stand where somebody is typing a command line of ours: verbs, options, their values, endpoints, users."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import click
from click.shell_completion import ShellComplete

from vsphere_session.commands.known import hosts, users
from vsphere_session.commands.program import COMMANDS, PROGRAM_OF_COMMANDS
from vsphere_session.commands.serving.arguments import USAGE as OF_SERVING
from vsphere_session.commands.usage import Option, Usage
from vsphere_session.configure.change import CALLERS
from vsphere_session.version import PROGRAM

if TYPE_CHECKING:
    from collections.abc import Sequence

_FILE = "file"
_WITH_CALLER = ("configure", "unconfigure")


@dataclass(frozen=True)
class Candidate:
    """A word that may stand there, and what it is for; or with the kind `file` any file, whose names the shell knows."""

    word: str
    text: str = ""
    kind: str = "plain"


def candidates(words: Sequence[str], begun: str, usage: str) -> list[Candidate]:
    """What may stand behind `words`, which do not include the program's name, and begins with `begun`.

    `usage` is the program's help.
    """
    help_text = Usage(usage, PROGRAM)
    given = _Given(words, help_text.options())
    if given.verb in COMMANDS:
        return _of_command([given.verb, *given.behind], begun)
    options = [*help_text.options(), *(Usage(OF_SERVING, PROGRAM).options() if given.verb == "serve-tickets" else ())]
    option, equals, value = begun.partition("=")
    if begun.startswith("-") and equals:
        return _behind(f"{option}=", _values(_named(option, options), value, words))
    if words and (before := _named(words[-1], options)) is not None and before.value:
        return _values(before, begun, words)
    if begun.startswith("-"):
        found = [Candidate(name, each.text) for each in options for name in each.names]
    elif not given.verb:
        found = [Candidate(verb, text) for verb, text in help_text.verbs().items()]
    else:
        found = [Candidate(caller) for caller in CALLERS] if given.verb in _WITH_CALLER and not given.behind else []
    return [each for each in found if each.word.startswith(begun)]


class _Given:
    """The verb of a command line, empty where there is none yet, and the words behind it."""

    def __init__(self, words: Sequence[str], options: Sequence[Option]) -> None:
        self.verb = ""
        self.behind: list[str] = []
        rest = list(words)
        while rest and not self.verb:
            word = rest.pop(0)
            option = _named(word, options)
            if option is not None and option.value:
                del rest[:1]
            elif not word.startswith("-"):
                self.verb, self.behind = word, rest


def _of_command(words: list[str], begun: str) -> list[Candidate]:
    """As the command's own options and arguments have it."""
    if words[-1] == "--username":  # click reads no argument before an option whose value is not there yet
        named = next((of_host for word in words[1:-1] if (of_host := users(word))), users(""))
        return [Candidate(user) for user in named if user.startswith(begun)]
    items = ShellComplete(PROGRAM_OF_COMMANDS, {}, PROGRAM, "").get_completions(words, begun)
    found = [
        Candidate("", kind=_FILE) if item.type in ("file", "dir") else Candidate(item.value, item.help or "")
        for item in items
    ]
    command = PROGRAM_OF_COMMANDS.get_command(click.Context(PROGRAM_OF_COMMANDS), words[0])
    if isinstance(command, click.Group) and len(words) == 1:  # one may stand for another where none of these is named
        there = {each.word for each in found}
        below = [(name, each.get_short_help_str()) for name, each in command.commands.items() if name not in there]
        found += [Candidate(name, text) for name, text in below if name.startswith(begun)]
    option, equals, _ = begun.partition("=")
    return _behind(f"{option}=", found) if begun.startswith("-") and equals else found


def _values(option: Option | None, begun: str, words: Sequence[str]) -> list[Candidate]:
    if option is None:
        return []
    if option.value == "FILE":
        return [Candidate("", kind=_FILE)]
    name, offered = option.names[0], option.values
    if name == "--username":
        offered = tuple(users(_url(words)))
    elif name in ("--url", "--host"):
        offered = tuple(hosts())
    return [Candidate(value) for value in offered if value.startswith(begun)]


def _url(words: Sequence[str]) -> str:
    """The endpoint that is named; empty where none is."""
    found = ""
    for word, behind in zip(words, [*words[1:], ""], strict=True):
        if word == "--url":
            found = behind
        elif word.startswith("--url="):
            found = word.removeprefix("--url=")
    return found


def _named(name: str, options: Sequence[Option]) -> Option | None:
    return next((option for option in options if name in option.names), None)


def _behind(start: str, found: list[Candidate]) -> list[Candidate]:
    """The same with the option before their value, in one word."""
    return [Candidate(start + each.word, each.text, each.kind) if each.kind != _FILE else each for each in found]
