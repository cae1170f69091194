"""With a SAML token that the caller has: given, in a file, or printed by a command. One for the holder of a key takes the key."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vsphere_session.digest import sha256_hex
from vsphere_session.errors import NotFoundError
from vsphere_session.login.by_token import TokenLogin
from vsphere_session.login.secret import raw_secret
from vsphere_session.vsphere.saml import read_token, refuse_unusable

if TYPE_CHECKING:
    from vsphere_session.login.ground import Ground
    from vsphere_session.login.method import Client, LoginMethod
    from vsphere_session.login.values import Values
    from vsphere_session.vsphere.saml import Assertion
    from vsphere_session.vsphere.security import Signer


def method(ground: Ground, values: Values) -> LoginMethod:
    """As the settings say: `token`, `token_file` or `token_command`, and `certificate` with `private_key` where it takes a key."""
    return GivenTokenLogin(ground, values)


class GivenTokenLogin(TokenLogin):
    """Logs in with a token that is there already."""

    name = "token"

    def __init__(self, ground: Ground, values: Values) -> None:
        super().__init__(ground)
        self._values = values

    def tries(self, kind: str) -> tuple[str, str] | None:
        """A token that was refused is not tried again for a while."""
        at_hand = self._values.secret_at_hand("token")
        return None if at_hand is None else (kind, f"token:{sha256_hex(at_hand)}")

    def token_for(self, _client: Client) -> tuple[Assertion, Signer | None]:
        """As TokenLogin says."""
        raw = raw_secret("token", self._ground, self._values)
        if raw is None:
            raise NotFoundError("there is no token; give token, token_file or token_command")
        token, signer = read_token(raw), self._signer()
        refuse_unusable(token, self._ground.clock.now(), has_key=signer is not None)
        return token, signer

    def _signer(self) -> Signer | None:
        if not self._values.path("certificate"):
            return None
        from vsphere_session.login.key_files import key_holder  # noqa: PLC0415  # a bearer token takes none

        return key_holder(self._ground, self._values).sign
