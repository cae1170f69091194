"""git's three operations on the program itself, and git's rule for what it may say."""

from __future__ import annotations

import subprocess
from pathlib import Path

from support.program import Helper, Reply


class GitHelper:
    """The program under git's name for it, in a home where only the file secret store is configured: no host is vSphere."""

    def __init__(self, helper: Helper, settings: str = "") -> None:
        self.path = helper.home / "git-credential-vsphere"
        self.path.symlink_to(helper.program[0])
        self.environment = helper.environment
        config = helper.home / ".config" / "vsphere-session" / "config.toml"
        config.parent.mkdir(parents=True)
        config.write_text(f'secret_store = "file"\n{settings}', encoding="utf-8")

    def run(self, *arguments: str, stdin: bytes = b"") -> Reply:
        """The program with these arguments, whatever comes of it."""
        return Reply(
            subprocess.run(
                [self.path, *arguments],
                input=stdin,
                capture_output=True,
                env=self.environment,
                timeout=60,
                check=False,
            )
        )

    def keep(self, seconds: str, *lines: str) -> None:
        """Keep a login for so many seconds, in silence."""
        assert self._silent("--keep", lines, seconds, "store").stdout == b""

    def get(self, *lines: str) -> list[str]:
        """The lines of the answer; empty where nothing is found. Neither is an error, and stderr is silent."""
        return self._silent("get", lines).stdout.decode().splitlines()

    def store(self, *lines: str) -> None:
        """Keep a login, in silence."""
        assert self._silent("store", lines).stdout == b""

    def erase(self, *lines: str) -> None:
        """Forget a login, in silence."""
        assert self._silent("erase", lines).stdout == b""

    def _silent(self, first: str, lines: tuple[str, ...], *arguments: str) -> Reply:
        reply = self.run(first, *arguments, stdin="".join(f"{line}\n" for line in lines).encode())
        assert (reply.status, reply.stderr) == (0, ""), reply
        return reply


def url(text: str) -> tuple[str, ...]:
    """The lines with which git names `https://HOST/PATH`."""
    protocol, _, rest = text.partition("://")
    host, _, path = rest.partition("/")
    return (f"protocol={protocol}", f"host={host}", *([f"path={path}"] if path else []))


def login(username: str, password: str) -> list[str]:
    """The two lines of a login."""
    return [f"username={username}", f"password={password}"]


def home_of(git_helper: GitHelper) -> Path:
    """The home directory in which it runs."""
    return git_helper.path.parent
