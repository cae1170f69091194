"""Terraform's CLI: a `credentials_helper` block in its configuration, and the link among its plugins."""

from __future__ import annotations

import os
import re

from vsphere_session.configure.block import Block
from vsphere_session.configure.plan import Change, Target, link, read_text, rewrite, unlink
from vsphere_session.errors import InvalidRequestError

PROGRAM = "terraform-credentials-vsphere"
_LINES = ['credentials_helper "vsphere" {', "}"]


def configure(target: Target) -> list[Change]:
    """The link and the block. Raises InvalidRequestError where there is another helper: Terraform allows one."""
    changes = link(link_of(target), target.program)
    path = path_of(target)
    block = Block(read_text(path), "terraform-cli")
    outside = block.outside or ""
    if outside.lstrip().startswith("{"):
        raise InvalidRequestError(f"{path} is JSON, which can hold no comments; add credentials_helper by hand")
    if re.search(r"^\s*\"?credentials_helper\b", outside, re.MULTILINE):
        raise InvalidRequestError(f"{path} has a credentials_helper already, which stays; remove it, then try again")
    if not block.there:  # what a user has added to it, such as args, stays
        changes.append(rewrite(path, block.with_lines(_LINES), f'add credentials_helper "vsphere" to {path}'))
    return changes


def unconfigure(target: Target) -> list[Change]:
    """Take the block and the link away."""
    path = path_of(target)
    block = Block(read_text(path), "terraform-cli")
    line = f'remove credentials_helper "vsphere" from {path}'
    changes = [rewrite(path, block.with_lines([]), line)] if block.there else []
    by_hand = re.search(r"^\s*\"?credentials_helper\"?\s+\"vsphere\"", block.outside or "", re.MULTILINE)
    return changes + ([] if by_hand else unlink(link_of(target), target.program))


def path_of(target: Target) -> str:
    """The file with the block."""
    return target.environ.get("TF_CLI_CONFIG_FILE") or os.path.join(target.home, ".terraformrc")


def link_of(target: Target) -> str:
    """The link among Terraform's plugins."""
    return os.path.join(target.home, ".terraform.d", "plugins", PROGRAM)
