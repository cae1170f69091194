"""Whose turn it is, by the engine's time: for a place, and for an account."""

from __future__ import annotations

from dataclasses import replace

from vsphere_session.fleet.contents import MAX_LEASE_SECONDS, Lease
from vsphere_session.fleet.fields import shown


def left(lease: Lease | None, now: float) -> float:
    """Seconds until it is free; 0 = it is. A lease that ends too late is not believed: the clock was set back."""
    seconds = lease.until - now if lease else 0.0
    return seconds if 0 < seconds <= MAX_LEASE_SECONDS else 0.0


def following(highest: int, now: float, *, owner: str, token: str, purpose: str, seconds: float) -> Lease:
    """The lease after the highest fence that was given: the engine's time in microseconds, if that is higher."""
    fence = max(highest + 1, int(now * 1e6))
    return renewed(Lease(shown(owner), token, fence, now, shown(purpose)), now, seconds)


def renewed(lease: Lease, now: float, seconds: float) -> Lease:
    """The same from now on."""
    return replace(lease, until=now + min(seconds, MAX_LEASE_SECONDS))


def is_last(held: Lease | None, lease: Lease, highest: int) -> bool:
    """Whether `lease` is what is held, and nobody was given a higher fence; its time may be over."""
    return held is not None and held.token == lease.token and held.fence == lease.fence == highest
