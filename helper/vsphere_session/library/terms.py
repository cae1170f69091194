"""What a Python program says of how to log in, as the cache has it: whose session, by which way, by whose password."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from vsphere_session.endpoint import Endpoint, parse_endpoint
from vsphere_session.errors import InvalidRequestError
from vsphere_session.login.choice import Choice
from vsphere_session.login.table import make
from vsphere_session.login.ways import Login
from vsphere_session.secrets.logins import Logins
from vsphere_session.service.login_terms import unnamed_directories
from vsphere_session.service.stored_secrets import StoredSecrets
from vsphere_session.settings.login_fields import METHODS
from vsphere_session.settings.login_settings import LoginSettings
from vsphere_session.settings.login_sources import Level, LoginValues

if TYPE_CHECKING:
    from collections.abc import Callable

    from vsphere_session.cache.surroundings import Surroundings
    from vsphere_session.login.ground import Vault


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
        self._said = {} if login is None or isinstance(login, Choice) else _said(login)
        settings = self._settings() if self._said else None
        account = username or place.username
        if not account and (settings is None or settings.by_user) and not isinstance(login, Choice):
            account = self._logins().default_user(self._place)
        self._account = account
        user = account if settings is None else settings.user(account)
        self.endpoint = place.with_user(user)
        self.choice = login if isinstance(login, Choice) else self._choice(settings, user)
        self.directories = {"soap": "", "rest": ""}
        if self.choice is not None and not user:
            self.directories = unnamed_directories(self.choice, around)

    def password(self) -> str | None:
        """The password as it is given, else the URL's, else the one that is kept for this user in the secret store."""
        given = self._given() if callable(self._given) else self._given
        found = given if given is not None else self._of_url
        return found if found is not None else self._logins().get(self._place, self._account)

    def vault(self) -> Vault:
        """Where a way to log in keeps its other secrets."""
        return StoredSecrets(self._logins, self._place, self._around)

    def _logins(self) -> Logins:
        around = self._around
        return Logins(around.paths.state, self._store, around.clock, around.until(), around.reader)

    def _choice(self, settings: LoginSettings | None, user: str) -> Choice | None:
        found = settings.choice(user, self._account) if settings is not None else None
        if found is None:
            return None
        # each login reads its files again: tokens and certificates are replaced while a program runs
        return Choice(
            found.name, found.record, lambda ground: make(found.name, ground, self._values()), account=found.account
        )

    def _settings(self) -> LoginSettings:
        return LoginSettings(self._values())

    def _values(self) -> LoginValues:
        around = self._around
        return LoginValues([Level("login", self._said)], around.reader, around.environ, around.timeout)


def _said(login: Login | str) -> dict[str, str]:
    """The way and its fields as settings have them: texts, lists of words as JSON."""
    if isinstance(login, str):
        if login not in METHODS:
            raise InvalidRequestError(f"login is none of {', '.join(METHODS)}")
        return {"method": login}
    return {"method": login.method} | {
        name: value if isinstance(value, str) else json.dumps(value) for name, value in login.values().items()
    }
