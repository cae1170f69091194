"""What is in the engine: under which keys the sessions of an endpoint are sealed, and a document on trial."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vsphere_session.cache.fleet_place import place_name
from vsphere_session.commands.examining.finding import failed, ok, problem, skipped, warning
from vsphere_session.errors import UnsupportedError
from vsphere_session.fleet.document import BrokenError, NewerError, read
from vsphere_session.fleet.engine import ConflictError, DeniedError
from vsphere_session.fleet.keys import Keys

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from vsphere_session.commands.examining.finding import Finding
    from vsphere_session.commands.examining.sharing.case import FleetCase
    from vsphere_session.fleet.engine import Engine

_TRIAL_SECONDS = 5.0
"""After so long the engine removes the document on trial by itself."""


def name_of_place(case: FleetCase) -> str:
    """The name of the document of the endpoint and user that are asked about. Raises SessionError."""
    asked = case.case.known()
    session = asked.session(asked.user())
    return place_name(case.fleet, session.endpoint(), insecure=session.insecure, also=session.shared_as)


def keys_in_use(case: FleetCase) -> Iterator[Finding]:
    """Whether this machine can open what is shared of the endpoint."""
    if case.case.asked is None:
        yield skipped("no server is named", "name its HOST to have its document looked at")
        return
    place, name = case.case.known().place, name_of_place(case)
    try:
        data = case.ask(lambda engine: engine.get(name)).data
        document = read(data)
    except DeniedError as error:
        yield failed(case.refused(error))
        return
    except NewerError:
        raise UnsupportedError(
            f"what is shared of {place} is of a newer version of this program; update this one"
        ) from None
    except BrokenError:
        yield warning(f"what is under the name of {place} is no document of a fleet", "the next login replaces it")
        return
    keys = case.keys or Keys({})
    sealed = [*(each.sealed for each in document.entries.values()), *(each.sealed for each in document.aside)]
    used = list(dict.fromkeys(filter(None, map(keys.id_of, sealed))))
    unknown = [each for each in used if each not in keys.ids]
    if unknown:
        yield warning(
            f"sessions of {place} are sealed with a key that is not here ({', '.join(unknown)})",
            "give all machines of the fleet the same keys",
        )
    elif used:
        yield ok(f"sessions of {place} are sealed with {', '.join(used)}")
    else:
        yield ok(f"no session of {place} is shared yet")


def trial(case: FleetCase) -> Iterator[Finding]:
    """Whether a document of its own, that nobody else knows, can be put, is defended, waited for and removed."""
    name, clock = case.new_name(), case.case.clock
    case.ask(lambda engine: engine.get(name))  # the connection is there before anything is timed
    said = []
    try:
        for step, work in _steps(name):
            began = clock.monotonic()
            if not case.ask(work):
                yield problem(
                    f"{step} of a document on trial went wrong: something changes what the engine answers",
                    "name Redis or Valkey itself, or another proxy",
                    "storage",
                )
                return
            said.append(f"{step} {(clock.monotonic() - began) * 1000:.1f} ms")
    except DeniedError as error:
        if said:
            yield failed(case.refused(error))
            return
        yield ok(f"{case.facts.user} may only read, and uses what others have logged in")
        return
    yield ok(", ".join(said))


def _steps(name: str) -> Iterator[tuple[str, Callable[[Engine], bool]]]:
    """What is tried in turn, each True where it went as it should."""
    version = b""

    def put(engine: Engine) -> bool:
        nonlocal version
        version = engine.put(name, b"", b"", _TRIAL_SECONDS).version
        return bool(version)

    def conflict(engine: Engine) -> bool:
        try:
            engine.put(name, b"", b"", _TRIAL_SECONDS)
        except ConflictError as found:
            return found.seen.version == version
        return False

    yield "put", put
    yield "conflict", conflict
    yield "wait", lambda engine: engine.wait(name, b"", _TRIAL_SECONDS)
    yield "remove", lambda engine: bool(engine.put(name, version, b"", 0.0).version)
