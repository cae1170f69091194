"""Encrypted session files, as a reader that knows nothing of the program's own code sees them (docs/cache.md)."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from urllib.parse import quote

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from support.program import USER, Server

MAGIC = b"vsphere-session\x01"
SETTING = 'session_store = "encrypted"\n'


def encrypt(home: Path, more: str = "") -> Path:
    """Configure encrypted sessions for this home; returns the configuration file."""
    config = home / ".config" / "vsphere-session" / "config.toml"
    config.parent.mkdir(parents=True, exist_ok=True)
    config.write_text(SETTING + more, encoding="utf-8")
    return config


def sealed_files(home: Path) -> list[Path]:
    """Every file of the encrypted store, also what is set aside beside one."""
    return sorted(path for path in (home / ".local/state/vsphere-session/encrypted").rglob("*") if path.is_file())


def key_text(server: Server, kind: str, username: str = USER, *, insecure: bool = False) -> str:
    """What is bound into a file, and of which its name is the digest."""
    path = "/sdk" if kind == "soap" else "/rest"
    return f"https://{quote(username, safe='')}@{server.authority}{path}#insecure={str(insecure).lower()}"


def sealed_file(home: Path, text: str) -> Path:
    """The file of a key."""
    kind = "rest" if "/rest#" in text else "soap"
    return home / ".local/state/vsphere-session/encrypted" / kind / sha256(text.encode()).hexdigest()


def unsealed(data: bytes, key: bytes, text: str) -> bytes:
    """What is in a file. Raises InvalidTag."""
    assert data.startswith(MAGIC)
    nonce, rest = data[len(MAGIC) : len(MAGIC) + 12], data[len(MAGIC) + 12 :]
    return AESGCM(key).decrypt(nonce, rest, MAGIC + text.encode())


def sealed_ids(home: Path, key: bytes, server: Server, username: str = USER) -> set[str]:
    """The session ids in the encrypted files of this user at this server, set aside or not."""
    found = set()
    for path in sealed_files(home):
        try:
            content = json.loads(unsealed(path.read_bytes(), key, key_text(server, path.parent.name, username)))
        except InvalidTag:
            continue
        cookies = content["SoapClient"]["cookies"] or []
        found |= {content["SessionID"]} if "SessionID" in content else {cookie["Value"] for cookie in cookies}
    return found
