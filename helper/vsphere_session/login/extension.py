"""As an extension of vCenter, by the certificate that is registered for it: `SessionManager.LoginExtensionByCertificate`.

vCenter's front ends TLS and would not pass the certificate on. So it goes through a tunnel: CONNECT sdkTunnel:8089 at the
vCenter's port 80, and TLS with the service itself inside. govmomi and VMware's samples verify nothing there; here the
certificate has to be one for vCenter's name from a trusted authority, or the pinned one. The session is good at /sdk, too.
"""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

from vsphere_session.digest import sha256_hex
from vsphere_session.endpoint import Endpoint
from vsphere_session.errors import (
    InvalidRequestError,
    LoginRefusedError,
    SessionError,
    UnreachableError,
    UnsupportedError,
)
from vsphere_session.http.thumbprint import normal_thumbprint
from vsphere_session.http.tls import without_old_versions
from vsphere_session.login.method import LoginMethod
from vsphere_session.login.secret import passphrase_of_key
from vsphere_session.vsphere.soap import SoapWire, call_of, in_locale
from vsphere_session.vsphere.xml import escape_xml

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vsphere_session.http.transport import Transport
    from vsphere_session.login.ground import Ground
    from vsphere_session.login.method import Client, Made
    from vsphere_session.login.values import Values
    from vsphere_session.vsphere.identity import Identity

TUNNEL = Endpoint("https", "sdkTunnel:8089", "/sdk", "", None)
_PORT_80 = (
    "the way of extensions is vCenter's port 80 (CONNECT sdkTunnel:8089): let it through to there, or set tunnel_port"
)


def method(ground: Ground, values: Values) -> LoginMethod:
    """As the settings say: `extension` is its key, with `certificate` and `private_key`."""
    return ExtensionLogin(ground, values)


class ExtensionLogin(LoginMethod):
    """Logs in by a client's certificate."""

    name = "extension"
    kinds = ("soap",)

    def __init__(self, ground: Ground, values: Values) -> None:
        self._ground = ground
        self._values = values
        self._key = self.whom = values.needed("extension", "its key")
        self._way: Transport | None = None

    def tries(self, kind: str) -> tuple[str, str]:
        """No account is locked by it, but a crowd need not ask what one has been refused."""
        return kind, f"extension:{self._key}:{sha256_hex(self._values.data('certificate'))}"

    def obtain(self, _client: Client) -> None:
        """Make the tunnel ready, with the certificate."""
        context = without_old_versions(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
        certificate = self._values.path("certificate")
        passphrase = passphrase_of_key(self._ground, self._values)
        try:
            context.load_cert_chain(certificate, self._values.path("private_key") or None, lambda: passphrase)
        except ssl.SSLError:
            raise InvalidRequestError(
                f"certificate and private_key cannot be used: {certificate} is no certificate in PEM form, its key does not fit, or the "
                "passphrase is wrong; give both as PEM, and key_passphrase_command for an encrypted key"
            ) from None
        except OSError:
            self._values.data("certificate")
            self._values.data("private_key")
            raise
        pin = self._values.text("tunnel_thumbprint")
        way = self._ground.through_tunnel(TUNNEL, self._proxy(), normal_thumbprint(pin) if pin else "")
        way.ssl_context = way.trust.prepare(context)
        self._way = way

    def log_in(self, client: Client) -> Identity | None:
        """As LoginMethod says."""

        def request(wire: SoapWire, content: Mapping[str, object], made: Made) -> Identity:
            assert self._way is not None, "it is made ready first"  # noqa: S101  # nosec B101
            inner = f"<extensionKey>{escape_xml(self._key)}</extensionKey>{in_locale(self._ground.locale)}"
            tunnel = SoapWire(self._way)

            def made_there() -> None:
                wire.session_id, wire.quoted = tunnel.session_id, tunnel.quoted
                made()

            try:
                return tunnel.begin(call_of(content, "LoginExtensionByCertificate", inner), made_there)
            except SessionError as error:
                wire.session_id, wire.quoted = tunnel.session_id or wire.session_id, tunnel.quoted
                raise self._explained(error) from None
            finally:
                self._way.close()

        return client.log_in_by(request)  # type: ignore[attr-defined,no-any-return]  # it has no other kind

    def _proxy(self) -> Endpoint:
        port = self._values.text("tunnel_port") or self._ground.environ.get("GOVMOMI_TUNNEL_PROXY_PORT", "") or "80"
        if not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
            raise InvalidRequestError("tunnel_port is no port number; leave it out for port 80")
        host = self._ground.endpoint.host
        return Endpoint("http", f"[{host}]:{port}" if ":" in host else f"{host}:{port}", "", "", None)

    def _explained(self, error: SessionError) -> SessionError:
        if isinstance(error, LoginRefusedError):
            refused = LoginRefusedError(
                f"{self._ground.endpoint.place} does not take the certificate for the extension {self._key}, which is not registered, or with "
                "another one; register it with ExtensionManager.SetExtensionCertificate"
            )
            refused.of_credential = error.of_credential
            return refused
        said = error.message.partition(";")[0]
        if isinstance(error, UnreachableError | UnsupportedError) and "proxy" in error.message:
            return type(error)(f"{said}; {_PORT_80}")
        return error
