"""What the build puts into the single file, held to what PyInstaller finds: two searches by different programs."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from rich._unicode_data._versions import VERSIONS

from fleet.servers import PASSWORDS, RUNNER, redis_server
from support import build_code

with build_code.importable():
    from binary import build
    from binary.stand_ins import unicode_versions
    from common import ROOT
    from toolchain.provide import provide

PACKAGES = (
    *("click", "credential_protocol", "jaraco", "jeepney", "keyring", "more_itertools"),
    *("pyVim", "pyVmomi", "rich", "secretstorage", "tomlkit", "vsphere_session"),
)
ONLY_THERE = {
    "vsphere_session.crypto.of_cryptography",
    "pyVmomi.vim",
    "pyVmomi.vmodl",
    *("more_itertools.more", "more_itertools.recipes"),
    *(f"rich._unicode_data.unicode{version.replace('.', '-')}" for version in VERSIONS[:-1]),
}
"""What stands over the package `cryptography`, which a file that PyInstaller makes has, and the static file has not;
directories of stubs, tables that have been replaced by newer ones, and what is behind a stand-in."""
ONLY_THESE = """
import _imp, ssl, sys
names, path, url, authority, password = sys.argv[1:]
modules = {*names.split(), *sys.builtin_module_names}
class Others:
    def find_spec(name, path=None, target=None):
        if name not in modules and not _imp.is_frozen(name):
            raise ModuleNotFoundError(name, name=name)
sys.path[:0] = path.split("|")
sys.meta_path.insert(0, Others)
from vsphere_session.fleet.of_redis import RedisEngine
tls = ssl.create_default_context(cafile=authority)
engine = RedisEngine(url, password=password, tls=tls, remaining=lambda: 30.0)
seen = engine.put("vs:ci:x", b"", b"a document", 60)
assert engine.get("vs:ci:x").version == seen.version
assert engine.wait("vs:ci:x", b"", 1)
print(engine.about().tls)
engine.close()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="there is no static file elsewhere")
@pytest.mark.timeout(1200)  # the first build of a tree compiles an interpreter
def test_pyinstaller_finds_the_same_modules(tmp_path: Path) -> None:
    """Of the program and its libraries; those of the standard library differ from one Python to the next."""
    ours = of_packages(build.modules())
    build.analyse(tmp_path)
    found = json.loads((tmp_path / "collect" / "found.json").read_text(encoding="utf-8"))
    theirs = of_packages([name for name, _, _ in found["pure"]])
    assert theirs - ours == ONLY_THERE
    assert ours - theirs == set()


def test_the_table_of_the_widths_of_characters_is_the_newest_that_there_is() -> None:
    """The others are not in the file."""
    assert VERSIONS[-1:] == unicode_versions.VERSIONS


@pytest.mark.skipif(sys.platform != "linux", reason="there is no static file elsewhere")
@pytest.mark.timeout(1200)
def test_what_is_there_of_redis_is_enough_to_speak_to_one(tmp_path: Path) -> None:
    """By the very Python, with the stand-ins, and without any other module."""
    build.stage(tmp_path)
    with redis_server() as server:
        authority = str(server.socket.with_name("authority.pem"))
        path = "|".join(map(str, (ROOT / "helper", ROOT / "protocol", tmp_path)))
        names = " ".join(build.modules())
        command = [str(provide().python), "-I", "-S", "-B", "-c", ONLY_THESE]
        done = subprocess.run(
            [*command, names, path, server.url(RUNNER), authority, PASSWORDS[RUNNER]],
            capture_output=True,
            text=True,
            check=False,
        )
    assert (done.returncode, done.stdout, done.stderr) == (0, "TLSv1.3\n", "")


def of_packages(names: list[str]) -> set[str]:
    """Those of the program and of the libraries that are in the file."""
    return {name for name in names if name.partition(".")[0] in PACKAGES}
