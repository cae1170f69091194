"""Whatever a page tells its readers to type is run by a test: every fenced block is, or it says here by which test, and why so."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from support.pages import ROOT, pages, snippet
from support.program import Helper, request
from vsphere_session.settings.config_file import KEYS, load
from vsphere_session.settings.fleet_settings import fleet_settings

_FENCE = re.compile(
    r"^(?P<above>[^\n]*)\n(?P<fence>```|~~~)(?P<language>\w*)\n(?P<text>.*?)^(?P=fence)$", re.DOTALL | re.MULTILINE
)


@dataclass(frozen=True)
class Elsewhere:
    """The test that runs a block which is no snippet, and why it is none."""

    test: str
    why: str


BY_PATTERN = "the test reads the page's only block of this kind by itself"
LOGIN_PAGES = Elsewhere("tests/docs/test_login_pages.py::test_three_lines_configure_it", BY_PATTERN)
REGISTERED = Elsewhere(
    "tests/login/test_certificates.py::test_the_certificate_that_the_page_makes_logs_in",
    "only a vCenter has users to register; that test does it with the simulated one, whose STS then takes the certificate",
)
TAKEN = {
    ("README", '$ echo \'{"url": "vc.example.com", "username":'): Elsewhere(
        "tests/docs/test_commands_page.py::test_a_program_does_the_same_in_json", BY_PATTERN
    ),
    ("README", "sudo apt install ./vsphere-session_"): Elsewhere(
        "tests/releases/test_contents.py::test_readmes_lines_fit_a_terminal_and_name_one_file_of_a_release_each",
        "package managers change the machine: tests/releases/test_installed.py runs dpkg and rpm in a root of their own, "
        "test_image.py the image, smoke pipx and uv; for apk only the contents are looked at",
    ),
    ("README", "python3 tests/run.py demo"): Elsewhere(
        "tests/hostile/test_who_starts_the_tests.py::test_the_demonstration_shows_what_it_shows",
        "the second line is the run of the tests itself",
    ),
    ("docs/releasing", "python3 tests/run.py build"): Elsewhere(
        "tests/smoke/test_build.py::test_with_everything_here_it_says_nothing_and_makes_what_the_file_is_linked_from",
        "it takes minutes; .ci/run has these lines, and smoke tests what they make",
    ),
    ("docs/releasing", "gh attestation verify"): Elsewhere(
        "tests/releases/test_workflows.py",
        "it asks a forge about a release, and there has been none; the page says that this has not run",
    ),
    ("docs/speed", "python3 tests/run.py build"): Elsewhere(
        "tests/docs/test_plots.py::test_the_picture_of_the_stages_is_that_of_the_pages_figures",
        "a measurement takes minutes, and its figures are on the page",
    ),
    ("logins/oidc", "vsphere-session login vc.example.com"): Elsewhere(
        "tests/login/broker/test_in_the_browser.py::test_one_login_and_other_processes_have_the_session",
        "it needs the person in front of a browser who is in that test",
    ),
    ("operations/containers", "podman run --rm -i"): Elsewhere(
        "tests/releases/test_image.py::test_the_program_runs_in_it_as_an_ordinary_user",
        "podman needs a kernel that lets it make containers; that test runs the image's entry point in the image's root",
    ),
    ("logins/certificate", "/usr/lib/vmware-vmafd/bin/dir-cli"): REGISTERED,
    ("logins/certificate", "govc sso.user.create"): REGISTERED,
    ("logins/password", '[endpoint."vc.example.com"]'): LOGIN_PAGES,
    ("logins/saml", '[endpoint."vc.example.com"]'): LOGIN_PAGES,
    ("logins/token", '[endpoint."vc.example.com"]'): LOGIN_PAGES,
    ("logins/certificate", '[endpoint."vc.example.com"]'): LOGIN_PAGES,
}
"""By page and the beginning of the block."""

Block = tuple[str, str]


def unmarked() -> list[Block]:
    """Every block that is no snippet: of those tests/docs/test_docs.py says that each is used by a test."""
    return [
        (page, found["text"])
        for page, file in pages().items()
        for found in _FENCE.finditer(file.read_text(encoding="utf-8"))
        if not found["above"].startswith("<!-- snippet: ")
    ]


@pytest.mark.parametrize(("page", "text"), unmarked())
def test_every_block_is_run_by_a_test(page: str, text: str) -> None:
    """One that is no snippet is named above, once, with its test."""
    rows = [row for (on, beginning), row in TAKEN.items() if on == page and text.startswith(beginning)]
    assert len(rows) == 1, f"{page}: {text.splitlines()[0]}"
    file, _, name = rows[0].test.partition("::")
    assert f"def {name}" in (ROOT / file).read_text(encoding="utf-8")


def test_no_row_is_of_a_block_that_is_gone() -> None:
    blocks = unmarked()
    for page, beginning in TAKEN:
        assert any(page == on and text.startswith(beginning) for on, text in blocks), (page, beginning)


def test_no_block_hides_from_this() -> None:
    """Each fence begins a line, and has its end; nothing is indented by four as old Markdown has it."""
    for page, file in pages().items():
        text = file.read_text(encoding="utf-8")
        assert len(re.findall(r"^ *(?:```|~~~)", text, re.MULTILINE)) == 2 * len(list(_FENCE.finditer(text))), page
        prose = _FENCE.sub("", text)
        assert not re.search(r"\n\n {4,}\S", prose), page


def test_the_references_configuration_is_one(tmp_path: Path) -> None:
    """It can be read, and its keys are those that there are."""
    file = tmp_path / "config.toml"
    file.write_text(snippet("docs/reference", "configuration"), encoding="utf-8")
    loaded = load(str(file))
    assert loaded is not None
    names = set(re.findall(r"^(\w+) = ", file.read_text(encoding="utf-8"), re.MULTILINE))
    assert names <= set(KEYS)


def test_the_references_fleet_is_one(tmp_path: Path) -> None:
    """As the page has it, it is whole."""
    file = tmp_path / "config.toml"
    file.write_text(snippet("docs/reference", "fleet"), encoding="utf-8")
    found = fleet_settings({}, load(str(file)))
    assert found is not None
    assert found.namespace == "vs:ci"


def test_the_server_in_trouble_answers_as_the_page_says(helper: Helper) -> None:
    """As long as nobody presses Enter the first login is refused with 503."""
    replies = []
    names: dict[str, Any] = {}

    def enter(_prompt: str) -> str:
        replies.append(helper.call("get", request(names["vcenter"], password="any")))
        return ""

    names["input"] = enter
    exec(compile(snippet("docs/faults", "server", {"8989": "0"}), "docs/faults.md", "exec"), names)
    assert replies[0].kind == "unreachable"
