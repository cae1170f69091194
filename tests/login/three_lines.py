"""A configuration of three lines at most, and calls of the program that have nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from support.program import Helper, Reply, Server


def configure(helper: Helper, server: Server, lines: str, environment: Mapping[str, str] | None = None) -> None:
    """Write the lines into the configuration, under the server's own heading; whom to trust is in the environment."""
    assert len(lines.splitlines()) <= 3, lines
    path = helper.home / ".config" / "vsphere-session" / "config.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f'[endpoint."{server.authority}"]\n{lines}\n', encoding="utf-8")
    path.chmod(0o600)
    helper.environment |= {
        "GOVC_URL": f"https://{server.authority}/sdk",
        "GOVC_TLS_CA_CERTS": str(server.ca_file),
        **(environment or {}),
    }


def got(helper: Helper, api: str = "soap", **fields: object) -> dict[str, str]:
    """The answer to a `get`."""
    return helper.ok("get", {"api": api, **fields})


def refused(helper: Helper, kind: str, api: str = "soap", **fields: object) -> str:
    """The message of a `get` that fails so."""
    reply: Reply = helper.call("get", {"api": api, **fields})
    assert reply.kind == kind, reply
    return reply.fields["message"]


def hidden(home: Path) -> list[Path]:
    """What calls have left beside their files."""
    return [path for path in home.rglob(".*") if path.is_file() and not path.name.endswith(".lock")]
