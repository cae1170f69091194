"""A refresh token that is kept in the secret store: good once, so who uses it has it alone, and keeps the next one at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from vsphere_session.login.ground import Ground
    from vsphere_session.login.oauth.tokens import Tokens


def kept_for(username: str) -> str:
    """How the names begin of what is kept in the vault for this user, who may be nobody in particular."""
    return f"{username}: "


def user_of(name: str) -> str:
    """For whom something is kept under this name (see `kept_for`)."""
    return name.partition(": ")[0]


class KeptToken:
    """The refresh token of one login, in the vault under this name."""

    def __init__(self, ground: Ground, name: str) -> None:
        self._ground = ground
        self._name = name

    def keep(self, tokens: Tokens) -> None:
        """Keep the refresh token among these, if there is one. Raises StorageError, UnsupportedError."""
        if tokens.refresh:
            self._ground.vault.set(self._name, tokens.refresh)

    def forget(self) -> None:
        """Keep none any more. Raises StorageError, UnsupportedError."""
        self._ground.vault.delete(self._name)

    def redeem(self, ask: Callable[[str, Callable[[str], None]], Tokens]) -> Tokens | None:
        """What `ask` gives for the one that is kept, and for a way to keep the next one; None where a person is needed.

        One that the provider does not take any more is forgotten. Raises BusyError, StorageError, and what `ask` does.
        """
        from vsphere_session.login.oauth.forms import GrantRefusedError  # noqa: PLC0415  # forgetting takes none of it

        ground = self._ground
        if ground.vault.get(self._name) is None:
            return None
        with ground.vault.alone(self._name, ground.until()):
            kept = ground.vault.get(self._name)  # another call may have had it meanwhile
            if kept is None:
                return None
            # where that cannot be done, the next one could not be kept either, and this one would be void by then
            self._keep(kept)
            try:
                with ground.unbroken():  # from here on only what is on its way back is good
                    return ask(kept, self._keep)
            except GrantRefusedError as refused:
                self.forget()
                ground.tell(f"the provider does not take the refresh token any more: {refused.message}")
                return None

    def _keep(self, token: str) -> None:
        self._ground.vault.set(self._name, token)
