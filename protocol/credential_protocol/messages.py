"""The language that all dialects share: a request, an answer, a failure with a kind, and the bytes to write.

Plain classes with slots, not dataclasses: importing `dataclasses` costs as much as the rest of a warm answer.

On the fast path.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

KINDS = {
    "invalid-request": 2,
    "not-found": 3,
    "login-refused": 4,
    "unreachable": 5,
    "untrusted": 6,
    "session-limit": 7,
    "busy": 8,
    "storage": 9,
    "unsupported": 10,
    "interaction-required": 11,
    "internal": 70,
}
"""Every kind of failure and the exit status that goes with it."""

VERBS = ("get", "store", "erase")


class Request:
    """What a caller asks: a verb, the thing it is about, and named strings; `id` names it in a conversation."""

    __slots__ = ("attributes", "id", "target", "verb")

    def __init__(self, verb: str, target: str, attributes: Mapping[str, str], *, id: str | None = None) -> None:  # noqa: A002  # the field's name
        self.verb = verb
        self.target = target
        self.attributes = dict(attributes)
        self.id = id

    def __repr__(self) -> str:
        """Names only: the values may be secrets, and a target may carry a password."""
        return f"Request({self.verb}, attributes: {', '.join(sorted(self.attributes)) or 'none'})"


class Answer:
    """What the helper says: named strings, in the order in which they are to be shown."""

    __slots__ = ("fields",)

    def __init__(self, fields: Mapping[str, str]) -> None:
        self.fields = dict(fields)

    def __repr__(self) -> str:
        """Names only: the values may be secrets."""
        return f"Answer({', '.join(self.fields)})"


class Failure(Exception):  # noqa: N818  # the word of the contract
    """Why there is no answer. `kind` is a key of `KINDS`; `message` is one line without a secret."""

    kind = "internal"

    def __init__(self, message: str, *, kind: str | None = None) -> None:
        super().__init__(message)
        if kind is not None:
            self.kind = kind

    @property
    def message(self) -> str:
        """The text as one line: whatever could break it or steer a terminal becomes a space."""
        return "".join(c if c.isprintable() else " " for c in str(self.args[0]))

    @property
    def status(self) -> int:
        """The exit status of the kind."""
        return KINDS.get(self.kind, KINDS["internal"])


class InvalidRequest(Failure):
    """The caller's bytes are no request."""

    kind = "invalid-request"


class Output:
    """What a dialect wants written: bytes for stdout, one line of text for stderr, and the exit status."""

    __slots__ = ("status", "stderr", "stdout")

    def __init__(self, stdout: bytes, stderr: str = "", status: int = 0) -> None:
        self.stdout = stdout
        self.stderr = stderr
        self.status = status
