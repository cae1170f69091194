"""Everything that can go wrong, by the kinds of the contract. On the fast path.

    Failure                  credential_protocol's: a kind and one line of text
    └── SessionError         all of this package's
        ├── InvalidRequestError      invalid-request  2
        ├── NotFoundError            not-found        3
        ├── LoginRefusedError        login-refused    4
        ├── UnreachableError         unreachable      5
        ├── UntrustedError           untrusted        6
        ├── SessionLimitError        session-limit    7
        ├── BusyError                busy             8
        ├── StorageError             storage          9
        ├── UnsupportedError         unsupported     10
        └── InteractionRequiredError interaction-required  11

Each is raised close to its cause with a text that says what happened and what to do next, and rendered at the edge.
"""

from __future__ import annotations

from credential_protocol.messages import Failure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


class SessionError(Failure):
    """Something went wrong on the way to a session; `kind` and `message` are the contract's."""

    local = False
    """Whether it went wrong on this side: the server was not asked, and can be once that is mended."""


class InvalidRequestError(SessionError):
    """What was asked for cannot be understood: a bad URL, a wrong value, no endpoint at all."""

    kind = "invalid-request"
    local = True


class NotFoundError(SessionError):
    """There is no usable session, and nothing to log in with."""

    kind = "not-found"


class LoginRefusedError(SessionError):
    """The server refused the credential, or the session that was to be adopted. Never tried again by itself."""

    kind = "login-refused"
    of_credential = False
    """Whether the server said that the credential is wrong: of a password, it counts that towards a lock-out."""


class UnreachableError(SessionError):
    """The server could not be asked: name look-up, connection, time-out, 5xx. Cached sessions stay."""

    kind = "unreachable"
    headers: Sequence[tuple[str, str]] = ()
    """Those of an answer that broke off after them: the cookie of a new session may be among them."""
    unanswered = False
    """Whether a request was sent and no answer came (in time), so that nobody knows what became of it."""


class UntrustedError(SessionError):
    """The server's certificate is not the expected one. Nothing was sent; cached sessions stay."""

    kind = "untrusted"
    local = True


class SessionLimitError(SessionError):
    """The server has no session left for this user."""

    kind = "session-limit"


class BusyError(SessionError):
    """Another process holds this session's lock, or something else took longer than it may."""

    kind = "busy"


class StorageError(SessionError):
    """A file or directory of the helper cannot be read or written, or belongs to somebody else."""

    kind = "storage"
    local = True


class UnsupportedError(SessionError):
    """The endpoint, or this build, cannot do what was asked."""

    kind = "unsupported"


class InteractionRequiredError(SessionError):
    """A person is needed for this way to log in; the message has the command that one has to run once."""

    kind = "interaction-required"
    local = True
