"""What a check has found: a line for a person, and the same for a program."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from credential_protocol.messages import Failure

OK, WARNING, PROBLEM, SKIPPED = "ok", "warning", "problem", "skipped"


@dataclass(frozen=True)
class Finding:
    """One thing that was found. None of it is a secret.

    state  `ok`; `warning`: calls work, or may; `problem`: they do not; `skipped`: it could not be looked at, or was not to be
    what   in words
    do     what to do; empty where there is nothing
    kind   of the error that a call would end with (the contract's), for a problem
    """

    state: str
    what: str
    do: str = ""
    kind: str = ""


def ok(what: str) -> Finding:
    """It is as it should be."""
    return Finding(OK, what)


def warning(what: str, do: str = "") -> Finding:
    """It is odd, and no call need fail."""
    return Finding(WARNING, what, do)


def problem(what: str, do: str, kind: str) -> Finding:
    """A call fails, with an error of this kind."""
    return Finding(PROBLEM, what, do, kind)


def skipped(why: str, do: str = "") -> Finding:
    """It was not looked at."""
    return Finding(SKIPPED, f"because {why}", do)


def failed(error: Failure, state: str = PROBLEM) -> Finding:
    """What a call would say: what happened, and behind the first semicolon what to do."""
    what, _, do = error.message.partition("; ")
    return Finding(state, what, do, error.kind if state == PROBLEM else "")
