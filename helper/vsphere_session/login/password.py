"""User name and password."""

from __future__ import annotations

from vsphere_session.login.method import LoginMethod

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vsphere_session.login.method import Client
    from vsphere_session.vsphere.identity import Identity


class PasswordLogin(LoginMethod):
    """Logs in as a user with a password; `locale` is the language of the server's texts, its own where that is empty."""

    name = "password"
    proves = True

    def __init__(self, username: str, password: str, locale: str = "") -> None:
        self.whom = username
        self._password = password
        self._locale = locale

    def tries(self, kind: str) -> tuple[str, str]:
        """A server may refuse REST to somebody whom it lets in by SOAP."""
        return kind, self._password

    def log_in(self, client: Client) -> Identity | None:
        """As LoginMethod says."""
        return client.log_in(self.whom, self._password, self._locale)
