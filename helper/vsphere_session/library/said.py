"""A way to log in as a program has said it, in the words of the settings."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from vsphere_session.errors import InvalidRequestError
from vsphere_session.login.choice import Choice
from vsphere_session.login.table import make
from vsphere_session.settings.login_fields import METHODS
from vsphere_session.settings.login_settings import LoginSettings
from vsphere_session.settings.login_sources import Level, LoginValues

if TYPE_CHECKING:
    from vsphere_session.cache.surroundings import Surroundings
    from vsphere_session.login.ways import Login


class Said:
    """One way; `by_user` says whether it is for a user whose login may be stored."""

    def __init__(self, login: Login | str, around: Surroundings) -> None:
        self._fields = _fields(login)
        self._around = around
        self._settings = LoginSettings(self._values())
        self.by_user = self._settings.by_user

    def user(self, account: str) -> str:
        """Whose session it will be, if it is `account` who logs in; empty where only the server knows."""
        return self._settings.user(account)

    def choice(self, user: str, account: str) -> Choice | None:
        """The way for this user, by the password of `account` if by one; None for an ordinary login by password."""
        found = self._settings.choice(user, account)
        if found is None:
            return None
        # each login reads its files again: tokens and certificates are replaced while a program runs
        return Choice(
            found.name, found.record, lambda ground: make(found.name, ground, self._values()), account=found.account
        )

    def _values(self) -> LoginValues:
        around = self._around
        return LoginValues([Level("login", self._fields)], around.reader, around.environ, around.timeout)


def _fields(login: Login | str) -> dict[str, str]:
    """The way and its fields as settings have them: texts, lists of words as JSON."""
    if isinstance(login, str):
        if login not in METHODS:
            raise InvalidRequestError(f"login is none of {', '.join(METHODS)}")
        return {"method": login}
    return {"method": login.method} | {
        name: value if isinstance(value, str) else json.dumps(value) for name, value in login.values().items()
    }
