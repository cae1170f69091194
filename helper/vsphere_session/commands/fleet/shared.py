"""What a fleet has for one endpoint and user: read once, opened as far as the keys go, and nothing of it changed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from vsphere_session.cache.clients import RestClient, SoapClient
from vsphere_session.cache.fleet_place import FleetPlace
from vsphere_session.errors import InvalidRequestError, SessionError, StorageError, UnsupportedError
from vsphere_session.fleet import account as accounts
from vsphere_session.fleet import document as documents
from vsphere_session.fleet.contents import KINDS
from vsphere_session.fleet.engine import DeniedError
from vsphere_session.fleet.fields import BrokenError, NewerError
from vsphere_session.fleet.keys import Keys
from vsphere_session.login.shared_refusals import SharedRefusals

if TYPE_CHECKING:
    from vsphere_session.cache.session import Session
    from vsphere_session.commands.examining.sharing.case import FleetCase
    from vsphere_session.fleet.account import Account
    from vsphere_session.fleet.contents import Entry, Lease
    from vsphere_session.fleet.document import Document


@dataclass(frozen=True)
class Handed:
    """A session that is handed out; moments are Unix seconds by the engine's clock.

    state         in words
    age           seconds since a server has confirmed it; infinite where it is to be asked first
    confirmed_by  the runner that asked, logged_in_by  the one that made it; empty where the log has it no more
    key           the ID of its key, or the digits of one that is not here
    username      whose it is, where it could be opened
    """

    kind: str
    entry: Entry
    state: str
    age: float
    confirmed_by: str
    logged_in_by: str
    key: str
    username: str = ""
    session_id: str = field(default="", repr=False)


@dataclass(frozen=True)
class Refused:
    """What is known of an account's refusals. `server_known`: whether this machine knows which server's they are."""

    count: int
    until: float
    turn: Lease | None
    server_known: bool


@dataclass(frozen=True)
class Shared:
    """All of it. `now` is the engine's; `no_keys` says why nothing could be opened, empty where keys are there.

    number  which of the sessions it is that the machines share
    """

    name: str
    number: int
    now: float
    document: Document
    handed: tuple[Handed, ...]
    refused: Refused
    keys: tuple[str, ...]
    no_keys: str

    @property
    def lease(self) -> Lease | None:
        """The one that runs."""
        return self.document.lease if documents.lease_left(self.document, self.now) else None

    @property
    def retired(self) -> list[documents.Aside]:
        """Those that are left to whoever uses them still."""
        due = documents.due(self.document, self.now)
        return [each for each in self.document.aside if each.why == "retired" and each not in due]

    @property
    def to_be_ended(self) -> list[documents.Aside]:
        """Those that a runner with the lease ends."""
        return [each for each in self.document.aside if each not in self.retired]


def shared(case: FleetCase, number: int | None = None) -> Shared:
    """Ask the engine for this one of the sessions that the machines share, else for this machine's. Raises SessionError."""
    base = case.case
    if base.config_error is not None:
        raise base.config_error
    asked = base.known()
    session = asked.session(asked.user())
    case.settings  # noqa: B018  # whether there is a fleet comes first
    if session.fleet is None:
        raise InvalidRequestError(
            f"fleet = false keeps {asked.place} out of the fleet; take that out of {base.config.path} to share its sessions"
        )
    number = _number(case, number)
    keys, why = _keys(case)
    place = FleetPlace(
        case.connected(keys),
        session.endpoint(),
        insecure=session.insecure,
        who="",
        also=session.shared_as,
        number=number,
    )
    try:
        document = case.ask(lambda _: place.place.look())
        refused = _refused(case, session)
    except DeniedError as error:
        raise case.refused(error) from None
    handed = tuple(_handed(place, kind, document, keys, session) for kind in KINDS if kind in document.entries)
    return Shared(place.place.name, number, place.place.now, document, handed, refused, keys.ids, why)


def _number(case: FleetCase, number: int | None) -> int:
    if number is None:
        return case.fleet.number
    if number < case.fleet.sessions:
        return number
    several = f"the fleet shares {case.fleet.sessions} sessions of each kind, 0 to {case.fleet.sessions - 1}"
    one = "the fleet shares one session of each kind, which is number 0"
    raise InvalidRequestError(
        f"there is no number {number}: {several if case.fleet.sessions > 1 else one} (sessions under [fleet])"
    )


def _keys(case: FleetCase) -> tuple[Keys, str]:
    try:
        return case.read_keys(), ""
    except SessionError as error:
        return Keys({}), error.message


def _handed(place: FleetPlace, kind: str, document: Document, keys: Keys, session: Session) -> Handed:
    entry = document.entries[kind]
    client = SoapClient() if kind == "soap" else RestClient()
    age, key = place.age(entry), keys.id_of(entry.sealed)
    try:
        opened = place.fill(client, entry, confirmed=False)
        state = "" if opened else "cannot be opened: it was not sealed for this place"
    except UnsupportedError:
        opened, state = False, "cannot be opened here: its key is missing"
    if not state:
        state = "good" if age < session.policy.trust_window else "the server is asked at the next use"
    return Handed(
        kind,
        entry,
        state,
        age,
        _who(document, entry, f"{kind} confirmed", f"{kind} committed"),
        _who(document, entry, f"{kind} committed"),
        key,
        client.known.username if opened and client.known is not None else "",
        client.session_id if opened else "",
    )


def _who(document: Document, entry: Entry, *deeds: str) -> str:
    """Which runner did one of these last to the session, as the log says."""
    lines = [line for line in document.log if line.digest and entry.digest.startswith(line.digest)]
    return next((line.who for line in reversed(lines) if line.what.startswith(deeds)), "")


def _refused(case: FleetCase, session: Session) -> Refused:
    refusals, window = session.refusals, session.policy.refusal_window
    assert isinstance(refusals, SharedRefusals)  # noqa: S101  # nosec B101  # a session of a fleet has these
    name = refusals.document_name(case.fleet)
    seen = case.ask(lambda engine: engine.get(name))
    account = _account(seen.data)
    found = [accounts.refused(account, seen.now, [mark], window) for mark in account.marks]
    until = [each[0] for each in found if each is not None]
    turn = account.turn if accounts.turn_left(account, seen.now) else None
    return Refused(len(until), max(until, default=0.0), turn, not refusals.needs_server)


def _account(data: bytes) -> Account:
    try:
        return accounts.read(data)
    except NewerError:
        raise UnsupportedError(
            "the fleet's document of this account is of a newer version of this program; update this one"
        ) from None
    except BrokenError:
        raise StorageError(
            "what is under the name of this account is no document of a fleet; the next login replaces it"
        ) from None
