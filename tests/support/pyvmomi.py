"""What a test that uses pyVmomi has to put up with."""

from __future__ import annotations

import gc
import warnings
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def pyvmomi_connections() -> Iterator[None]:
    """For a test that uses pyVmomi: its `SmartConnect` leaves a connection to the garbage collector, which warns."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        yield
        gc.collect()
