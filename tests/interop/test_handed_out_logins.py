"""The recipes for tools that take nothing but a user and a password, as the pages have them."""

from __future__ import annotations

import json
import os
import re
import shlex

import pytest

from interop.desk import Desk
from interop.test_packer import answer, template
from simulated_vcenter import SimulatedVCenter
from support.pages import snippet
from support.program import PASSWORD, USER, Helper

LOGIN = "{ username = data.external.login.result.username, password = local.vsphere_password }"


@pytest.mark.timeout(900)
def test_packers_builders_get_the_stored_login(helper: Helper, vcenter: SimulatedVCenter) -> None:
    config = helper.home / ".config" / "vsphere-session" / "config.toml"
    config.parent.mkdir(parents=True)
    own = snippet("packer", "hand-out", {"vc.example.com": vcenter.authority})
    config.write_text(f'secret_store = "file"\n{own}', encoding="utf-8")
    helper.ok("store", {"url": vcenter.authority, "username": USER, "password": PASSWORD})
    data = snippet("packer", "login", {"vc.example.com": vcenter.authority, "packer@vsphere.local": USER})
    packer = template(helper, data, value=LOGIN)
    assert answer(packer) == {"username": USER, "password": PASSWORD}
    assert vcenter.requests == []


def test_ansibles_collections_get_the_stored_login(desk: Desk) -> None:
    """The lookup as ansible does it: the words put together as Jinja does, run by a shell with an empty stdin."""
    place = {"vc.example.com": desk.vcenter.authority}
    text = snippet("scripts", "ansible-login", place)
    request = re.search(r"^    request: '(.*)'$", text, flags=re.MULTILINE)
    assert request
    assert "lookup('ansible.builtin.pipe', 'echo ' ~ request | quote ~ ' | vsphere-session get') | from_json" in text
    line = f"echo {shlex.quote(request[1])} | vsphere-session get"
    refused = desk.shell(line)
    assert (refused.kind, refused.status) == ("invalid-request", 2)
    own = snippet("scripts", "hand-out", place).splitlines()
    lines = desk.config.read_text(encoding="utf-8")
    desk.config.write_text(_with(lines, own), encoding="utf-8")
    done = desk.shell(line)
    assert (done.status, done.stderr) == (0, ""), done
    given = json.loads(done.stdout)
    assert (given["username"], given["password"]) == (USER, PASSWORD)
    assert os.path.basename(given["url"]) == "sdk"


def _with(text: str, own: list[str]) -> str:
    """The configuration with the endpoint's further lines, under its heading if that is there already."""
    heading, *lines = own
    added = "\n".join([heading, *lines])
    return text.replace(heading, added, 1) if heading in text else f"{text}\n{added}\n"
