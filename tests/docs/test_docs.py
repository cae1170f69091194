"""What the pages say is true: tests they name exist, tables match the code, recipes run."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from credential_protocol import KINDS
from credential_protocol.dialects import DIALECTS
from peers import TerraformWorkspace
from simulated_vcenter import SimulatedVCenter
from support import PASSWORD, Helper, pyvmomi_connections, request
from vsphere_session.config import KEYS
from vsphere_session.environment import FAMILIES
from vsphere_session.service import REPLY_FIELDS
from vsphere_session.settings import FIELDS

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
REFERENCE = (ROOT / "docs" / "reference.md").read_text(encoding="utf-8")
CACHE = (ROOT / "docs" / "cache.md").read_text(encoding="utf-8")


def test_every_test_that_the_page_on_the_cache_names_exists() -> None:
    """Each row of its tables names one at least."""
    rows = [
        row for row in CACHE.splitlines() if row.startswith("|") and not row.startswith(("|---", "| govmomi |", "| |"))
    ]
    assert len(rows) >= 25
    for row in rows:
        names = re.findall(r"`(test_\w+\.py)::(test_\w+)`", row)
        assert names, row
        for file, name in names:
            assert f"def {name}(" in (ROOT / "tests" / "cache" / file).read_text(encoding="utf-8"), name


def test_the_reference_has_every_error_kind_with_its_status() -> None:
    """And no other."""
    rows = re.findall(r"^\| `([a-z-]+)` \| (\d+) \|", REFERENCE, flags=re.MULTILINE)
    assert {kind: int(status) for kind, status in rows} == KINDS


@pytest.mark.parametrize("name", sorted({*FIELDS["get"], *FIELDS["store"], *FIELDS["erase"], *REPLY_FIELDS, *KEYS}))
def test_the_reference_has_every_request_field_reply_field_and_setting(name: str) -> None:
    """By its name."""
    assert re.search(rf"\b{name}\b", REFERENCE)


def test_the_page_on_callers_has_the_table_of_dialects() -> None:
    """As the code has it."""
    page = (ROOT / "docs" / "callers.md").read_text(encoding="utf-8")
    table = page.partition("<!-- dialects -->\n")[2].partition("<!-- /dialects -->")[0]
    rows = [
        f"| `{name}` | `{row.program or f'vsphere-session --protocol {name}'}` | {row.caller} |"
        for name, row in DIALECTS.items()
    ]
    assert table.splitlines()[2:] == rows


def test_the_reference_has_every_environment_variable() -> None:
    """Of all three families."""
    for family in FAMILIES:
        for attribute in ("url", "username", "password", "insecure", "ca_file", "known_hosts", "persist"):
            assert f"`{getattr(family, attribute)}" in REFERENCE or not getattr(family, attribute)


@pytest.mark.parametrize("page", sorted([ROOT / "README.md", *ROOT.glob("docs/*.md"), ROOT / "CONTRIBUTING.md"]))
def test_links_lead_to_files(page: Path) -> None:
    """Within the repository."""
    for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target


def recipe(language: str) -> str:
    """The block of README that is marked as this recipe."""
    found = re.search(rf"<!-- recipe: {language} -->\n```\w+\n(.*?)```", README, flags=re.DOTALL)
    assert found
    return found[1]


def test_the_python_recipe_runs(
    vcenter: SimulatedVCenter, helper: Helper, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two rounds, one login per kind, the second round without the password."""
    user = "administrator%40vsphere.local"
    code = recipe("python").replace("user:pass@vc.example.com", f"{user}:{PASSWORD}@{vcenter.authority}")
    code = code.replace("user@vc.example.com", f"{user}@{vcenter.authority}")
    code = code.replace("Session(url)", f"Session(url, ca_file={str(vcenter.ca_file)!r})")
    for name, value in helper.environment.items():
        monkeypatch.setenv(name, value)
    for name in ("XDG_STATE_HOME", "XDG_CONFIG_HOME", "GOVMOMI_HOME"):
        monkeypatch.delenv(name, raising=False)
    with pyvmomi_connections():
        exec(compile(code, "README.md", "exec"), {})
    assert capsys.readouterr().out.splitlines().count("200") == 2
    assert len(vcenter.logins) == 2


def test_the_terraform_recipe_gives_files_and_no_session_id(
    vcenter: SimulatedVCenter, helper: Helper, tmp_path: Path
) -> None:
    """As README has it: the query's fields, with the test's own server."""
    block = recipe("terraform").partition("query = {")[2].partition("}")[0]
    query = dict(re.findall(r'(\w+)\s*=\s*"([^"]*)"', block))
    assert set(query) == {"url", "username", "output"}
    mine = {name: str(value) for name, value in request(vcenter, password=PASSWORD).items()}
    directory = tmp_path / "terraform"
    directory.mkdir()
    workspace = TerraformWorkspace(directory, [*helper.program, "get"], query | mine, helper.environment)
    workspace.init()
    result = workspace.apply()
    assert set(result) >= {"soap_session_file", "rest_session_file"}
    assert not {"soap_session_id", "rest_session_id"} & set(result)
    state = workspace.state_file.read_text(encoding="utf-8")
    assert not any(session.id in state for session in vcenter.sessions)
