"""Build the peers and say where they are; with the argument ``missing``, say which toolchains are missing."""

import sys

from peers import PeerMissingError, build, terraform
from peers.terraform import find_terraform
from peers.toolchain import find_go


def missing() -> list[str]:
    """Name the toolchains that this machine does not have."""
    found = {"go": find_go(), "terraform": find_terraform()}
    return [name for name, where in found.items() if where is None]


def main(arguments: list[str]) -> None:
    """Print one line per toolchain or program."""
    if arguments == ["missing"]:
        lines = missing()
    else:
        built = build()
        programs = [built.vcsim, built.govc, built.terraform_provider_external]
        lines = [*map(str, programs), " ".join(terraform())]
    for line in lines:
        sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except PeerMissingError as error:
        sys.exit(f"peers: {error}")
