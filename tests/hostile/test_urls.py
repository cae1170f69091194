"""URLs that lead nowhere: refused before anything is looked up, and no part of a password in them is shown."""

from __future__ import annotations

import json
from urllib.parse import quote

import pytest

from hostile.canary import CANARY, refused, silent
from simulated_vcenter import SimulatedVCenter
from support.program import PASSWORD, Helper

NO_HOST = ["https://", "https:///sdk", "/sdk", "//vc/sdk", "?x", "#x", ":443", "https://?x", "https://:443/sdk", " "]
BAD_PORT = ["vc:", "vc:0", "vc:65536", "vc:99999999999999999999", "vc:-1", "vc:+443", "vc:0x1bb", "vc:443x", "vc:\uff14\uff14\uff13", "vc:²"]  # fmt: skip
NOT_HTTP = ["file:", "file:/etc/passwd", "file:///etc/passwd", "FILE://localhost/etc/passwd", "ftp://vc", "ssh://vc", "unix:///run/x", "ht+tp://vc", "javascript:alert(1)", "data:,x", "://vc", "https:/vc"]  # fmt: skip
BAD_ADDRESS = ["::1", "https://::1/sdk", "2001:db8::1", "fe80::1%eth0", "[::1", "::1]", "[::1]x", "[]", "[vc]", "[::1]:", "[::1]:0", "[::1%25]", "[192.0.2.1]", "[::1%25a b]", "[::1%0a]", "[v1.x]"]  # fmt: skip
BAD_HOST = ["vc example", "vc\\x", "vc<>", 'vc"', "vc,vc2", "vc;x", "v%63", "vc%", "vc%00", "a..b", ".vc", ".", "x" * 64, "ü" * 64, "ü..x", "vc\u00a0", "vc\u2028", "vc|x", "{vc}"]  # fmt: skip
BAD_PATH = ["vc/%", "vc/%zz", "vc/%ff", "vc/ sdk"]


@pytest.mark.parametrize("url", NO_HOST + BAD_PORT + NOT_HTTP + BAD_ADDRESS + BAD_HOST + BAD_PATH)
def test_a_url_that_names_no_server_is_refused(helper: Helper, url: str) -> None:
    refused(helper, json.dumps({"url": url, "username": "x", "password": CANARY}).encode())


@pytest.mark.parametrize("url", ["https://", *BAD_PORT, *BAD_ADDRESS, *BAD_HOST, *BAD_PATH])
def test_a_password_in_a_url_that_is_refused_is_never_shown(helper: Helper, url: str) -> None:
    for login in (f"user:{CANARY}", f":{CANARY}", CANARY, f"a%40b:{CANARY}"):
        whole = f"https://{login}@{url.removeprefix('https://')}"
        refused(helper, json.dumps({"url": whole}).encode())
        refused(helper, b"", GOVC_URL=whole)


@pytest.mark.parametrize("variable", ["GOVC_URL", "VSPHERE_SERVER", "VMWARE_HOST"])
def test_a_bad_url_from_the_environment_names_the_variable_and_not_the_password(helper: Helper, variable: str) -> None:
    assert variable in refused(helper, b"{}", **{variable: f"https://user:{CANARY}@vc:0/sdk"})


@pytest.mark.parametrize(
    ("userinfo", "advice"),
    [
        (f"DOM\\user:{CANARY}", "%5C"),
        (f"us/er:{CANARY}", "%2F"),
        (f"user:{CANARY}/x", "%2F"),
        (f"user:x/{CANARY}", "%2F"),
        (f"us%er:{CANARY}", "%25"),
        (f"user:{CANARY}%", "%25"),
        (f"user:{CANARY}%zz", "%25"),
        (f"user:{CANARY}%ff", "%25"),
        (f"us er:{CANARY}", "percent-encode"),
        (f"us#er:{CANARY}", "%23"),
        (f"us?er:{CANARY}", "%3F"),
        (f"us<er:{CANARY}", "percent-encode"),
        (f"us[er:{CANARY}", "percent-encode"),
        (f"üser:{CANARY}", "percent-encode"),
    ],
)
def test_a_user_in_a_url_that_is_not_percent_encoded_is_refused_with_the_way_to_write_it(
    helper: Helper, userinfo: str, advice: str
) -> None:
    assert advice in refused(helper, json.dumps({"url": f"https://{userinfo}@vc.example.com/sdk"}).encode())


@pytest.mark.parametrize(
    "name", ["a@b", "a:b", "a/b", "a%b", "a\\b", "a%40b", "a@b:c/d%e\\f", "%", "@", ":", "ü ?#[]<>&\"'"]
)
def test_a_user_with_every_odd_character_logs_in_percent_encoded_or_in_its_own_field(helper: Helper, name: str) -> None:  # fmt: skip
    """And both spellings, with the password beside it or in the URL, are one session."""
    with SimulatedVCenter(users={name: PASSWORD}) as vcenter:
        encoded = f"https://{quote(name, safe='')}:{quote(PASSWORD, safe='')}@{vcenter.authority}/sdk"
        common = {"api": "soap", "ca_file": vcenter.ca_file}
        first = helper.ok("get", {"url": encoded, **common})
        again = helper.ok("get", {"url": vcenter.authority, "username": name, **common})
        assert (first["source"], again["source"]) == ("login", "cache")
        assert first["soap_session_id"] == again["soap_session_id"]
        assert len(vcenter.logins) == 1
        helper.ok("erase", {"url": first["url"], **common})
        assert vcenter.session_count == 0


def test_what_a_user_and_a_password_with_at_and_colon_mean_is_as_in_go(helper: Helper) -> None:
    """The last @ ends the user, the first : ends the name: `a@b` is a user, `c:d` a password."""
    with SimulatedVCenter(users={"a@b": "c:d@e"}) as vcenter:
        reply = helper.ok("get", {"url": f"a@b:c:d@e@{vcenter.authority}", "api": "soap", "ca_file": vcenter.ca_file})
        assert reply["url"] == f"https://a%40b@{vcenter.authority}/sdk"
        helper.ok("erase", {"url": reply["url"], "ca_file": vcenter.ca_file})


def test_a_host_that_does_not_exist_is_unreachable_and_shows_no_password(helper: Helper) -> None:
    for url in (f"https://user:{CANARY}@vc.invalid/sdk", f"user:{CANARY}@ünï.invalid", f"user:{CANARY}@127.0.0.1:9"):
        reply = silent(helper.call("get", {"url": url}, "--timeout", "10"))
        assert reply.kind == "unreachable", reply
