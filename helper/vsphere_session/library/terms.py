"""What a Python program says of how to log in, as the cache has it: whose session, by which way, by whose password."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vsphere_session.endpoint import Endpoint, parse_endpoint
from vsphere_session.login.choice import Choice

if TYPE_CHECKING:
    from collections.abc import Callable

    from vsphere_session.cache.surroundings import Surroundings
    from vsphere_session.library.said import Said
    from vsphere_session.login.ground import Vault
    from vsphere_session.login.ways import Login
    from vsphere_session.secrets.logins import Logins


class Terms:
    """How one session is logged in.

    endpoint     with the user whose session it will be
    choice       the way; None for an ordinary login by password
    directories  of cached sessions, by kind; empty where they are govmomi's own
    """

    def __init__(
        self,
        url: str | Endpoint,
        login: Login | Choice | str | None,
        around: Surroundings,
        *,
        username: str,
        password: str | Callable[[], str | None] | None,
        secret_store: str,
    ) -> None:
        place = url if isinstance(url, Endpoint) else parse_endpoint(url)
        self._around = around
        self._store = secret_store
        self._place = place.login_place
        self._given = password
        self._of_url = place.password if username in ("", place.username) else None
        said = None if login is None or isinstance(login, Choice) else self._said(login)
        account = username or place.username
        if not account and (said is None or said.by_user) and not isinstance(login, Choice):
            account = self._logins().default_user(self._place)
        self._account = account
        user = account if said is None else said.user(account)
        self.endpoint = place.with_user(user)
        self.choice = login if isinstance(login, Choice) else said.choice(user, account) if said is not None else None
        self.directories = {"soap": "", "rest": ""}
        if self.choice is not None and not user:
            from vsphere_session.service.login_terms import unnamed_directories  # noqa: PLC0415  # few name nobody

            self.directories = unnamed_directories(self.choice, around)

    def password(self) -> str | None:
        """The password as it is given, else the URL's, else the one that is kept for this user in the secret store."""
        given = self._given() if callable(self._given) else self._given
        found = given if given is not None else self._of_url
        return found if found is not None else self._logins().get(self._place, self._account)

    def vault(self) -> Vault:
        """Where a way to log in keeps its other secrets."""
        from vsphere_session.service.stored_secrets import StoredSecrets  # noqa: PLC0415  # a cached session needs none

        return StoredSecrets(self._logins, self._place, self._around)

    def _logins(self) -> Logins:
        from vsphere_session.secrets.logins import Logins  # noqa: PLC0415  # the same

        around = self._around
        return Logins(around.paths.state, self._store, around.clock, around.until(), around.reader)

    def _said(self, login: Login | str) -> Said:
        from vsphere_session.library.said import Said  # noqa: PLC0415  # most log in by password

        return Said(login, self._around)
