"""Terraform's page: what it tells its readers to write, run by the real Terraform."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest

import peers
from interop.desk import Desk
from support.pages import snippet

REQUIRED = 'terraform {\n  required_providers {\n    external = { source = "hashicorp/external" }\n  }\n}\n'
RESULT = 'output "result" {\n  value = data.external.vsphere.result\n}\n'


@pytest.fixture
def workspace(desk: Desk, tmp_path: Path) -> peers.TerraformWorkspace:
    """An empty root module, in the environment of the desk."""
    directory = tmp_path / "terraform"
    directory.mkdir()
    return peers.TerraformWorkspace(directory, [], {}, desk.environment)


def write(workspace: peers.TerraformWorkspace, *blocks: str) -> None:
    """Fill the root module."""
    (workspace.directory / "main.tf").write_text(REQUIRED + "".join(blocks), encoding="utf-8")
    workspace.init()


def test_the_provider_is_given_the_files_and_no_session_id_is_in_the_state(
    desk: Desk, workspace: peers.TerraformWorkspace
) -> None:
    """One login of each kind for any number of runs. The provider's arguments are looked at as Terraform evaluates them."""
    data, provider = snippet("terraform", "data", desk.names), snippet("terraform", "provider", desk.names)
    arguments = provider.replace('provider "vsphere" {', 'output "provider" {\n  value = {').rstrip() + "\n}\n"
    write(workspace, data, RESULT, arguments)
    assert workspace.apply()["source"] == "login"
    assert workspace.apply()["source"] == "cache"
    state = workspace.state_file.read_text(encoding="utf-8")
    assert len(desk.vcenter.logins) == desk.vcenter.session_count == 2
    assert not any(session.id in state for session in desk.vcenter.sessions)
    given = json.loads(state)["outputs"]["provider"]["value"]
    assert given["vsphere_server"] == desk.vcenter.authority
    assert given["persist_session"] is True
    for kind in ("vim", "rest"):
        (file,) = Path(given[f"{kind}_session_path"]).iterdir()
        assert any(session.id in file.read_text(encoding="utf-8") for session in desk.vcenter.sessions)


def test_readme_has_what_the_page_has() -> None:
    assert snippet("README", "terraform") == f"{snippet('terraform', 'data')}\n{snippet('terraform', 'provider')}"


def test_exec_gives_terraform_the_session(desk: Desk, workspace: peers.TerraformWorkspace) -> None:
    """What Terraform starts finds endpoint and session in its environment, and no configuration but `url`'s login."""
    terraform = desk.bin / "terraform"
    terraform.write_text(f'#!/bin/sh\nexec {shlex.join(peers.terraform())} "$@"\n', encoding="utf-8")
    terraform.chmod(0o755)
    shown = 'data "external" "vsphere" {\n  program = ["vsphere-session", "get"]\n}\n'
    write(workspace, shown, RESULT)
    environment = {**workspace.environment, "TF_CLI_ARGS_apply": "-auto-approve -input=false -no-color"}
    done = desk.shell(f"cd {shlex.quote(str(workspace.directory))}\n{snippet('terraform', 'exec')}", **environment)
    assert done.status == 0, done
    result = json.loads(workspace.state_file.read_text(encoding="utf-8"))["outputs"]["result"]["value"]
    assert result["source"] == "cache"
    assert len(desk.vcenter.logins) == 2


def test_an_error_is_shown_as_the_page_shows_it(desk: Desk, workspace: peers.TerraformWorkspace) -> None:
    write(workspace, snippet("terraform", "data", {**desk.names, "username": "usrname"}))
    failed = workspace.run("apply", "-no-color", "-input=false", "-auto-approve")
    assert failed.returncode == 1
    said = " ".join(" ".join(line.strip("│╷╵ ") for line in failed.stderr.splitlines()).split())
    assert snippet("terraform", "error").strip() in said
    assert desk.vcenter.requests == []
