"""The two clients of a session, SOAP and REST, and what a cache asks of any client. On the fast path.

govmomi's `session/cache` has the same interface: MarshalJSON, UnmarshalJSON, Valid and Path.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

from vsphere_session.cache.govmomi_format import StoredSession, read_rest, read_soap, write_rest, write_soap
from vsphere_session.endpoint import REST_PATH, SOAP_PATH
from vsphere_session.errors import SessionError, UnsupportedError, UntrustedError
from vsphere_session.vsphere.service_content import about_value
from vsphere_session.vsphere.session_id import bare_session_id

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Self

    import requests
    from pyVmomi import vim

    from vsphere_session.cache.client_protocol import Client
    from vsphere_session.cache.record import Known
    from vsphere_session.http.transport import Transport
    from vsphere_session.vsphere.identity import Identity
    from vsphere_session.vsphere.rest import RestWire
    from vsphere_session.vsphere.soap import SoapWire

    SoapLogin = Callable[[SoapWire, Mapping[str, object], Callable[[], None]], Identity]

SOAP_ONLY = "soap-only"


class WireClient(ABC):
    """What SOAP and REST have in common: the stored session, what is known of it, and the way to the server."""

    kind = ""
    path = ""
    form = ""
    """REST: which of its two forms the server speaks, `api` or `rest`. SOAP: `SOAP_ONLY` where there is no REST.

    Empty while that is not known.
    """

    def __init__(self) -> None:
        self.stored: StoredSession | None = None
        self.known: Known | None = None
        self._transport: Transport | None = None
        self._way: Callable[[], Transport] | None = None
        self._open: Callable[[], Transport] | None = None
        self.on_login: Callable[[], None] | None = None
        """Called by `log_in` as soon as there is a session, before the server is asked anything more."""

    def __repr__(self) -> str:
        """Never the session id."""
        return f"<{type(self).__name__} {'with' if self.valid() else 'without'} a session>"

    @property
    def session_id(self) -> str:
        """The session id, empty without one. It is a secret."""
        return self.stored.session_id if self.stored is not None else ""

    @property
    def username(self) -> str:
        """The identity that the server reported, empty when it was not asked."""
        return self.known.username if self.known is not None else ""

    def valid(self) -> bool:
        """Whether there is a session in it; asks nobody."""
        return self.stored is not None

    @property
    def serves_soap_only(self) -> bool:
        """Whether the server is known to have no REST sessions."""
        return False

    @property
    def transport(self) -> Transport:
        """The way to the server, made when it is first needed. Raises UnsupportedError before `Session` gave one."""
        if self._transport is None:
            if self._way is None:
                raise UnsupportedError("this client knows no server; use it with Session.login or Session.load first")
            self._transport = self._way()
        return self._transport

    def connect(self, way: Callable[[], Transport]) -> None:
        """Go to the server by this way from now on."""
        self.close()
        self._transport, self._way = None, way

    def close(self) -> None:
        """Close the connection, if there is one; the session lives on."""
        if self._transport is not None:
            self._transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def prepare(self) -> None:  # noqa: B027  # not every kind has to
        """Ask the server for what a login needs and what makes no session yet."""

    @abstractmethod
    def ask_for_server(self) -> str | None:
        """Which server this is, as it says itself without a login: its `instanceUuid`.

        Empty where it has none (an ESXi), None where that cannot be found out now. Raises as `prepare` does.
        """

    @abstractmethod
    def marshal_json(self) -> bytes:
        """The bytes of the cache file."""

    @abstractmethod
    def unmarshal_json(self, data: bytes) -> None:
        """Become what a cache file's bytes say."""

    @abstractmethod
    def log_in(self, username: str, password: str, locale: str = "") -> Identity | None:
        """Make a new session, and say whose it is. `locale`: SOAP's texts are in this language."""

    @abstractmethod
    def adopt(self, session_id: str) -> None:
        """Take a session that somebody else has made, by its id or its whole cookie (see `bare_session_id`)."""

    @abstractmethod
    def confirm(self) -> Identity | None:
        """Ask the server whose session this is; None if it does not know it any more."""

    def ask_ahead(self) -> None:  # noqa: B027  # not every kind can
        """Have the question of `confirm` sent together with another client's, if they share a connection."""

    @abstractmethod
    def log_out(self) -> None:
        """End the session on the server; one that is gone already counts as ended."""

    def announce(self) -> None:
        """Say that there is a session now, before the server is asked anything more."""
        if self.on_login is not None:
            self.on_login()

    def _store(self, session_id: str, *, content: dict[str, object] | None = None, quoted: bool = False) -> None:
        transport = self.transport
        endpoint = transport.endpoint
        self.stored = StoredSession(
            session_id,
            endpoint.scheme,
            endpoint.authority,
            insecure=transport.insecure,
            content=content,
            quoted=quoted,
        )


class SoapClient(WireClient):
    """A SOAP session (`/sdk`): the value of the cookie `vmware_soap_session`, and the server's ServiceContent."""

    kind = "soap"
    path = SOAP_PATH

    def __init__(self) -> None:
        super().__init__()
        self._prepared: tuple[SoapWire, dict[str, object]] | None = None

    def connect(self, way: Callable[[], Transport]) -> None:
        """Go to the server by this way from now on; what was asked on another one is asked again."""
        super().connect(way)
        self._prepared = None

    def marshal_json(self) -> bytes:
        """The file's bytes, as govc 0.56 writes them."""
        if self.stored is None:
            raise UnsupportedError("there is no session to save; log in first")
        return write_soap(self.stored, self._transport.endpoint.path if self._transport is not None else SOAP_PATH)

    def unmarshal_json(self, data: bytes) -> None:
        """Become the session in a file's bytes; broken ones leave a client that is not `valid`."""
        self.stored = read_soap(data)

    @property
    def content(self) -> dict[str, object]:
        """The server's ServiceContent in Go's JSON shape, empty without one."""
        return (self.stored.content if self.stored is not None else None) or {}

    @property
    def api_version(self) -> str:
        """The server's `apiVersion`, such as `8.0.3.0`."""
        return about_value(self.content, "apiVersion")

    @property
    def version(self) -> tuple[int, ...]:
        """The same as numbers that can be compared."""
        parts = self.api_version.split(".")
        return tuple(int(part) for part in parts if part.isascii() and part.isdigit() and len(part) < 10)

    @property
    def serves_soap_only(self) -> bool:
        """Whether the server has no REST sessions: it is a single ESXi host, or has said so before."""
        return self.form == SOAP_ONLY or about_value(self.content, "apiType") == "HostAgent"

    def prepare(self) -> None:
        """Ask the server for its ServiceContent, which needs no session."""
        self._prepared = self._ask_for_content()

    def ask_for_server(self) -> str:
        """What it says of itself, once it is prepared."""
        if self._prepared is None:
            self.prepare()
        return about_value(self._prepared[1], "instanceUuid") if self._prepared is not None else ""

    def log_in(self, username: str, password: str, locale: str = "") -> Identity:
        """Make a new session. Raises LoginRefusedError, UnreachableError, UntrustedError, SessionLimitError."""
        return self.log_in_by(lambda wire, content, made: wire.login(content, username, password, made, locale))

    def log_in_by(self, request: SoapLogin) -> Identity:
        """Make a new session by this request, and say whose it is. Raises as `log_in` does.

        It gets the wire, ServiceContent, and what is to be called as soon as the wire has the session's id.
        """
        wire, content = self._prepared or self._ask_for_content()
        self._prepared = None
        anonymous = wire.session_id

        def made() -> None:
            self._store(wire.session_id, content=content, quoted=wire.quoted)
            self.announce()

        try:
            return request(wire, content, made)
        except BaseException:
            if wire.session_id != anonymous:  # the cookie of a session came, and then something that makes no sense
                self._store(wire.session_id, content=content, quoted=wire.quoted)
            raise

    def adopt(self, session_id: str) -> None:
        """Take a session that somebody else has made; the server is asked for its ServiceContent."""
        _, content = self._ask_for_content()
        self._store(bare_session_id(session_id), content=content)

    def confirm(self) -> Identity | None:
        """Ask the server whose session this is; None if it does not know it any more."""
        return self._wire().current_session(self.content)

    def log_out(self) -> None:
        """End the session on the server; one that is gone already counts as ended."""
        self._wire().logout(self.content)

    def clone_ticket(self) -> str | None:
        """A ticket for one further session of the same user; None if the server does not know this one any more."""
        return self._wire().clone_ticket(self.content)

    def service_instance(self) -> vim.ServiceInstance:
        """A pyVmomi `ServiceInstance` that uses this session. Do not `Disconnect` it: that would end the session."""
        from vsphere_session.cache.service_instance import service_instance  # noqa: PLC0415  # pyVmomi takes 180 ms to import

        return service_instance(self.transport, self.session_id)

    def _ask_for_content(self) -> tuple[SoapWire, dict[str, object]]:
        from vsphere_session.vsphere.soap import SoapWire  # noqa: PLC0415  # a warm answer needs no network

        wire = SoapWire(self.transport)
        return wire, wire.service_content()

    def _wire(self) -> SoapWire:
        from vsphere_session.vsphere.soap import SoapWire  # noqa: PLC0415  # a warm answer needs no network

        return SoapWire(self.transport, self.session_id, quoted=self.stored is not None and self.stored.quoted)


class RestClient(WireClient):
    """A REST session: the value for the header `vmware-api-session-id`."""

    kind = "rest"
    path = REST_PATH  # also where the server's newer `/api` is used: it is the cache's key

    def marshal_json(self) -> bytes:
        """The file's bytes, as govc 0.56 writes them."""
        if self.stored is None:
            raise UnsupportedError("there is no session to save; log in first")
        return write_rest(self.stored, REST_PATH)

    def unmarshal_json(self, data: bytes) -> None:
        """Become the session in a file's bytes, or in a bare session id; broken ones leave a client that is not `valid`."""
        self.stored = read_rest(data)

    def ask_for_server(self) -> str | None:
        """SOAP tells, and nothing else does; a server that has no SOAP (any more) is known by its place."""
        from vsphere_session.vsphere.soap import SoapWire  # noqa: PLC0415  # a warm answer needs no network

        try:
            return about_value(SoapWire(self.transport).service_content(), "instanceUuid")
        except UnsupportedError:
            return ""
        except UntrustedError:
            raise
        except SessionError:
            return None  # the login will say what is wrong with the server, if anything is

    def log_in(self, username: str, password: str, locale: str = "") -> Identity | None:  # noqa: ARG002  # SOAP's
        """Make a new session, and ask whose it is. Raises as SoapClient.log_in does, UnsupportedError on an ESXi."""
        return self._begin(lambda wire: wire.login(username, password))

    def log_in_by(self, authorization: Callable[[str, str], str]) -> Identity | None:
        """The same by a request with such an Authorization, for its method and path."""
        return self._begin(lambda wire: wire.begin(authorization))

    def _begin(self, request: Callable[[RestWire], None]) -> Identity | None:
        from vsphere_session.vsphere.rest import RestWire  # noqa: PLC0415  # a warm answer needs no network

        wire = RestWire(self.transport, form=self.form)
        request(wire)
        self._store(wire.session_id)
        self.form = wire.form
        self.announce()
        return self.confirm()

    def adopt(self, session_id: str) -> None:
        """Take a session that somebody else has made."""
        self._store(bare_session_id(session_id))

    def confirm(self) -> Identity | None:
        """Ask the server whose session this is; None if it does not know it any more."""
        wire = self._wire()
        identity = wire.current_session()
        self.form = wire.form
        return identity

    def log_out(self) -> None:
        """End the session on the server; one that is gone already counts as ended."""
        self._wire().logout()

    def ask_ahead(self) -> None:
        """Have the question of `confirm` sent together with another client's, if they share a connection."""
        self._wire().ask_ahead()

    def requests_session(self) -> requests.Session:
        """A `requests.Session` that uses this session, for this endpoint only; paths such as `/api/…` will do as URLs."""
        from vsphere_session.cache.requests_session import requests_session  # noqa: PLC0415  # requests takes long to import

        return requests_session(self.transport, self.session_id)

    def _wire(self) -> RestWire:
        from vsphere_session.vsphere.rest import RestWire  # noqa: PLC0415  # a warm answer needs no network

        return RestWire(self.transport, self.session_id, form=self.form)


def wired(client: Client) -> WireClient:
    """`client`, if it is one that can log in and out. Raises UnsupportedError."""
    if isinstance(client, WireClient):
        return client
    raise UnsupportedError(
        f"a {type(client).__name__} cannot log in or out; use SoapClient or RestClient, or save it yourself"
    )
