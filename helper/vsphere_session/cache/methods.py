"""By which method a session logs in: a password, a Python caller's own callable, or what is configured."""

from __future__ import annotations

from credential_protocol.jsontext import clean, described
from vsphere_session.cache.clients import RestClient, WireClient
from vsphere_session.endpoint import real_password
from vsphere_session.errors import InvalidRequestError, NotFoundError, UnsupportedError
from vsphere_session.login.custom import CustomLogin
from vsphere_session.login.password import PasswordLogin

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from vsphere_session.cache.connector import Connector
    from vsphere_session.cache.surroundings import Surroundings
    from vsphere_session.cache.validation import Validator
    from vsphere_session.endpoint import Endpoint
    from vsphere_session.login.choice import Choice
    from vsphere_session.login.ground import Ground, Person, Vault
    from vsphere_session.login.method import LoginMethod


_LOCALE = "GOVMOMI_LOCALE"


class Methods:
    """The ways to log in of one session, made when one is needed. `custom` is by kind; all else is as `Session` has it."""

    def __init__(
        self,
        endpoint: Endpoint,
        surroundings: Surroundings,
        connector: Connector,
        validator: Validator,
        *,
        custom: Mapping[str, Callable[..., None] | None],
        login_as: str,
        login: Choice | None,
        locale: str,
        password: Callable[[], str | None],
        vault: Callable[[], Vault] | None,
        person: Person | None,
    ) -> None:
        self._endpoint = endpoint
        self._around = surroundings
        self._connector = connector
        self._validator = validator
        self._custom = custom
        self._login_as = login_as
        self._choice = login
        self._said_locale = locale
        self._password = password
        self._vault = vault
        self._person = person
        self._configured: LoginMethod | None = None

    def is_custom(self, client: WireClient) -> bool:
        """Whether `client` is logged in by a callable that a Python caller has brought along."""
        return self._custom[client.kind] is not None

    def of(self, client: WireClient, *, always: bool) -> LoginMethod:
        """How to log `client` in. `always`: whatever is cached. Raises NotFoundError, UnsupportedError."""
        custom = self._custom[client.kind]
        if custom is not None:
            return CustomLogin(custom, self._login_as)
        if self._choice is not None:
            return self._able(self._by_choice(self._choice), client.kind)
        try:
            return self._by_password(always=always)
        except NotFoundError:
            if isinstance(client, RestClient) and self._validator.soap is not None:
                client.confirm()  # without any session: raises UnsupportedError where there is no REST to log in to
            raise

    def _by_choice(self, choice: Choice) -> LoginMethod:
        if self._configured is None:
            self._configured = choice.make(self._ground())
        return self._configured

    def _able(self, method: LoginMethod, kind: str) -> LoginMethod:
        if kind in method.kinds:
            return method
        raise UnsupportedError(
            f"{self._endpoint.place} gives no {kind.upper()} session to who logs in by {method.name}: only vCenter 8.0 U3 and "
            'newer take the SOAP session for it; ask for "api": "soap"'
        )

    def _by_password(self, *, always: bool) -> PasswordLogin:
        endpoint = self._endpoint
        password = self._any_password()
        why = "a new login is asked for" if always else self._validator.why or "there is no cached session"
        if not endpoint.username:
            raise NotFoundError(f"{why}, and no user name to log in to {endpoint.place}; give username and password")
        if password is None:
            raise NotFoundError(
                f"{why}, and no password to log in to {endpoint.place} as {endpoint.username}; give one, or store it once: vsphere-session store"
            )
        return PasswordLogin(endpoint.username, password, self._locale())

    def _any_password(self) -> str | None:
        own = self._endpoint.password
        return own if own is not None else real_password(self._password())

    def _locale(self) -> str:
        """What is said, else what govmomi's variable says; `_` is the server's own there and here."""
        locale = self._said_locale or self._around.environ.get(_LOCALE, "")
        if not clean(locale):
            raise InvalidRequestError(f"{_LOCALE} {described(locale)}")
        return "" if locale == "_" else locale

    def _ground(self) -> Ground:
        from vsphere_session.login.ground import Ground, NoVault  # noqa: PLC0415  # a password needs none of it

        around = self._around
        return Ground(
            account=self._choice.account if self._choice is not None else "",
            endpoint=self._endpoint.with_user(self._endpoint.username),
            password=self._any_password,
            vault=self._vault() if self._vault is not None else NoVault(),
            clock=around.clock,
            until=around.until,
            environ=around.environ,
            locale=self._locale(),
            unbroken=around.unbroken,
            tell=around.tell,
            transport_to=self._connector.way_to,
            through_tunnel=self._connector.through_tunnel,
            person=self._person,
        )
