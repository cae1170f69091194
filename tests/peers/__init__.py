"""The real peers that the helper has to get on with: vCenter's simulator, govc and Terraform.

A peer that can not be had is a failure (``PeerMissingError``), never a skip. All of it needs
nothing but the standard library.
"""

from peers.govc import Govc
from peers.simulator import VcSim
from peers.terraform import TerraformWorkspace, terraform
from peers.toolchain import PeerMissingError, Peers, build

__all__ = ["Govc", "PeerMissingError", "Peers", "TerraformWorkspace", "VcSim", "build", "terraform"]
