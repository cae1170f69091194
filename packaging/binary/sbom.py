"""The bill of materials of the single file: CycloneDX 1.6, which scanners read; the same bytes for the same file."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import origin
from binary.components import CPE, Component, components
from toolchain import zig
from toolchain.sources import sha256
from vsphere_session.version import PROGRAM, __version__


def write(bill: Path, file: Path, target: zig.Target) -> None:
    """Write what `file`, made for `target`, is made of."""
    parts = components()
    program = {
        "type": "application",
        "bom-ref": PROGRAM,
        "name": PROGRAM,
        "version": __version__,
        "hashes": _hashes(sha256(file.read_bytes())),
        "licenses": _licences("Apache-2.0"),
        "properties": [
            {"name": f"{PROGRAM}:built-from", "value": origin.built_from()},
            {"name": f"{PROGRAM}:target", "value": target.triple},
        ],
    }
    document = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "timestamp": datetime.fromtimestamp(int(origin.time_of_source()), UTC).isoformat(),
            "component": program,
        },
        "components": [_row(part) for part in parts],
        "dependencies": [{"ref": PROGRAM, "dependsOn": [part.purl for part in parts if part.linked]}],
    }
    bill.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")


def _row(part: Component) -> dict[str, object]:
    row: dict[str, object] = {
        "type": "library" if part.linked else "application",
        "bom-ref": part.purl,
        "name": part.name,
        "version": part.version,
        "scope": "required" if part.linked else "excluded",  # CycloneDX's word for what only builds
        "licenses": _licences(part.licence),
        "purl": part.purl,
    }
    if part.name in CPE:
        row["cpe"] = f"cpe:2.3:a:{CPE[part.name]}:{part.version}:*:*:*:*:*:*:*"
    if part.sha256:
        row["hashes"] = _hashes(part.sha256)
        row["externalReferences"] = [
            {"type": "source-distribution", "url": part.release, "hashes": _hashes(part.sha256)}
        ]
    return row


def _hashes(digest: str) -> list[dict[str, str]]:
    return [{"alg": "SHA-256", "content": digest}]


def _licences(expression: str) -> list[dict[str, str]]:
    return [{"expression": expression}]
