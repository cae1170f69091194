"""What is said of a fleet, by the environment and by `[fleet]` in the configuration: is it whole, and where are its secrets.

Imported only where `fleet_configured` says that there is one, and the cache has no answer. No secret is read before it is asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from credential_protocol.jsontext import clean, described
from vsphere_session.clock import TIMEOUT
from vsphere_session.errors import InvalidRequestError, NotFoundError
from vsphere_session.settings.config_file import checked, fleet_configured, seconds
from vsphere_session.settings.fleet_fields import CHOICES, URL, VARIABLES, count
from vsphere_session.settings.fleet_url import FleetUrl, check_namespace
from vsphere_session.settings.login_sources import Level, LoginValues
from vsphere_session.settings.near_misses import hint
from vsphere_session.storage.reading import Reader

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vsphere_session.clock import Deadline
    from vsphere_session.endpoint import Endpoint
    from vsphere_session.settings.config_file import Configuration

LOGIN_SPREAD = 30.0
_NO_KEY = (
    "the fleet has no key; make one with: vsphere-session fleet key --new, give it to each of its machines, and name its file "
    f"(key_file under [fleet], or {VARIABLES['key_file']}) or the command that prints it (key_command under [fleet])"
)


class FleetSettings:
    """A fleet as it is configured.

    source        what names the engine: `the environment`, or `[fleet]`
    url           the engine and its user, without password and namespace: `rediss://USER@HOST:PORT`
    namespace     what the names of its documents begin with; at most 64 characters
    engine_down   `refuse` or `login`: what a call does that finds no engine and no good session
    login_spread  up to how many seconds it waits before such a login
    ca_file       whom to trust, PEM; empty for what the platform trusts
    clear         whether `redis://` may lead to another machine
    verify_pulled whether the server is asked about another runner's session before its first use here
    sessions      how many of each kind the machines share
    """

    def __init__(self, environ: Mapping[str, str], config: Configuration, *, needs_key: bool = True) -> None:
        """Raises InvalidRequestError for what does not go together; without `needs_key` a missing key is `key_text`'s to find."""
        variables = {name: environ[variable] for name, variable in VARIABLES.items() if environ.get(variable)}
        file = Level("[fleet]", config.fleet, directory=config.directory(), file=config.path)
        self._environ = environ
        self._levels = [Level("the environment", variables), file]
        self.clear = config.fleet.get("clear") == "true"
        self.verify_pulled = config.fleet.get("verify_pulled") == "true"
        said = {level.name: _url(level, clear=self.clear) for level in self._levels}
        self.source, engine = next(((name, url) for name, url in said.items() if url is not None), ("", None))
        if engine is None:
            raise InvalidRequestError(
                f'{config.path}: [fleet] has no url; add url = "rediss://USER@HOST:PORT", or set {URL} to it, or to off'
            )
        self.url = engine.engine
        own, configured = said.values()
        strange = own is not None and configured is not None and own.place != configured.place
        self._password_levels = self._levels[:1] if strange else self._levels  # it belongs to the engine beside it
        values = self._values(TIMEOUT)
        self.namespace = self._namespace(said)
        self.engine_down = checked("engine_down", values.text("engine_down"), CHOICES) or "refuse"
        spread = config.fleet.get("login_spread", "")
        self.login_spread = seconds(spread, "login_spread") if spread else LOGIN_SPREAD
        self.sessions = count(values.text("sessions") or "1", "sessions")
        self.ca_file = values.path("ca_file")
        if needs_key and not values.source("key"):
            raise self._no_key()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.url!r}, {self.namespace!r})"

    def key_text(self, until: Deadline) -> str:
        """The lines of the fleet's key. Raises InvalidRequestError, NotFoundError, StorageError, BusyError."""
        text = self._secret("key", self._levels, until, several_lines=True)
        if not text:
            raise self._no_key()
        return text

    def password(self, until: Deadline) -> str:
        """The password of the engine's user, empty where nobody says one. Raises as `key_text`."""
        text = self._secret("password", self._password_levels, until, several_lines=False)
        if not clean(text):
            raise InvalidRequestError(f"the password of the fleet's engine {described(text)}")
        return text

    def _no_key(self) -> InvalidRequestError:
        return InvalidRequestError(_NO_KEY + hint(self._environ, "fleet"))

    def _secret(self, name: str, levels: list[Level], until: Deadline, *, several_lines: bool) -> str:
        values = self._values(max(0.0, until.remaining()), levels)
        source = values.source(name)
        if source == name:
            return levels[0].values[name]
        if source == f"{name}_file":
            text = values.content(source).strip("\r\n")
            if not text.strip():
                raise NotFoundError(f"the {source} {values.path(source)} is empty; write the {name} into it")
            return text
        if not source:
            return ""
        from vsphere_session.login.command import run  # noqa: PLC0415  # few have one

        return run(values.command(source), f"the fleet's {source}", until, several_lines=several_lines)

    def _values(self, patience: float, levels: list[Level] | None = None) -> LoginValues:
        return LoginValues(levels or self._levels, Reader(), self._environ, patience)

    def _namespace(self, said: Mapping[str, FleetUrl | None]) -> str:
        """That of the first level that names one, as such or as the path of its URL."""
        for level in self._levels:
            url = said[level.name]
            names = {level.values.get("namespace", ""), url.namespace if url is not None else ""} - {""}
            if len(names) > 1:
                raise InvalidRequestError(
                    f"{level.name} names two namespaces, one in the url and one by itself; leave one out"
                )
            for name in names:
                check_namespace(name)
                return name
        raise InvalidRequestError(
            "the fleet has no namespace, which its machines share; write it behind the engine, as in "
            f'rediss://USER@HOST:PORT/vs:ci, or by itself: namespace = "vs:ci" under [fleet], or {VARIABLES["namespace"]}'
            + hint(self._environ, "fleet")
        )


def fleet_settings(
    environ: Mapping[str, str], config: Configuration, endpoint: Endpoint | None = None
) -> FleetSettings | None:
    """The fleet that sessions of this endpoint are shared in; None where they are not. Raises InvalidRequestError."""
    if not fleet_configured(environ, config) or config.text("fleet", endpoint) == "false":
        return None
    return FleetSettings(environ, config)


def _url(level: Level, *, clear: bool) -> FleetUrl | None:
    text = level.values.get("url", "")
    name = URL if level.name == "the environment" else "url under [fleet]"
    return FleetUrl(text, name, clear=clear) if text else None
