"""SIGINT and SIGTERM end the program with 130 and 143, but never between a login and its session's file.

The module `signal` imports `enum`, which a warm answer can do without; `_signal` is what it is made of, and this is the
only file that imports it. Where an interpreter lacks it, `signal` itself does.

On the fast path.
"""

from __future__ import annotations

try:
    import _signal  # type: ignore[import-not-found]  # typeshed has only `signal`
except ImportError:
    import signal as _signal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType

    from vsphere_session.errors import SessionError


class Interrupted(BaseException):  # like KeyboardInterrupt
    """A signal asked the program to end."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.status = 128 + number


def hand_on_signals(ignored: frozenset[int]) -> None:
    """As this program found them: what its caller ignores stays ignored in the program that it becomes.

    SIGPIPE and SIGXFSZ are ignored by Python itself; whether the caller did so, too, is in `ignored` where that is known.
    """
    for name in ("SIGINT", "SIGTERM", "SIGPIPE", "SIGXFSZ"):
        number = getattr(_signal, name, None)
        if number is None or number in ignored or (number in _HANDLED and not _is_handled(number)):
            continue
        _signal.signal(number, _signal.SIG_DFL)


def ignore_signals() -> None:
    """Both signals mean nothing any more."""
    for number in _HANDLED:
        _signal.signal(number, _signal.SIG_IGN)


_HANDLED = (_signal.SIGINT, _signal.SIGTERM)


def _is_handled(number: int) -> bool:
    return bool(_signal.getsignal(number) != _signal.SIG_IGN)


class Signals:
    """The handlers of this process. `unbroken` makes them wait."""

    def __init__(self) -> None:
        self._depth = 0
        self._pending = 0

    def install(self) -> None:
        """Handle both signals from now on, but for those that the caller ignores."""
        for number in filter(_is_handled, _HANDLED):
            _signal.signal(number, self._handle)

    def unbroken(self) -> _Unbroken:
        """A context in which a signal only leaves a note; it is obeyed at the end."""
        return _Unbroken(self)

    def enter(self) -> None:
        """A stretch begins that must not be interrupted."""
        self._depth += 1

    def leave(self) -> None:
        """It ends. Raises Interrupted if a signal came meanwhile."""
        self._depth -= 1
        if not self._depth and self._pending:
            number, self._pending = self._pending, 0
            raise Interrupted(number)

    def _handle(self, number: int, _frame: FrameType | None) -> None:
        if self._depth:
            self._pending = number
        else:
            raise Interrupted(number)


class _Unbroken:
    def __init__(self, signals: Signals) -> None:
        self._signals = signals

    def __enter__(self) -> None:
        self._signals.enter()

    def __exit__(self, *_error: object) -> None:
        self._signals.leave()


class Alarm:
    """Raises `error` when the block takes longer than `seconds`; for what has no time-out of its own, such as stdin."""

    def __init__(self, seconds: float, error: SessionError) -> None:
        self._seconds = seconds
        self._error = error

    def __enter__(self) -> None:
        if hasattr(_signal, "setitimer"):
            _signal.signal(_signal.SIGALRM, self._ring)
            _signal.setitimer(_signal.ITIMER_REAL, self._seconds)

    def __exit__(self, *_error: object) -> None:
        if hasattr(_signal, "setitimer"):
            _signal.setitimer(_signal.ITIMER_REAL, 0)

    def _ring(self, _number: int, _frame: FrameType | None) -> None:
        raise self._error
