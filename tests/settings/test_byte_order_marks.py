"""A byte-order mark at the start of a text belongs to the text's encoding and to no value, wherever text is read.

Windows tools write one: PowerShell's `Out-File -Encoding utf8`, Notepad; PowerShell 5's `>` writes UTF-16 with one.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from simulated_vcenter import SimulatedVCenter
from support.program import PASSWORD, USER, Helper, request

ENCODINGS: dict[str, Callable[[str], bytes]] = {
    "UTF-8": lambda text: b"\xef\xbb\xbf" + text.encode(),
    "UTF-16LE": lambda text: b"\xff\xfe" + text.encode("utf-16-le"),
    "UTF-16BE": lambda text: b"\xfe\xff" + text.encode("utf-16-be"),
    "UTF-32LE": lambda text: b"\xff\xfe\0\0" + text.encode("utf-32-le"),
}
marked = pytest.mark.parametrize("encode", ENCODINGS.values(), ids=ENCODINGS)
UTF_8 = ENCODINGS["UTF-8"]
UTF_16 = ENCODINGS["UTF-16LE"]
BROKEN = b"\xff\xfea"
"""The mark of UTF-16, and half a character."""


@marked
def test_in_the_files_that_govc_username_and_govc_password_name(
    vcenter: SimulatedVCenter, helper: Helper, tmp_path: Path, encode: Callable[[str], bytes]
) -> None:
    user, password = tmp_path / "user", tmp_path / "password"
    user.write_bytes(encode(f"{USER}\r\n"))
    password.write_bytes(encode(f"{PASSWORD}\r\n"))
    asked = {"url": vcenter.authority, "ca_file": vcenter.ca_file}
    reply = helper.ok("get", asked, GOVC_USERNAME=str(user), GOVC_PASSWORD=str(password))
    assert "administrator%40vsphere.local@" in reply["url"]


@marked
def test_in_the_configuration(vcenter: SimulatedVCenter, helper: Helper, encode: Callable[[str], bytes]) -> None:
    """On its first line, which here is a setting, and with a section behind it."""
    config = helper.home / "config.toml"
    config.write_bytes(
        encode(f'url = "{vcenter.authority}"\r\n[endpoint."{vcenter.authority}"]\r\nusername = "{USER}"\r\n')
    )
    reply = helper.ok("get", {"ca_file": vcenter.ca_file, "password": PASSWORD}, "--config", str(config))
    assert "administrator%40vsphere.local@" in reply["url"]


@marked
def test_in_a_file_of_known_hosts(
    vcenter: SimulatedVCenter, helper: Helper, tmp_path: Path, encode: Callable[[str], bytes]
) -> None:
    hosts = tmp_path / "known_hosts"
    hosts.write_bytes(encode(f"{vcenter.authority} {vcenter.thumbprint}\r\n"))
    asked = {"url": vcenter.authority, "username": USER, "password": PASSWORD}
    assert helper.ok("get", asked, GOVC_TLS_KNOWN_HOSTS=str(hosts))["source"] == "login"


@marked
@pytest.mark.parametrize("source", ["the field", "GOVC_TLS_CA_CERTS"])
def test_in_a_file_of_authorities(
    vcenter: SimulatedVCenter, helper: Helper, tmp_path: Path, encode: Callable[[str], bytes], source: str
) -> None:
    """The first certificate is the one that counts here: OpenSSL would skip it."""
    file = tmp_path / "ca.pem"
    file.write_bytes(encode(Path(vcenter.ca_file).read_text()))
    asked = {"url": vcenter.authority, "username": USER, "password": PASSWORD}
    if source == "the field":
        asked["ca_file"] = str(file)
    else:
        helper.environment[source] = str(file)
    assert helper.ok("get", asked)["source"] == "login"


# ---- stdin


@pytest.mark.parametrize("verb", ["get", "store", "erase"])
def test_in_a_request(vcenter: SimulatedVCenter, helper: Helper, verb: str) -> None:
    asked = UTF_8(json.dumps(request(vcenter, password=PASSWORD)))
    assert helper.run("--secret-store", "file", verb, stdin=asked).status == 0


def test_in_the_first_and_in_any_other_line_of_a_conversation(vcenter: SimulatedVCenter, helper: Helper) -> None:
    """Files that were put one behind the other have one in the middle, too."""
    line = UTF_8(json.dumps({"action": "get", **request(vcenter, password=PASSWORD)}) + "\n")
    replies = helper.run(stdin=line * 3).stdout.splitlines()
    assert [json.loads(reply)["source"] for reply in replies] == ["login", "cache", "cache"]


def test_a_conversation_in_utf_16_is_told_so(helper: Helper) -> None:
    line = json.dumps({"action": "get", "url": "vc"}) + "\r\n"
    replies = helper.run(stdin=UTF_16(line * 2)).stdout.splitlines()
    assert {json.loads(reply)["error"] for reply in replies} == {"invalid-request"}
    assert all("UTF-16" in json.loads(reply)["message"] for reply in replies)


SECRET = "s3cret"
STORED = {
    "git": f"protocol=https\nhost=git.example.com\nusername=me\npassword={SECRET}\n\n",
    "docker": json.dumps({"ServerURL": "r.example.com", "Username": "me", "Secret": SECRET}),
    "terraform-cli": json.dumps({"token": SECRET}),
}
ASKED = {
    "git": "protocol=https\nhost=git.example.com\n\n",
    "docker": "r.example.com\n",
    "terraform-cli": "",
}


@pytest.mark.parametrize("dialect", STORED)
def test_in_what_other_callers_send(helper: Helper, dialect: str) -> None:
    """What was stored with a mark before it is found with and without one."""
    words = ["t.example.com"] if dialect == "terraform-cli" else []
    call = ["--protocol", dialect, "--secret-store", "file"]
    assert helper.run(*call, "store", *words, stdin=UTF_8(STORED[dialect])).status == 0
    for asked in (UTF_8(ASKED[dialect]), ASKED[dialect].encode()):
        found = helper.run(*call, "get", *words, stdin=asked)
        assert found.status == 0
        assert SECRET in found.stdout.decode()
    assert helper.run(*call, "forget" if words else "erase", *words, stdin=UTF_8(ASKED[dialect])).status == 0
    assert SECRET not in helper.run(*call, "get", *words, stdin=ASKED[dialect].encode()).stdout.decode()


def test_in_what_bazel_sends(vcenter: SimulatedVCenter, helper: Helper) -> None:
    asked = UTF_8(json.dumps({"uri": f"https://{vcenter.authority}/api"}))
    helper.environment |= {"GOVC_URL": vcenter.authority, "SSL_CERT_FILE": vcenter.ca_file}
    helper.environment |= {"GOVC_USERNAME": USER, "GOVC_PASSWORD": PASSWORD}
    assert b"headers" in helper.run("--protocol", "bazel", "get", stdin=asked).stdout


# ---- what is no text in the encoding that its mark names


def test_half_a_character_of_utf_16_is_told_with_the_name_of_the_file(
    vcenter: SimulatedVCenter, helper: Helper, tmp_path: Path
) -> None:
    file = tmp_path / "broken"
    file.write_bytes(BROKEN)
    asked = {"url": vcenter.authority, "username": USER}
    named = {
        "GOVC_PASSWORD": helper.call("get", asked | {"ca_file": vcenter.ca_file}, GOVC_PASSWORD=str(file)),
        "known hosts": helper.call("get", asked, GOVC_TLS_KNOWN_HOSTS=str(file)),
        str(file): helper.call("get", asked, "--config", str(file)),
        f"{file} holds no certificate": helper.call("get", asked | {"password": PASSWORD, "ca_file": str(file)}),
    }
    for name, reply in named.items():
        assert reply.kind == "invalid-request"
        assert name in reply.stderr


IN_UTF_16 = {
    "native": ["get"],
    "conversation": [],
    "git": ["--protocol", "git", "get"],
    "docker": ["--protocol", "docker", "store"],
    "docker's address": ["--protocol", "docker", "get"],
    "terraform-cli": ["--protocol", "terraform-cli", "store", "t.example.com"],
    "bazel": ["--protocol", "bazel", "get"],
}


@pytest.mark.parametrize("text", [b"", b"{}"])
@pytest.mark.parametrize("words", IN_UTF_16.values(), ids=IN_UTF_16)
def test_a_request_in_utf_16_is_refused_in_plain_words(helper: Helper, words: list[str], text: bytes) -> None:
    """No protocol here is in UTF-16, and what was cut off could not be seen in it."""
    reply = helper.run(*words, stdin=b"\xff\xfe" + text + b"\n")
    assert reply.status in ((1, 2) if words else (0,))
    assert "UTF-16" in (reply.stderr if words else reply.stdout.decode())


def test_in_the_stores_own_files(vcenter: SimulatedVCenter, helper: Helper) -> None:
    """Which somebody may have saved with an editor: in UTF-8."""
    asked = request(vcenter, password=PASSWORD)
    helper.ok("store", asked, "--secret-store", "file")
    state = helper.home / ".local" / "state" / "vsphere-session"
    for file in (state / "secrets.json", *(state / "logins").iterdir()):
        file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes())
    assert helper.ok("get", request(vcenter))["source"] == "login"
