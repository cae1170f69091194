"""What a `Session` is told: where, as whom, by which way, for how long. The constructor, and the way to the server."""

from __future__ import annotations

import os

from vsphere_session.clock import Clock, Deadline
from vsphere_session.endpoint import Endpoint, parse_endpoint
from vsphere_session.paths import Paths, absolute
from vsphere_session.policy import Policy
from vsphere_session.shelf import Shelf

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractContextManager

    from vsphere_session.clients import RestClient, SoapClient, WireClient
    from vsphere_session.wire.transport import Transport

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
        passthrough: bool = False,
        reauth: bool = False,
        login_soap: Callable[[SoapClient], None] | None = None,
        login_rest: Callable[[RestClient], None] | None = None,
        login_as: str = "",
        password: Callable[[], str | None] | None = None,
        ca_file: str = "",
        thumbprint: str = "",
        policy: Policy | None = None,
        timeout: float = 30.0,
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
        self.tell: Callable[[str], None] = _tell_nobody
        """Called with what happens, a line at a time, without secrets."""
        self.why = ""
        """Why the cached session was not good, for the error that may follow; empty if there was none."""
        directories = {"soap": self.dir_soap, "rest": self.dir_rest}
        self.shelf = Shelf(self.url, insecure=insecure, directories=directories, paths=paths, clock=self.clock)
        self._gone: set[str] = set()
        self._gone_at = -1.0
        """When one of them was found dead: the server may have restarted, so what it confirmed before counts no more."""
        self._soap: SoapClient | None = None

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.url.url!r}, insecure={self.insecure})"

    def endpoint(self) -> Endpoint:
        """A copy of the URL without password, query and fragment."""
        return self.url.with_user(self.url.username)

    def connect(self, client: WireClient, config: Config | None = None) -> None:
        """Give `client` its way to the server, shaped by `config` before anything is sent."""

        def way() -> Transport:
            transport = self._transport()
            if config is not None:
                config(transport)
            return transport

        client.connect(way)

    def _transport(self) -> Transport:
        from vsphere_session.wire.proxy import proxy_for  # noqa: PLC0415  # a warm answer needs no network
        from vsphere_session.wire.transport import Transport  # noqa: PLC0415
        from vsphere_session.wire.trust import Trust  # noqa: PLC0415
        from vsphere_session.wire.user_agent import user_agent  # noqa: PLC0415

        return Transport(
            self.endpoint(),
            Trust(insecure=self.insecure, ca_file=self.ca_file, thumbprint=self.thumbprint),
            clock=self.clock,
            timeout=self.timeout,
            deadline=self.deadline,
            proxy=proxy_for(self.url, self.environ),
            headers={"User-Agent": user_agent(self.caller)},
        )

    def until(self) -> Deadline:
        """The deadline of the call under way, or a new one."""
        return self.deadline or Deadline(self.timeout, self.clock)


def _tell_nobody(_line: str) -> None:
    return None


class _Unguarded:
    """The default of `unbroken`: guards nothing. `contextlib.nullcontext` costs an import that a warm answer can do without."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, *_error: object) -> None:
        return None
