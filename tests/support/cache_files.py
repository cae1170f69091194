"""The session ids in govmomi's cache files."""

from __future__ import annotations

from pathlib import Path

from credential_protocol.jsontext import decode


def session_ids(govmomi: Path) -> set[str]:
    """The session ids in the cache files below a GOVMOMI_HOME."""
    return ids_in_directory(govmomi / "sessions") | ids_in_directory(govmomi / "rest_sessions")


def ids_in_directory(directory: Path) -> set[str]:
    """The session ids in the cache files of one directory."""
    found: set[str] = set()
    for path in directory.glob("*"):
        if path.is_file() and not path.is_symlink():
            found |= ids_in_file(path)
    return found


def ids_in_file(path: Path) -> set[str]:
    """The session ids in one file; none if it is no cache file."""
    data = path.read_bytes()
    if b'"SoapClient"' not in data:
        return set()
    try:
        value = decode(data, tail=True)
    except ValueError:
        return set()
    if not isinstance(value, dict):
        return set()
    client = value.get("SoapClient", {})
    cookies = client.get("cookies") or client.get("Cookies") or []  # older govmomi wrote capitals
    rest = {value["SessionID"]} if value.get("SessionID") else set()
    return {cookie["Value"].strip('"') for cookie in cookies} | rest
