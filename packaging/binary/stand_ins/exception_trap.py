"""In place of `jaraco.context`: what `keyring` takes from it, without downloads and archives, which the library unpacks."""

from __future__ import annotations

import functools

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType
    from typing import Self


class ExceptionTrap:
    """Catches exceptions, and is true if there was one."""

    def __init__(self, exceptions: tuple[type[BaseException], ...] = (Exception,)) -> None:
        self._exceptions = exceptions
        self.type: type[BaseException] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, _value: BaseException | None, _traceback: TracebackType | None
    ) -> bool:
        matches = kind is not None and issubclass(kind, self._exceptions)
        if matches:
            self.type = kind
        return matches

    def __bool__(self) -> bool:
        return self.type is not None

    def passes(self, function: Callable[..., object]) -> Callable[..., bool]:
        """Whether `function` raises nothing, as a function."""

        @functools.wraps(function)
        def wrapper(*arguments: object, **options: object) -> bool:
            with ExceptionTrap(self._exceptions) as trap:
                function(*arguments, **options)
            return not trap

        return wrapper
