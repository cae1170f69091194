"""The same of govc: an answer that is too long, and one that never comes."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile

import peers
from simulated_vcenter import SimulatedVCenter, faults
from support.program import PASSWORD, USER

LONG_MEGABYTES = 64  # what it takes it multiplies, and the machine is to live
_PATIENCE_SECONDS = 5.0
_LAUNCHER = """\
import os, sys
_, status, used = os.wait4(os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ), 0)
print(used.ru_maxrss // 1024)
"""


def memory() -> str:
    """How much memory govc takes for a login that is answered with many letters."""
    with tempfile.TemporaryDirectory() as home, SimulatedVCenter() as vcenter:
        vcenter.faults.add("RetrieveServiceContent", faults.huge(LONG_MEGABYTES << 20))
        command = [sys.executable, "-I", "-S", "-c", _LAUNCHER, str(peers.build().govc), "session.login"]
        done = subprocess.run(command, env=_environment(home, vcenter), capture_output=True, timeout=120, check=True)
    return f"an answer of {LONG_MEGABYTES} MB: {int(done.stdout)} MB of memory"


def patience() -> str:
    """Whether govc gives up by itself where no answer comes."""
    with tempfile.TemporaryDirectory() as home, SimulatedVCenter() as vcenter:
        vcenter.faults.add("RetrieveServiceContent", faults.stall())
        command = [str(peers.build().govc), "session.login"]
        with subprocess.Popen(command, env=_environment(home, vcenter), stderr=subprocess.DEVNULL) as govc:
            try:
                status = govc.wait(_PATIENCE_SECONDS)
            except subprocess.TimeoutExpired:
                govc.kill()
                return "waits without end"
    return f"gives up with status {status}"


def _environment(home: str, vcenter: SimulatedVCenter) -> dict[str, str]:
    return {
        "HOME": home,
        "PATH": os.defpath,
        "GOVMOMI_HOME": home,
        "GOVC_URL": vcenter.url,
        "GOVC_USERNAME": USER,
        "GOVC_PASSWORD": PASSWORD,
        "GOVC_TLS_CA_CERTS": vcenter.ca_file,
    }
