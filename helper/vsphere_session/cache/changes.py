"""What makes and ends the sessions of one key, in a fleet or without. Made when a call needs it: a warm answer does not."""

from __future__ import annotations

from vsphere_session.cache.authenticator import Authenticator
from vsphere_session.cache.ending import Ending
from vsphere_session.cache.renewal import Renewal
from vsphere_session.cache.unshared import UNSHARED
from vsphere_session.errors import NotFoundError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from vsphere_session.cache.clients import WireClient
    from vsphere_session.cache.connector import Config, Connector
    from vsphere_session.cache.methods import Methods
    from vsphere_session.cache.policy import Policy
    from vsphere_session.cache.pool import Pool
    from vsphere_session.cache.repository import Repository
    from vsphere_session.cache.share import Share
    from vsphere_session.cache.surroundings import Surroundings
    from vsphere_session.cache.validation import Validator
    from vsphere_session.endpoint import Endpoint
    from vsphere_session.fleet.fleet import Fleet
    from vsphere_session.login.refusals import Refusals


class Changes:
    """Every method is to be called under the repository's lock, but `make_uncached` and `close`.

    records  by kind how its sessions are made
    account  whom the server locks out, where that is not the URL's user
    also     what tells a fleet's document from others of the same key
    always   a new session is asked for, whatever is cached
    in_call  whether more is to come, for which the engine's connection is kept until `close`
    """

    def __init__(
        self,
        endpoint: Endpoint,
        surroundings: Surroundings,
        methods: Methods,
        *,
        connector: Connector,
        validator: Validator,
        repository: Repository,
        policy: Policy,
        records: Mapping[str, str],
        account: str,
        insecure: bool,
        always: bool,
        fleet: Callable[[], Fleet] | None,
        also: str,
        in_call: Callable[[], bool],
    ) -> None:
        self._endpoint = endpoint
        self._around = surroundings
        self._methods = methods
        self._connector = connector
        self._validator = validator
        self._repository = repository
        self._policy = policy
        self._records = records
        self._account = account
        self._insecure = insecure
        self._always = always
        self._fleet = fleet
        self._also = also
        self._in_call = in_call
        self._found_pool: Pool | None = None
        self._found_refusals: Refusals | None = None

    # ---- sessions that are made

    def make_uncached(self, client: WireClient, config: Config | None, began: float) -> bool:
        """Make a session for a caller who owns it, and say whether a login was needed."""
        return self._renewal(began).make_uncached(client, config)

    def replace(self, client: WireClient, config: Config | None, began: float) -> bool:
        """Make the session of this key anew, or take the fleet's; whether a login was needed."""
        if self._fleet is None:
            return self._renewal(began).replace(client, config)
        with self._pool(self._fleet, began) as pool:
            return pool.login(client, config)

    def put(self, clients: Sequence[WireClient], once: Callable[[], object]) -> None:
        """Save sessions that somebody else has made, all or none, and end those that they replace; see `Renewal.put`."""
        began = self._around.clock.monotonic()
        if self._fleet is None:
            self._renewal(began).put(clients, once)
            return
        with self._pool(self._fleet, began) as pool:
            self._renewal(began, pool.share).put(clients, once)
            for client in clients:
                pool.changes.publish(client)

    # ---- sessions that end

    def discard(self, client: WireClient) -> None:
        """End the session of `client`, and remove its file if that still holds it; raises as `Ending.discard`."""
        if self._fleet is None:
            self._ending().discard(client)
            return
        with self._pool(self._fleet) as pool:
            pool.changes.discard(client)

    def erase(self, client: WireClient, config: Config | None) -> bool:
        """End the cached session and remove its file; False if there is none. Raises as `Ending.discard`."""
        if self._fleet is None:
            return self._ending().erase(client, config)
        with self._pool(self._fleet) as pool:
            return pool.changes.erase(client, config)

    def undo(self, client: WireClient) -> None:
        """End a session that was just made, for nobody else; if that fails, it stays in its file."""
        self._ending().undo(client)

    # ---- what is known of them

    def tell(self, client: WireClient) -> None:
        """More is known of this session than when it was made: say so to the fleet, if there is one."""
        if self._fleet is not None:
            with self._pool(self._fleet) as pool:
                pool.changes.tell(client)

    def distrust(self, session_id: str) -> None:
        """Have the server asked before any runner of the fleet is handed this session."""
        if self._fleet is not None:
            with self._pool(self._fleet) as pool:
                pool.changes.distrust(session_id)

    @property
    def refusals(self) -> Refusals:
        """What the server has refused to this user lately."""
        if self._found_refusals is None:
            self._found_refusals = self._new_refusals()
        return self._found_refusals

    def close(self) -> None:
        """The call is over."""
        pool, self._found_pool = self._found_pool, None
        if pool is not None:
            pool.close()

    # ---- the parts

    def _ending(self, share: Share = UNSHARED) -> Ending:
        return Ending(self._repository, self._validator, self._connector, share, owner=self._endpoint.username)

    def _renewal(self, began: float, share: Share = UNSHARED) -> Renewal:
        authenticator = Authenticator(
            self._validator,
            self._connector,
            self._around,
            self.refusals,
            endpoint=self._endpoint,
            methods=self._methods,
            records=self._records,
            record=self._repository.record,
            always=self._always,
            began=began,
        )
        return Renewal(self._repository, authenticator, self._ending(share), self._around, share)

    def _pool(self, fleet: Callable[[], Fleet], began: float | None = None) -> Pool:
        """The fleet's sessions, for a `with` block, at whose end the engine's connection is given back, or at the end of the call."""
        if self._found_pool is not None:
            return self._found_pool
        from vsphere_session.cache.pool import Pool  # noqa: PLC0415  # only where there is a fleet

        since = self._around.clock.monotonic() if began is None else began
        kept = self._in_call()
        pool = Pool(
            fleet(),
            self._around,
            endpoint=self._endpoint.with_user(self._endpoint.username),
            insecure=self._insecure,
            also=self._also,
            repository=self._repository,
            validator=self._validator,
            connector=self._connector,
            policy=self._policy,
            records=self._records,
            reauth=self._always,
            kept=kept,
            check_refused=self._check_refused,
            renewal=lambda share: self._renewal(since, share),
            ending=self._ending,
        )
        self._found_pool = pool if kept else None
        return pool

    def _check_refused(self, client: WireClient) -> None:
        """Raise LoginRefusedError where what this call would log in with was refused lately, here or to another runner."""
        try:
            tried = self._methods.of(client, always=self._always).tries(client.kind)
        except NotFoundError:
            return  # others may have what this one lacks
        if tried is not None:
            self.refusals.look(*tried)

    def _new_refusals(self) -> Refusals:
        around = self._around
        endpoint = self._endpoint.with_user(self._account or self._endpoint.username)
        state, window = around.paths.state, self._policy.refusal_window
        if self._fleet is not None:
            from vsphere_session.login.shared_refusals import SharedRefusals  # noqa: PLC0415  # only where there is a fleet

            return SharedRefusals(
                state,
                endpoint,
                window=window,
                clock=around.clock,
                reader=around.reader,
                fleet=self._fleet,
                until=around.until,
                caller=around.caller,
            )
        from vsphere_session.login.refusals import Refusals  # noqa: PLC0415  # erasing does not log in

        return Refusals(state, endpoint, window=window, clock=around.clock, reader=around.reader)
