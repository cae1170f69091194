"""How a new session is made, saved, and takes the place of another."""

from __future__ import annotations

from vsphere_session.cache.clients import WireClient
from vsphere_session.cache.ending import Ending, log_out_quietly
from vsphere_session.errors import SessionError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from vsphere_session.cache.authenticator import Authenticator
    from vsphere_session.cache.connector import Config
    from vsphere_session.cache.repository import Repository
    from vsphere_session.cache.share import Share
    from vsphere_session.cache.surroundings import Surroundings
    from vsphere_session.login.method import LoginMethod


class Renewal:
    """Logs in. What it makes is in a file, or in the caller's hands, or ended; and what others `share`, with them, too."""

    def __init__(
        self,
        repository: Repository,
        authenticator: Authenticator,
        ending: Ending,
        surroundings: Surroundings,
        share: Share,
    ) -> None:
        self._repository = repository
        self._authenticator = authenticator
        self._ending = ending
        self._around = surroundings
        self._share = share

    def make_uncached(self, client: WireClient, config: Config | None) -> bool:
        """Make a session for a caller who owns it, and say whether a login was needed."""
        with self._authenticator as authenticator:
            try:
                method = authenticator.prepare(client, config)
                if method is not None:
                    self._log_in_or_out(client, method)
            finally:
                authenticator.forget_server()
        return method is not None

    def replace(self, client: WireClient, config: Config | None) -> bool:
        """Log in, save, and end the session that was replaced; whether a login was needed. Only under the lock."""
        replaced = self._cached(client)
        self._repository.make_room(client)
        self._ending.end_left_aside(client, config)
        with self._authenticator as authenticator:
            method = authenticator.prepare(client, config)
            client.on_login = lambda: self._keep_aside(client)
            try:
                with self._around.unbroken():
                    self._make(client, method, replaced)
                    self._around.tell(
                        f"the new {client.kind.upper()} session is in {self._repository.file(client.path)}"
                    )
                    self._ending.end_replaced(replaced, client)
            finally:
                client.on_login = None
        return method is not None

    def put(self, clients: Sequence[WireClient], once: Callable[[], object]) -> None:
        """Save sessions that somebody else has made, all or none, and end those that they replace. Only under the lock.

        `once` is called when all of them are written beside their files: what is left to do needs no room on the disk.
        """
        repository = self._repository
        for client in clients:
            repository.make_room(client)
        known = {client.kind: repository.record.kinds.get(client.kind) for client in clients}
        saved: list[tuple[WireClient, WireClient | None]] = []
        try:
            for client in clients:
                repository.set_aside(client)
            repository.record.change({client.kind: client.known for client in clients})
            once()
            for client in clients:
                replaced = self._cached(client)
                self._save(client, replaced, recorded=True)
                saved.append((client, replaced))
                with client:  # one after the other: killed now, this call leaves one session that no cache file knows
                    self._ending.end_replaced(replaced, client)
        except BaseException as error:
            self._take_back(clients, saved, error)
            repository.record.restore({kind: one for kind, one in known.items() if kind not in _kinds(saved)})
            raise

    def _take_back(
        self, clients: Sequence[WireClient], saved: list[tuple[WireClient, WireClient | None]], error: BaseException
    ) -> None:
        """Undo what is saved already, but for what has taken another's place; the error says what stays."""
        for pair in [(client, replaced) for client, replaced in saved if replaced is None]:
            if self._repository.take_back(pair[0]):
                saved.remove(pair)
        for client in clients:
            self._repository.settle(client)
        if saved and isinstance(error, SessionError):
            kinds = " and ".join(kind.upper() for kind in _kinds(saved))
            error.args = (
                f"{error.args[0]}; the {kinds} session is stored all the same, since that could not be undone",
            )

    # ---- a login that comes to nothing leaves nothing

    def _make(self, client: WireClient, method: LoginMethod | None, replaced: WireClient | None) -> None:
        try:
            if method is not None:
                try:
                    self._authenticator.log_in(client, method)
                finally:
                    for session_id in method.ended:
                        self._repository.settle_id(session_id)
            self._share.commit(client)
            self._save(client, replaced)
        except BaseException:
            if self._share.has(client):
                self._repository.settle(client)  # others may be at work with it already
            elif method is not None and log_out_quietly(client):
                self._repository.settle(client)
                self._share.ended(client)
            raise

    def _keep_aside(self, client: WireClient) -> None:
        self._repository.set_aside(client)
        self._share.made(client)

    def _log_in_or_out(self, client: WireClient, method: LoginMethod) -> None:
        try:
            with self._around.unbroken():
                self._authenticator.log_in(client, method)
        except BaseException:
            log_out_quietly(client)
            client.stored = None  # it has had its chance
            raise

    # ---- in place of another

    def _cached(self, client: WireClient) -> WireClient | None:
        """The cached session that a new one is about to replace. A dead one, too: half-dead ones keep their place."""
        old = type(client)()
        return old if self._repository.read(old) else None

    def _save(self, client: WireClient, replaced: WireClient | None, *, recorded: bool = False) -> None:
        """Save the session of `client` in place of another, which is not lost before it has been ended."""
        if replaced is not None and replaced.session_id != client.session_id:
            try:
                self._repository.set_aside(replaced)
            except SessionError:
                pass  # it is needed only if this call is killed
        try:
            self._repository.write(client, recorded=recorded)
        except BaseException:
            if replaced is not None:
                self._repository.settle(replaced)
            raise


def _kinds(saved: Sequence[tuple[WireClient, WireClient | None]]) -> list[str]:
    return [client.kind for client, _ in saved]
