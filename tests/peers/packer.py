"""Packer with the data sources of an ``external`` plugin, as a caller of a helper."""

import functools
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from peers.toolchain import PEERS, Module, programs_of

MODULE = Module(PEERS / "packer", ("github.com/hashicorp/packer", "./packer-plugin-external"))
PLUGIN = "github.com/joomcode/external"  # the name under which a template would require it


@functools.cache
def packer() -> Path:
    """Return the Packer executable; raise ``PeerMissingError`` where it can not be built."""
    return programs_of(MODULE) / "packer"


@functools.cache
def plugin() -> Path:
    """Return the plugin with the data sources, as it is before its installation."""
    return programs_of(MODULE) / "packer-plugin-external"


class PackerTemplate:
    """A template in ``directory``, and a Packer that has the plugin installed.

    Packer, and so the program that a data source calls, has nothing of this process's environment but PATH;
    ``environment`` is what it finds there.
    """

    def __init__(self, directory: Path, text: str, environment: Mapping[str, str] | None = None) -> None:
        self.directory = directory / "template"
        self.home = directory / "home"
        for new in (self.directory, self.home):
            new.mkdir()
        (self.directory / "template.pkr.hcl").write_text(text, encoding="utf-8")
        self.environment = {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": str(self.home),
            "PACKER_CONFIG_DIR": str(directory / "packer.d"),
            "PACKER_CACHE_DIR": str(directory / "cache"),
            "PACKER_PLUGIN_PATH": str(directory / "plugins"),
            "CHECKPOINT_DISABLE": "1",
            **(environment or {}),
        }
        self.ok("plugins", "install", "--path", str(plugin()), PLUGIN)

    def run(self, *arguments: str, stdin: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
        """Run one Packer command to its end, whatever its exit status."""
        return subprocess.run(
            [packer(), *arguments],
            cwd=self.directory,
            env=self.environment | environment,
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
        )

    def ok(self, *arguments: str, stdin: str = "", **environment: str) -> str:
        """Return the standard output of a command that has to succeed."""
        done = self.run(*arguments, stdin=stdin, **environment)
        assert done.returncode == 0, f"packer {arguments[0]} exited with {done.returncode}: {done.stdout}{done.stderr}"
        return done.stdout
