"""Completions in the shells themselves: each offers what the program says, and nothing else."""

from __future__ import annotations

import os
import pty
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from packages.usage import HELP, PROGRAM, SCRIPTS
from releases.inside import PATH, change_to, copy_of, run_in
from releases.outside import carried_out
from support.pages import snippet
from support.program import Helper
from support.roots import debian_root

CALLERS = {"git", "docker", "terraform-cli", "kubernetes", "bazel"}
HOSTS = {"vc-1.example.com", "vc-2.example.com:8989"}
VERBS = set(HELP.verbs())
CASES = [
    ("", VERBS),
    ("un", {"unconfigure"}),
    ("--secret", {"--secret-store"}),
    ("--protocol k", {"kubernetes"}),
    ("--timeout ", set[str]()),
    ("--timeout 5 ce", {"cert"}),
    ("configure ", CALLERS),
    ("-v", {"-v", "-vv"}),
    ("cert --kn", {"--known-hosts"}),
    ("cert ", HOSTS),
    ("cert vc-2", {"vc-2.example.com:8989"}),
    ("cert --secret-store f", {"file"}),
    ("get --url vc-1", {"vc-1.example.com"}),
    ("get --url vc-1.example.com --username ", {"me@vsphere.local"}),
    ("cert --username me@", {"me@vsphere.local"}),
    ("completion p", {"powershell"}),
    ("exec -- groff", {"groff"}),
]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Debian with shells, and with the scripts where they look for them."""
    root = debian_root("bookworm", ("bash", "coreutils", "fish", "groff-base", "mawk", "zsh"))
    root = copy_of(root, tmp_path_factory.mktemp("shells"))
    for place, shell in (
        ("usr/share/zsh/vendor-completions/_vsphere-session", "zsh"),
        ("usr/share/fish/vendor_completions.d/vsphere-session.fish", "fish"),
        ("tmp/completion.bash", "bash"),
    ):
        (root / place).parent.mkdir(parents=True, exist_ok=True)
        (root / place).write_text(SCRIPTS[shell], encoding="utf-8")
    (root / "dev").mkdir(exist_ok=True)
    (root / "usr/bin/awk").symlink_to("mawk")
    for place in ("dev/null", "tmp/a file"):
        (root / place).touch()
    return root


@pytest.fixture
def shells(root: Path, helper: Helper) -> Iterator[Path]:
    """The same, where the program knows two endpoints and a user."""
    configuration = helper.home / ".config/vsphere-session/config.toml"
    configuration.parent.mkdir(parents=True)
    configuration.write_text(
        '[endpoint."vc-1.example.com"]\nusername = "me@vsphere.local"\n[endpoint."vc-2.example.com:8989"]\n'
        "username = 'CORP\\you'\n"
    )
    with carried_out(root, helper, "_VSPHERE_SESSION_") as calls:
        yield root
    assert all(words[0] == "completion" and words[2:] in ([], ["--answer"]) for words in calls), (
        "what is typed is in argv"
    )


def typed(root: Path, shell: list[str], start: str, keys: str) -> None:
    """Type on a terminal: that the shell reads `start`, and then these keys, by which it has to end."""
    (root / "tmp" / "start").write_text(start)
    ours, terminal = pty.openpty()
    environment = {"TERM": "dumb", "PATH": PATH, "LC_ALL": "C", "HOME": "/root"}
    command = [*change_to(root), *shell]
    with subprocess.Popen(
        command, stdin=terminal, stdout=terminal, stderr=terminal, env=environment, start_new_session=True
    ) as process:
        os.close(terminal)
        try:
            os.write(ours, b". /tmp/start\n")
            shown = b""
            while b"ready" not in shown:
                shown += os.read(ours, 1000)
            os.write(ours, keys.encode())
            while os.read(ours, 1000):
                pass
        except OSError:  # what a terminal says once nobody is there any more
            pass
        finally:
            process.kill()
            os.close(ours)


def lines(file: Path) -> set[str]:
    """What a shell has written there, which it does not have to."""
    return set(filter(None, file.read_text().splitlines()))


@pytest.mark.parametrize("shell", SCRIPTS)
def test_completion_prints_the_script_that_the_packages_have(helper: Helper, shell: str) -> None:
    reply = helper.run("completion", shell)
    assert (reply.status, reply.stdout.decode(), reply.stderr) == (0, SCRIPTS[shell], "")


@pytest.mark.parametrize(
    ("shell", "text", "place"),
    [
        ("bash", snippet("docs/completion", "bash"), ".local/share/bash-completion/completions/vsphere-session"),
        ("zsh", snippet("docs/completion", "zsh"), ".zfunc/_vsphere-session"),
        ("fish", snippet("docs/completion", "fish"), ".config/fish/completions/vsphere-session.fish"),
    ],
)
def test_the_page_puts_it_where_the_shell_looks(shells: Path, shell: str, text: str, place: str) -> None:
    done = run_in(shells, shell, "-c", text)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert (shells / "root" / place).read_text(encoding="utf-8") == SCRIPTS[shell]


# ---- bash

BASH = r"""
. /tmp/completion.bash
recorded() { _vsphere_session "$@"; printf '%s\n' "${COMPREPLY[@]+"${COMPREPLY[@]}"}" >/tmp/offered; }
complete -F recorded vsphere-session
ended() { printf '%s\n' "$READLINE_LINE" >/tmp/line; exit; }
bind -x '"\C-g": ended'
PS1=; echo ready
"""


def bash(root: Path, line: str) -> tuple[set[str], str]:
    """What is offered, without the space behind it, and the line that comes of it."""
    (root / "tmp" / "offered").write_text("")
    typed(root, ["bash", "--norc", "-i"], BASH, f"{PROGRAM} {line}\t\x07")
    return lines(root / "tmp" / "offered"), (root / "tmp" / "line").read_text().rstrip("\n")


@pytest.mark.parametrize(
    ("line", "offered"),
    [*CASES, ("--protocol=k", {"kubernetes"}), ("--format=", {"env", "json", "powershell", "fish"})],
)
def test_bash_offers(shells: Path, line: str, offered: set[str]) -> None:
    """What readline has cut off already is not offered again."""
    cut = {"cert --username me@": {"@vsphere.local"}}
    assert bash(shells, line)[0] == cut.get(line, offered)


@pytest.mark.parametrize(
    ("line", "completed"),
    [
        ("get --url vc-2", "get --url vc-2.example.com:8989 "),
        ("get --url vc-2.example.com:8", "get --url vc-2.example.com:8989 "),
        ("get --url 'vc-2.example.com:8", "get --url 'vc-2.example.com:8989' "),
        ("cert --username me@v", "cert --username me@vsphere.local "),
        ("cert vc-2.example.com:8989 --username C", r"cert vc-2.example.com:8989 --username CORP\\you "),
        ("--protocol=k", "--protocol=kubernetes "),
        ("--config /tmp/a", "--config /tmp/a\\ file "),
        ("cert --config=/tmp/a", "cert --config=/tmp/a\\ file "),
    ],
)
def test_bash_completes_a_word_wherever_readline_cuts_it(shells: Path, line: str, completed: str) -> None:
    assert bash(shells, line)[1] == f"{PROGRAM} {completed}"


# ---- zsh

ZSH = r"""
autoload -Uz compinit; compinit -u -D
compadd () {
    local -a hits
    if [[ ${@[1,(i)(-|--)]} == *-(O|A|D)\ * ]]; then builtin compadd "$@"; return; fi
    builtin compadd -A hits "$@"
    print -rl -- $hits >>/tmp/offered
    builtin compadd "$@"
}
complete-and-end () { _main_complete; exit }
zle -C complete-and-end list-choices complete-and-end
bindkey '^I' complete-and-end
print ready
"""


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        *CASES,
        ("--protocol=k", {"--protocol=kubernetes"}),
        ("--config /tmp/a", {r"a\ file"}),
        ("--config=/tmp/a", {r"a\ file"}),
        ("get --url 'vc-2.example.com:", {"vc-2.example.com:8989"}),
        ("cert vc-2.example.com:8989 --username C", {r"CORP\\you"}),
    ],
)
def test_zsh_offers(shells: Path, line: str, offered: set[str]) -> None:
    """Typed on a terminal: zsh completes nowhere else."""
    (shells / "tmp" / "offered").write_text("")
    typed(shells, ["zsh", "-f", "-i"], ZSH, f"{PROGRAM} {line}\t")
    assert lines(shells / "tmp" / "offered") == offered


def test_zsh_takes_the_script_from_its_configuration_too(shells: Path) -> None:
    """Sourced, and found nowhere else."""
    (shells / "tmp" / "offered").write_text("")
    (shells / "tmp" / "script").write_text(SCRIPTS["zsh"])
    start = ZSH.replace("compinit -u -D", "compinit -u -D; compdef -d vsphere-session; . /tmp/script")
    typed(shells, ["zsh", "-f", "-i"], start, f"{PROGRAM} un\t")
    assert lines(shells / "tmp" / "offered") == {"unconfigure"}


# ---- fish


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        *CASES,
        ("--protocol=k", {"--protocol=kubernetes"}),
        ("--config /tmp/a", {"/tmp/a file"}),
        ("--config=/tmp/a", {"--config=/tmp/a file"}),
        ("cert vc-2.example.com:8989 --username C", {r"CORP\you"}),
    ],
)
def test_fish_offers(shells: Path, line: str, offered: set[str]) -> None:
    script = f"source /usr/share/fish/vendor_completions.d/vsphere-session.fish; complete -C '{PROGRAM} {line}'"
    done = run_in(shells, "fish", "--no-config", "-c", script)
    assert (done.returncode, done.stderr) == (0, "")
    assert {row.partition("\t")[0] for row in done.stdout.splitlines()} == offered
