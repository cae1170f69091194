"""SOCKS 5 (RFC 1928) with user and password (RFC 1929), as far as one outgoing connection needs it.

Go and govc leave every name to the proxy, also with `socks5://`. Here that is `socks5h://`; with `socks5://` a name is
looked up on this machine, as in curl, and left to the proxy only where this machine does not know it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vsphere_session.errors import InvalidRequestError, UnreachableError
from vsphere_session.http.proxied import failure, has_login, login_wanted, variable_of
from vsphere_session.http.sockets import ascii_host, look_up, packed_address

if TYPE_CHECKING:
    from vsphere_session.http.proxied import Talk

_MAX_LOOK_UP_SECONDS = 5.0
"""How long `socks5` waits for this machine's name servers before it leaves the name to the proxy."""
_VERSION, _CONNECT, _NO_LOGIN, _BY_PASSWORD = 5, 1, 0, 2
_IPV4, _NAME, _IPV6 = 1, 3, 4
_REFUSALS = {
    1: "which failed (SOCKS error 1)",
    2: "which does not allow this connection (SOCKS error 2)",
    3: "which finds no way to that network (SOCKS error 3)",
    4: "which cannot reach that host (SOCKS error 4)",
    5: "which finds nobody listening there (SOCKS error 5)",
    6: "which got no answer from there in time (SOCKS error 6)",
    7: "which does not make connections (SOCKS error 7)",
    8: "which does not take this kind of address (SOCKS error 8)",
}
_SERVER_IS_AWAY = (3, 4, 5, 6)


def connect(talk: Talk) -> None:
    """Have the proxy connect to the endpoint; then the stream is the endpoint's. Raises UnreachableError."""
    _log_in(talk)
    talk.send(bytes((_VERSION, _CONNECT, 0)) + _address(talk) + talk.endpoint.port.to_bytes(2, "big"))
    version, code, _, kind = talk.receive(4)
    if version != _VERSION:
        raise _no_socks(talk)
    if code != 0:
        what = _REFUSALS.get(code, f"which refuses (SOCKS error {code})")
        check = f"that {talk.endpoint.place} is up and can be reached from the proxy" if code in _SERVER_IS_AWAY else ""
        raise failure(talk.endpoint, talk.proxy, what, check, local=code not in _SERVER_IS_AWAY)
    if kind == _NAME:
        talk.receive(talk.receive(1)[0])
    elif kind in (_IPV4, _IPV6):
        talk.receive(4 if kind == _IPV4 else 16)
    else:
        raise _no_socks(talk)
    talk.receive(2)


def _log_in(talk: Talk) -> None:
    login = _login(talk) if has_login(talk.proxy) else b""
    talk.send(bytes((_VERSION, 2, _NO_LOGIN, _BY_PASSWORD)) if login else bytes((_VERSION, 1, _NO_LOGIN)))
    version, method = talk.receive(2)
    if version != _VERSION:
        raise _no_socks(talk)
    if method == _NO_LOGIN:
        return
    if method != _BY_PASSWORD or not login:
        raise login_wanted(talk.endpoint, talk.proxy, "SOCKS 5")
    talk.send(login)
    if talk.receive(2)[1] != 0:
        raise login_wanted(talk.endpoint, talk.proxy, "SOCKS 5")


def _login(talk: Talk) -> bytes:
    user, password = talk.proxy.username.encode(), (talk.proxy.password or "").encode()
    if not 0 < len(user) < 256 or len(password) > 255:
        raise InvalidRequestError(
            f"user name or password in {variable_of(talk.proxy)} is empty or longer than 255 bytes, which SOCKS does not know; correct it"
        )
    return bytes((1, len(user))) + user + bytes((len(password),)) + password


def _address(talk: Talk) -> bytes:
    name = ascii_host(talk.endpoint.host.partition("%")[0])
    packed = packed_address(name)
    if packed is None and talk.proxy.scheme == "socks5":
        packed = _looked_up(talk)
    if packed is not None:
        return bytes((_IPV4 if len(packed) == 4 else _IPV6,)) + packed
    return bytes((_NAME, len(name))) + name.encode("ascii")


def _looked_up(talk: Talk) -> bytes | None:
    try:
        [(_, address), *_] = look_up(talk.endpoint, talk.deadline.within(_MAX_LOOK_UP_SECONDS))
    except UnreachableError:
        return None
    return packed_address(str(address[0]))


def _no_socks(talk: Talk) -> Exception:
    return failure(
        talk.endpoint, talk.proxy, "which does not speak SOCKS 5", "that it is no HTTP proxy (http://HOST:PORT)"
    )
