"""Our own configuration file, changed as a person would: comments and order stay. By `tomlkit`.

What is written can be read: a value that the program would refuse is refused before anything is changed.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

import tomlkit
from tomlkit.exceptions import TOMLKitError

from credential_protocol.jsontext import decode
from vsphere_session.configure.plan import read_text, rewrite
from vsphere_session.endpoint import parse_endpoint
from vsphere_session.errors import BusyError, InvalidRequestError
from vsphere_session.settings import fleet_fields
from vsphere_session.settings.config_file import BOOLEANS, Configuration, parse
from vsphere_session.settings.login_fields import COMMANDS
from vsphere_session.storage.files import make_private_directory
from vsphere_session.storage.lock import Lock

if TYPE_CHECKING:
    from collections.abc import MutableMapping, Sequence

    from vsphere_session.cache.surroundings import Surroundings

_BOM = "\ufeff"
_TRIES = 10
OF_FLEET = "fleet."


@dataclass(frozen=True)
class Setting:
    """A setting as it is to be.

    key    as `config` names it; one of `[fleet]` begins with `fleet.`
    place  the endpoint that it is for, `HOST` or `HOST:PORT`; empty for all
    value  as in a request; None where there is to be none
    """

    key: str
    value: str | None
    place: str = ""

    @property
    def name(self) -> str:
        """The key as it stands in its table."""
        return self.key.removeprefix(OF_FLEET)

    @property
    def of_fleet(self) -> bool:
        """Whether it stands under `[fleet]`."""
        return self.key.startswith(OF_FLEET)


def change(path: str, settings: Sequence[Setting], around: Surroundings) -> bool:
    """Change the file, and make it where there is none; whether it was not so before.

    Who writes it at the same time loses nothing: what they have written is changed then. Raises InvalidRequestError for what
    cannot be set or a file that is broken already, StorageError, BusyError.
    """
    with Lock(os.path.join(around.paths.state, "locks", "configuration"), around.clock) as lock:
        lock.acquire(around.until())
        for _ in range(_TRIES):
            before = read_text(path)
            after = changed(before or "", path, settings)
            if after == (before or ""):
                return False
            if replace(path, before, after):
                return True
    raise BusyError(f"{path} is being changed all the time; try again when nobody writes it")


def replace(path: str, before: str | None, after: str) -> bool:
    """Give the file a new text; False if its text is no longer the one `before`. Raises StorageError."""
    directory = os.path.dirname(path)
    if directory and not os.path.isdir(directory):
        make_private_directory(directory)
    if read_text(path) != before:
        return False
    rewrite(path, after, "").make()
    return True


def changed(text: str, path: str, settings: Sequence[Setting]) -> str:
    """The text with these settings; the file at `path` is what messages name. Raises InvalidRequestError."""
    before = checked(text, path)
    mark = _BOM if text.startswith(_BOM) else ""
    after = text.removeprefix(mark)
    try:
        for setting in settings:
            after = _with(after, setting)
    except (TOMLKitError, ValueError) as error:
        raise InvalidRequestError(f"{path} cannot be changed as it is written ({error}); change it by hand") from None
    after = mark + after
    _check(before, checked(after, path), settings)
    return after


def checked(text: str, path: str) -> Configuration:
    """What a file at `path` with this text says. Raises InvalidRequestError with file and line."""
    return parse(text.removeprefix(_BOM).encode(), path)


def _with(text: str, setting: Setting) -> str:
    document = tomlkit.parse(text)
    section = _section(document, setting)
    if setting.value is None:
        if section is not None:
            section.pop(setting.name, None)
        return tomlkit.dumps(document)
    if section is None:
        section = _new_section(document, setting)
    elif section is document and setting.key not in document:
        return _above_tables(text, tomlkit.dumps({setting.key: _value(setting)}))
    section[setting.name] = _value(setting)
    return tomlkit.dumps(document)


def _section(document: tomlkit.TOMLDocument, setting: Setting) -> MutableMapping[str, object] | None:
    """The table that it belongs into, an endpoint's own however its name is spelled there; None where there is none yet."""
    if setting.of_fleet:
        found = document.get("fleet")
        if isinstance(found, bool):
            raise InvalidRequestError(
                "fleet is switched off above all tables; first: vsphere-session config unset fleet"
            )
        return found
    if not setting.place:
        return document
    own = document.get("endpoint", {}).items()
    return next((table for name, table in own if parse_endpoint(name).place == setting.place), None)


def _new_section(document: tomlkit.TOMLDocument, setting: Setting) -> MutableMapping[str, object]:
    if setting.of_fleet:
        tables, name = document, "fleet"
    else:
        tables, name = document.setdefault("endpoint", tomlkit.table(is_super_table=True)), setting.place
    tables[name] = tomlkit.table()
    found: MutableMapping[str, object] = tables[name]
    return found


def _above_tables(text: str, line: str) -> str:
    """A new setting behind the other general ones: above the first table, and above the comment that belongs to that."""
    lines = text.splitlines(keepends=True)
    place = next((number for number, each in enumerate(lines) if each.lstrip().startswith("[")), len(lines))
    if place == len(lines):
        return text + ("" if text.endswith("\n") or not text else "\n") + line
    while place and lines[place - 1].lstrip().startswith("#"):
        place -= 1
    above, below = "".join(lines[:place]).rstrip("\n"), "".join(lines[place:])
    return f"{above}\n{line}\n{below}" if above else f"{line}\n{below}"


def _value(setting: Setting) -> object:
    text = setting.value or ""
    if setting.name in (fleet_fields.BOOLEANS if setting.of_fleet else BOOLEANS) and text in ("true", "false"):
        return text == "true"
    if setting.name in (fleet_fields.COMMANDS if setting.of_fleet else COMMANDS) and text.startswith("["):
        try:
            return decode(text.encode())
        except ValueError:
            raise InvalidRequestError(
                f'{setting.key} is no list of words; write it as ["pass", "show", "vcenter"]'
            ) from None
    return text


def _check(before: Configuration, after: Configuration, settings: Sequence[Setting]) -> None:
    """Hold what was written to what was meant: these settings are as they are to be, and all others as they were."""
    tables: dict[str, dict[str, str]] = {place: dict(own) for place, own in _tables(before).items()}
    found = _tables(after)
    for setting in settings:
        name = OF_FLEET if setting.of_fleet else setting.place
        table = tables.setdefault(name, {})
        table.pop(setting.name, None)
        if setting.value is not None:
            table[setting.name] = found.get(name, {}).get(setting.name, "")
    if {name: table for name, table in tables.items() if table} != {
        name: table for name, table in found.items() if table
    }:
        raise InvalidRequestError(
            f"{after.path} is written in a way that cannot be changed from here; change it with an editor: vsphere-session config edit"
        )


def _tables(config: Configuration) -> dict[str, dict[str, str]]:
    """All of it: the general settings under an empty name, a fleet's, and the endpoints', none of which has a dot at its end."""
    return {"": config.general, OF_FLEET: config.fleet, **config.endpoints}
