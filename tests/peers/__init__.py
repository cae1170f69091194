"""The real peers that the helper has to get on with: vCenter's simulator, govc, Terraform and others.

A peer that can not be had is a failure (``PeerMissingError``), never a skip. All of it needs
nothing but the standard library.
"""

from peers.debian import debian, path_with_debian
from peers.govc import Govc
from peers.packer import PackerTemplate
from peers.simulator import VcSim
from peers.strace import strace
from peers.terraform import TerraformWorkspace, terraform
from peers.toolchain import PeerMissingError, Peers, build

__all__ = [
    "Govc",
    "PackerTemplate",
    "PeerMissingError",
    "Peers",
    "TerraformWorkspace",
    "VcSim",
    "build",
    "debian",
    "path_with_debian",
    "strace",
    "terraform",
]
