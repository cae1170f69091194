"""What a session needs to know where more is said of how to log in than a user name. Imported only there."""

from __future__ import annotations

import os

from vsphere_session.digest import sha256_hex

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from vsphere_session.cache.surroundings import Surroundings
    from vsphere_session.login.choice import Choice
    from vsphere_session.secrets.logins import Logins
    from vsphere_session.service.stored_secrets import StoredSecrets
    from vsphere_session.settings.login_settings import LoginSettings
    from vsphere_session.settings.request import Settings


class LoginTerms:
    """How `username` logs in.

    account      whose password it takes, where it takes one
    choice       the method; None for an ordinary login by password
    locale       the language of the server's texts, as it is said
    directories  of cached sessions, by kind. Those of nobody in particular are kept apart: govmomi would give them to anybody
    """

    def __init__(
        self,
        settings: Settings,
        login: LoginSettings,
        username: str,
        around: Surroundings,
        logins: Callable[[], Logins],
    ) -> None:
        self.account = self._account(settings, login, username, logins)
        self.choice = login.choice(username, self.account)
        self.locale = login.locale
        self.directories = dict(settings.directories)
        if self.choice is not None and not username and not any(self.directories.values()):
            self.directories = unnamed_directories(self.choice, around)
        self._login = login
        self._logins = logins
        self._place = settings.endpoint.login_place
        self._around = around
        self._printed: str | None = None

    def password(self) -> str | None:
        """What `password_command` prints, which is run once; None where there is no such command."""
        words = self._login.values.command("password_command") if self._printed is None else []
        if words:
            from vsphere_session.login.command import run  # noqa: PLC0415  # few have one

            self._printed = run(words, "password_command", self._around.until())
        return self._printed

    def vault(self) -> StoredSecrets:
        """What keeps a method's other secrets."""
        from vsphere_session.service.stored_secrets import StoredSecrets  # noqa: PLC0415  # only for a login

        return StoredSecrets(self._logins, self._place, self._around)

    @staticmethod
    def _account(settings: Settings, login: LoginSettings, username: str, logins: Callable[[], Logins]) -> str:
        if login.name != "impersonate":
            return username
        return settings.account or logins().default_user(settings.endpoint.login_place)


def unnamed_directories(choice: Choice, around: Surroundings) -> dict[str, str]:
    """Where sessions of nobody in particular are, by kind: apart for each way to log in."""
    name = sha256_hex(choice.record.encode("utf-8", "surrogatepass"))[:40]
    home = os.path.join(around.paths.state, "unnamed", name)  # which GOVMOMI_HOME can be
    return {"soap": os.path.join(home, "sessions"), "rest": os.path.join(home, "rest_sessions")}
