"""Faults in system calls, by strace's injection: a kill before a call, or an error in its place. See docs/faults.md."""

from faults.calls import CHANGES, Call, read_calls
from faults.injection import Fault, under_strace

__all__ = ["CHANGES", "Call", "Fault", "read_calls", "under_strace"]
