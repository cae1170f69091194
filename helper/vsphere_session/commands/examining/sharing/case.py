"""A fleet under examination: its settings, its engine, and what is learnt of both on the way."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit

from vsphere_session.errors import InvalidRequestError, StorageError
from vsphere_session.fleet.engine import DeniedError, DownError, EngineError, Facts, UnknownError
from vsphere_session.fleet.fleet import Connected
from vsphere_session.fleet.keys import Keys
from vsphere_session.fleet.place import new_token
from vsphere_session.service.fleet_terms import engine_of, of_settings
from vsphere_session.settings.config_file import fleet_configured
from vsphere_session.settings.fleet_fields import URL
from vsphere_session.settings.fleet_settings import FleetSettings

if TYPE_CHECKING:
    from collections.abc import Callable

    from vsphere_session.clock import Deadline
    from vsphere_session.commands.examining.case import Case
    from vsphere_session.fleet.engine import Engine
    from vsphere_session.fleet.fleet import Fleet

    Answer = TypeVar("Answer")


class FleetCase:
    """One examination; close it at the end.

    case    the request that it is about: configuration, environment, endpoint
    facts   what the engine says of itself
    denied  how the engine has refused the account, where it has
    ahead   by how many seconds its clock is before this machine's
    keys    the fleet's, once they were read
    """

    def __init__(self, case: Case) -> None:
        self.case = case
        self.facts = Facts()
        self.denied: DeniedError | None = None
        self.ahead = 0.0
        self.keys: Keys | None = None
        self._settings: FleetSettings | None = None
        self._engine: Engine | None = None
        self._until: Deadline | None = None

    @property
    def settings(self) -> FleetSettings:
        """What is configured; its key may be missing. Raises InvalidRequestError, also where no fleet is."""
        if self._settings is None:
            if not fleet_configured(self.case.environ, self.case.config):
                raise InvalidRequestError(
                    f"no fleet is configured; write url, namespace and key_file under [fleet] in {self.case.config.path}, or set {URL}"
                )
            self._settings = FleetSettings(self.case.environ, self.case.config, needs_key=False)
        return self._settings

    @property
    def names(self) -> list[tuple[str, str]]:
        """Of the engine and its user, as `(kind, name)`; none where it is not known."""
        if self._settings is None:
            return []
        engine = urlsplit(self._settings.url)
        return [("host", engine.hostname or ""), ("user", engine.username or "")]

    @property
    def fleet(self) -> Fleet:
        """As calls have it. Raises as `settings`."""
        return of_settings(self.settings, self.case.clock)

    @property
    def until(self) -> Deadline:
        """When the engine has to have answered everything."""
        if self._until is None:
            self._until = self.case.until()
        return self._until

    @property
    def engine(self) -> Engine:
        """The engine, which is the same each time. Raises as `engine_of`."""
        if self._engine is None:
            self._engine = engine_of(self.settings, self.case.clock, self.until)
        return self._engine

    def read_keys(self) -> Keys:
        """The fleet's keys. Raises as `FleetSettings.key_text`, and as `Keys.of_text`."""
        self.keys = Keys.of_text(self.settings.key_text(self.case.until()))
        return self.keys

    def ask(self, question: Callable[[Engine], Answer]) -> Answer:
        """What the engine answers. Raises DeniedError, and StorageError where it does not answer."""
        try:
            return question(self.engine)
        except (DownError, UnknownError) as error:
            raise self.down(error) from None

    def down(self, error: EngineError) -> StorageError:
        """What a call that needs the engine says."""
        return StorageError(
            f"the fleet's engine {self.fleet.host} does not answer ({error}); start or mend it, or correct url and ca_file under [fleet]"
        )

    def refused(self, error: DeniedError) -> StorageError:
        """The same where it does not let the account in."""
        return StorageError(
            f"the fleet's engine {self.fleet.host} refuses this account ({error}); correct the engine's user, its password or its rights"
        )

    def connected(self, keys: Keys) -> Connected:
        """As a call has it that the engine has answered lately. Raises as `engine`."""
        return Connected(self.fleet, self.engine, keys, self.until, clock=self.case.clock, down="")

    def new_name(self) -> str:
        """A name in the namespace that nothing has, and nobody else will ask for."""
        return self.fleet.name(f"doctor\0{new_token()}")

    def close(self) -> None:
        """Give the connection back."""
        if self._engine is not None:
            self._engine.close()
