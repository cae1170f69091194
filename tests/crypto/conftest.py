"""The two implementations of one interface, and the first of them under the compiler's sanitizers as well."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from support.built_in_crypto import BuiltInCrypto, Interpreter, interpreter, interpreter_with_sanitizers
from vsphere_session.crypto import of_cryptography
from vsphere_session.crypto.interface import Provider

PATIENCE_SECONDS = 1200  # the first use of the toolchain makes it


def pytest_itemcollected(item: pytest.Item) -> None:
    """Whichever of these tests comes first has to wait for the toolchain."""
    item.add_marker(pytest.mark.timeout(PATIENCE_SECONDS))


@pytest.fixture(scope="session")
def with_the_module(tmp_path_factory: pytest.TempPathFactory) -> Interpreter:
    """A Python that has the single file's module."""
    return interpreter(tmp_path_factory.mktemp("crypto"))


@pytest.fixture(scope="session")
def with_sanitizers(tmp_path_factory: pytest.TempPathFactory) -> Interpreter:
    """One in which every fault of memory ends the process."""
    return interpreter_with_sanitizers(tmp_path_factory.mktemp("sanitized"))


@pytest.fixture(scope="session")
def built_in(with_the_module: Interpreter) -> Iterator[BuiltInCrypto]:
    """The module."""
    made = BuiltInCrypto(with_the_module)
    yield made
    assert made.end() == (0, "")


@pytest.fixture(scope="session")
def sanitized(with_sanitizers: Interpreter) -> Iterator[BuiltInCrypto]:
    """The module, watched."""
    made = BuiltInCrypto(with_sanitizers)
    yield made
    assert made.end() == (0, "")


@pytest.fixture(params=["built in", "built in, with sanitizers", "of the package"])
def crypto(request: pytest.FixtureRequest) -> Provider:
    """Every implementation of the interface."""
    if request.param == "of the package":
        return of_cryptography  # type: ignore[return-value]  # its keys are of a type that it knows
    return request.getfixturevalue("sanitized" if "sanitizers" in request.param else "built_in")  # type: ignore[no-any-return]
