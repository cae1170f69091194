"""The desk of the contract's tests: logins here need its clock, too."""

from __future__ import annotations

from contract.conftest import desk

__all__ = ["desk"]
