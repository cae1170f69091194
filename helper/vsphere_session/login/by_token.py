"""Logging in with a SAML token, however one comes by it: LoginByToken for SOAP, `Authorization: SIGN` for REST."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING

from vsphere_session.errors import LoginRefusedError
from vsphere_session.http.connection import host_header
from vsphere_session.login.method import LoginMethod
from vsphere_session.vsphere.dates import http_date
from vsphere_session.vsphere.service_content import about_value
from vsphere_session.vsphere.sign import sign_header
from vsphere_session.vsphere.token_messages import login_message

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vsphere_session.login.ground import Ground
    from vsphere_session.login.method import Client, Made
    from vsphere_session.login.values import Values
    from vsphere_session.vsphere.identity import Identity
    from vsphere_session.vsphere.saml import Assertion
    from vsphere_session.vsphere.security import Signer
    from vsphere_session.vsphere.soap import SoapWire

_NOTICED_SKEW = 120.0
"""Seconds by which the clocks differ from which on a refusal says so."""


class TokenLogin(LoginMethod):
    """Logs in with a token that `token_for` comes by, one for both kinds of session.

    issued_at  when the token was issued just now, by the server's own clock; None where nobody says so
    """

    issued_at: float | None = None

    def __init__(self, ground: Ground, values: Values) -> None:
        self._ground = ground
        self._values = values
        self._token: Assertion | None = None
        self._sign: Signer | None = None
        self.whom = ground.endpoint.username

    @abstractmethod
    def token_for(self, client: Client) -> tuple[Assertion, Signer | None]:
        """The token, and what signs for it where it is for the holder of a key. Raises as `obtain` does."""

    def obtain(self, client: Client) -> None:
        """As LoginMethod says. The token's end is that of what is made with it; one that is over by our clock gives none.

        One that ends after the first kind of session was made is replaced for the second.
        """
        if self._token is not None and (self.expires is None or self._ground.clock.now() < self.expires):
            return
        self._token, self._sign = self.token_for(client)
        now = self._ground.clock.now()
        ends = self._by_our_clock(self._token.not_on_or_after, now)
        self.expires = ends if ends is not None and ends > now else None

    def log_in(self, client: Client) -> Identity | None:
        """As LoginMethod says."""
        token = self._token
        assert token is not None, "it is obtained first"  # noqa: S101  # nosec B101
        try:
            if client.kind == "soap":
                return client.log_in_by(lambda *call: self._by_soap(token, *call))  # type: ignore[attr-defined,no-any-return]
            host = host_header(client.transport.endpoint)
            return client.log_in_by(  # type: ignore[attr-defined,no-any-return]
                lambda method, path: sign_header(
                    token, method, path, host, now=self._ground.clock.now(), sign=self._sign
                )
            )
        except LoginRefusedError as refused:
            refused.args = (self._explained(refused.message),)
            raise

    def _by_our_clock(self, moment: float | None, now: float) -> float | None:
        """A moment that the server has named, rather too early than too late."""
        ahead = 0.0 if self.issued_at is None else now - self.issued_at
        return moment if moment is None or 0 <= ahead < _NOTICED_SKEW else moment + ahead

    def _by_soap(self, token: Assertion, wire: SoapWire, content: Mapping[str, object], made: Made) -> Identity:
        manager = content.get("sessionManager")
        reference = str(manager.get("value", "")) if isinstance(manager, dict) else ""
        now = self._ground.clock.now()
        message = login_message(token, now, self._sign, session_manager=reference, locale=self._ground.locale)
        try:
            return wire.begin(message, made, version=_version(content))
        except LoginRefusedError as refused:
            refused.args = (f"{refused.args[0].partition(';')[0]}{_skew(http_date(wire.date), now)}",)
            raise

    def _explained(self, message: str) -> str:
        return (
            f"{message.partition(';')[0]}: the token for {self._token.name_id if self._token else ''} was not taken. Servers give no "
            "reason; it may be for another vCenter, have expired, or its user has no role here"
        )


def _version(content: Mapping[str, object]) -> str:
    """The server's own version: LoginByToken, unlike all else, is refused under one that the server does not know."""
    version = about_value(content, "apiVersion")
    return version if version.isascii() and version.replace(".", "").isdigit() else ""


def _skew(server: float | None, now: float) -> str:
    """How far the clocks are apart, where that may be why."""
    if server is None or abs(now - server) < _NOTICED_SKEW:
        return ""
    way = "ahead of" if now > server else "behind"
    return f" (this machine's clock is {abs(now - server) / 60:.0f} minutes {way} the server's: correct it)"
