"""The call, as one value that nobody changes: what surrounds a request. On the fast path."""

from __future__ import annotations

from vsphere_session.service.outcome import Outcome

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

    from vsphere_session.cache.surroundings import Surroundings
    from vsphere_session.secrets.logins import Logins
    from vsphere_session.settings.config_file import Configuration


class Call:
    """What surrounds a request.

    around        clock, deadline, environment and the like
    config        what the configuration file says
    secret_store  the store for new logins, where a command line names one
    keep          how many seconds a login is kept for a host that is no vSphere; None for ever
    remember      whether an answer may be given again without being worked out
    outcome       what the call leaves behind beside its answer
    """

    def __init__(
        self,
        around: Surroundings,
        config: Configuration,
        *,
        secret_store: str = "",
        keep: float | None = None,
        remember: bool = True,
    ) -> None:
        self.around: Final = around
        self.config: Final = config
        self.secret_store: Final = secret_store
        self.keep: Final = keep
        self.remember: Final = remember
        self.outcome: Final = Outcome(around.unbroken)

    def again(self) -> Call:
        """A further call in the same surroundings, which begins now."""
        return Call(
            self.around.again(),
            self.config,
            secret_store=self.secret_store,
            keep=self.keep,
            remember=self.remember,
        )

    def logins(self, configured: str, around: Surroundings) -> Logins:
        """The stored logins; `configured` is the store that the configuration names for new ones, or empty."""
        from vsphere_session.secrets.logins import Logins  # noqa: PLC0415  # a cached session needs none

        choice = self.secret_store or configured
        return Logins(around.paths.state, choice, around.clock, around.until(), around.reader)
