"""The wire of Redis and Valkey, spoken by the library `redis`, under limits of ours: time for a whole exchange, and sizes.

The library's own ways are off: it tries nothing again, follows nobody, and sends `AUTH` and what it is told to, so that an
account needs no right for anything else. Imported only where an engine is made: `redis` takes a while.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from redis import exceptions as library
from redis._parsers import _RESP2Parser
from redis._parsers.socket import SocketBuffer
from redis.connection import Connection

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vsphere_session.clock import Deadline
    from vsphere_session.http.tls import Stream

MAX_BULK_BYTES = 256 * 1024
MAX_LINE_BYTES = 64 * 1024
MAX_ANSWER_BYTES = 512 * 1024
MAX_DEPTH = 5
MAX_ELEMENTS = 128
_READ_SIZE = 16 * 1024


class RefusedError(library.ResponseError):
    """The engine's word that it did not do it: `text`, such as `NOPERM User x has …`."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text
        self.code = text.partition(" ")[0]


class LostError(Exception):
    """No answer came: `late` where there was no time left, else the connection broke."""

    def __init__(self, *, late: bool) -> None:
        super().__init__("it did not answer in time" if late else "it closed the connection")
        self.late = late


class GarbledError(Exception):
    """What came is no answer, or longer than one may be."""

    def __init__(self) -> None:
        super().__init__("what it answers makes no sense")


class Guarded:
    """A connection whose time and bytes are those of one exchange, in however small parts they come."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._deadline: Deadline | None = None
        self._bytes_left = 0
        self._at_once = False

    def grant(self, deadline: Deadline) -> None:
        """Let what follows take until then, and read MAX_ANSWER_BYTES."""
        self._deadline, self._bytes_left = deadline, MAX_ANSWER_BYTES

    def settimeout(self, seconds: float | None) -> None:
        """0: do not wait at all, as the library looks whether something is there; else until the deadline."""
        self._at_once = seconds == 0

    def recv(self, size: int) -> bytes:
        """At most so many bytes, none at the end. Raises OSError, GarbledError."""
        self._stream.settimeout(0 if self._at_once else self._time_left())
        data = self._stream.recv(size)
        self._bytes_left -= len(data)
        if self._bytes_left < 0:
            raise GarbledError
        return data

    def sendall(self, data: bytes) -> None:
        """Send all of it. Raises OSError."""
        for start in range(0, len(data), _READ_SIZE):
            self._stream.settimeout(self._time_left())
            self._stream.sendall(data[start : start + _READ_SIZE])

    def shutdown(self, _how: int) -> None:
        """Nothing: it is closed next."""

    def close(self) -> None:
        """Close it."""
        self._stream.close()

    def tls_version(self) -> str:
        """Such as `TLSv1.3`; empty for clear text."""
        version = getattr(self._stream, "version", None)
        return str(version() or "") if version else ""

    def _time_left(self) -> float:
        left = self._deadline.remaining() if self._deadline else 0.0
        if left <= 0:
            raise TimeoutError
        return left


class _Buffer(SocketBuffer):
    """The library's buffer, which trusts whatever length it is told."""

    def readline(self, *arguments: Any, **options: Any) -> bytes:
        line = super().readline(*arguments, **options)
        if len(line) > MAX_LINE_BYTES or b"\n" in line:
            raise GarbledError
        return line

    def read(self, length: int, *arguments: Any, **options: Any) -> bytes:
        if not 0 <= length <= MAX_BULK_BYTES:
            raise GarbledError
        return super().read(length, *arguments, **options)


class Parser(_RESP2Parser):
    """The library's parser, which calls `_read_response` for each element of an answer."""

    def on_connect(self, connection: Any) -> None:
        """As the library has it, with a buffer that has limits."""
        super().on_connect(connection)  # type: ignore[no-untyped-call]
        self._buffer = _Buffer(connection.guarded, self.socket_read_size, connection.socket_timeout)

    def read_response(self, *arguments: Any, **options: Any) -> Any:
        """One answer, RefusedError as a value. Raises LostError by way of the library's errors, GarbledError."""
        self._depth = self._elements = 0
        return super().read_response(*arguments, **options)

    def _read_response(self, *arguments: Any, **options: Any) -> Any:
        self._depth += 1
        self._elements += 1
        if self._depth > MAX_DEPTH + 1 or self._elements > MAX_ELEMENTS:  # a value in the deepest list is one more
            raise GarbledError
        answer = super()._read_response(*arguments, **options)
        self._depth -= 1
        return answer

    @classmethod
    def parse_error(cls, response: str) -> RefusedError:
        """All of them alike: what each means is `of_redis`'s to say."""
        return RefusedError(response)


class Wire(Connection):
    """One connection: commands go out together, their answers come in the same order."""

    def __init__(self, stream: Stream, user: str, password: str) -> None:
        super().__init__(  # type: ignore[no-untyped-call]
            username=user or None,
            password=password or None,
            protocol=2,  # 3 begins with HELLO
            parser_class=Parser,
            socket_read_size=_READ_SIZE,
            socket_timeout=None,  # `Guarded` knows
            driver_info=None,  # no CLIENT SETINFO
        )
        self.guarded = Guarded(stream)

    def _connect(self) -> Guarded:
        return self.guarded

    def log_in(self, deadline: Deadline) -> None:
        """Send user and password, if there are any. Raises RefusedError, LostError, GarbledError."""
        self.guarded.grant(deadline)
        self._in_our_words(lambda: self.connect_check_health(check_health=False, retry_socket_connect=False))

    def hang_up(self) -> None:
        """Close the connection, also where the library has none yet."""
        self.disconnect()  # type: ignore[no-untyped-call]
        self.guarded.close()

    def is_usable(self, deadline: Deadline) -> bool:
        """Whether it is this process's own, still open, and nothing came that nobody asked for."""
        self.guarded.grant(deadline)
        try:
            return self.pid == os.getpid() and self.is_connected and not self.can_read(0)
        except (library.RedisError, GarbledError, OSError):
            return False

    def send(self, *commands: Sequence[bytes | str | int]) -> None:
        """Send commands. Raises LostError."""
        packed = self.pack_commands(commands)  # type: ignore[no-untyped-call]
        self._in_our_words(lambda: self.send_packed_command(packed, check_health=False))  # type: ignore[no-untyped-call]

    def answer(self) -> Any:
        """The next answer: bytes, int, None, a list, or a RefusedError. Raises LostError, GarbledError."""
        try:
            return self._in_our_words(lambda: self.read_response(disable_decoding=True))
        except RefusedError as refused:
            return refused

    def ask(self, *commands: Sequence[bytes | str | int]) -> list[Any]:
        """Send them, and have all their answers. Raises as both do."""
        self.send(*commands)
        return [self.answer() for _ in commands]

    def _in_our_words(self, work: Any) -> Any:
        """What `work` gives, the library's errors in words of this page."""
        try:
            return work()
        except (RefusedError, GarbledError):
            raise
        except library.TimeoutError:
            raise LostError(late=True) from None
        except (library.InvalidResponse, library.ResponseError, ValueError):
            raise GarbledError from None
        except (library.RedisError, OSError):
            raise LostError(late=False) from None
