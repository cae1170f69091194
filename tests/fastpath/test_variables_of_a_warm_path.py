"""On which variables a warm answer depends: the launcher of the single file has to know them all."""

from __future__ import annotations

import subprocess
import sys

import pytest

from cache.bench import Bench
from fastpath.test_warm_path import ROOTS
from support.program import PASSWORD, USER
from vsphere_session.fastpath.remembered import VARIABLES
from vsphere_session.settings.environment import FAMILIES

READ = """
import os, sys
sys.path[:0] = sys.argv[1].split("|")
names = set()
class Recorder(dict):
    def get(self, name, default=None):
        names.add(name)
        return dict.get(self, name, default)
    def __getitem__(self, name):
        names.add(name)
        return dict.__getitem__(self, name)
    def __contains__(self, name):
        names.add(name)
        return dict.__contains__(self, name)
os.environ = Recorder(os.environ)
from vsphere_session.cli import main as entry
entry.dict = lambda environ: environ
assert entry.run(sys.argv[2:]) == 0
sys.stderr.write(" ".join(names))
"""


@pytest.mark.parametrize(
    "arguments",
    [("get",), *(("--protocol", name, "get") for name in ("git", "docker")), ("--field", "url", "get")],
)
def test_the_launcher_tells_calls_apart_by_every_variable_that_a_warm_get_reads(
    bench: Bench, arguments: tuple[str, ...]
) -> None:
    """But for the passwords, on which it does not depend, who is calling, which no answer tells, and a fleet, which it does not ask."""
    bench.soap(bench.session())
    bench.rest(bench.session())
    authority = bench.vcenter.authority
    stdin = {
        "git": f"protocol=https\nhost={authority}\n",
        "docker": f"https://{authority}",
    }.get(arguments[1] if len(arguments) > 1 else "", "{}")
    environment = {"GOVC_URL": f"https://{authority}/sdk", "GOVC_USERNAME": USER}
    environment |= {"GOVC_TLS_CA_CERTS": str(bench.vcenter.ca_file), "GOVC_PASSWORD": PASSWORD}
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", READ, "|".join(ROOTS), *arguments],
        input=stdin.encode(),
        capture_output=True,
        env={"HOME": str(bench.home), **environment},
        check=True,
    )
    passwords = {family.password for family in FAMILIES}
    read = set(done.stderr.decode().split())
    assert {"GOVC_URL", "HOME"} <= read
    assert not read & passwords
    without = {"VSPHERE_SESSION_CALLER", "VSPHERE_SESSION_REMEMBER", "VSPHERE_SESSION_FLEET"}
    assert read - without <= set(VARIABLES)


def test_every_variable_of_a_family_counts_but_for_its_password() -> None:
    """And none that is a secret: names of files are made of them, if only by a keyed hash."""
    named = {getattr(family, name, None) for family in FAMILIES for name in family.__slots__ if name != "password"}
    assert {name for name in named if isinstance(name, str) and name.isupper()} <= set(VARIABLES)
    assert not {family.password for family in FAMILIES} & set(VARIABLES)
