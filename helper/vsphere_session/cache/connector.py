"""The way to the server: with which trust, through which proxy, on which connection. On the fast path."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from vsphere_session.cache.clients import WireClient
    from vsphere_session.cache.surroundings import Surroundings
    from vsphere_session.endpoint import Endpoint
    from vsphere_session.http.transport import Line, Transport
    from vsphere_session.http.trust import Trust

    Config = Callable[[Transport], None]


class Connector:
    """Gives clients their way to one endpoint, which is gone when something has to be sent, and not before."""

    def __init__(
        self, endpoint: Endpoint, surroundings: Surroundings, *, insecure: bool, ca_file: str, thumbprint: str
    ) -> None:
        self._endpoint = endpoint
        self._surroundings = surroundings
        self._insecure = insecure
        self._ca_file = ca_file
        self._thumbprint = thumbprint
        self._sharing = False
        self._line: Line | None = None
        self._agent = ""

    def connect(self, client: WireClient, config: Config | None = None) -> None:
        """Give `client` its way to the server, shaped by `config` before anything is sent."""

        def way() -> Transport:
            transport = self._transport(alone=config is not None)
            if config is not None:
                config(transport)
            return transport

        client.connect(way)

    def way_to(self, place: Endpoint, ca_file: str = "") -> Transport:
        """The way to another host that has to do with a login; what is said of the endpoint's trust is said of no other's.

        That is verified by `ca_file`, else by the endpoint's, else by the platform. The endpoint itself may be named, too.
        """
        own = (place.scheme, place.place) == (self._endpoint.scheme, self._endpoint.place)
        trust = self._trust() if own else self._trust(insecure=False, ca_file=ca_file or self._ca_file, thumbprint="")
        return self._transport(alone=True, place=place, trust=trust)

    def through_tunnel(self, place: Endpoint, proxy: Endpoint, thumbprint: str) -> Transport:
        """The way to a part of the endpoint that is behind a proxy of its own, trusted as the endpoint, or by its own thumbprint.

        Its certificate is to be for the endpoint's name.
        """
        trust = self._trust(thumbprint=thumbprint or self._thumbprint)
        way = self._transport(alone=True, place=place, trust=trust)
        way.proxy, way.server_name = proxy, self._endpoint.host
        return way

    def begin(self) -> None:
        """Until `close` clients without a `config` share one connection."""
        self._sharing = True

    def close(self) -> None:
        """Close the connection that they share."""
        self._sharing = False
        line, self._line = self._line, None
        if line is not None:
            line.kept = False
            line.close()

    def _trust(self, **other: str | bool) -> Trust:
        """What is said of the endpoint's trust, but for what is `other`."""
        from vsphere_session.http.trust import Trust  # noqa: PLC0415  # a warm answer needs no network

        said = {"insecure": self._insecure, "ca_file": self._ca_file, "thumbprint": self._thumbprint}
        return Trust(**said | other)  # type: ignore[arg-type]  # by their names

    def _transport(self, *, alone: bool, place: Endpoint | None = None, trust: Trust | None = None) -> Transport:
        from vsphere_session.http.proxy import proxy_for  # noqa: PLC0415  # a warm answer needs no network
        from vsphere_session.http.transport import Line, Transport  # noqa: PLC0415
        from vsphere_session.http.user_agent import user_agent  # noqa: PLC0415

        around = self._surroundings
        around.connecting()
        self._agent = self._agent or user_agent(around.caller)
        if self._line is None and self._sharing:
            self._line = Line(kept=True)
        return Transport(
            place or self._endpoint,
            trust or self._trust(),
            clock=around.clock,
            timeout=around.timeout,
            deadline=around.deadline,
            proxy=proxy_for(place or self._endpoint, around.environ),
            headers={"User-Agent": self._agent},
            line=None if alone else self._line,
        )
