"""By a certificate that is registered with the STS, as robots do (solution users), or a person's with a password.

The token that the STS gives is good only together with the key (holder of key), and for days.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vsphere_session.digest import sha256_hex
from vsphere_session.errors import UnsupportedError
from vsphere_session.login.by_token import TokenLogin
from vsphere_session.login.key_files import key_holder
from vsphere_session.login.sts import ask_sts
from vsphere_session.vsphere.token_messages import Credential

if TYPE_CHECKING:
    from vsphere_session.login.ground import Ground
    from vsphere_session.login.method import Client, LoginMethod
    from vsphere_session.login.values import Values
    from vsphere_session.vsphere.saml import Assertion
    from vsphere_session.vsphere.security import Signer


def method(ground: Ground, values: Values) -> LoginMethod:
    """As the settings say: `certificate`, `private_key` where that is another file, `key_passphrase_command`, `sts_url`.

    With a user name for which there is a password, that user; else the solution user of the certificate.
    """
    if values.source("token"):
        raise UnsupportedError(
            "a certificate that asks for a token on behalf of another one's owner (ActAs), or renews it, is not supported; leave token out, "
            'or log in with it alone: "method": "token"'
        )
    return CertificateLogin(ground, values)


class CertificateLogin(TokenLogin):
    """Logs in with a token for the holder of a key. Files that are no good are said to be before anybody is asked anything."""

    name = "certificate"
    obtains_by_secret = True

    def __init__(self, ground: Ground, values: Values) -> None:
        super().__init__(ground, values)
        self._holder = key_holder(ground, values)
        self._password = (ground.password() if self.whom else None) or ""

    def tries(self, _kind: str) -> tuple[str, str] | None:
        """A person's password, which may lock the account; else the certificate, which need not be refused to each of a crowd."""
        if self._token is not None:
            return None
        return "soap", self._password or f"certificate:{sha256_hex(self._values.data('certificate'))}"

    def token_for(self, _client: Client) -> tuple[Assertion, Signer | None]:
        """As TokenLogin says."""
        holder = self._holder
        asking = Credential(self.whom, self._password, holder) if self._password else Credential(key_holder=holder)
        return ask_sts(asking, self._ground, self._values), holder.sign
