"""What shells offer behind `vsphere-session`: its verbs, its options, and the values that an option may have."""

from __future__ import annotations

import re
from collections.abc import Iterable

from packages.usage import CALLER_NAMES, FILES, PROGRAM, VALUES, WITH_CALLER, Option, options, verbs

BASH = """\
# bash completion for {program}
_vsphere_session() {{
    local word=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD - 1]}} i
    COMPREPLY=()
    for ((i = 1; i < COMP_CWORD; i++)); do
        if [[ ${{COMP_WORDS[i]}} == -- ]]; then
            if ((i == COMP_CWORD - 1)); then
                COMPREPLY=($(compgen -c -- "$word"))
            else
                compopt -o default
            fi
            return
        fi
    done
    # readline cuts a value behind = off its option
    if [[ $word == = ]]; then
        word=
    elif [[ $before == = ]]; then
        before=${{COMP_WORDS[COMP_CWORD - 2]}}
    fi
    case $before in
{cases}
    esac
    if [[ $word == -* ]]; then
        COMPREPLY=($(compgen -W "{names}" -- "$word"))
    else
        COMPREPLY=($(compgen -W "{verbs}" -- "$word"))
    fi
}}
complete -F _vsphere_session {program}
"""

ZSH = """\
#compdef {program}
local -i end=${{words[(i)--]}}
if ((CURRENT > end)); then  # the command behind exec --
    words=("${{(@)words[end + 1, -1]}}")
    ((CURRENT -= end))
    _normal
    return
fi
local -a verbs
verbs=(
{verbs}
)
_arguments \\
{options}
    '1: :{{_describe verb verbs}}' \\
    '2:caller:({callers})'
"""


def bash() -> str:
    """For bash 4 or newer; nothing else is needed."""
    cases = [f"        {_either(WITH_CALLER)}) {_words(CALLER_NAMES)} ;;"]
    for option in options():
        if option.value:
            offered = VALUES.get(option.names[0])
            what = (
                _words(offered)
                if offered
                else "return"
                if option.names[0] not in FILES
                else "compopt -o default; return"
            )
            cases.append(f"        {_either(option.names)}) {what} ;;")
    names = " ".join(name for option in options() for name in option.names)
    return BASH.format(program=PROGRAM, cases="\n".join(cases), names=names, verbs=" ".join(verbs()))


def zsh() -> str:
    """For zsh's own system of completions."""
    rows = [f"    {_quoted(f'{verb}:{text}')}" for verb, text in verbs().items()]
    return ZSH.format(
        program=PROGRAM,
        verbs="\n".join(rows),
        options="\n".join(f"    {_zsh(option, name)} \\" for option in options() for name in option.names),
        callers=" ".join(CALLER_NAMES),
    )


def fish() -> str:
    """For fish 3 or newer."""
    complete = f"complete -c {PROGRAM}"
    lines = [f"# fish completion for {PROGRAM}", f"{complete} -f"]
    lines += [
        f"{complete} -n __fish_use_subcommand -a {verb} -d {_fish_quoted(text)}" for verb, text in verbs().items()
    ]
    seen = f"'__fish_seen_subcommand_from {' '.join(WITH_CALLER)}'"
    lines.append(f"{complete} -n {seen} -a '{' '.join(CALLER_NAMES)}'")
    for option in options():
        value = ""
        if option.value:
            offered = VALUES.get(option.names[0], ())
            value = " -r -F" if option.names[0] in FILES else f" -x -a '{' '.join(offered)}'" if offered else " -x"
        names = " ".join(_fish_name(name) for name in option.names)
        lines.append(f"{complete} {names}{value} -d {_fish_quoted(option.text)}")
    return "\n".join(lines) + "\n"


def _either(names: Iterable[str]) -> str:
    return " | ".join(names)


def _words(words: Iterable[str]) -> str:
    return f'COMPREPLY=($(compgen -W "{" ".join(words)}" -- "$word")); return'


def _zsh(option: Option, name: str) -> str:
    """One option; the value of a long one may stand behind `=` or be the next word."""
    text = re.sub(r"([\[\]\\])", r"\\\1", option.text)
    if not option.value:
        return _quoted(f"{name}[{text}]")
    offered = VALUES.get(name)
    action = "_files" if name in FILES else f"({' '.join(offered)})" if offered else ""
    return _quoted(f"{name}=[{text}]:{option.value}:{action or ' '}")


def _quoted(text: str) -> str:
    """As one word of a shell."""
    return "'" + text.replace("'", "'\\''") + "'"


def _fish_quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _fish_name(name: str) -> str:
    """Never fish's `-s`: the program takes no two of these in one word."""
    return f"-l {name[2:]}" if name.startswith("--") else f"-o {name[1:]}"
