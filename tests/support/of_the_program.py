"""For pytest (``-p support.of_the_program``): of the tests that are collected only those that run the program.

These are the ones with a home directory for it, the fixture `home`, their own or by way of another fixture. What is
left out tests functions, servers or the tests' own tools, and a program of another make would not change its outcome.
"""

from __future__ import annotations

import pytest


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the others out."""
    of_it = [item for item in items if "home" in getattr(item, "fixturenames", ())]
    if len(of_it) < len(items):
        config.hook.pytest_deselected(items=[item for item in items if item not in set(of_it)])
        items[:] = of_it
