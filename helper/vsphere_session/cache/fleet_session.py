"""A session as it travels in a fleet's document: govmomi's bytes, and what the record knows, in the engine's time.

Who made it, in which way and for whom decides about trust, so it is sealed together with the session.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from credential_protocol.jsontext import decode, encode
from vsphere_session.cache.record import Known
from vsphere_session.digest import session_digest

if TYPE_CHECKING:
    from vsphere_session.cache.clients import WireClient

_TEXTS = ("username", "login", "form", "api_version", "pinned")


def packed(client: WireClient, ahead: float) -> bytes:
    """The session of `client`; `ahead` is by how many seconds the engine's clock is before this machine's."""
    known = client.known or Known(session_digest(client.session_id))
    said: dict[str, object] = {name: getattr(known, name) for name in _TEXTS}
    said["login_at"] = known.login_at + ahead if known.login_at else 0.0
    said["until"] = known.until + ahead if known.until else 0.0
    return encode({"session": client.marshal_json().decode("utf-8", "surrogatepass"), **said}).encode()


def unpack(data: bytes, client: WireClient, ahead: float, confirmed_at: float) -> bool:
    """Become what was `packed`, confirmed at that time by this machine's clock (0: not); False where that is no session."""
    client.stored = client.known = None
    try:
        said = decode(data)
        if not isinstance(said, dict):
            return False
        texts = {name: str(said.get(name, "")) for name in _TEXTS}
        login_at, until = float(str(said.get("login_at", 0))), float(str(said.get("until", 0)))
        client.unmarshal_json(str(said.get("session", "")).encode("utf-8", "surrogatepass"))
    except ValueError:
        return False
    if not client.valid():
        return False
    client.form = texts["form"]
    client.known = Known(
        session_digest(client.session_id),
        **texts,
        login_at=login_at - ahead if login_at else 0.0,
        confirmed_at=confirmed_at,
        until=until - ahead if until else 0.0,
    )
    return True
