"""A way to log in that a Python caller brings along: a callable that leaves its client with a session."""

from __future__ import annotations

from vsphere_session.errors import LoginRefusedError
from vsphere_session.login.method import LoginMethod

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from vsphere_session.login.method import Client
    from vsphere_session.vsphere.identity import Identity


class CustomLogin(LoginMethod):
    """Logs in by a callable, for whom its owner says."""

    name = "custom"

    def __init__(self, log_in: Callable[..., None], login_as: str) -> None:
        self._log_in = log_in
        self.whom = login_as

    def prepare(self, client: Client) -> None:
        """Nothing: the callable does it all."""

    def log_in(self, client: Client) -> Identity | None:
        """As LoginMethod says."""
        self._log_in(client)
        if not client.valid():
            raise LoginRefusedError(
                f"login_{client.kind} left its client without a session; it must log in or adopt one"
            )
        client.announce()
        return client.confirm()
