"""The container image: the single file, authorities to trust, an ordinary user, and nothing else; made without an engine.

It is an OCI layout in a tar file (`oci-archive` for skopeo and podman) with one image per architecture. The authorities
are Mozilla's, as the package `certifi` of the lock file has them.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path

import certifi

from packages.architectures import ARCHITECTURES
from packages.archive import Archive
from packages.description import LICENCE, SUMMARY, links
from packages.inputs import Inputs
from packages.usage import PROGRAM

USER = 65532  # as the images of others have it for whoever is not root
HOME = "/home/nonroot"
AUTHORITIES = "etc/ssl/certs/ca-certificates.crt"
_TYPE = "application/vnd.oci.image.%s.v1+%s"


class _Layout:
    """An OCI layout: blobs under the names of their digests, and one entry to them all."""

    def __init__(self, seconds: int) -> None:
        self._archive = Archive(seconds)
        self._known: set[str] = set()
        self._archive.file("oci-layout", b'{"imageLayoutVersion": "1.0.0"}')

    def blob(self, content: bytes, kind: str) -> dict[str, object]:
        """Add bytes of a media type; the same ones are there once."""
        digest = hashlib.sha256(content).hexdigest()
        if digest not in self._known:
            self._known.add(digest)
            self._archive.file(f"blobs/sha256/{digest}", content)
        return {"mediaType": kind, "digest": f"sha256:{digest}", "size": len(content)}

    def json(self, content: Mapping[str, object], kind: str) -> dict[str, object]:
        """Add a document."""
        return self.blob(_json(content), kind)

    def close(self, entry: dict[str, object]) -> bytes:
        """The whole file."""
        index = {"schemaVersion": 2, "mediaType": _TYPE % ("index", "json"), "manifests": [entry]}
        self._archive.file("index.json", _json(index))
        return self._archive.tar()


def image(inputs: Inputs) -> bytes:
    """The image for all architectures there are."""
    layout = _Layout(inputs.time)
    manifests = [_manifest(layout, inputs, architecture) for architecture in inputs.executables]
    kind = _TYPE % ("index", "json")
    entry = layout.json({"schemaVersion": 2, "mediaType": kind, "manifests": manifests}, kind)
    return layout.close(entry | {"annotations": {"org.opencontainers.image.ref.name": f"{PROGRAM}:{inputs.version}"}})


def _manifest(layout: _Layout, inputs: Inputs, architecture: str) -> dict[str, object]:
    layers = {"the user, the authorities, the licences": _base(inputs), PROGRAM: _program(inputs, architecture)}
    date = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(inputs.time))
    go = ARCHITECTURES[architecture].go
    configuration = {
        "created": date,
        "architecture": go,
        "os": "linux",
        "config": {
            "User": f"{USER}:{USER}",
            "Env": [f"HOME={HOME}", "PATH=/usr/bin"],
            "WorkingDir": HOME,
            "Entrypoint": [f"/usr/bin/{PROGRAM}"],
            "Labels": _labels(inputs),
        },
        "rootfs": {
            "type": "layers",
            "diff_ids": [f"sha256:{hashlib.sha256(layer.tar()).hexdigest()}" for layer in layers.values()],
        },
        "history": [{"created": date, "created_by": what} for what in layers],
    }
    manifest: dict[str, object] = {
        "schemaVersion": 2,
        "mediaType": _TYPE % ("manifest", "json"),
        "config": layout.json(configuration, _TYPE % ("config", "json")),
        "layers": [layout.blob(layer.tar_gz(), _TYPE % ("layer", "tar+gzip")) for layer in layers.values()],
        "annotations": _labels(inputs),
    }
    return layout.json(manifest, _TYPE % ("manifest", "json")) | {"platform": {"architecture": go, "os": "linux"}}


def _base(inputs: Inputs) -> Archive:
    layer = Archive(inputs.time)
    layer.file("etc/passwd", f"root:x:0:0:root:/:/none\nnonroot:x:{USER}:{USER}:nonroot:{HOME}:/none\n".encode())
    layer.file("etc/group", f"root:x:0:\nnonroot:x:{USER}:\n".encode())
    layer.file(AUTHORITIES, Path(certifi.where()).read_bytes())
    layer.file(f"usr/share/licenses/{PROGRAM}/LICENSE", inputs.licence.read_bytes())
    notice = f"\n/{AUTHORITIES}: Mozilla's list of authorities by certifi {version('certifi')}, MPL-2.0\n"
    layer.file(f"usr/share/licenses/{PROGRAM}/NOTICE", inputs.notice.read_bytes() + notice.encode())
    layer.directory(HOME[1:], 0o700, USER)
    layer.directory("tmp", 0o1777)
    return layer


def _program(inputs: Inputs, architecture: str) -> Archive:
    layer = Archive(inputs.time)
    layer.file(f"usr/bin/{PROGRAM}", inputs.executables[architecture].read_bytes(), 0o755)
    for place, target in links().items():
        layer.link(f"usr/{place}", target)
    return layer


def _labels(inputs: Inputs) -> dict[str, str]:
    labels = {"title": PROGRAM, "description": SUMMARY, "version": inputs.version, "licenses": LICENCE}
    if inputs.downloads:
        labels["source"] = inputs.downloads.partition("/releases/")[0]
    return {f"org.opencontainers.image.{name}": text for name, text in labels.items()}


def _json(content: Mapping[str, object]) -> bytes:
    return json.dumps(content, sort_keys=True, separators=(",", ":")).encode()
