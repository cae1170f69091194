"""What this program has left in clear, from before sessions were encrypted, goes into the encrypted store.

Only what is this program's own by its record: a session that govc has cached for itself is govc's.
"""

from __future__ import annotations

from vsphere_session.cache.clients import RestClient, SoapClient, WireClient
from vsphere_session.errors import StorageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vsphere_session.cache.repository import Repository


def take_in(clear: Repository, sealed: Repository) -> None:
    """Move the sessions of `clear` to `sealed`, unless somebody is at work there: then the next call does it.

    Where `sealed` has a session already, the other one is set aside for the next login to end. Raises what `Seal` and
    files do; then the session is still where it was.
    """
    if not any(clear.has_left(client) or _is_ours(clear, client) for client in _kinds()):
        return
    if sealed.lock.held:
        _move(clear, sealed)
        return
    with sealed.lock as lock:
        if lock.try_acquire():
            sealed.record.forget()
            _move(clear, sealed)


def _move(clear: Repository, sealed: Repository) -> None:
    with clear.lock as lock:
        if not lock.try_acquire():
            return
        clear.record.forget()
        for client in _kinds():
            for left in clear.left_aside(client):
                sealed.set_aside(left)
                clear.settle(left)
            clear.clear_leftovers(client)
            if _is_ours(clear, client):
                own = type(client)()
                if not sealed.read(own):
                    sealed.write(client)
                elif own.session_id != client.session_id:
                    sealed.set_aside(client)
                clear.remove(client)


def _is_ours(clear: Repository, client: WireClient) -> bool:
    """Fill `client` from its file in clear, and say whether this program has put it there."""
    try:
        return clear.read(client) and client.known is not None and bool(client.known.login)
    except StorageError:
        return False


def _kinds() -> tuple[WireClient, ...]:
    return SoapClient(), RestClient()
