"""What a request means: its own fields, then the environment, then the configuration, then the secret store.

Nothing is sent and no secret is read here; the password is looked up when a login needs it.

On the fast path.
"""

from __future__ import annotations

from credential_protocol.jsontext import clean, described
from vsphere_session.cache.policy import Policy
from vsphere_session.clock import TIMEOUT
from vsphere_session.endpoint import Endpoint, real_password
from vsphere_session.errors import InvalidRequestError
from vsphere_session.settings import login_fields
from vsphere_session.settings.config_file import OF_REQUESTS, Configuration, checked, seconds
from vsphere_session.settings.environment import boolean, endpoint_in, sources
from vsphere_session.storage.paths import named_paths
from vsphere_session.vsphere.session_id import bare_session_id, is_session_id

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from credential_protocol.messages import Request
    from vsphere_session.settings.login_settings import LoginSettings
    from vsphere_session.storage.reading import Reader

_COMMON = (
    "url",
    "username",
    "password",
    "api",
    "insecure",
    "ca_file",
    "thumbprint",
    "reauth",
    "passthrough",
    "verify",
    "output",
)
_SESSION_IDS = ("soap_session_id", "rest_session_id")
_OF_LOGINS = tuple(sorted(login_fields.FIELDS))
FIELDS = {
    "get": (*_COMMON, *_OF_LOGINS),
    "store": (*_COMMON, *_OF_LOGINS, *_SESSION_IDS),
    "erase": (*_COMMON, *_OF_LOGINS, *_SESSION_IDS, "scope"),
}
"""The request fields of each verb (contract, section 1)."""
SCOPES = ("all", "session", "password")


class Settings:
    """The request, with everything that it left open filled in.

    seconds         how long a file that the environment names may be a pipe that says nothing
    login           how to log in otherwise than by the password that is found; None where nothing is said of that
    account         whose password is looked for, empty where nobody names one
    endpoint        with the name of the user whose session it is, empty where nobody names one, and without a password
    given_password  the request's own password, None where it has none
    every_family    what the environment says, also of other servers
    username_from   where the user name comes from, for a message; empty where that is the request or the configuration
    password_from   where `password` has found one, for a message; empty where it has not
    session_ids     by kind, empty where none is given
    directories     of cached sessions, by kind; empty where they are govmomi's own
    """

    def __init__(
        self,
        request: Request,
        environ: Mapping[str, str],
        config: Configuration,
        reader: Reader,
        *,
        seconds: float = TIMEOUT,
    ) -> None:
        self._reader = reader
        self._environ = environ
        self._fields = request.attributes
        self._config = config
        self._seconds = seconds
        self.every_family = self._families = sources(environ, reader, seconds)
        self.own_url = endpoint_in(request.target, "the url") if request.target else None
        place = self._place = self.own_url or self._default_endpoint()
        self._families = [family for family in self.every_family if family.applies_to(place)]
        self.username_from = ""
        self.login = self._login()
        self.account = self._username()
        self.endpoint = place.with_user(self.account if self.login is None else self.login.user(self.account))
        self.given_password = self._given_password()
        self.password_from = "the request" if self.given_password is not None else ""
        self.api = self._choice("api") or "both"
        self.output = self._choice("output") or "tokens"
        self.insecure = self._boolean("insecure")
        self.passthrough = self._boolean("passthrough")
        self.remember = self._config_text("remember") != "false"
        self.reauth = boolean(self._fields.get("reauth", "false"), "reauth")
        self.ca_file = self._ca_file()
        self.directories = {kind: self._of_families(f"{kind}_sessions") for kind in ("soap", "rest")}
        self.thumbprint = self._thumbprint()
        self.secret_store = self._config_text("secret_store")
        self.encrypted = self._config_text("session_store") == "encrypted"
        self.policy = Policy(verify=self._choice("verify") or "auto", **self._durations())
        self.session_ids = {kind: self._session_id(f"{kind}_session_id") for kind in ("soap", "rest")}
        self.scope = self._scope()
        if self.output == "clone_ticket":
            self.api = "soap"
        if self.passthrough and self.output == "clone_ticket":
            raise InvalidRequestError(
                '"passthrough" keeps no session, and a ticket is good only as long as its session lives; ask for one of the two'
            )
        if self.passthrough and self.output == "files":
            raise InvalidRequestError(
                '"passthrough" writes no files, so "output": "files" has nothing to show; ask for one of the two'
            )
        if self.encrypted and self.output == "files":
            raise InvalidRequestError(
                'session_store = "encrypted" has no files that others could read, so "output": "files" has nothing to show; '
                'ask for "tokens", or set session_store = "files" for this endpoint'
            )

    @property
    def carries_password(self) -> bool:
        """Whether the request or a URL in the environment, of whatever host, has a password, or another secret."""
        return (
            not self._fields.keys().isdisjoint(login_fields.SECRETS)
            or self.given_password is not None
            or any(family.url_has_password() for family in self.every_family)
        )

    @property
    def kinds(self) -> tuple[str, ...]:
        """The session kinds that are asked for, in the order in which they are made."""
        return ("soap", "rest") if self.api == "both" else (self.api,)

    @property
    def needed_kinds(self) -> tuple[str, ...]:
        """Those, and one that another of them is made from: some ways to log in have no REST, but may share a SOAP session."""
        by_soap = self.login is not None and not self.login.has_rest and "rest" in self.kinds
        return ("soap", "rest") if by_soap else self.kinds

    @property
    def hands_out_login(self) -> bool:
        """Whether the configuration of this very endpoint allows it to give the stored password away."""
        return (self._config.section(self.endpoint.place) or {}).get("hand_out_login") == "true"

    def password(self) -> str | None:
        """The password of the first source that names this user or none; None where there is none.

        A source that names another user keeps its password to itself: a wrong one would count towards a lock-out.
        """
        if self.given_password is not None:
            return self.given_password
        for family in self._families:
            if family.username() in ("", self.account):
                password = family.password()
                if password is not None:
                    self.password_from = family.origin("password")
                    return _as_text(password, self.password_from)
        return None

    def _login(self) -> LoginSettings | None:
        """What is said of how to log in. Nobody who says nothing of it pays for it."""
        own, general = self._config.section(self._place.place) or {}, self._config.general
        said = [self._fields, own, general]
        variables = {field: self._environ.get(name, "") for field, name in login_fields.VARIABLES.items()}
        if all(map(login_fields.FIELDS.isdisjoint, said)) and not any(variables.values()):
            return None
        from vsphere_session.settings.login_levels import login_settings  # noqa: PLC0415  # few say anything

        levels = self._fields, variables, own, general
        return login_settings(
            levels,
            config=self._config,
            families=self._families,
            reader=self._reader,
            environ=self._environ,
            seconds=self._seconds,
        )

    def _default_endpoint(self) -> Endpoint:
        for family in self._families:
            found = family.endpoint()
            if found is not None:
                return found
        configured = self._config.general.get("url", "")
        if not configured:
            from vsphere_session.settings.near_misses import hint  # noqa: PLC0415  # only a mistake pays for it

            raise InvalidRequestError(
                'the request names no endpoint; add "url": "HOST", or set GOVC_URL, VSPHERE_SERVER or VMWARE_HOST'
                f"{hint(self._environ, 'url')}"
            )
        return endpoint_in(configured, f"url in {self._config.path}")

    def _username(self) -> str:
        name = self._fields.get("username", "") or (self.own_url.username if self.own_url is not None else "")
        if name:
            return name
        for family in self._families:
            name = family.username()
            if name:
                self.username_from = family.origin("username")
                return _as_text(name, self.username_from)
        return self._config_text("username") or self._place.username

    def _given_password(self) -> str | None:
        password = real_password(self._fields.get("password"))
        if password is None and self.own_url is not None:
            return self.own_url.password
        return None if password is None else _as_text(password, "the password")  # docker's may have lines

    def _text(self, name: str) -> str:
        return self._fields.get(name, "") or self._of_families(name) or self._config_text(name)

    def _of_families(self, name: str) -> str:
        return next((text for family in self._families if (text := family.text(name))), "")

    def _ca_file(self) -> str:
        """As the caller's current directory has it, or the configuration's own."""
        given = self._fields.get("ca_file", "") or self._of_families("ca_file")
        text = given or self._config_text("ca_file")
        return named_paths(text, self._environ, "" if given else self._config.directory()) if text else ""

    def _boolean(self, name: str) -> bool:
        text = self._text(name)
        return boolean(text, name) if text else False

    def _choice(self, name: str) -> str:
        given = self._fields.get(name, "")
        text = given if given in OF_REQUESTS.get(name, ()) else checked(name, given)
        return text or self._config_text(name)

    def _config_text(self, name: str) -> str:
        return self._config.text(name, self._place)

    def _durations(self) -> dict[str, float]:
        """Those of the policy that are configured; it knows what the others are."""
        texts = {name: self._config_text(name) for name in Policy.DURATIONS}
        return {name: seconds(text, name) for name, text in texts.items() if text}

    def _thumbprint(self) -> str:
        text = self._fields.get("thumbprint", "")
        for family in self._families:
            files = family.text("known_hosts")
            if files and not text:
                from vsphere_session.http.thumbprint import known_host_thumbprint  # noqa: PLC0415  # few have such a file

                files = named_paths(files, self._environ)
                text = known_host_thumbprint(files, self.endpoint.host, self.endpoint.port, self._seconds, self._reader)
        text = text or self._config_text("thumbprint")
        if not text:
            return ""
        from vsphere_session.http.thumbprint import normal_thumbprint  # noqa: PLC0415  # only for whom pins a certificate

        return normal_thumbprint(text)

    def _session_id(self, name: str) -> str:
        text = self._fields.get(name, "")
        bare = bare_session_id(text)
        if text and not is_session_id(bare):
            raise InvalidRequestError(
                f"{name} is no session id: it has a character that cannot stand in a header; give it, or its cookie, as get or the server returned it"
            )
        return bare

    def _scope(self) -> str:
        scope = self._fields.get("scope", "")
        if scope and scope not in SCOPES:
            raise InvalidRequestError(f"scope is neither {' nor '.join(SCOPES)}")
        return scope or ("session" if any(self.session_ids.values()) else "all")


def _as_text(value: str, origin: str) -> str:
    """`value`, if it can be sent: bytes of the environment that are not UTF-8 and control characters cannot."""
    if not clean(value):
        raise InvalidRequestError(f"{origin} {described(value)}")
    return value
