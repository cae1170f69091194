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
    """Logs in with a token that is there already; one that is no good is said to be before anybody is asked anything."""

    name = "token"

    def __init__(self, ground: Ground, values: Values) -> None:
        super().__init__(ground, values)
        raw = raw_secret("token", ground, values)
        if raw is None:
            raise NotFoundError("there is no token; give token, token_file or token_command")
        self._given, self._signer = read_token(raw), _signer(ground, values)
        refuse_unusable(self._given, ground.clock.now(), has_key=self._signer is not None)
        self._digest = sha256_hex(raw)

    def tries(self, kind: str) -> tuple[str, str]:
        """A token that was refused is not tried again for a while."""
        return kind, f"token:{self._digest}"

    def token_for(self, _client: Client) -> tuple[Assertion, Signer | None]:
        """As TokenLogin says."""
        return self._given, self._signer


def _signer(ground: Ground, values: Values) -> Signer | None:
    if not values.path("certificate"):
        return None
    from vsphere_session.login.key_files import key_holder  # noqa: PLC0415  # a bearer token takes none

    return key_holder(ground, values).sign
