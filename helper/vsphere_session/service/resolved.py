"""A request with everything that it left open filled in, and where its answer may come from.

On the fast path.
"""

from __future__ import annotations

from vsphere_session.cache.session import Session
from vsphere_session.settings.config_file import fleet_configured
from vsphere_session.settings.request import Settings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Final

    from credential_protocol.messages import Request
    from vsphere_session.errors import SessionError
    from vsphere_session.fleet.fleet import Fleet
    from vsphere_session.secrets.logins import Logins
    from vsphere_session.service.call import Call
    from vsphere_session.service.login_terms import LoginTerms


class Resolved:
    """What one request means in one call: its settings, the stored logins, the session cache."""

    def __init__(self, request: Request, call: Call) -> None:
        around = call.around.begun()
        self.settings: Final = Settings(request, around.environ, call.config, around.reader, seconds=around.timeout)
        self.place: Final = self.settings.endpoint.login_place
        self._call: Final = call
        self._around: Final = around
        self._logins: Logins | None = None
        self._login: tuple[str, str] | None = None

    @property
    def environ(self) -> Mapping[str, str]:
        """The environment of the call."""
        return self._around.environ

    @property
    def logins(self) -> Logins:
        """The stored logins."""
        if self._logins is None:
            self._logins = self._call.logins(self.settings.secret_store, self._around)
        return self._logins

    def user(self) -> str:
        """Whose session `get` hands out: who is named, else the user of the login that was stored last."""
        named, login = self.settings.endpoint.username, self.settings.login
        return named if named or (login is not None and not login.by_user) else self.logins.default_user(self.place)

    def explain(self, error: SessionError) -> None:
        """Add to an error's message what the environment has to do with it."""
        if error.kind not in ("not-found", "login-refused", "untrusted"):
            return
        from vsphere_session.settings import explanations  # noqa: PLC0415  # only an error pays for it

        settings, environ = self.settings, self.environ
        if error.kind == "not-found":
            explanations.add(error, explanations.of_missing_login(settings, environ))
        elif error.kind == "untrusted":
            explanations.add(error, explanations.of_untrusted(environ))
        elif self._login is not None:
            username, password = self._login
            odd = explanations.of_refused_login(password, settings.password_from, username, settings.username_from)
            explanations.add(error, odd)

    def session(self, username: str) -> Session:
        """The cache for this user's sessions at the endpoint."""
        settings, terms = self.settings, self._login_terms(username)
        account = username if terms is None else terms.account
        directories = settings.directories if terms is None else terms.directories

        def password() -> str | None:
            found = settings.password()
            if found is None and terms is not None:
                found = terms.password()
                settings.password_from = "what password_command prints"  # noqa: S105  # says where it is
            if found is None:
                found = self.logins.get(self.place, account)
                settings.password_from = "the secret store"  # noqa: S105  # the same
            self._login = account, found or ""
            return found

        return Session(
            settings.endpoint.with_user(username),
            insecure=settings.insecure,
            dir_soap=directories["soap"],
            dir_rest=directories["rest"],
            login=None if terms is None else terms.choice,
            locale="" if terms is None else terms.locale,
            vault=None if terms is None else terms.vault,
            person=self._call.person,
            encrypted=settings.encrypted,
            passthrough=settings.passthrough,
            reauth=settings.reauth,
            password=password,
            ca_file=settings.ca_file,
            thumbprint=settings.thumbprint,
            policy=settings.policy,
            fleet=self._fleet(),
            surroundings=self._around,
        )

    def stored_password(self, username: str) -> str | None:
        """The password that is kept for this user, where `password_command` looks or in the secret store; None without one."""
        terms = self._login_terms(username)
        found = terms.password() if terms is not None else None
        return self.logins.get(self.place, username) if found is None else found

    def _fleet(self) -> Callable[[], Fleet] | None:
        """Who shares the sessions of this endpoint; None for nobody."""
        environ, config = self.environ, self._call.config
        if not fleet_configured(environ, config) or config.text("fleet", self.settings.endpoint) == "false":
            return None

        def found() -> Fleet:
            from vsphere_session.service.fleet_terms import fleet_of  # noqa: PLC0415  # not for a warm answer

            return fleet_of(environ, config, self._around.clock)

        return found

    def _login_terms(self, username: str) -> LoginTerms | None:
        """What is said of how to log in `username`; None where that is by a password that is found."""
        if self.settings.login is None:
            return None
        from vsphere_session.service.login_terms import LoginTerms  # noqa: PLC0415  # few say anything

        return LoginTerms(self.settings, self.settings.login, username, self._around, lambda: self.logins)
