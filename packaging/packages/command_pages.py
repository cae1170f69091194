"""The manual pages of the commands for people, `vsphere-session-NAME.1`: what their `--help` says."""

from __future__ import annotations

import re
from collections.abc import Iterator

import click

from packages import roff
from packages.usage import COMMANDS, PROGRAM, PROGRAM_OF_COMMANDS, VERSION

_AS_IT_IS = "\b\n"
"""What click has before a paragraph whose lines stay as they are."""
_EXAMPLE = f"{_AS_IT_IS}example:\n"


def pages(version: str = VERSION, seconds: int = 0) -> dict[str, str]:
    """The source of each, by the name of the page, dated from `seconds` since 1970."""
    return {f"{PROGRAM}-{name}": _page(name, version, seconds) for name in COMMANDS}


def _page(name: str, version: str, seconds: int) -> str:
    parent = click.Context(PROGRAM_OF_COMMANDS, info_name=PROGRAM, **PROGRAM_OF_COMMANDS.context_settings)
    command = PROGRAM_OF_COMMANDS.get_command(parent, name)
    assert command is not None  # noqa: S101  # nosec B101  # it is in the table
    context = click.Context(command, parent, name)
    title = f"{PROGRAM}-{name}"
    lines = [
        roff.head(title, version, seconds),
        ".SH NAME",
        f"{roff.text(title)} \\- {roff.text(COMMANDS[name])}",
        ".SH SYNOPSIS",
        *_synopsis(context),
        ".SH DESCRIPTION",
        *_paragraphs(command),
    ]
    below = list(_below(context))
    for each in below:
        lines += [
            f".SS {roff.line(_called(each))}",
            *_paragraphs(each.command),
            *_options(each),
            *_examples(each.command),
        ]
    if options := _options(context):
        lines += [".SH OPTIONS", *options]
    if examples := _examples(command):
        lines += [".SH EXAMPLES", *examples]
    lines += [".SH SEE ALSO", f".BR {roff.text(PROGRAM)} (1)", ""]
    return "\n".join(lines)


def _below(context: click.Context) -> Iterator[click.Context]:
    """The commands of a command that has some."""
    if isinstance(context.command, click.Group):
        for name in context.command.list_commands(context):
            found = context.command.get_command(context, name)
            if found is not None and not found.hidden:
                yield click.Context(found, context, name)


def _called(context: click.Context) -> str:
    """Its words behind the program's name, with the placeholders of its arguments."""
    arguments = [parameter for parameter in context.command.params if isinstance(parameter, click.Argument)]
    places = " ".join(argument.make_metavar(context) for argument in arguments)
    return f"{context.command_path.removeprefix(f'{PROGRAM} ')} {places}".strip()


def _synopsis(context: click.Context) -> list[str]:
    pieces = " ".join(context.command.collect_usage_pieces(context))
    words = context.command_path.removeprefix(f"{PROGRAM} ")
    return [f".B {roff.text(PROGRAM)} {roff.text(words)}", roff.call(pieces)]


def _paragraphs(command: click.Command) -> list[str]:
    lines: list[str] = []
    for number, paragraph in enumerate((command.help or "").partition(_EXAMPLE)[0].strip().split("\n\n")):
        if number:
            lines.append(".PP")
        if paragraph.startswith(_AS_IT_IS):
            lines += roff.literal(paragraph.removeprefix(_AS_IT_IS).splitlines())
        else:
            lines.append(roff.line(" ".join(paragraph.split())))
    return lines


def _options(context: click.Context) -> list[str]:
    rows = []
    for parameter in context.command.get_params(context):
        record = parameter.get_help_record(context)
        if record is not None and isinstance(parameter, click.Option):
            names = re.sub(r"--?[a-z][\w-]*", lambda name: f"\0{name[0]}\1", record[0])
            tag = roff.call(names).replace("\0", "\\fB").replace("\1", "\\fR")
            rows.append((tag, record[1]))
    return roff.tagged(rows)


def _examples(command: click.Command) -> list[str]:
    examples = (command.help or "").partition(_EXAMPLE)[2].strip("\n")
    return roff.literal(line.removeprefix("  ") for line in examples.splitlines()) if examples else []
