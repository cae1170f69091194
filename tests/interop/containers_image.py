"""skopeo and podman, which have docker's protocol from one library, containers/image, in a home of their own."""

from __future__ import annotations

import os
from pathlib import Path

from interop.desk import Desk
from interop.registry import Registry
from peers import debian, path_with_debian
from support.pages import snippet
from support.program import Reply

PROGRAM = "docker-credential-vsphere"
STORAGE = """\
[storage]
driver = "vfs"
graphroot = "{0}/graph"
runroot = "{0}/run"
rootless_storage_path = "{0}/graph"
"""
ENGINE = """\
[network]
network_config_dir = "{0}/networks"
[engine]
events_logger = "none"
lock_type = "file"
static_dir = "{0}/static"
tmp_dir = "{0}/tmp"
volume_path = "{0}/volumes"
"""
BESIDE_PODMAN = """\
runtime = "crun"
conmon_path = ["{0}/conmon"]
[engine.runtimes]
crun = ["{0}/crun"]
"""


class Client:
    """skopeo or podman in the home directory, where this program helps for the registry, in the page's words.

    logins   its file of logins, whose text is the page's
    """

    def __init__(self, desk: Desk, registry: Registry, name: str) -> None:
        self.desk = desk
        self.registry = registry
        self.name = name
        self._calls = desk.recorder(PROGRAM)
        self.logins = desk.home / "auth.json"
        self.logins.write_text(snippet("docker", "config", {"registry.example.com": registry.authority}))
        self.environment = {
            "PATH": os.pathsep.join([str(desk.bin), path_with_debian()]),
            "REGISTRY_AUTH_FILE": str(self.logins),
            "SSL_CERT_FILE": str(registry.ca_file),
        }
        if name == "podman":
            self.environment |= _podmans_own(desk.home / "podman")

    def run(self, *arguments: str, stdin: bytes = b"") -> Reply:
        """Run it."""
        return self.desk.run(str(debian()[self.name]), *arguments, stdin=stdin, **self.environment)

    def ok(self, *arguments: str, stdin: bytes = b"") -> str:
        """What it prints, where it succeeds."""
        done = self.run(*arguments, stdin=stdin)
        assert done.status == 0, done
        return done.stdout.decode()

    def refused(self, *arguments: str) -> str:
        """What it says on stderr, where it fails."""
        done = self.run(*arguments)
        assert done.status != 0, done
        assert done.stdout == b"", done
        return done.stderr

    def log_in(self) -> None:
        """Log in to the registry with the account that it has."""
        ((user, password),) = self.registry.accounts.items()
        done = self.ok("login", "-u", user, "--password-stdin", self.registry.authority, stdin=password.encode())
        assert done == "Login Succeeded!\n"

    def fetch(self) -> list[tuple[str, str]]:
        """Ask the registry for something; the logins that it is sent."""
        self.registry.logins.clear()
        if self.name == "skopeo":
            self.run("inspect", "--raw", f"docker://{self.registry.authority}/some/image:latest")
        else:
            self.run("search", f"{self.registry.authority}/some")
        return self.registry.logins

    def called(self) -> list[str]:
        """The verbs that it has called since the last time."""
        verbs = self._calls.read_text(encoding="utf-8").split()
        self._calls.write_text("", encoding="utf-8")
        return verbs

    def close(self) -> None:
        """End the process in which podman keeps a user's namespace; for root there is none."""
        if self.name == "podman" and os.geteuid() != 0:
            self.ok("system", "migrate")


def _podmans_own(directory: Path) -> dict[str, str]:
    """Keep podman out of the system's directories: even a login makes everything ready for containers."""
    (directory / "runtime").mkdir(parents=True, mode=0o700)
    programs = debian()["podman"].parent
    beside = BESIDE_PODMAN if (programs / "conmon").exists() and (programs / "crun").exists() else ""
    storage, engine = directory / "storage.conf", directory / "containers.conf"
    storage.write_text(STORAGE.format(directory), encoding="utf-8")
    engine.write_text(ENGINE.format(directory) + beside.format(programs), encoding="utf-8")
    return {
        "CONTAINERS_CONF": str(engine),
        "CONTAINERS_STORAGE_CONF": str(storage),
        "XDG_RUNTIME_DIR": str(directory / "runtime"),
    }
