"""From download to `terraform apply`: by what the screen says, with the real provider, and no password in any file or argument."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest

import peers
from commands.at_a_terminal import terminal
from interop.test_terraform_provider import Site
from support.program import PASSWORD, USER, Helper

pytestmark = pytest.mark.timeout(900)  # the first test that needs the provider builds it

MAIN = """
terraform {
  required_providers {
    vsphere = { source = "hashicorp/vsphere" }
  }
}

provider "vsphere" {
}

data "vsphere_datacenter" "it" {
  name = "DC0"
}

output "datacenter" {
  value = data.vsphere_datacenter.it.id
}
"""


def test_login_then_what_it_says_to_type_next(vcsim: peers.VcSim, helper: Helper, tmp_path: Path) -> None:
    """A certificate that nobody vouches for is pinned once; Terraform then trusts it, and uses the session that is cached."""
    site = Site(vcsim, helper, tmp_path / "terraform")
    site.link()  # of the provider that the tests can build; newer ones find the files as they are
    site.write(MAIN)
    environment = site.terraform.environment
    helper.environment |= {name: environment[name] for name in ("PATH", "TF_CLI_CONFIG_FILE", "CHECKPOINT_DISABLE")}
    program = site.terraform.directory.parent / "bin" / "terraform"
    program.write_text(f'#!/bin/sh\nexec {shlex.join(peers.terraform())} "$@"\n', encoding="utf-8")
    program.chmod(0o755)

    with terminal(helper, "login", vcsim.authority, "--username", USER) as screen:
        screen.answer("Pin this certificate [y/N]: ", "y")
        screen.answer(f"Password of {USER}: ", PASSWORD)
        screen.answer("Where is the password to be kept?", "nowhere")
        screen.wait_for("next: vsphere-session exec -- terraform apply")
        assert screen.end() == 0
    apply = ["terraform", f"-chdir={site.terraform.directory}", "apply", "-auto-approve", "-input=false", "-no-color"]
    older = [
        f"VSPHERE_{kind}_SESSION_PATH={site.govmomi}/sha1/{where}"
        for kind, where in (("VIM", "sessions"), ("REST", "rest_sessions"))
    ]
    done = helper.run("exec", "--", "env", *older, *apply, timeout=600.0)
    assert done.status == 0, done
    state = json.loads(site.terraform.state_file.read_text(encoding="utf-8"))
    assert state["outputs"]["datacenter"]["value"].startswith("datacenter-")
    assert len(vcsim.sessions()) == 1
    for file in [path for path in tmp_path.rglob("*") if path.is_file() and not path.is_symlink()]:
        assert PASSWORD.encode() not in file.read_bytes(), file
