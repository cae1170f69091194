"""Where each value of a request comes from, and what it beats: for a person who asks, never for an answer.

`Settings` decides; this says why, and a test holds the two together.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from vsphere_session.cache.policy import Policy
from vsphere_session.endpoint import NO_PASSWORD
from vsphere_session.errors import InvalidRequestError
from vsphere_session.http.thumbprint import normal_thumbprint
from vsphere_session.settings import fleet_fields, login_fields
from vsphere_session.settings.config_file import BOOLEANS, fleet_configured
from vsphere_session.settings.environment import FAMILIES, boolean, endpoint_in
from vsphere_session.settings.login_settings import MARKS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from credential_protocol.messages import Request
    from vsphere_session.settings.config_file import Configuration
    from vsphere_session.settings.environment import Family, FamilySource
    from vsphere_session.settings.request import Settings

SECRET = "(not shown)"  # noqa: S105  # what stands in its place
BY_DEFAULT = "the default"
_DEFAULTS = {
    "api": "both",
    "output": "tokens",
    "insecure": "false",
    "passthrough": "false",
    "reauth": "false",
    "remember": "true",
    "verify": "auto",
    "secret_store": "keyring",
    "session_store": "files",
    "method": "password",
    **{name: f"{getattr(Policy(), name):g}" for name in Policy.DURATIONS},
}
_VARIABLES = {
    "url": ("url", "second_url"),
    "username": ("username", "second_username"),
    "password": ("password",),
    "insecure": ("insecure",),
    "passthrough": ("persist",),
    "ca_file": ("ca_file",),
    "known_hosts": ("known_hosts",),
    "soap_sessions": ("soap_sessions",),
    "rest_sessions": ("rest_sessions",),
}
"""By setting: which variables of a family say it."""
NAMES = (
    *("url", "username", "password", "method", "api", "insecure", "ca_file", "thumbprint", "known_hosts"),
    *("verify", "reauth", "passthrough", "output", "remember", "soap_sessions", "rest_sessions"),
    *("secret_store", "session_store", *Policy.DURATIONS, "grant", *login_fields.SECRETS, *login_fields.CONFIGURED),
    "fleet",
)


@dataclass(frozen=True)
class Said:
    """One source that says a value. `why_not` is why it does not count here, empty where it may."""

    value: str
    source: str
    why_not: str = ""


@dataclass(frozen=True)
class Origin:
    """A setting with its value and source, and the sources that it beats or that do not count for this request."""

    name: str
    value: str
    source: str
    others: tuple[Said, ...] = ()


def origins(request: Request, settings: Settings, environ: Mapping[str, str], config: Configuration) -> list[Origin]:
    """Every setting that has a value, in the order of `NAMES`. No secret is in them."""
    sources = _Sources(request, settings, environ, config)
    found = []
    for name in NAMES:
        said = list(sources.of(name))
        counts = [one for one in said if not one.why_not]
        first = counts[0] if counts else Said(_DEFAULTS.get(name, ""), BY_DEFAULT)
        others = tuple(one for one in said if one is not first)
        if first.value or others:
            found.append(Origin(name, first.value, first.source if first.value else "", others))
    return [*found, *_of_fleet(environ, config)]


def _of_fleet(environ: Mapping[str, str], config: Configuration) -> Iterator[Origin]:
    """Every setting of a fleet that somebody says; none where there is no fleet."""
    for name in (*fleet_fields.SECRETS, *fleet_fields.KEYS) if fleet_configured(environ, config) else ():
        variable, configured = fleet_fields.VARIABLES.get(name, ""), config.fleet.get(name, "")
        said = [Said(_of_variable(name, environ[variable]), variable)] if environ.get(variable) else []
        said += [Said(configured, f"{config.path}, [fleet]")] if configured else []
        if said:
            yield Origin(f"fleet.{name}", said[0].value, said[0].source, tuple(said[1:]))


def _of_variable(name: str, text: str) -> str:
    return SECRET if name in fleet_fields.SECRETS or (name == "url" and fleet_fields.has_password(text)) else text


class _Sources:
    """What each source says, the first one first."""

    def __init__(self, request: Request, settings: Settings, environ: Mapping[str, str], config: Configuration) -> None:
        self._request = request
        self._settings = settings
        self._environ = environ
        self._config = config
        self._families = list(zip(FAMILIES, settings.every_family, strict=True))

    def of(self, name: str) -> Iterator[Said]:
        """Who says the setting of this name."""
        if name == "method":
            yield from self._by_its_fields()
        yield from self._of_request(name)
        if name in _VARIABLES:
            for family, source in self._families:
                yield from self._of_family(name, family, source)
        variable = login_fields.VARIABLES.get(name, "")
        if self._environ.get(variable):
            yield Said(_shown(name, self._environ[variable]), variable, self._withheld(variable))
        if name == "thumbprint":
            yield from self._of_known_hosts()
        yield from self._of_configuration(name)
        if name == "username" and self._config.general.get("url"):
            url = endpoint_in(self._config.general["url"], "url")
            if url.username and url.login_place == self._settings.endpoint.login_place:
                yield Said(url.username, f"url in {self._config.path}")

    def _by_its_fields(self) -> Iterator[Said]:
        """What belongs to one method alone says it, too, where that is said first."""
        login = self._settings.login
        said = next(iter([*self._of_request("method"), *self._of_configuration("method")]), None)
        if login is not None and (said is None or said.value != login.name) and login.name != "password":
            fields = [field for field in MARKS.get(login.name, ()) if login.values.text(field)]
            yield Said(login.name, f"{' and '.join(fields)}, which belongs to this method")

    def _of_known_hosts(self) -> Iterator[Said]:
        """A file of known hosts may have the server, or not: what came of it tells."""
        found = self._settings.thumbprint
        configured = self._config.text("thumbprint", self._settings.endpoint)
        if (
            found
            and not self._request.attributes.get("thumbprint")
            and found != (configured and normal_thumbprint(configured))
        ):
            yield Said(found, "the files that GOVC_TLS_KNOWN_HOSTS names")

    def _of_request(self, name: str) -> Iterator[Said]:
        given = self._request.target if name == "url" else self._request.attributes.get(name, "")
        if given:
            yield Said(self._settings.endpoint.url if name == "url" else _shown(name, given), "the request")
        own = self._settings.own_url
        if own is not None and name == "username" and own.username and not given:
            yield Said(own.username, "the url of the request")
        if own is not None and name == "password" and own.password is not None and not given:
            yield Said(SECRET, "the url of the request")

    def _of_family(self, name: str, family: Family, source: FamilySource) -> Iterator[Said]:
        try:
            applies, endpoint = source.applies_to(self._settings.endpoint), source.endpoint()
            text = self._text_of(name, source)
        except InvalidRequestError as error:
            applies, endpoint, text = False, None, ""
            if any(self._environ.get(getattr(family, attribute)) for attribute in _VARIABLES[name]):
                yield Said("", " and ".join(self._set(name, family)), error.message)
            return
        if not text:
            return
        variable = " ".join(self._set(name, family)) or source.named("url")
        why_not = ""
        if name != "url" and not applies and endpoint is not None:
            why_not = f"it is for {endpoint.place}, which {source.named('url')} names"
        elif name == "password" and source.username() not in ("", self._settings.account):
            why_not = "it is for another user"
        yield Said(text, variable, why_not)

    def _text_of(self, name: str, source: FamilySource) -> str:
        if name == "url":
            endpoint = source.endpoint()
            return "" if endpoint is None else endpoint.url
        if name == "username":
            return source.username()
        if name == "password":
            return SECRET if source.password() is not None else ""
        return source.text(name)

    def _set(self, name: str, family: Family) -> list[str]:
        variables = [getattr(family, attribute, "") for attribute in _VARIABLES[name]]
        return [each for each in variables if each and self._environ.get(each)][:1]

    def _withheld(self, variable: str) -> str:
        """What GOVC_ names goes with govc's URL."""
        govc = self._settings.every_family[0]
        if not variable.startswith("GOVC_") or govc.applies_to(self._settings.endpoint):
            return ""
        return "it goes with GOVC_URL, which names another server"

    def _of_configuration(self, name: str) -> Iterator[Said]:
        place = self._settings.endpoint.place
        own, general = self._config.section(place) or {}, self._config.general
        for section, where in ((own, f'[endpoint."{place}"]'), (general, "general")):
            if section.get(name):
                yield Said(_shown(name, section[name]), f"{self._config.path}, {where}")


def _shown(name: str, text: str) -> str:
    if name in (*BOOLEANS, "reauth"):
        return str(boolean(text, name)).lower()
    return SECRET if text and (name in login_fields.SECRETS or name == "password") and text != NO_PASSWORD else text
