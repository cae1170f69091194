"""The document of an account: whose turn it is to try a password, and what was refused lately, for all runners alike.

Pure functions, as in `document.py`. Marks come from `Keys.mark`: who has no key of the fleet can neither make nor test one.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from vsphere_session import back_off
from vsphere_session.fleet import fields, leases
from vsphere_session.fleet.contents import LEASE_SECONDS, Lease
from vsphere_session.fleet.document_text import lease_of, of_lease

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_PURPOSE = "login"
_SET_BACK_SECONDS = 2.0
_ENOUGH_TIMES = 31  # more do not make a window longer


@dataclass(frozen=True, slots=True)
class Account:
    """All that is known of an account.

    turn   who tries a login
    marks  when a credential was refused, by the engine's time, and how often in a row
    fence  the highest that was given
    also   the name of another document of the same account, by what the server calls itself; empty if there is none
    """

    turn: Lease | None = None
    marks: Mapping[str, tuple[float, int]] = field(default_factory=dict)
    fence: int = 0
    also: str = ""


def read(data: bytes) -> Account:
    """The account's document; no bytes are the empty one. Raises NewerError, BrokenError."""
    if not data:
        return Account()
    found = fields.read(data)
    turn = None if found.get("turn") is None else lease_of(fields.fields(found["turn"]))
    fence = fields.fence(found, "n")
    if turn is not None and turn.fence > fence:
        raise fields.BrokenError("a turn above the highest fence")
    marks = {
        fields.mark(each, "mark"): (fields.time(each, "at"), min(fields.fence(each, "times"), _ENOUGH_TIMES))
        for each in fields.objects(found, "marks", back_off.MOST_MARKS)
    }
    return Account(turn, marks, fence, fields.text(found, "also") if found.get("also") else "")


def written(account: Account) -> bytes:
    """Its bytes, always the same."""
    by_time = sorted(account.marks.items(), key=lambda item: (item[1], item[0]))
    marks = [{"mark": mark, "at": float(at), "times": times} for mark, (at, times) in by_time]
    also = {"also": account.also} if account.also else {}
    turn = of_lease(account.turn)
    return fields.written({"v": fields.VERSION, "n": account.fence, "turn": turn, "marks": marks, **also})


def turn_left(account: Account, now: float) -> float:
    """Seconds until the turn is free; 0 = it is."""
    return leases.left(account.turn, now)


def take_turn(
    account: Account, now: float, *, owner: str, token: str, seconds: float = LEASE_SECONDS
) -> tuple[Account, Lease] | None:
    """Be the one who tries a login; None while another one does."""
    if turn_left(account, now):
        return None
    turn = leases.following(account.fence, now, owner=owner, token=token, purpose=_PURPOSE, seconds=seconds)
    return replace(account, fence=turn.fence, turn=turn), turn


def end_turn(account: Account, turn: Lease) -> Account:
    """The server has answered, or will not; another's turn stays."""
    return replace(account, turn=None) if leases.is_last(account.turn, turn, account.fence) else account


def refuse(account: Account, now: float, marks: Sequence[str], window: float) -> Account:
    """The server has just refused the credential with these marks, one for each key: it is kept under the first."""
    times = max((times for _, times in _counting(account, now, marks, window)), default=0)
    refused = {**account.marks, marks[0]: (now, min(times + 1, _ENOUGH_TIMES))}
    return replace(account, marks=back_off.kept(_believed(refused, now), window, now))


def accept(account: Account, marks: Sequence[str]) -> Account:
    """The server has just accepted it: whatever was said of it before counts no more."""
    return replace(account, marks={mark: each for mark, each in account.marks.items() if mark not in marks})


def forget(account: Account) -> Account:
    """Whatever was refused may be tried at once."""
    return replace(account, marks={})


def refused(account: Account, now: float, marks: Sequence[str], window: float) -> tuple[float, float] | None:
    """Until when it is not tried, and when it was refused, by the engine's time; None if it may be tried now."""
    found = [(at + back_off.wait(window, times), at) for at, times in _counting(account, now, marks, window)]
    until, at = max(found, default=(0.0, 0.0))
    return (until, at) if window and until > now else None


def _counting(account: Account, now: float, marks: Sequence[str], window: float) -> list[tuple[float, int]]:
    believed = _believed(account.marks, now)
    return [believed[mark] for mark in marks if mark in believed and back_off.counts(window, *believed[mark], now)]


def _believed(marks: Mapping[str, tuple[float, int]], now: float) -> dict[str, tuple[float, int]]:
    """An engine's clock may go back a little: what was refused then was refused just now."""
    return {
        mark: (min(at, now) if at - now <= _SET_BACK_SECONDS else at, max(1, times))
        for mark, (at, times) in marks.items()
    }
