"""User name and password."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vsphere_session.login.method import Client
    from vsphere_session.vsphere.identity import Identity


class PasswordLogin:
    """Logs in as a user with a password (see LoginMethod)."""

    name = "password"
    proves = True

    def __init__(self, username: str, password: str) -> None:
        self.whom = username
        self.secret = password

    def prepare(self, client: Client) -> None:
        """As LoginMethod says."""
        client.prepare()

    def log_in(self, client: Client) -> Identity | None:
        """As LoginMethod says."""
        return client.log_in(self.whom, self.secret)
