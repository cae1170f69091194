"""The fleet between "not good here" and "log in": another runner's session, or one for all runners.

    trusted here               answered before anybody comes to this
    confirmed lately by one    taken from the document, no question to the server
    over, or none              one runner has the lease: it asks the server, or offers its own session, or logs in
    engine away                what is here, if the server says that it lives; else what `engine_down` says

The lease saves logins; which session is handed out, and that none is lost, rests on the conditional write alone.
"""

from __future__ import annotations

import os
from random import random
from typing import TYPE_CHECKING

from vsphere_session.cache.fleet_changes import FleetChanges
from vsphere_session.cache.fleet_link import FleetLink
from vsphere_session.cache.fleet_share import Alone, FleetShare
from vsphere_session.cache.principal import made_for
from vsphere_session.cache.share import OvertakenError
from vsphere_session.digest import session_digest
from vsphere_session.errors import NotFoundError, SessionError, UnsupportedError
from vsphere_session.fleet.engine import DeniedError, DownError, EngineError, UnknownError
from vsphere_session.fleet.owed import Owed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import TracebackType
    from typing import Self

    from vsphere_session.cache.clients import WireClient
    from vsphere_session.cache.connector import Config, Connector
    from vsphere_session.cache.ending import Ending
    from vsphere_session.cache.fleet_place import FleetPlace
    from vsphere_session.cache.policy import Policy
    from vsphere_session.cache.renewal import Renewal
    from vsphere_session.cache.repository import Repository
    from vsphere_session.cache.share import Share
    from vsphere_session.cache.surroundings import Surroundings
    from vsphere_session.cache.validation import Validator
    from vsphere_session.endpoint import Endpoint
    from vsphere_session.fleet.document import Entry
    from vsphere_session.fleet.fleet import Fleet

RENEW_AFTER = 12 * 3600.0
"""Seconds after which a session is handed out no more: a job that begins with it has as long again before it ends."""
_STILL_USED = 1800.0
"""A session that was confirmed within so many seconds may be in use elsewhere."""


class Pool:
    """What one call does with the fleet. Every method but `close` is to be called under the repository's lock.

    A context manager, which gives the engine's connection back unless that is `kept`.

    share    what a login does at its steps
    changes  what else becomes of the fleet's sessions
    """

    def __init__(
        self,
        fleet: Fleet,
        around: Surroundings,
        *,
        endpoint: Endpoint,
        insecure: bool,
        also: str,
        repository: Repository,
        validator: Validator,
        connector: Connector,
        policy: Policy,
        records: Mapping[str, str],
        reauth: bool,
        kept: bool,
        check_refused: Callable[[WireClient], None],
        renewal: Callable[[Share], Renewal],
        ending: Callable[[Share], Ending],
    ) -> None:
        self._fleet = fleet
        self._around = around
        self._endpoint = endpoint
        self._repository = repository
        self._validator = validator
        self._connector = connector
        self._policy = policy
        self._records = records
        self._reauth = reauth
        self._kept = kept
        self._check_refused = check_refused
        self._renewal = renewal
        self._ending = ending
        self._first: dict[str, str] | None = None
        """By kind the digest of what was there when this call began: `reauth` wants another one."""
        self._owed = Owed(around.paths.state, os.path.basename(repository.record.path))
        self._link = FleetLink(fleet, around, endpoint, insecure=insecure, also=also)
        self.share = FleetShare(self._link, self._owed)
        self.changes = FleetChanges(self._link, self.share, self._owed, connector, ending=ending)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._kept:
            self.close()

    def close(self) -> None:
        """Give the engine's connection back."""
        self._link.close()

    # ---- get

    def login(self, client: WireClient, config: Config | None) -> bool:
        """Fill `client` with the fleet's session, else with a new one that becomes the fleet's; True if a login was made."""
        try:
            while True:
                try:
                    return self._log_in(client, config, self._link.open())
                except OvertakenError:
                    self._around.tell("another runner has logged in meanwhile: its session is used")
                    self._link.open().place.look()
                except DownError as error:
                    self._link.wait_for(error)
        except (DownError, UnknownError) as error:
            return self._alone(client, config, error)
        except DeniedError as error:
            raise self._link.denied(error) from None
        except UnsupportedError as error:  # a newer version's document, or another key's
            self._around.tell(error.message)
            if not self._reauth and self._is_good(client, config):
                return False
            raise

    def _log_in(self, client: WireClient, config: Config | None, place: FleetPlace) -> bool:
        """By what the document said last, in this call: who writes finds out what has changed since."""
        while True:
            entry = self._wanted(client.kind, place)
            if (
                entry is not None
                and place.age(entry) < self._policy.window
                and self._pull(client, config, entry, place)
            ):
                self._around.tell(
                    f"the fleet's {client.kind.upper()} session is good: a runner has confirmed it lately"
                )
                return False
            try:
                taken = place.take("login")
            except DeniedError:
                return self._read_only(client, config, entry, place)
            if not taken:
                self._around.tell("another runner of the fleet is at it; waiting for what it finds")
                place.wait()
                if place.is_free and self._wanted(client.kind, place) is None:
                    self._check_refused(client)  # or a crowd with a wrong password takes the lease one after the other
                continue
            try:
                return self._with_lease(client, config, place)
            finally:
                self._link.release(place)

    def _with_lease(self, client: WireClient, config: Config | None, place: FleetPlace) -> bool:
        """Ask the server once for all; else offer what is here, or log in."""
        self.changes.end(
            place, place.due(), config
        )  # what runners that died have left, and what was retired long enough ago
        entry = self._wanted(client.kind, place)
        if entry is not None:
            if place.age(entry) < self._policy.window and self._pull(client, config, entry, place):
                return False  # somebody has confirmed it between the look and the lease
            if self._take_over(client, config, entry, place, ask=True):
                place.confirm(client.kind, entry.digest)
                return False
        elif not self._reauth and self._may_be_offered(client, place) and self._is_good(client, config):
            self.share.commit(client)
            self._around.tell(f"the {client.kind.upper()} session that is here is the fleet's from now on")
            return False
        self._set_free(type(client)(), place)
        return self._renewal(self.share).replace(client, config)

    def _wanted(self, kind: str, place: FleetPlace) -> Entry | None:
        """What may be handed out; nothing that was there already if it is not wanted, and nothing too old."""
        entry = place.entry(kind)
        if self._first is None:
            self._first = {each: there.digest for each, there in place.place.document.entries.items()}
        if entry is None or (self._reauth and entry.digest == self._first.get(kind)):
            return None
        old = place.place.now - entry.made >= min(RENEW_AFTER, self._policy.max_age)
        return None if old else entry

    def _take_over(
        self, client: WireClient, config: Config | None, entry: Entry, place: FleetPlace, *, ask: bool = False
    ) -> bool:
        """Put the fleet's session into the files, and see whether it is good; `ask` the server."""
        new = type(client)()
        if not place.fill(new, entry, confirmed=not ask):
            return False
        known = new.known
        if known is not None and ask and self._fleet.verify_pulled:
            known.username = ""  # the server's word counts, and not what a runner says of it
        if not made_for(known, self._endpoint.username, self._records[client.kind], self._repository.record.proven):
            return False
        if self._repository.needs_pin(known):
            return False
        self._put(new, config, place)
        return self._is_good(client, config) if ask else self._validator.is_good_unasked(client)

    def _pull(self, client: WireClient, config: Config | None, entry: Entry, place: FleetPlace) -> bool:
        """Take over what another runner has confirmed lately; what is new here is asked about first, if that is wanted."""
        here = type(client)()
        is_here = self._repository.read(here) and session_digest(here.session_id) == entry.digest
        is_verified = is_here and here.known is not None and here.known.confirmed_at > 0
        return self._take_over(client, config, entry, place, ask=self._fleet.verify_pulled and not is_verified)

    def _may_be_offered(self, client: WireClient, place: FleetPlace) -> bool:
        """Whether the session that is here is nobody's to end: a runner that wakes up may be about to end what is aside."""
        here = type(client)()
        return self._repository.read(here) and not place.knows(here.session_id)

    def _is_good(self, client: WireClient, config: Config | None) -> bool:
        self._connector.connect(client, config)
        return self._validator.is_good(client)

    # ---- where this runner is one of few rights, or alone

    def _read_only(self, client: WireClient, config: Config | None, entry: Entry | None, place: FleetPlace) -> bool:
        """Use what the others have made, which the server is asked about as without a fleet."""
        if entry is not None and self._take_over(client, config, entry, place, ask=True):
            return False
        raise NotFoundError(
            f"the fleet has no session of {self._endpoint.place} that lives, and this runner's account of {self._fleet.host} may only read; "
            "no runner that may log in has done so: have one do it"
        )

    def _alone(self, client: WireClient, config: Config | None, error: EngineError) -> bool:
        self._link.give_up()
        self._around.tell(f"the fleet's engine {self._fleet.host} does not answer: {error}")
        if not self._reauth and self._is_good(client, config):
            return False
        if self._fleet.engine_down != "login":
            raise self._link.down(error)
        spread = random() * min(self._fleet.login_spread, self._around.until().remaining() / 2)  # noqa: S311  # nosec B311  # no secret
        self._around.clock.sleep(spread)
        made = self._renewal(Alone(self._owed)).replace(client, config)
        self._owed.note(client.session_id)
        return made

    # ---- steps

    def _put(self, new: WireClient, config: Config | None, place: FleetPlace) -> None:
        """Save the fleet's session in place of the one that is here."""
        old = self._set_free(new, place)
        owed = old is not None and self._owed.has(old.session_id)
        if old is not None and owed:
            self._repository.set_aside(old)
        self._repository.make_room(new)
        self._repository.write(new)
        if old is not None and owed:  # this runner alone knows it
            self._connector.connect(new, config)
            with new:
                self._ending(self.share).end_replaced(old, new)
            self._owed.clear(old.session_id)

    def _set_free(self, new: WireClient, place: FleetPlace) -> WireClient | None:
        """The session that is here, if it is another one than `new`. If others may use it, the fleet retires it."""
        old = type(new)()
        try:
            if not self._repository.read(old) or old.session_id == new.session_id:
                return None
            used = old.known is not None and self._around.clock.now() - old.known.confirmed_at < _STILL_USED
            if used and not self._owed.has(old.session_id) and not place.knows(old.session_id):
                place.set_aside(old, "retired")
        except (EngineError, SessionError):
            pass  # it idles out
        return old
