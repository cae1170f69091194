"""A user who sets callers up: the program alone in a directory of its own, and what every caller's test asks of it."""

from __future__ import annotations

import os
from pathlib import Path

from interop.desk import Desk
from support.program import Reply

OTHER = "other.example.com"


class Setup:
    """`bin` is on PATH and holds the program and nothing else; `program` is its path there."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.home = desk.home
        self.authority = desk.vcenter.authority
        self.bin = desk.home / "installed"
        self.bin.mkdir()
        self.program = self.bin / "vsphere-session"
        self.program.symlink_to(desk.helper.program[0])
        desk.environment["PATH"] = os.pathsep.join([str(self.bin), os.environ["PATH"]])
        desk.environment["GIT_CONFIG_NOSYSTEM"] = "1"

    def run(self, *words: str, **environment: str) -> Reply:
        """Run the program as the user types it."""
        return self.desk.run(str(self.program), *words, stdin=b"", **environment)

    def ok(self, *words: str, **environment: str) -> list[str]:
        """The lines that it prints, where it succeeds: nothing is on stderr."""
        reply = self.run(*words, **environment)
        assert (reply.status, reply.stderr) == (0, ""), reply
        return reply.stdout.decode().splitlines()

    def refused(self, kind_status: int, *words: str) -> str:
        """Why it refuses: one line on stderr, nothing on stdout, and nothing is changed."""
        before = self.files()
        reply = self.run(*words)
        assert (reply.status, reply.stdout, reply.stderr.count("\n")) == (kind_status, b"", 1), reply
        assert self.files() == before
        return reply.stderr

    def files(self) -> dict[str, tuple[int, bytes]]:
        """Every file and link of the home directory, with its mode and content."""
        return {
            str(path.relative_to(self.home)): (
                path.lstat().st_mode,
                bytes(path.readlink()) if path.is_symlink() else path.read_bytes(),
            )
            for path in self.home.rglob("*")
            if path.is_symlink() or path.is_file()
        }

    def round(self, caller: str, *options: str, changes: int) -> None:
        """Say, do, do again, undo, undo again; at the end every file is what it was, to the byte and the mode."""
        before = self.files()
        said = self.ok("configure", caller, *options, "--dry-run")
        assert len(said) == changes
        assert self.files() == before, "a dry run changes nothing"
        assert self.ok("configure", caller, *options) == said
        done = self.files()
        assert done != before
        assert self.ok("configure", caller, *options) == ["nothing to do"]
        assert self.files() == done
        said = self.ok("unconfigure", caller, "--dry-run")
        assert self.files() == done, "a dry run changes nothing"
        assert self.ok("unconfigure", caller) == said
        assert self.files() == before
        assert self.ok("unconfigure", caller) == ["nothing to do"]
        assert self.files() == before

    def write(self, path: Path, text: str, mode: int = 0o640) -> Path:
        """A file that was there before."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="")
        path.chmod(mode)
        return path
