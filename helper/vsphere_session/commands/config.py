"""`config`: the configuration file; show, set, unset, edit and check it. Comments and order stay."""

from __future__ import annotations

import os
import shlex
import subprocess  # nosec B404  # the editor of the person who called
import tempfile
from typing import TYPE_CHECKING

import click

from credential_protocol.native import nearest
from vsphere_session.commands.explain import show_settings
from vsphere_session.commands.options import command, host_argument, json_option, request_of
from vsphere_session.configure.own_file import OF_FLEET, Setting, change, checked, replace
from vsphere_session.configure.plan import read_text
from vsphere_session.endpoint import parse_endpoint
from vsphere_session.errors import InvalidRequestError, NotFoundError, StorageError
from vsphere_session.service.addressed import request
from vsphere_session.service.resolved import Resolved
from vsphere_session.settings import fleet_fields
from vsphere_session.settings.child_environment import as_it_was, without_passwords
from vsphere_session.settings.config_file import KEYS, load
from vsphere_session.settings.fleet_settings import fleet_settings
from vsphere_session.settings.origins import origins
from vsphere_session.storage.files import make_private_directory
from vsphere_session.storage.paths import Paths

if TYPE_CHECKING:
    from vsphere_session.commands.invocation import Invocation
    from vsphere_session.settings.config_file import Configuration

_EDITORS = ("sensible-editor", "editor", "vi", "nano") if os.name == "posix" else ("notepad",)
_BEGINNING = """\
# What vsphere-session is told for every program; docs/reference.md has all settings.
# verify = "auto"
#
# [endpoint."vc.example.com"]
# username = "me@vsphere.local"
"""


@command("Print the path of the configuration file.", "vsphere-session config path", name="path")
def path_command(invocation: Invocation) -> None:
    """See above."""
    invocation.screen.raw(f"{_path(invocation)}\n")


@command(
    "Show what is set for an endpoint, by the environment, too, and where it comes from.",
    "vsphere-session config show vc.example.com",
    name="show",
)
@host_argument
@json_option
def show_command(invocation: Invocation, *, host: str | None, as_json: bool) -> None:
    """See above."""
    call = invocation.call()
    asked = request(request_of(invocation, host))
    settings = Resolved(asked, call).settings
    found = [one for one in origins(asked, settings, call.around.environ, call.config) if one.source]
    if as_json:
        invocation.screen.json({one.name: {"value": one.value, "from": one.source} for one in found})
        return
    show_settings(invocation.screen, found)


@command(
    "Print a setting as the file has it: the general one, or with HOST that endpoint's own.",
    "vsphere-session config get verify\nvsphere-session config get thumbprint vc.example.com",
    name="get",
)
@click.argument("key", metavar="KEY")
@host_argument
def get_command(invocation: Invocation, *, key: str, host: str | None) -> None:
    """See above."""
    _check_key(key)
    config = _loaded(invocation)
    place = _place(host, key)
    general = config.fleet if key.startswith(OF_FLEET) else config.general
    value = ((config.section(place) or {}) if place else general).get(key.removeprefix(OF_FLEET))
    if value is None:
        raise NotFoundError(
            f"{key} is not set{f' for {place}' if place else ''} in {config.path}; config show says what holds then"
        )
    invocation.screen.raw(f"{value}\n")


@command(
    "Set a setting: the general one, or with HOST that endpoint's own. What a fleet is has keys that begin with fleet.",
    "vsphere-session config set verify always\nvsphere-session config set username me@vsphere.local vc.example.com\n"
    "vsphere-session config set fleet.namespace vs:ci",
    name="set",
)
@click.argument("key", metavar="KEY")
@click.argument("value", metavar="VALUE")
@host_argument
def set_command(invocation: Invocation, *, key: str, value: str, host: str | None) -> None:
    """See above."""
    _check_key(key)
    if not value:
        raise InvalidRequestError(f"the value is empty; to have none: vsphere-session config unset {key}")
    change(_path(invocation), [Setting(key, value, _place(host, key))], invocation.call().around)


@command("Take a setting out of the file.", "vsphere-session config unset verify", name="unset")
@click.argument("key", metavar="KEY")
@host_argument
def unset_command(invocation: Invocation, *, key: str, host: str | None) -> None:
    """See above."""
    _check_key(key)
    change(_path(invocation), [Setting(key, None, _place(host, key))], invocation.call().around)


@command(
    "Open the file in your editor (VISUAL, EDITOR), and check what was written before it counts.",
    "EDITOR=nano vsphere-session config edit",
    name="edit",
)
def edit_command(invocation: Invocation) -> None:
    """See above."""
    path = _path(invocation)
    before = read_text(path)
    after = _edited(path, before if before is not None else _BEGINNING, invocation)
    if after in (before, _BEGINNING):
        invocation.screen.line("nothing was changed")
        return
    try:
        checked(after, path)
        if not replace(path, before, after):
            raise StorageError(f"{path} has been changed meanwhile, and stays as it is")
    except (InvalidRequestError, StorageError) as error:
        error.args = (f"{error.args[0]}; what you wrote is in {_kept(path, after)}",)
        raise
    invocation.screen.line(f"changed: {path}")


@command(
    "Check the file: whether it can be read, and each key and value is known.",
    "vsphere-session config check",
    name="check",
)
def check_command(invocation: Invocation) -> None:
    """See above."""
    config = _loaded(invocation)
    fleet = fleet_settings(invocation.environ, config)
    there = "" if read_text(config.path) is not None else " (there is no such file, so nothing is configured)"
    invocation.screen.line(
        f"good: {config.path}{there}; {_counted(len(config.general), 'general setting')}, {_counted(len(config.endpoints), 'endpoint')}"
        + (f", fleet {fleet.namespace}" if fleet is not None else "")
    )


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


config_command = click.Group(
    "config",
    help="The configuration file: path, show, get, set, unset, edit, check. Comments and order stay as they are.\n\n\b\nexample:\n"
    "  vsphere-session config set trust_window 5m\n",
    commands=[path_command, show_command, get_command, set_command, unset_command, edit_command, check_command],
)


def _path(invocation: Invocation) -> str:
    return invocation.common.config or Paths(invocation.environ).config


def _loaded(invocation: Invocation) -> Configuration:
    return load(_path(invocation), must_exist=bool(invocation.common.config))


def _place(host: str | None, key: str) -> str:
    if host and key.startswith(OF_FLEET):
        raise InvalidRequestError(
            f"{key} is for all endpoints; leave HOST out (to keep one out of the fleet: config set fleet false HOST)"
        )
    return parse_endpoint(host).place if host else ""


def _check_key(key: str) -> None:
    if key.startswith(OF_FLEET):
        fleet_fields.check_key(key.removeprefix(OF_FLEET))
    elif key not in KEYS:
        shown = f'"{key[:40]}"' if key.isidentifier() else "that"
        raise InvalidRequestError(f"{shown} is no setting; did you mean {nearest(key, KEYS)}?")


def _edited(path: str, text: str, invocation: Invocation) -> str:
    """What the editor makes of it. Raises StorageError where that fails."""
    home = os.path.dirname(os.path.realpath(path))
    if not os.path.isdir(home):
        make_private_directory(home)
    with tempfile.TemporaryDirectory(prefix=".editing-", dir=home) as directory:
        copy = os.path.join(directory, "config.toml")
        with open(
            os.open(copy, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8", newline=""
        ) as file:
            file.write(text)
        _run_editor(copy, invocation)
        found = read_text(copy)
    if found is None:
        raise StorageError("the editor left no file; nothing was changed")
    return found


def _run_editor(file: str, invocation: Invocation) -> None:
    environ = invocation.environ
    for words in _editors(environ.get("VISUAL") or environ.get("EDITOR", "")):
        try:
            status = subprocess.run([*words, file], env=without_passwords(as_it_was(environ)), check=False).returncode  # noqa: S603  # nosec B603  # the user's own editor
        except (OSError, ValueError):
            continue
        if status:
            raise StorageError(f"the editor {words[0]} failed (status {status}); nothing was changed")
        return
    raise NotFoundError("no editor can be started; set EDITOR to one")


def _editors(named: str) -> list[list[str]]:
    """The commands to try, one after the other: what is `named`, or what there may be."""
    try:
        return [shlex.split(named)] if named.strip() else [[each] for each in _EDITORS]
    except ValueError:
        raise InvalidRequestError("EDITOR has a quote that does not end; correct it") from None


def _kept(path: str, text: str) -> str:
    """What was written is not lost: in a file beside."""
    beside = f"{path}.edited"
    replace(beside, read_text(beside), text)
    return beside
