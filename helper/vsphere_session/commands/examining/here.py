"""On this machine: the program itself, its configuration, the variables, and which server is meant."""

from __future__ import annotations

import os
import stat
from functools import partial
from typing import TYPE_CHECKING

from vsphere_session.commands.examining.finding import failed, ok, problem, skipped, warning
from vsphere_session.crypto.provider import provider
from vsphere_session.errors import SessionError
from vsphere_session.settings import login_fields
from vsphere_session.settings.environment import FAMILIES, boolean
from vsphere_session.settings.near_misses import MEANT, hint

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from vsphere_session.commands.examining.case import Case
    from vsphere_session.commands.examining.finding import Finding
    from vsphere_session.settings.environment import Family, FamilySource

_TEXTS = ("insecure", "passthrough", "ca_file", "known_hosts", "soap_sessions", "rest_sessions")


def build(case: Case) -> Iterator[Finding]:
    """Which program this is, and whether it can do all that is configured."""
    yield ok(f"vsphere-session {case.build}")
    if case.asked is not None and case.asked.settings.encrypted and provider() is None:
        yield problem(
            'session_store = "encrypted" is configured, and cryptography is not installed',
            "pip install 'vsphere-session-helper[encrypted]', or set session_store = \"files\"",
            "unsupported",
        )


def configuration(case: Case) -> Iterator[Finding]:
    """Whether the file can be read, and who may write it."""
    if case.config_error is not None:
        yield failed(case.config_error)
    path = case.config_path
    if path is None:
        return
    try:
        found = os.stat(path)
    except OSError:
        if case.config_error is None:
            yield ok(f"there is no file {path}, so nothing is configured")
        return
    if case.config_error is None:
        yield ok(
            f"{path} can be read: settings for {len(case.config.endpoints)} endpoint(s), {len(case.config.general)} for all"
        )
    if os.name == "posix" and stat.S_ISREG(found.st_mode):
        yield from _who_may_write(path, found)


def _who_may_write(path: str, found: os.stat_result) -> Iterator[Finding]:
    if found.st_uid not in (os.geteuid(), 0):
        yield warning(
            f"{path} belongs to somebody else (uid {found.st_uid}), who can change whom you trust", f"chown it: {path}"
        )
    if found.st_mode & 0o022:
        mode = f"{stat.S_IMODE(found.st_mode):04o}"
        yield warning(
            f"others may write {path} (mode {mode}), so no command in it is run",
            f"make it yours alone: chmod go-w {path}",
        )


def environment(case: Case) -> Iterator[Finding]:
    """Which variables say something, which do not count, and which were meant."""
    found = [each for each in zip(FAMILIES, case.families, strict=True) if _set_in(case, each[0])]
    named = [name for family, _ in found for name in _set_in(case, family)]
    bad = [error for _, source in found for error in _bad(source)]
    for error in bad:
        yield failed(error)
    if not bad:
        yield ok(f"set: {', '.join(named)}" if named else "no variable of govc, Terraform's provider or Ansible is set")
        for family, source in found:
            yield from _odd(case, family, source)
    for line in hint(case.environ, *MEANT).split("; ")[1:]:
        what, _, do = line.partition(": ")
        yield warning(what, do)
    yield from _switch(case)


def _set_in(case: Case, family: Family) -> list[str]:
    names = [value for each in family.__slots__ if isinstance(value := getattr(family, each), str) and value]
    return [name for name in names if case.environ.get(name)]


def _bad(source: FamilySource) -> Iterator[SessionError]:
    """Variables whose values make no sense."""
    looks: list[Callable[[], object]] = [source.endpoint, *(partial(source.text, name) for name in _TEXTS)]
    for look in looks:
        try:
            look()
        except SessionError as error:
            yield error


def _odd(case: Case, family: Family, source: FamilySource) -> Iterator[Finding]:
    """What a family says that does not count, or only half of what it should say."""
    own, server = source.endpoint(), case.endpoint
    if own is not None and server is not None and not source.applies_to(server):
        yield warning(
            f"{source.named('url')} names another server, {own.place}, so nothing of {', '.join(_set_in(case, family))} counts "
            f"for {server.place}",
            "unset them, or name their server",
        )
        return
    account = case.asked.settings.account if case.asked is not None else ""
    if account and source.is_set("password") and source.username() not in ("", account):
        yield warning(
            f"{family.password} is for another user, whom {source.origin('username')} names, than {account}",
            "name one user, or unset it",
        )
        return
    nobody = not source.is_set("username") and not (own is not None and own.username)
    if source.is_set("password") and nobody and not account:
        yield warning(f"{family.password} is set, and nothing says whose password it is", f"set {family.username}, too")
    if source.is_set("username") and own is None and server is None:
        yield warning(f"{source.named('username')} is set, and nothing says for which server", f"set {family.url}, too")


def _switch(case: Case) -> Iterator[Finding]:
    text = case.environ.get("VSPHERE_SESSION_REMEMBER", "")
    try:
        if text:
            boolean(text, "VSPHERE_SESSION_REMEMBER")
    except SessionError as error:
        yield failed(error)


def endpoint(case: Case) -> Iterator[Finding]:
    """Which server is meant."""
    if case.endpoint is None:
        yield failed(case.endpoint_error) if case.endpoint_error is not None else skipped("none is named")
        return
    server, user = case.endpoint.with_user(""), ""
    if case.endpoint.username:
        told = case.asked.settings.username_from if case.asked is not None else ""
        user = f", as {case.endpoint.username}{f' from {told}' if told else ''}"
    yield ok(f"{server.url} from {_origin(case)}{user}")


def _origin(case: Case) -> str:
    if case.fields.get("url"):
        return "the command line"
    for source in case.families:
        if source.is_set("url"):
            return source.named("url")
    return f"url in {case.config.path}"


def settings(case: Case) -> Iterator[Finding]:
    """Whether all that is said of the server makes sense together."""
    if case.asked_error is not None:
        yield failed(case.asked_error)
        return
    said = case.settings
    trust = "verified by nothing (insecure)" if said.insecure else "verified by what the platform trusts"
    if said.ca_file:
        trust = f"verified by {said.ca_file}"
    if said.thumbprint:
        trust = "pinned by its thumbprint"
    login = said.login.name if said.login is not None else "password"
    yield ok(f"api {said.api}, its certificate {trust}, login by {login}")
    secrets = [name for name in login_fields.VARIABLES.values() if case.environ.get(name)]
    if secrets:
        yield ok(f"ways to log in are set by {', '.join(secrets)}")
