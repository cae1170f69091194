"""Manual page and completions offer what the program takes, and nothing else; real shells and groff read them."""

from __future__ import annotations

import os
import pty
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from credential_protocol import KINDS
from packages import completions, manual, usage
from releases.inside import PATH, change_to, copy_of, run_in
from support.program import Helper
from support.roots import debian_root
from vsphere_session.cli import arguments

TAKEN = {*arguments._WITH_VALUE, *arguments._FLAGS}
TEXTS: dict[str, Callable[[], str]] = {
    "manual": lambda: re.sub(r"\\f[BIR]", "", manual.page()).replace("\\-", "-"),
    "bash": completions.bash,
    "zsh": completions.zsh,
    "fish": lambda: re.sub(
        r" -l ([\w-]+)| -o (\w+)", lambda found: f" --{found[1]}" if found[1] else f" -{found[2]}", completions.fish()
    ),
}
OPTIONS_OF_OTHERS = {  # of the shells' own commands, and of git's manual
    "bash": {"-W", "-c", "-o", "-F", "--"},
    "zsh": {"-a", "-i", "--"},
    "fish": {"-a", "-c", "-d", "-f", "-n", "-r", "-x", "-F"},
    "manual": {"--"},
}


@pytest.mark.parametrize("name", TEXTS)
def test_it_has_every_option_of_the_parser_and_none_that_it_does_not_know(name: str) -> None:
    found = set(re.findall(r"(?<![\w=/.-])--?[a-zA-Z][\w-]*|(?<![\w-])--(?![\w-])", TEXTS[name]()))
    assert found - OPTIONS_OF_OTHERS[name] == TAKEN


@pytest.mark.parametrize("name", TEXTS)
def test_it_has_every_verb_and_every_value(name: str) -> None:
    words = set(re.findall(r"[\w-]+", TEXTS[name]()))
    assert {
        *usage.verbs(),
        *usage.CALLER_NAMES,
        *(word for values in usage.VALUES.values() for word in values),
    } <= words


def test_the_verbs_are_those_that_the_program_knows(helper: Helper) -> None:
    """And the help has each."""
    people = ["login", "exec", "export", "serve-tickets", "configure", "unconfigure"]
    assert list(usage.verbs()) == ["get", "store", "erase", *people]
    for verb in (*usage.verbs(), "no-verb"):
        reply = helper.run(verb)
        assert (b"is not known" in reply.stdout) == (verb == "no-verb"), reply


def test_the_manual_has_every_exit_status_and_only_variables_that_the_program_reads() -> None:
    assert usage.statuses().keys() == {*map(str, KINDS.values())}
    for status in usage.statuses():
        assert f"\\fB{status}\\fR" in manual.page()
    sources = "".join(file.read_text(encoding="utf-8") for file in Path(arguments.__file__).parents[1].rglob("*.py"))
    for names in manual.ENVIRONMENT:
        for name in names.split(", "):
            assert name in sources or name in ("SSL_CERT_FILE", "SSL_CERT_DIR"), name


@pytest.fixture(scope="module")
def shells(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Debian with shells, and with all that they read in its place."""
    root = debian_root("bookworm", ("bash", "coreutils", "fish", "groff-base", "zsh"))
    root = copy_of(root, tmp_path_factory.mktemp("shells"))
    for place, text in (
        ("usr/share/zsh/vendor-completions/_vsphere-session", completions.zsh()),
        ("usr/share/fish/vendor_completions.d/vsphere-session.fish", completions.fish()),
        ("tmp/completion.bash", completions.bash()),
        ("tmp/vsphere-session.1", manual.page("1.2.3", 1_700_000_000)),
        ("tmp/a file", ""),
    ):
        (root / place).parent.mkdir(parents=True, exist_ok=True)
        (root / place).write_text(text, encoding="utf-8")
    return root


def ok(root: Path, *command: str, stdin: str = "") -> str:
    """What a command says that has to succeed, and to complain of nothing."""
    done = run_in(root, *command, stdin=stdin)
    assert (done.returncode, done.stderr) == (0, ""), done
    return done.stdout


def test_groff_reads_the_manual_without_a_complaint(shells: Path) -> None:
    shown = ok(shells, "groff", "-Kutf8", "-man", "-ww", "-Tutf8", "-P-c", "/tmp/vsphere-session.1")
    text = re.sub(r".\x08", "", shown)
    assert "vsphere-session 1.2.3" in text
    assert "--secret-store NAME" in text
    assert "terraform-credentials-vsphere" in text
    assert "2023-11-14" in text


CASES = [
    (["vsphere-session", ""], set(usage.verbs())),
    (["vsphere-session", "un"], {"unconfigure"}),
    (["vsphere-session", "--secret"], {"--secret-store"}),
    (["vsphere-session", "--protocol", "k"], {"kubernetes"}),
    (["vsphere-session", "--protocol", "=", "k"], {"kubernetes"}),
    (["vsphere-session", "--format", "="], set(usage.VALUES["--format"])),
    (["vsphere-session", "configure", ""], set(usage.CALLER_NAMES)),
    (["vsphere-session", "--timeout", ""], set()),
    (["vsphere-session", "exec", "--", "vsphere-none"], set()),
    (["vsphere-session", "exec", "--", "groff"], {"groff"}),
]


@pytest.mark.parametrize(("words", "offered"), CASES)
def test_bash_offers(shells: Path, words: list[str], offered: set[str]) -> None:
    """The words are as readline cuts them."""
    quoted = " ".join(f"'{word}'" for word in words)
    script = f"""
    set -u
    . /tmp/completion.bash
    COMP_WORDS=({quoted}) COMP_CWORD={len(words) - 1}
    _vsphere_session
    printf '%s\\n' "${{COMPREPLY[@]+"${{COMPREPLY[@]}}"}}"
    complete -p vsphere-session >/dev/null
    """
    assert set(ok(shells, "bash", "-c", script).split()) == offered


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("vsphere-session ", set(usage.verbs())),
        ("vsphere-session --secret", {"--secret-store"}),
        ("vsphere-session --protocol k", {"kubernetes"}),
        ("vsphere-session --protocol=k", {"--protocol=kubernetes"}),
        ("vsphere-session configure t", {"terraform-cli"}),
        ("vsphere-session --config /tmp/a", {"/tmp/a file"}),
        ("vsphere-session -v", {"-v", "-vv"}),
    ],
)
def test_fish_offers(shells: Path, line: str, offered: set[str]) -> None:
    said = ok(
        shells,
        "fish",
        "--no-config",
        "-c",
        f"source /usr/share/fish/vendor_completions.d/vsphere-session.fish; complete -C '{line}'",
    )
    assert {row.partition("\t")[0] for row in said.splitlines()} == offered


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
        ("vsphere-session ", set(usage.verbs())),
        ("vsphere-session --secret", {"--secret-store"}),
        ("vsphere-session --protocol k", {"kubernetes"}),
        ("vsphere-session --protocol=k", {"kubernetes"}),
        ("vsphere-session configure t", {"terraform-cli"}),
        ("vsphere-session --url vc get -v", {"-v", "-vv"}),
        ("vsphere-session --config /tmp/a", {r"a\ file"}),
        ("vsphere-session exec -- groff", {"groff"}),
    ],
)
def test_zsh_offers(shells: Path, line: str, offered: set[str]) -> None:
    """Typed on a terminal: zsh completes nowhere else."""
    (shells / "tmp" / "offered").write_text("")
    (shells / "tmp" / "start").write_text(ZSH)
    ours, terminal = pty.openpty()
    command = [*change_to(shells), "zsh", "-f", "-i"]
    environment = {"TERM": "dumb", "PATH": PATH, "LC_ALL": "C"}
    with subprocess.Popen(command, stdin=terminal, stdout=terminal, stderr=terminal, env=environment) as zsh:
        os.close(terminal)
        try:
            os.write(ours, b". /tmp/start\n")
            shown = b""
            while b"ready" not in shown:
                shown += os.read(ours, 1000)
            os.write(ours, f"{line}\t".encode())
            while os.read(ours, 1000):
                pass
        except OSError:  # what a terminal says once nobody is there any more
            pass
        finally:
            zsh.kill()
            os.close(ours)
    assert set(filter(None, (shells / "tmp" / "offered").read_text().splitlines())) == offered
