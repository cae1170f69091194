"""The real govc as a caller of the cache, each with a govmomi home of its own."""

import json
import subprocess
from pathlib import Path
from typing import Any

from peers.toolchain import build


class Govc:
    """Runs govc against one endpoint with nothing of this process's environment.

    ``home`` is the directory that govc takes as GOVMOMI_HOME: its files are in ``sessions`` and
    ``rest_sessions`` below it. A user or password that is None is not given to govc.
    """

    def __init__(
        self,
        home: Path,
        url: str,
        user: str | None = None,
        password: str | None = None,
        *,
        insecure: bool = False,
        ca_file: Path | None = None,
    ) -> None:
        self.home = home
        self.environment = {"HOME": str(home), "GOVMOMI_HOME": str(home), "GOVC_URL": url}
        given = {
            "GOVC_USERNAME": user,
            "GOVC_PASSWORD": password,
            "GOVC_INSECURE": "true" if insecure else None,
            "GOVC_TLS_CA_CERTS": str(ca_file) if ca_file else None,
        }
        self.environment |= {name: value for name, value in given.items() if value is not None}

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run one command to its end, whatever its exit status."""
        return subprocess.run(
            [build().govc, *arguments],
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    def ok(self, *arguments: str) -> str:
        """Return the standard output, without its last newline, of a command that has to succeed."""
        done = self.run(*arguments)
        assert done.returncode == 0, f"govc {arguments[0]} exited with {done.returncode}: {done.stderr}"
        return done.stdout.removesuffix("\n")

    def json(self, *arguments: str) -> Any:
        """Return what a command that has to succeed prints as JSON."""
        return json.loads(self.ok(*arguments, "-json"))

    def soap_files(self) -> list[Path]:
        """List the cached SOAP sessions."""
        return _files(self.home / "sessions")

    def rest_files(self) -> list[Path]:
        """List the cached REST sessions."""
        return _files(self.home / "rest_sessions")


def _files(directory: Path) -> list[Path]:
    return sorted(directory.iterdir()) if directory.is_dir() else []
