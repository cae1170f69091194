"""The report for a bug: Markdown that can be pasted in public. It holds no secret, and names only where they are wanted.

No finding has a secret in it. Whatever is known to be one is taken out all the same; names of hosts and users, addresses
and the home directory are replaced, each by the same word wherever it stands.
"""

from __future__ import annotations

import os
import re
import sys
from typing import TYPE_CHECKING
from urllib.parse import quote

from vsphere_session.endpoint import parse_endpoint
from vsphere_session.errors import SessionError
from vsphere_session.settings import fleet_fields, login_fields
from vsphere_session.settings.environment import FAMILIES
from vsphere_session.storage.files import read_named
from vsphere_session.vsphere.service_content import about_value

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from vsphere_session.commands.examining.case import Case

_BEGINNINGS = ("GOVC_", "VSPHERE_", "VMWARE_", "GOVMOMI_", "VCENTER_", "VI_", "XDG_", "SSL_CERT_", "PYTHON_KEYRING_")
_OTHERS = (
    *("HOME", "USERPROFILE", "HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY", "ALL_PROXY", "KUBECONFIG", "DOCKER_CONFIG"),
    *("TF_CLI_CONFIG_FILE", "SUDO_UID", "REQUEST_METHOD", "DBUS_SESSION_BUS_ADDRESS", "NO_COLOR", "TERM", "CI"),
)
_PROXIES = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY")
_OS_RELEASE = "/etc/os-release"
_HIDDEN = "(hidden)"
_PATTERNS = (
    ("user", re.compile(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9][A-Za-z0-9.-]*[A-Za-z0-9]")),
    ("user", re.compile(r"\b[A-Za-z0-9.-]+\\[A-Za-z0-9._-]+")),
    ("host", re.compile(r"(?<=://)[A-Za-z0-9.-]*[A-Za-z0-9](?![\w@%.-])")),
    ("host", re.compile(r"\b(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.){2,}[A-Za-z]{2,}\b")),
    ("fingerprint", re.compile(r"\b(?:[0-9A-Fa-f]{2}:){15,}[0-9A-Fa-f]{2}\b")),
    ("address", re.compile(r"(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d.])")),
    (
        "address",
        re.compile(
            r"(?<![0-9A-Za-z:])(?:[0-9A-Fa-f]{1,4}:){2,7}[0-9A-Fa-f:]*[0-9A-Fa-f]|(?<![0-9A-Za-z:])::[0-9A-Fa-f]+"
        ),
    ),
    ("id", re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b|\b[0-9a-fA-F]{32,}\b")),
)
"""What looks like a name, wherever it comes from: `user@domain`, `DOMAIN\\user`, hosts, fingerprints, addresses, long ids."""
_OURS = re.compile(r"(?:user|host|name|address)-\d+(?:[@\\]|$)")
_KEPT = ("127.0.0.1", "::1", "localhost")


def report(case: Case, lines: Iterable[str], *, with_names: bool) -> str:
    """The report with the doctor's lines."""
    facts = [
        f"- version: {case.build}",
        f"- platform: {_platform()}",
        f"- variables set (names only): {', '.join(_variables(case)) or 'none'}",
        f"- settings in the configuration (names only): {', '.join(_settings(case)) or 'none'}",
    ]
    text = "\n".join([*facts, "", "```text", *(line.replace("`", "'") for line in lines), "```"])
    disguise = Disguise(case, with_names=with_names)
    return f"### vsphere-session doctor\n\n{disguise.of(text)}\n"


class Disguise:
    """Replaces what nobody else is to read, always by the same words."""

    def __init__(self, case: Case, *, with_names: bool) -> None:
        self._secrets = sorted({text for text in _secrets(case) if len(text) > 3}, key=len, reverse=True)
        self._words: dict[str, str] = {}
        self._counts: dict[str, int] = {}
        self._with_names = with_names
        self._kept = {*_KEPT, about_value(case.content, "apiVersion"), about_value(case.content, "version")}
        self._home = case.environ.get("HOME", "")
        for kind, text in _names(case):
            self._word(kind, text)

    def of(self, text: str) -> str:
        """`text` as it may be shown."""
        for secret in self._secrets:
            text = text.replace(secret, _HIDDEN)
        if self._with_names:
            return text
        if len(self._home) > 1:
            text = text.replace(self._home, "~")
        for name in sorted(self._words, key=len, reverse=True):
            text = re.sub(rf"(?<![\w.-]){re.escape(name)}(?![\w-])", self._words[name], text, flags=re.IGNORECASE)
        for kind, pattern in _PATTERNS:
            text = pattern.sub(lambda found, kind=kind: self._replaced(kind, found[0]), text)  # type: ignore[misc]
        return text

    def _replaced(self, kind: str, text: str) -> str:
        return text if text in self._kept or _OURS.match(text) else self._word(kind, text)

    def _word(self, kind: str, text: str) -> str:
        name = text.lower()
        if name in self._kept or not name:
            return text
        if name not in self._words:
            self._counts[kind] = self._counts.get(kind, 0) + 1
            self._words[name] = f"{kind}-{self._counts[kind]}"
            self._words.setdefault(quote(name, safe=""), self._words[name])  # as it stands in a URL
        return self._words[name]


def _secrets(case: Case) -> Iterator[str]:
    """Whatever is known to be one."""
    environ = case.environ
    for name in (*(family.password for family in FAMILIES), *_SECRET_VARIABLES):
        yield environ.get(name, "")
    urls = [environ.get(name, "") for family in FAMILIES for name in (family.url, family.second_url) if name]
    for url in (*urls, *(environ.get(name, "") for each in _PROXIES for name in (each, each.lower()))):
        yield url.rpartition("@")[0].rpartition("://")[2].partition(":")[2]
    yield case.password or ""


_SECRET_VARIABLES = [
    *(login_fields.VARIABLES[name] for name in login_fields.SECRETS if name in login_fields.VARIABLES),
    *(fleet_fields.VARIABLES[name] for name in fleet_fields.SECRETS),
]


def _names(case: Case) -> Iterator[tuple[str, str]]:
    """Hosts and users that are said anywhere."""
    places = [*case.config.endpoints, case.config.general.get("url", "")]
    for family in FAMILIES:
        places += [case.environ.get(name, "") for name in (family.url, family.second_url) if name]
        for name in (family.username, family.second_username):
            yield "user", case.environ.get(name, "") if name else ""
    if case.endpoint is not None:
        yield "host", case.endpoint.host
        yield "user", case.endpoint.username
    if case.proxy is not None:
        yield "host", case.proxy.host
        yield "user", case.proxy.username
    for section in (case.config.general, *case.config.endpoints.values()):
        for key in ("username", "impersonate", "tenant", "client_id"):
            yield "user", section.get(key, "")
    for place in filter(None, places):
        try:
            found = parse_endpoint(place)
        except SessionError:
            continue
        yield "host", found.host
        yield "user", found.username
    yield "user", case.environ.get("USER", "") if case.environ.get("USER", "") != "root" else ""
    yield "host", os.uname().nodename if hasattr(os, "uname") else ""
    yield from case.seen


def _variables(case: Case) -> list[str]:
    others = {*_OTHERS, *map(str.lower, _PROXIES), "no_proxy"}
    return sorted(
        name for name, value in case.environ.items() if value and (name.startswith(_BEGINNINGS) or name in others)
    )


def _settings(case: Case) -> list[str]:
    config = case.config
    own = sorted({key for section in config.endpoints.values() for key in section})
    return [*config.general, *(f"endpoint.{key}" for key in own)]


def _platform() -> str:
    words = [sys.platform]
    if hasattr(os, "uname"):
        system = os.uname()
        words = [system.sysname, system.release, system.machine]
    try:
        text = read_named(_OS_RELEASE, 4096, _OS_RELEASE, 1.0).decode("utf-8", "replace")
        words += [line.partition("=")[2].strip('"') for line in text.splitlines() if line.startswith("PRETTY_NAME=")]
    except (OSError, SessionError):
        pass
    return ", ".join(words)
