"""What is said of a way to log in, as a type: the settings have it, and know where each of it comes from."""

from __future__ import annotations

from typing import Protocol


class Values(Protocol):
    """Settings by name, as docs/logins.md has them."""

    def text(self, name: str) -> str:
        """The setting; empty where nobody says it."""

    def needed(self, name: str, what: str) -> str:
        """The setting, which is `what`. Raises InvalidRequestError where nobody says it."""

    def path(self, name: str) -> str:
        """The path that the setting is; empty where nobody says it."""

    def data(self, name: str) -> bytes:
        """What is in the file that the setting names. Raises StorageError, InvalidRequestError."""

    def command(self, name: str) -> list[str]:
        """The words of a command; empty where nobody says it. Raises InvalidRequestError, StorageError."""

    def source(self, name: str) -> str:
        """Where a secret comes from: `name`, `NAME_file` or `NAME_command`; empty where nobody says any of them."""

    def secret_at_hand(self, name: str) -> bytes | None:
        """The secret, or what is in its file; None where it takes a command, or nobody says it."""
