"""What a `Session` is told: where, as whom, by which way, for how long. The constructor, and the way to the server."""

from __future__ import annotations

import os

from vsphere_session.cache.policy import Policy
from vsphere_session.cache.repository import Shelf
from vsphere_session.clock import TIMEOUT, Clock, Deadline
from vsphere_session.endpoint import Endpoint, parse_endpoint
from vsphere_session.storage.paths import Paths, absolute

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractContextManager

    from vsphere_session.cache.clients import RestClient, SoapClient, WireClient
    from vsphere_session.http.transport import Line, Transport
    from vsphere_session.login.refusals import Refusals

    Config = Callable[[Transport], None]


class Terms:
    """The terms of one endpoint and user. The parameters are described at `Session`."""

    def __init__(
        self,
        url: str | Endpoint,
        *,
        insecure: bool = False,
        dir_soap: str = "",
        dir_rest: str = "",
        encrypted: bool = False,
        passthrough: bool = False,
        reauth: bool = False,
        login_soap: Callable[[SoapClient], None] | None = None,
        login_rest: Callable[[RestClient], None] | None = None,
        login_as: str = "",
        password: Callable[[], str | None] | None = None,
        ca_file: str = "",
        thumbprint: str = "",
        policy: Policy | None = None,
        timeout: float = TIMEOUT,
        caller: str = "",
        environ: Mapping[str, str] | None = None,
        clock: Clock | None = None,
    ) -> None:
        self.url = url if isinstance(url, Endpoint) else parse_endpoint(url)
        self.insecure = insecure
        self.environ: Mapping[str, str] = os.environ if environ is None else environ
        paths = Paths(self.environ)
        self.dir_soap = absolute(dir_soap) if dir_soap else paths.soap_sessions
        self.dir_rest = absolute(dir_rest) if dir_rest else paths.rest_sessions
        self.encrypted = encrypted
        self.passthrough = passthrough
        self.reauth = reauth
        self.login_soap = login_soap
        self.login_rest = login_rest
        self.login_as = login_as
        self.password = password or (lambda: None)
        self.ca_file = ca_file
        self.thumbprint = thumbprint
        self.policy = policy or Policy()
        self.timeout = timeout
        self.caller = caller
        self.clock = clock or Clock()
        self.deadline: Deadline | None = None
        self.unbroken: Callable[[], AbstractContextManager[object]] = _Unguarded
        """Wraps what must not be interrupted: from the request of a login until its session is in a file."""
        self.connecting: Callable[[], None] = _do_nothing
        """Called before anything is sent to the server."""
        self.tell: Callable[[str], None] = _tell_nobody
        """Called with what happens, a line at a time, without secrets."""
        self.why = ""
        """Why the cached session was not good, for the error that may follow; empty if there was none."""
        directories = {"soap": self.dir_soap, "rest": self.dir_rest}
        self.shelf = Shelf(
            self.url,
            insecure=insecure,
            pinned=bool(thumbprint),
            directories=directories,
            paths=paths,
            clock=self.clock,
        )
        self._clear: Shelf | None = None
        if encrypted:
            self._clear, self.shelf = self.shelf, self._sealed_shelf(paths)
        self._state = paths.state
        self._gone: set[str] = set()
        self._gone_at = -1.0
        """When one of them was found dead: the server may have restarted, so what it confirmed before counts no more."""
        self._soap: SoapClient | None = None
        self._refusals: Refusals | None = None
        self._sharing = False
        self._line: Line | None = None

    def _sealed_shelf(self, paths: Paths) -> Shelf:
        from vsphere_session.cache.encryption import Seal  # noqa: PLC0415  # only where it is asked for

        return Shelf(
            self.url,
            insecure=self.insecure,
            pinned=bool(self.thumbprint),
            directories={kind: os.path.join(paths.state, "encrypted", kind) for kind in ("soap", "rest")},
            paths=paths,
            clock=self.clock,
            seal=Seal(paths.state, self.clock, self.until),
        )

    def take_in(self) -> None:
        """With `encrypted`: take what this program has left in clear for this key into the encrypted store."""
        if self._clear is not None:
            from vsphere_session.cache.migration import take_in  # noqa: PLC0415  # only where it is asked for

            take_in(self._clear, self.shelf)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.url.url!r}, insecure={self.insecure})"

    def endpoint(self) -> Endpoint:
        """A copy of the URL without password, query and fragment."""
        return self.url.with_user(self.url.username)

    def connect(self, client: WireClient, config: Config | None = None) -> None:
        """Give `client` its way to the server, shaped by `config` before anything is sent."""

        def way() -> Transport:
            transport = self._transport(alone=config is not None)
            if config is not None:
                config(transport)
            return transport

        client.connect(way)

    def begin(self) -> None:
        """Until `close` clients without a `config` share one connection, and what the server says of sessions waits."""
        self._sharing = self.shelf.patient = True

    def close(self) -> None:
        """Write down what the server has said since `begin`, and close the connection."""
        self._sharing = self.shelf.patient = False
        self.shelf.write_notes()
        line, self._line = self._line, None
        if line is not None:
            line.kept = False
            line.close()

    def _transport(self, *, alone: bool) -> Transport:
        from vsphere_session.http.proxy import proxy_for  # noqa: PLC0415  # a warm answer needs no network
        from vsphere_session.http.transport import Line, Transport  # noqa: PLC0415
        from vsphere_session.http.trust import Trust  # noqa: PLC0415
        from vsphere_session.http.user_agent import user_agent  # noqa: PLC0415

        self.connecting()
        if self._line is None and self._sharing:
            self._line = Line(kept=True)
        return Transport(
            self.endpoint(),
            Trust(insecure=self.insecure, ca_file=self.ca_file, thumbprint=self.thumbprint),
            clock=self.clock,
            timeout=self.timeout,
            deadline=self.deadline,
            proxy=proxy_for(self.url, self.environ),
            headers={"User-Agent": user_agent(self.caller)},
            line=None if alone else self._line,
        )

    @property
    def refusals(self) -> Refusals:
        """What the server has refused to this user lately."""
        if self._refusals is None:
            from vsphere_session.login.refusals import Refusals  # noqa: PLC0415  # a warm answer logs nobody in

            self._refusals = Refusals(self._state, self.url, window=self.policy.refusal_window, clock=self.clock)
        return self._refusals

    def until(self) -> Deadline:
        """The deadline of the call under way, or a new one."""
        return self.deadline or Deadline(self.timeout, self.clock)


def _do_nothing() -> None:
    return None


def _tell_nobody(_line: str) -> None:
    return None


class _Unguarded:
    """The default of `unbroken`: guards nothing. `contextlib.nullcontext` costs an import that a warm answer can do without."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, *_error: object) -> None:
        return None
