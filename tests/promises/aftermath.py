"""What a call that was killed, or that failed, has left: whole files, a next caller that succeeds, and which sessions."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from credential_protocol.messages import Failure
from promises.scenes import OLD_PASSWORD, OTHER, OTHER_PASSWORD, Scene, Stage
from support import build_code
from support.cache_files import session_ids
from support.program import PASSWORD, USER
from vsphere_session.digest import session_digest

with build_code.importable():
    from binary.archive import checksum


@dataclass(frozen=True)
class Before:
    """What there was before the call: files, directories, the sessions in files and on the server, the count of logins."""

    files: dict[str, bytes]
    directories: frozenset[Path]
    ids: frozenset[str]
    live: frozenset[str]
    logins: int

    @classmethod
    def of(cls, stage: Stage) -> Before:
        """How things are now."""
        return cls(
            stage.content(),
            frozenset(path for path in stage.home.rglob("*") if path.is_dir()),
            frozenset(session_ids(stage.home / ".govmomi")),
            frozenset(session.id for session in stage.vcenter.sessions),
            len(stage.vcenter.logins),
        )

    def is_still(self, stage: Stage) -> bool:
        """Whether nothing has changed since."""
        return Before.of(stage) == self


def lost(stage: Stage) -> set[str]:
    """The ids of the sessions on the server that are in no cache file, and nobody else's."""
    cached = b"".join(
        content for path, content in stage.content().items() if "sessions/" in path and not is_debris(path)
    )
    ids = {session.id for session in stage.vcenter.sessions} - set(stage.adopted)
    return {session_id for session_id in ids if session_id.encode() not in cached}


def is_debris(path: str) -> bool:
    """Whether this is what a killed writer has left: never read as the file beside it."""
    return Path(path).name.startswith(".")


def is_lock(path: str) -> bool:
    """Whether it is nothing but a lock; what it says of its holder is read by nobody who could take it."""
    return "/locks/" in path or path.endswith(".lock")


def is_remembered(path: str) -> bool:
    """Whether it is what only the single file writes: an answer to give again without Python, or the key of these."""
    return "/vsphere-session/answers" in path


def check_files(stage: Stage, before: Before) -> None:
    """Every file is the old one, byte for byte, or the new one, whole; AssertionError otherwise."""
    ids = before.ids | set(stage.adopted) | {session.id for session in stage.vcenter.logins[before.logins :]}
    for path, content in stage.content().items():
        if is_debris(path) or is_lock(path) or before.files.get(path) == content:
            continue
        if is_remembered(path):
            assert _is_whole_answer(path, content), f"{path} is not whole: {content[:200]!r}"
            assert not any(one.encode() in content for one in ids), f"{path} has a session's id in it"
            continue
        assert _is_new(path, content, ids), f"{path} is neither the old nor the new file: {content[:200]!r}"


def _is_new(path: str, content: bytes, ids: frozenset[str]) -> bool:
    """Whether it is a whole file of what the call was to write: nothing but `ids` and the passwords of the scenes."""
    try:
        value = json.loads(content)
    except ValueError:
        return False
    for part, is_whole in _WHOLE.items():
        if part in path:
            return is_whole(value, ids)
    return False


def _is_whole_answer(path: str, content: bytes) -> bool:
    """By the checksum that the launcher looks at; one that is being written has its writer's number behind its name."""
    if path.endswith("answers.key"):
        return len(content) == 32
    return path.rpartition(".")[2].isdigit() or content[:8] == checksum(content[8:]).to_bytes(8, sys.byteorder)


def _is_rest_session(value: dict[str, Any], ids: frozenset[str]) -> bool:
    return value["SessionID"] in ids


def _is_soap_session(value: dict[str, Any], ids: frozenset[str]) -> bool:
    return value["SoapClient"]["cookies"][0]["Value"].strip('"') in ids and "ServiceContent" in value


def _is_record(value: dict[str, Any], ids: frozenset[str]) -> bool:
    digests = {session_digest(session_id) for session_id in ids}
    return all(value[kind]["digest"] in digests for kind in ("soap", "rest") if kind in value)


def _is_secrets(value: dict[str, Any], _ids: frozenset[str]) -> bool:
    (users,) = value.values()
    return users.get(OTHER) == OTHER_PASSWORD and users.get(USER) in (None, OLD_PASSWORD, PASSWORD)


def _is_server(value: dict[str, Any], _ids: frozenset[str]) -> bool:
    return set(value) == {"version", "instance", "asked_at"}


def _is_index(value: dict[str, Any], _ids: frozenset[str]) -> bool:
    return {OTHER} <= set(value["users"]) <= {OTHER, USER}


_WHOLE: dict[str, Callable[[dict[str, Any], frozenset[str]], bool]] = {
    "/rest_sessions/": _is_rest_session,
    "/sessions/": _is_soap_session,
    "/records/": _is_record,
    "/secrets.json": _is_secrets,
    "/logins/": _is_index,
    ".server": _is_server,
}


def next_callers(stage: Stage, scene: Scene, *, outside: bool) -> None:
    """The next callers succeed at once, each with sessions that live; AssertionError otherwise.

    outside  ask the program itself, else the same verbs inside this process
    """
    stage.vcenter.set_password(USER, _password_on_disk(stage))
    for fields in scene.next:
        try:
            if outside:
                reply = stage.helper().ok("get", stage.request(**fields), "--secret-store", "file", "--timeout", "5")
            else:
                reply = stage.ask("get", **fields)
        except Failure as failure:
            raise AssertionError(f"the next get {fields} fails: {failure.kind}: {failure.message}") from None
        live = {session.id for session in stage.vcenter.sessions}
        handed = {reply["soap_session_id"], reply["rest_session_id"]}
        assert handed <= live, f"the next get {fields} hands out a session that is gone (source {reply['source']})"


def next_login(stage: Stage) -> None:
    """The next login by this user."""
    stage.vcenter.set_password(USER, PASSWORD)
    stage.ask("get", password=PASSWORD, reauth=True)


def check_debris(stage: Stage, scene: Scene) -> None:
    """A next call of the same kind leaves nothing behind of the killed one."""
    if scene.verb == "store":
        stage.ask("store", password=PASSWORD)
    if scene.verb == "erase":
        stage.ask("erase", scope="password")
    left = [path for path in stage.content() if is_debris(path)]
    assert not left, f"still there after the next calls: {left}"


def _password_on_disk(stage: Stage) -> str:
    path = stage.home / ".local/state/vsphere-session/secrets.json"
    users: dict[str, str] = next(iter(json.loads(path.read_bytes()).values()), {}) if path.is_file() else {}
    return users.get(USER, PASSWORD)
