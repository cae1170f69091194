"""Who wants a password only does not pay for tokens."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

TESTS = Path(__file__).parents[2]
PROGRAM = """
import sys
from simulated_vcenter import SimulatedVCenter
with SimulatedVCenter():
    pass
print([name for name in ("lxml", "signxml", "xmlsec", "OpenSSL") if name in sys.modules])
"""


def test_a_plain_vcenter_imports_nothing_of_xml_signatures_and_tunnels() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], cwd=TESTS, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
