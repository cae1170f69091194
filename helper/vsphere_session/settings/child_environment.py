"""The environment of a program that this one starts: without passwords, and without what is ours alone."""

from __future__ import annotations

import sys

from vsphere_session.endpoint import Endpoint, parse_endpoint
from vsphere_session.errors import InvalidRequestError
from vsphere_session.settings.environment import FAMILIES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

NO_PASSWORD = "the-session-is-in-the-cache"  # noqa: S105  # says that it is none
_SECRET_VARIABLES = tuple(family.password for family in FAMILIES)


def as_it_was(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment without what PyInstaller's bootloader has put into it for the single file itself."""
    found = {name: value for name, value in environ.items() if not name.startswith("_PYI_")}
    if hasattr(sys, "_MEIPASS"):
        original = found.pop("LD_LIBRARY_PATH_ORIG", None)
        found.pop("LD_LIBRARY_PATH", None)
        found |= {} if original is None else {"LD_LIBRARY_PATH": original}
    return found


def without_passwords(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment without the passwords of the three families, in their variables and in their URLs."""
    kept = {name: value for name, value in environ.items() if name not in _SECRET_VARIABLES}
    for family in FAMILIES:
        text = kept.get(family.url, "")
        endpoint = _endpoint(text)
        if endpoint is not None and endpoint.password is not None:
            kept[family.url] = endpoint.url
        elif endpoint is None and "@" in text:  # what cannot be read may hold a password, and is of no use to anybody
            del kept[family.url]
    return kept


def _endpoint(text: str) -> Endpoint | None:
    try:
        return parse_endpoint(text)
    except InvalidRequestError:
        return None
