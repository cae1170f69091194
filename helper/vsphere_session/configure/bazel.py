"""Bazel: `--credential_helper` for each host in ~/.bazelrc, and the script that it names."""

from __future__ import annotations

import os
import re
import shlex

from vsphere_session.configure import links
from vsphere_session.configure.block import Block
from vsphere_session.configure.plan import Change, Desk, read_text, rewrite, script, taken, unscript
from vsphere_session.endpoint import Endpoint
from vsphere_session.errors import InvalidRequestError

PROGRAM = "bazel-vsphere-session"


def configure(desk: Desk) -> list[Change]:
    """The script, and a line for each host. Raises InvalidRequestError where a host has another helper."""
    helper = links.place(PROGRAM, desk)
    changes = script(helper, _script(desk))
    path = _path(desk)
    block = Block(read_text(path), "bazel")
    lines = block.lines
    for host in desk.hosts:
        name = _name(host)
        if re.search(rf"^[^#\n]*--credential_helper[= ]['\"]?{re.escape(name)}=", block.outside or "", re.MULTILINE):
            raise taken(path, name)
        if _line(name, helper) not in lines:
            lines = [*(line for line in lines if _named(line) != name), _line(name, helper)]
            changes.append(rewrite(path, block.with_lines(lines), f"set --credential_helper for {name} in {path}"))
    return changes


def unconfigure(desk: Desk) -> list[Change]:
    """Take the lines back; the script goes with the last host."""
    path = _path(desk)
    block = Block(read_text(path), "bazel")
    changes: list[Change] = []
    lines = block.lines
    for line in block.lines:
        name = _named(line)
        if name and desk.leaves(name, of=_name):
            lines = [other for other in lines if other != line]
            changes.append(rewrite(path, block.with_lines(lines), f"remove --credential_helper for {name} from {path}"))
    if not lines:
        for directory in dict.fromkeys(links.directories(desk)):
            changes += unscript(os.path.join(directory, PROGRAM), _script(desk))
    return changes


def _path(desk: Desk) -> str:
    return os.path.join(desk.home, ".bazelrc")


def _name(host: Endpoint) -> str:
    """The host as Bazel compares it: without the port."""
    if host.host.count(":"):
        raise InvalidRequestError("Bazel's helpers go by host name, and this is an IPv6 address; give the host's name")
    return host.host.lower()


def _line(name: str, helper: str) -> str:
    return f"common {shlex.quote(f'--credential_helper={name}={helper}')}"


def _named(line: str) -> str:
    return line.partition("--credential_helper=")[2].partition("=")[0]


def _script(desk: Desk) -> str:
    return f'#!/bin/sh\nexec {shlex.quote(desk.program)} --protocol bazel "$@"\n'
