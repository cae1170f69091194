"""The bench of the cache's tests: a warm answer is an answer from the cache."""

from __future__ import annotations

from cache.conftest import bench

__all__ = ["bench"]
