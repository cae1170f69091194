"""A configuration as people write it is read without `tomllib`, which takes longer than a warm answer, and read alike."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vsphere_session.errors import InvalidRequestError
from vsphere_session.fastpath import configuration
from vsphere_session.fastpath.configuration import Kept
from vsphere_session.settings import config_file as config

PLAIN = """\
# settings for all
timeout = 30     # seconds
verify = "auto"  # or "always"

[endpoint."vc.example.com"] # the first
username = "terraform@vsphere.local"
  insecure = true
password_command = ["pass", "show", "vcenter, or = so #1", ] # not always

[endpoint."VC2.example.com:8443"]
ca_file=""
trust_window = "90s"
fleet = false

[fleet] # shared
url = "rediss://ci@cache.example.com"
key_command = ["vault", "read", "key"]
clear = true
"""

PIECES = st.sampled_from([
    *config.KEYS[:6], "timeout", "insecure", "password", "endpoint", "a.b", '"url"', "[endpoint.", '[endpoint."vc', '"]', "]", "[", "=",
    " = ", '"', "'", '"""', "\\", "\\u0041", "#", "\n", "\n\n", "\r\n", "\t", " ", "true", "false", "True", "0", "007", "30", "1_0", "-1",
    "1.5", "0x10", "4" * 12, "٣", "é", "\ufeff", "\u2028", "\x00", "\x7f", "{", "}", ",", "vc.example.com", '"x"', '""',
])  # fmt: skip
LINES = st.sampled_from([
    'username = "me"', 'api="soap"', "timeout = 30", "insecure = true # yes", "insecure = 0", 'verify = "always" # why', "# a comment",
    '[endpoint."vc"]', '[endpoint."VC"]', ' [endpoint."vc:443"] ', '[endpoint.""]', "[endpoint.vc]", "[endpoint]", '[endpoint."a"b"]',
    '[endpoint."vc"] # why', '[[endpoint."vc"]]', "", "  ", 'ca_file = "/a=b#c"', 'ca_file = "a" "b"', 'url = "a\\\\b"', "max_age = 007",
    "# \x01", 'username = "\x7f"', "max_age = ٣",
    'password_command = ["a", "b c"]', 'token_command=[ "a" ,"b", ] # why', 'token_command = []', 'token_command = ["a" "b"]',
    'token_command = ["a", 1]', 'token_command = ["a\\tb"]', 'token_command = ["a"', 'username = ["a"]', 'token_command = "a b"',
    'token_command = ["a",, "b"]', 'token_command = ["a"] x', 'token_command = [[ "a" ]]', 'token_command = ["]"]', 'token_command = [,]',
    "[fleet]", " [fleet] # ours", "[[fleet]]", "[fleet.x]", "[fleet", "fleet = false", 'fleet = "off"', 'fleet = {clear = true}', 'url = "rediss://u@h"',
    'url = "rediss://u:secret@h"', 'namespace = "vs:ci"', 'engine_down = "login"', 'engine_down = "x"', "clear = true", "clear = 1", 'key = "x"',
    'login_spread = "5m"', 'key_command = ["a", "b"]', 'password_command = "a b"', 'fleet.url = "rediss://u@h"',
    'thumbprint = ""', "username = 'me'", 'endpoint."vc".username = "me"', 'username = "é"', 'username = "\u00a0"',
])  # fmt: skip


def said(path: Path, keep: config.Keep | None = None) -> object:
    """All that the rest of the program gets to know of a configuration: its settings, or what is wrong with it."""
    try:
        found = config.load(str(path), keep=keep)
    except InvalidRequestError as error:
        return error.message
    return found.general, found.endpoints, found.fleet


MANY = settings(max_examples=600, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
FILES = st.one_of(st.lists(LINES, max_size=7).map("\n".join), st.lists(PIECES, max_size=12).map("".join))


@pytest.mark.parametrize("text", [PLAIN, "", "\n"])
def test_a_plain_one_is_read_without_tomllib(tmp_path: Path, text: str) -> None:
    """In a process of its own."""
    path = tmp_path / "config.toml"
    path.write_text(text)
    code = "import sys; from vsphere_session.settings.config_file import load; load(sys.argv[1]); assert 'tomllib' not in sys.modules"
    subprocess.run([sys.executable, "-c", code, path], check=True)


@MANY
@given(FILES)
def test_every_file_says_the_same_with_and_without_it(tmp_path: Path, text: str) -> None:
    """Settings, and errors to the letter."""
    path = tmp_path / "config.toml"
    path.write_bytes(text.encode())
    found = said(path)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(config, "_read_plain", lambda _text: None)
        assert found == said(path)


@MANY
@given(FILES)
def test_every_file_says_the_same_when_what_it_says_was_kept(tmp_path: Path, text: str) -> None:
    """The first time, when it is kept, and from then on; an error each time it is read."""
    path = tmp_path / "config.toml"
    path.write_bytes(text.encode())
    expected = said(path)

    def keep(name: str, found: os.stat_result) -> Kept:
        return Kept(str(tmp_path / "state"), "1.0", name, found)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(config, "LONG", -1)
        patched.setattr(configuration, "is_settled", lambda _identity, _now: True)
        assert said(path, keep) == expected
        if isinstance(expected, tuple) and "@" not in expected[0].get("url", ""):
            patched.setattr(config, "parse", None)  # it is read no more
            for place, section in expected[1].items():
                assert config.load(str(path), keep=keep).section(place) == section
            assert config.load(str(path), keep=keep).section("elsewhere.example.com") is None
        assert said(path, keep) == expected
