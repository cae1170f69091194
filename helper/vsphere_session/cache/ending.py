"""How sessions end: on the server first, then their files. What cannot be ended now stays where the next login ends it."""

from __future__ import annotations

from vsphere_session.errors import LoginRefusedError, SessionError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vsphere_session.cache.clients import WireClient
    from vsphere_session.cache.connector import Config, Connector
    from vsphere_session.cache.repository import Repository
    from vsphere_session.cache.share import Share
    from vsphere_session.cache.validation import Validator

_GRACE = 2.0  # seconds in which a session that nobody will know can be ended though the call's time is over


class Ending:
    """Ends sessions of one key. Everything but `undo` is to be called under the repository's lock.

    What others `share` is left to them where another session takes its place.
    """

    def __init__(
        self,
        repository: Repository,
        validator: Validator,
        connector: Connector,
        share: Share,
        *,
        owner: str,
    ) -> None:
        self._repository = repository
        self._validator = validator
        self._connector = connector
        self._owner = owner
        self._share = share

    def erase(self, client: WireClient, config: Config | None) -> bool:
        """End the cached session and remove its file; False if there is none. Raises as `discard` does."""
        self.end_left_aside(client, config, keep=False)
        if not self._repository.read(client):
            return self._repository.clear(client)
        self._connector.connect(client, config)
        self.discard(client)
        return True

    def discard(self, client: WireClient) -> None:
        """End the session of `client`, and remove its file if that still holds it, also where the server did not answer.

        Raises why it did not, after the file is gone; a `local` error leaves the file where it is: it can be mended.
        """
        # first: killed after the next step, this call would leave a dead session that is trusted
        self._repository.record.distrust(client.session_id)
        try:
            with client:
                if self._validator.is_anothers(client):
                    raise LoginRefusedError(f"it belongs to somebody else than {self._owner}")
                client.log_out()
        except SessionError as error:
            if not error.local:
                self._forget(client)
            raise
        self._forget(client)

    def undo(self, client: WireClient) -> None:
        """End a session that was just made; if that fails, it stays in its file."""
        self._repository.record.distrust(client.session_id)
        if log_out_quietly(client):
            self._forget(client)

    def end_replaced(self, old: WireClient | None, new: WireClient) -> None:
        """End a session that no file knows any more; a server that refuses does not undo the new one."""
        if old is None:
            return
        if not self._share.spares(old.session_id) and not self._repository.holds(old.session_id):
            old.connect(lambda: new.transport)
            try:
                mine = not self._validator.is_anothers(old)
            except SessionError:
                mine = True
            if mine and not log_out_quietly(old):
                return  # it stays set aside, and the next login tries again
        self._repository.settle(old)

    def end_left_aside(self, client: WireClient, config: Config | None, *, keep: bool = True) -> None:
        """End the sessions that calls which were killed have left.

        What the server does not end now is tried again the next time, unless it is not to be kept; a `local` error is
        raised then.
        """
        for left in self._repository.left_aside(client):
            if self._share.spares(left.session_id, left_aside=True):
                self._repository.settle(left)
                continue
            self._connector.connect(left, config)
            try:
                with left:
                    left.log_out()
            except SessionError as error:
                if keep:
                    return  # the login has to do with the same server
                if error.local:
                    raise
            self._repository.settle(left)

    def _forget(self, client: WireClient) -> None:
        current = type(client)()
        if self._repository.read(current) and current.session_id == client.session_id:
            self._repository.remove(client)


def log_out_quietly(client: WireClient) -> bool:
    """End a session that nobody will know, and say whether that went well; it must not hide what went wrong before."""
    if client.valid():
        with client:
            try:
                client.transport.grant(_GRACE)
                client.log_out()
            except SessionError:
                return False
    return True
