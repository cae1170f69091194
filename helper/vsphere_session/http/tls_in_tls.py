"""TLS on a stream that is no socket, such as TLS to a proxy: two buffers in memory stand between."""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING

from vsphere_session.http.limits import READ_SIZE
from vsphere_session.http.tls import MemoryBIO, SSLWantReadError

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable
    from typing import Any, TypeVar

    from vsphere_session.http.tls import Context, Stream

    Result = TypeVar("Result")


class SecuredInside:
    """As `Secured`, on any stream. The handshake and each read end within the seconds that they have."""

    def __init__(self, stream: Stream, context: Context | ssl.SSLContext, server_name: str, seconds: float) -> None:
        """Shake hands within so many seconds. Raises OSError, of which TLS has its own kinds; the stream is closed then."""
        self._stream = stream
        self._received, self._to_send = MemoryBIO(), MemoryBIO()
        self.close = stream.close
        wrap: Callable[..., Any] = getattr(context, "wrap_bio", None) or context._wrap_bio  # type: ignore[union-attr]  # its only way in
        try:
            self._tls = wrap(self._received, self._to_send, False, server_name)
            self.settimeout(seconds)
            self._step(self._tls.do_handshake)
        except BaseException:
            stream.close()
            raise

    def settimeout(self, seconds: float | None) -> None:
        """Let each of the following take so many seconds, 0 for none at all."""
        self._seconds = seconds

    def sendall(self, data: bytes) -> None:
        """Send all of it."""
        view = memoryview(data)
        while view:
            part = view
            view = view[self._step(lambda part=part: self._tls.write(part)) :]  # type: ignore[misc]  # a default of its own

    def recv(self, size: int) -> bytes:
        """At most so many bytes, none at the end."""
        return bytes(self._step(lambda: self._tls.read(size)))

    def getpeercert(self, binary_form: bool) -> bytes | None:
        """The server's certificate, in DER if it is to be binary."""
        return self._tls.getpeercert(binary_form)  # type: ignore[no-any-return]

    def _step(self, step: Callable[[], Result]) -> Result:
        end = None if self._seconds is None else monotonic() + self._seconds
        while True:
            try:
                result = step()
            except SSLWantReadError:
                self._flush(end)
                self._fill(end)
                continue
            except BaseException:
                self._flush(end)  # an alert, which says why
                raise
            self._flush(end)
            return result

    def _flush(self, end: float | None) -> None:
        if self._to_send.pending:
            self._allow(end)
            self._stream.sendall(self._to_send.read(-1))

    def _fill(self, end: float | None) -> None:
        self._allow(end)
        data = self._stream.recv(READ_SIZE)
        if data:
            self._received.write(data)
        else:
            self._received.write_eof()

    def _allow(self, end: float | None) -> None:
        left = None if end is None else end - monotonic()
        if left is not None and left <= 0 and self._seconds:
            raise TimeoutError
        self._stream.settimeout(left if left is None or self._seconds else 0)
