"""Build the peers and say where they are.

With the argument ``common`` only those that most tests need: the others, which take minutes, are
otherwise built by the first test that wants them. With ``missing``, say which toolchains are missing.
"""

import sys

from peers import PeerMissingError, build, debian, terraform
from peers.chromium import chromium
from peers.oidc_provider import oidc
from peers.packer import packer, plugin
from peers.terraform import find_terraform, terraform_provider_vsphere
from peers.toolchain import find_go


def missing() -> list[str]:
    """Name the toolchains that this machine does not have."""
    found = {"go": find_go(), "terraform": find_terraform()}
    return [name for name, where in found.items() if where is None]


def debians() -> list[str]:
    """Say where the programs of Debian's packages are; a machine without those can do all but the tests that need them."""
    try:
        return [str(path) for path in debian().values()]
    except PeerMissingError as error:
        return [str(error)]


def main(arguments: list[str]) -> None:
    """Print one line per toolchain or program."""
    if arguments == ["missing"]:
        lines = missing()
    else:
        built = build()
        programs = [built.vcsim, built.govc, built.terraform_provider_external]
        lines = [*map(str, programs), " ".join(terraform()), *debians()]
        if arguments != ["common"]:
            lines += map(str, [packer(), plugin(), terraform_provider_vsphere(), oidc(), chromium().program])
    for line in lines:
        sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except PeerMissingError as error:
        sys.exit(f"peers: {error}")
