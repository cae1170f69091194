"""The build's own code, for the tests of it: packaging/ is no package, and some of its names are those of libraries."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PACKAGING = Path(__file__).resolve().parents[2] / "packaging"


@contextmanager
def importable() -> Iterator[None]:
    """Within, its modules are found; what has been imported stays."""
    sys.path.insert(0, str(PACKAGING))
    try:
        yield
    finally:
        sys.path.remove(str(PACKAGING))
