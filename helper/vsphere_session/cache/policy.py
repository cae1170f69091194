"""How long a cached session may be used, and when the server must be asked about it. On the fast path."""

from __future__ import annotations

from vsphere_session.errors import InvalidRequestError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vsphere_session.cache.record import Known

VERIFY = ("auto", "always", "never")


class Policy:
    """Durations in seconds.

    verify        `auto`: ask unless the server confirmed the session within `trust_window`; `always`; `never`; InvalidRequestError for others
    trust_window  60
    idle_limit    25 minutes: servers drop idle sessions after 30 (docs/vsphere.md, section 1)
    max_age       24 hours: sessions kept alive died at exactly that age (cluster-api-provider-vsphere#2781)
    refusal_window  5 minutes in which a credential that the server refused is not tried again; 0 forgets at once. Longer than
                  the 180 s in which servers count failed logins, so that a loop of callers is one of them (docs/vsphere.md, section 1)
    """

    DURATIONS = ("trust_window", "idle_limit", "max_age", "refusal_window")
    __slots__ = (*DURATIONS, "verify")

    def __init__(
        self,
        *,
        verify: str = "auto",
        trust_window: float = 60.0,
        idle_limit: float = 1500.0,
        max_age: float = 86400.0,
        refusal_window: float = 300.0,
    ) -> None:
        if verify not in VERIFY:
            raise InvalidRequestError(f"verify is neither {' nor '.join(VERIFY)}")
        self.verify = verify
        self.trust_window = trust_window
        self.idle_limit = idle_limit
        self.max_age = max_age
        self.refusal_window = refusal_window

    def expires_at(self, known: Known) -> float:
        """Until when a caller may go on using the session without asking again, in Unix seconds."""
        until = min(known.confirmed_at + self.idle_limit, known.login_at + self.max_age)
        return min(until, known.until) if known.until else until

    @property
    def window(self) -> float:
        """For how many seconds the server's last word is enough."""
        return {"auto": self.trust_window, "always": 0.0, "never": self.idle_limit}[self.verify]

    def trusts(self, known: Known, now: float) -> bool:
        """Whether the session can be handed out at `now` without asking. A clock that was set back trusts nothing."""
        return (
            0 <= now - known.confirmed_at < self.window
            and now < self.expires_at(known)
            and not self.too_old(known, now)
        )

    def trusted_until(self, known: Known) -> float:
        """Until when a session that was confirmed is handed out without asking, in Unix seconds."""
        return min(known.confirmed_at + self.trust_window, self.expires_at(known))

    def too_old(self, known: Known, now: float) -> bool:
        """Whether the session has reached the largest age, or the end of what it was logged in with."""
        return now - known.login_at >= self.max_age or 0 < known.until <= now
