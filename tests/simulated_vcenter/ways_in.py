"""What a test does with the ways in other than a password."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

from simulated_vcenter.state import State

if TYPE_CHECKING:
    from simulated_vcenter.identity_provider import IdentityProvider
    from simulated_vcenter.sts import Sts
    from simulated_vcenter.tunnel import SdkTunnel


class WaysIn:
    """The part of a simulated vCenter that has tokens, tickets, extensions and an identity broker."""

    _state: State
    _identity_provider: IdentityProvider | None
    _tunnel: SdkTunnel | None = None

    @property
    def refusals(self) -> list[str]:
        """Why each request was refused that was, by password, token, ticket, certificate or signature: not told to clients."""
        return list(self._state.refusals)

    @property
    def sts(self) -> Sts:
        """The Security Token Service that it was made with."""
        if self._state.sts is None:
            raise RuntimeError("this vCenter has no STS: SimulatedVCenter(sts=Sts())")
        return self._state.sts

    @property
    def identity_provider(self) -> IdentityProvider:
        """The identity broker that it was made with."""
        if self._identity_provider is None:
            raise RuntimeError("this vCenter has no identity provider: SimulatedVCenter(identity_provider=…)")
        return self._identity_provider

    @property
    def tunnel(self) -> SdkTunnel:
        """The way in for extensions, if it was made with one."""
        if self._tunnel is None:
            raise RuntimeError("this vCenter has no tunnel: SimulatedVCenter(tunnel=True)")
        return self._tunnel

    @property
    def tunnel_port(self) -> int:
        """The port that stands for vCenter's port 80."""
        return self.tunnel.port

    def register_extension(self, key: str, certificate_pem: str) -> None:
        """Let an extension in by this certificate, or by another one than before."""
        self._state.extensions[key] = ssl.PEM_cert_to_DER_cert(certificate_pem)

    def issue_ticket(self, session_id: str) -> str:
        """Return a clone ticket of a live SOAP session, as if its owner had asked for it."""
        session = self._state.sessions.find(session_id, "soap")
        if session is None:
            raise RuntimeError("this session is over")
        return self._state.issue_ticket(session)
