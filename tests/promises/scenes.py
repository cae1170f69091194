"""The calls that change files, each in a home of its own at a simulated vCenter of its own: a stage, and its scenes."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from hostile.inside import Inside
from simulated_vcenter import SimulatedVCenter
from support.program import PASSWORD, USER, Helper, request

OTHER, OTHER_PASSWORD = "other@vsphere.local", "other-password"
OLD_PASSWORD = "old-password"


class Stage:
    """A vCenter, and one home directory that is made anew for each scene."""

    def __init__(self, directory: Path, program: str, *, thorough: bool) -> None:
        self._program = program
        self.thorough = thorough
        self.home = directory / "home"
        self.log = directory / "calls"
        self.vcenter = SimulatedVCenter({USER: PASSWORD, OTHER: OTHER_PASSWORD}, tls=thorough)
        self.adopted: list[str] = []
        """Ids that somebody else has made: they stay theirs until they are in a file."""

    def __enter__(self) -> Self:
        self.vcenter.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.vcenter.stop()

    def request(self, **fields: object) -> dict[str, object]:
        """A request for this vCenter as its administrator."""
        return request(self.vcenter, url=self.vcenter.url, **fields)

    def ask(self, verb: str, **fields: object) -> dict[str, str]:
        """The same verbs inside this process, in this home, with passwords in a file; a Failure where there is none."""
        inside = Inside(self.home, self.vcenter)
        inside.secret_store = "file"
        return inside.ask(verb, url=self.vcenter.url, **fields)

    def clear(self) -> None:
        """An empty home, and no session on the server."""
        self.vcenter.end_all()
        self.vcenter.set_password(USER, PASSWORD)
        self.adopted = []
        shutil.rmtree(self.home, ignore_errors=True)
        self.home.mkdir(mode=0o700)

    def helper(self) -> Helper:
        """The program under test, in this home; it makes the same system calls each time."""
        helper = Helper(self.home, {"PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1"})
        helper.program = [self._program]
        return helper

    def content(self) -> dict[str, bytes]:
        """Every file below the home, by its path in there."""
        return {
            path.relative_to(self.home).as_posix(): path.read_bytes()
            for path in sorted(self.home.rglob("*"))
            if path.is_file()
        }


@dataclass(frozen=True)
class Scene:
    """One call of the program, and what was there before.

    call   the verb and the fields of the request
    next   the fields of the `get` with which the next caller has to succeed at once
    """

    name: str
    verb: str
    before: Callable[[Stage], None]
    fields: Callable[[Stage], dict[str, object]] = field(default=lambda _stage: {})
    next: tuple[dict[str, object], ...] = ({"password": PASSWORD},)

    def prepare(self, stage: Stage) -> bytes:
        """Set the stage, and return the request."""
        stage.clear()
        self.before(stage)
        return json.dumps(stage.request(**self.fields(stage))).encode()

    @property
    def arguments(self) -> list[str]:
        """The command line."""
        return ["--secret-store", "file", "--timeout", "10", self.verb]


def _nothing(_stage: Stage) -> None:
    pass


def _two_logins(stage: Stage) -> None:
    stage.ask("store", password=OLD_PASSWORD)
    stage.ask("store", username=OTHER, password=OTHER_PASSWORD)


def _sessions(stage: Stage) -> None:
    stage.ask("get", password=PASSWORD)


def _dead_sessions(stage: Stage) -> None:
    stage.ask("get", password=PASSWORD)
    stage.vcenter.end_all()


def _all(stage: Stage) -> None:
    stage.ask("store", username=OTHER, password=OTHER_PASSWORD)
    stage.ask("store", password=PASSWORD)
    stage.ask("get", password=PASSWORD)


def _foreign_sessions(stage: Stage) -> dict[str, object]:
    ids = {kind: stage.vcenter.add_session(USER, kind) for kind in ("soap", "rest")}
    stage.adopted = list(ids.values())
    return {f"{kind}_session_id": session_id for kind, session_id in ids.items()}


SCENES = (
    Scene(
        "store of a password",
        "store",
        _two_logins,
        lambda _stage: {"password": PASSWORD},
        next=({"username": ""}, {}),
    ),
    Scene("store of sessions", "store", _sessions, _foreign_sessions),
    Scene("erase", "erase", _all, next=({"username": ""}, {"password": PASSWORD})),
    Scene("first login", "get", _nothing, lambda _stage: {"password": PASSWORD}),
    Scene(
        "login in place of dead sessions",
        "get",
        _dead_sessions,
        lambda _stage: {"password": PASSWORD, "verify": "always"},
        next=({"password": PASSWORD, "verify": "always"},),
    ),
    Scene("reauth", "get", _sessions, lambda _stage: {"password": PASSWORD, "reauth": True}),
)
WARM = Scene("cached sessions that are good", "get", _sessions)
"""No scene of the above: it changes nothing."""
