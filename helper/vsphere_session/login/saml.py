"""By user and password at vCenter's Security Token Service (STS), which gives a bearer token.

Source: OASIS WS-Trust 1.3; govmomi's `sts` package. vCenter grants such a token five minutes, and so the session.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vsphere_session.errors import NotFoundError
from vsphere_session.login.by_token import TokenLogin
from vsphere_session.login.sts import ask_sts
from vsphere_session.vsphere.token_messages import Credential

if TYPE_CHECKING:
    from vsphere_session.login.ground import Ground
    from vsphere_session.login.method import Client, LoginMethod
    from vsphere_session.login.values import Values
    from vsphere_session.vsphere.saml import Assertion
    from vsphere_session.vsphere.security import Signer


def method(ground: Ground, values: Values) -> LoginMethod:
    """As the settings say: user and password as for a login by password, and `sts_url` where it is not vCenter's own."""
    return SamlLogin(ground, values)


class SamlLogin(TokenLogin):
    """Logs in with a bearer token by password."""

    name = "saml"
    obtains_by_secret = True

    def __init__(self, ground: Ground, values: Values) -> None:
        super().__init__(ground, values)
        self._password = self._found(ground)

    @staticmethod
    def _found(ground: Ground) -> str:
        """Before anybody is asked anything. Raises NotFoundError."""
        user = ground.endpoint.username
        password = ground.password() if user else None
        if password is None:
            missing = f"no password of {user}" if user else "no user name"
            raise NotFoundError(
                f"there is {missing} to ask {ground.endpoint.place} for a token with; give username and password, or store them once: "
                "vsphere-session store"
            )
        return password

    def tries(self, _kind: str) -> tuple[str, str] | None:
        """The password, once for both kinds: the STS counts it as a login by SOAP."""
        return None if self._token is not None else ("soap", self._password)

    def token_for(self, _client: Client) -> tuple[Assertion, Signer | None]:
        """As TokenLogin says."""
        return ask_sts(Credential(self.whom, self._password), self._ground, self._values), None
