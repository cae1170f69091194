"""A platform's keyring for tests: a back-end of `keyring`, chosen in its own configuration, that keeps a JSON file.

The single-file program does not look at PYTHONPATH, but at that configuration it does.
"""

from __future__ import annotations

import json
from pathlib import Path

from support.program import Helper

BACKEND = '''
"""A keyring for tests: a JSON file, or whatever KEYRING_DOES says. What is set is listed in a file beside it."""
import json, os, pathlib, threading
from keyring import errors
from keyring.backend import KeyringBackend

FILE = pathlib.Path(os.environ.get("KEYRING_FILE") or pathlib.Path.home() / "keyring.json")


class Keyring(KeyringBackend):
    priority = 9
    name = "for tests"

    def _content(self):
        does = os.environ.get("KEYRING_DOES", "")
        if does == "block":
            threading.Event().wait()
        if does == "locked":
            raise errors.KeyringLocked("prompt dismissed")
        if does == "unusable":
            raise errors.InitError("no bus")
        return json.loads(FILE.read_text()) if FILE.exists() else {}

    def _keep(self, content):
        beside = FILE.with_suffix(f".{os.getpid()}")
        beside.write_text(json.dumps(content))
        beside.replace(FILE)

    def get_password(self, service, username):
        return self._content().get(service, {}).get(username)

    def set_password(self, service, username, password):
        does = os.environ.get("KEYRING_DOES", "")
        if does == "fail":
            raise RuntimeError("could not keep " + password)
        with FILE.with_suffix(".set").open("a") as told:
            told.write(service + chr(10))
        content = self._content()
        content.setdefault(service, {})[username] = password
        if does != "forget":
            self._keep(content)

    def delete_password(self, service, username):
        content = self._content()
        del content[service][username]
        self._keep(content)
'''


def install(helper: Helper) -> Path:
    """Give the host of `helper` a keyring; the file is what is in it."""
    (helper.home / "backend").mkdir()
    (helper.home / "backend" / "keyring_for_tests.py").write_text(BACKEND)
    config = helper.home / ".config" / "python_keyring" / "keyringrc.cfg"
    config.parent.mkdir(parents=True)
    config.write_text(f"[backend]\ndefault-keyring=keyring_for_tests.Keyring\nkeyring-path={helper.home}/backend\n")
    helper.environment["KEYRING_FILE"] = str(helper.home / "keyring.json")
    return helper.home / "keyring.json"


def times_set(keyring: Path) -> list[str]:
    """The services for which a secret was set, once for each time."""
    told = keyring.with_suffix(".set")
    return told.read_text().splitlines() if told.exists() else []


def session_key(keyring: Path) -> bytes:
    """The key of the encrypted sessions."""
    content = json.loads(keyring.read_text())
    return bytes.fromhex(content["vsphere-session:session-key"]["aes-256-gcm"])
