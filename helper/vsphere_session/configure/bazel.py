"""Bazel: `--credential_helper` for each host in ~/.bazelrc, and the script that it names."""

from __future__ import annotations

import os
import re
import shlex

from vsphere_session.configure import links
from vsphere_session.configure.block import Block
from vsphere_session.configure.plan import Change, Target, read_text, rewrite, script, taken, unscript
from vsphere_session.endpoint import Endpoint
from vsphere_session.errors import InvalidRequestError

PROGRAM = "bazel-vsphere-session"


def configure(target: Target) -> list[Change]:
    """The script, and a line for each host. Raises InvalidRequestError where a host has another helper."""
    helper = links.place(PROGRAM, target)
    changes = script(helper, _script(target))
    path = path_of(target)
    block = Block(read_text(path), "bazel")
    lines = block.lines
    for host in target.hosts:
        name = _name(host)
        if re.search(rf"^[^#\n]*--credential_helper[= ]['\"]?{re.escape(name)}=", block.outside or "", re.MULTILINE):
            raise taken(path, name)
        if _line(name, helper) not in lines:
            lines = [*(line for line in lines if _named(line) != name), _line(name, helper)]
            changes.append(rewrite(path, block.with_lines(lines), f"set --credential_helper for {name} in {path}"))
    return changes


def unconfigure(target: Target) -> list[Change]:
    """Take the lines back; the script goes with the last host."""
    path = path_of(target)
    block = Block(read_text(path), "bazel")
    changes: list[Change] = []
    lines = block.lines
    for line in block.lines:
        name = _named(line)
        if name and target.leaves(name, of=_name):
            lines = [other for other in lines if other != line]
            changes.append(rewrite(path, block.with_lines(lines), f"remove --credential_helper for {name} from {path}"))
    if not lines:
        for directory in dict.fromkeys(links.directories(target)):
            changes += unscript(os.path.join(directory, PROGRAM), _script(target))
    return changes


def path_of(target: Target) -> str:
    """The file with the lines."""
    return os.path.join(target.home, ".bazelrc")


def _name(host: Endpoint) -> str:
    """The host as Bazel compares it: without the port."""
    if host.host.count(":"):
        raise InvalidRequestError("Bazel's helpers go by host name, and this is an IPv6 address; give the host's name")
    return host.host.lower()


def _line(name: str, helper: str) -> str:
    return f"common {shlex.quote(f'--credential_helper={name}={helper}')}"


def _named(line: str) -> str:
    return line.partition("--credential_helper=")[2].partition("=")[0]


def _script(target: Target) -> str:
    return f'#!/bin/sh\nexec {shlex.quote(target.program)} --protocol bazel "$@"\n'
