"""actionlint, which reads workflow files as the forge does."""

import functools
from pathlib import Path

from peers.toolchain import PEERS, Module, programs_of

MODULE = Module(PEERS / "actionlint", ("github.com/rhysd/actionlint/cmd/actionlint",))


@functools.cache
def actionlint() -> Path:
    """Return the executable; raise ``PeerMissingError`` where it can not be built."""
    return programs_of(MODULE) / "actionlint"
