"""The manual pages say what the program takes, and nothing else; groff reads them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from credential_protocol import KINDS
from packages import command_pages, manual, usage
from releases.inside import copy_of, run_in
from support.program import Helper
from support.roots import debian_root
from vsphere_session.cli import arguments

PAGES = [usage.PROGRAM, *(f"{usage.PROGRAM}-{name}" for name in usage.COMMANDS)]


def source(name: str) -> str:
    """A page's source."""
    version, seconds = "1.2.3", 1_700_000_000
    return manual.page(version, seconds) if name == usage.PROGRAM else command_pages.pages(version, seconds)[name]


def options_in(text: str) -> set[str]:
    """Everything in a text that looks like an option."""
    return set(re.findall(r"(?<![\w=/.-])--?[a-zA-Z][\w-]*", text))


def test_the_first_page_has_every_option_of_the_parser_and_every_verb() -> None:
    text = re.sub(r"\\f[BIR]", "", source(usage.PROGRAM)).replace("\\-", "-")
    assert options_in(text) == {*arguments._WITH_VALUE, *arguments._FLAGS}
    for verb in usage.HELP.verbs():
        assert f"\n{verb}\n" in text


def test_the_verbs_are_those_that_the_program_knows(helper: Helper) -> None:
    """And the help has each."""
    others = ["exec", "export", "serve-tickets", "configure", "unconfigure"]
    assert list(usage.HELP.verbs()) == ["get", "store", "erase", *arguments.FOR_PEOPLE, *others]
    assert usage.HELP.for_people() == usage.COMMANDS
    for verb in ("get", "store", "erase", *others, "no-verb"):
        reply = helper.run(verb)
        assert (b"is not known" in reply.stdout) == (verb == "no-verb"), reply


def test_it_has_every_exit_status_and_only_variables_that_the_program_reads() -> None:
    assert usage.statuses().keys() == {*map(str, KINDS.values())}
    for status in usage.statuses():
        assert f"\\fB{status}\\fR" in source(usage.PROGRAM)
    sources = "".join(file.read_text(encoding="utf-8") for file in Path(arguments.__file__).parents[1].rglob("*.py"))
    for names in manual.ENVIRONMENT:
        for name in names.split(", "):
            assert name in sources or name in ("SSL_CERT_FILE", "SSL_CERT_DIR"), name


@pytest.mark.parametrize("name", usage.COMMANDS)
def test_a_commands_page_has_what_its_help_has(helper: Helper, name: str) -> None:
    """Every option and every example, and those of its own commands."""
    page = re.sub(r"\\f[BIR]|\\&", "", source(f"{usage.PROGRAM}-{name}")).replace("\\-", "-").replace("\\(aq", "'")
    for words in [[name], *([name, below] for below in sections(name))]:
        shown = helper.run(*words, "--help", COLUMNS="200").stdout.decode()
        assert options_in(shown.partition("\nOptions:")[2]) <= options_in(page), words
        examples = re.split(r"\n\n", shown.partition("  example:\n")[2])[0].splitlines()
        assert [line for line in examples if line.strip().replace("…", "...") not in page] == [], words
    assert options_in(page) >= {"--help"}


def sections(name: str) -> list[str]:
    """The commands of a command."""
    return re.findall(rf"^\.SS {name} (\w+)", source(f"{usage.PROGRAM}-{name}"), re.MULTILINE)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Debian with groff, and the pages in /tmp."""
    root = copy_of(debian_root("bookworm", ("coreutils", "groff-base")), tmp_path_factory.mktemp("groff"))
    for name in PAGES:
        (root / "tmp" / f"{name}.1").write_text(source(name), encoding="utf-8")
    return root


@pytest.mark.parametrize("name", PAGES)
def test_groff_reads_a_page_without_a_complaint(root: Path, name: str) -> None:
    done = run_in(root, "groff", "-Kutf8", "-man", "-ww", "-Tutf8", "-P-c", f"/tmp/{name}.1")
    assert (done.returncode, done.stderr) == (0, "")
    text = re.sub(r".\x08", "", done.stdout)
    for part in (f"{usage.PROGRAM} 1.2.3", name, "NAME", "SYNOPSIS", "OPTIONS", "EXAMPLES", "SEE ALSO", "2023-11-14"):
        assert part in text
    if name == usage.PROGRAM:
        assert "terraform-credentials-vsphere" in text
        assert "--secret-store NAME" in text
