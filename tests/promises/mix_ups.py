"""How sessions can be mixed up: users, names of a host, logins without a user name, ways to trust. Each yields its combinations."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from random import Random

from promises.rows import Size, seed
from promises.two_servers import (
    ALICE,
    BOB,
    ODD_PASSWORDS,
    PASSWORDS,
    REPORTED,
    UPN,
    Combination,
    Servers,
    homes,
    ids_sent,
)
from vsphere_session import Policy, RestClient, Session, SoapClient, parse_endpoint

SPELLED = {
    ALICE: (ALICE, "ALICE@VSPHERE.LOCAL", "VSPHERE.LOCAL\\alice"),
    BOB: (BOB, "Bob@vsphere.local", "VSPHERE.LOCAL\\bob"),
}
SHORT_SAMPLE = 12
APIS = ("soap", "rest", "both")
VERIFY = ("auto", "always", "never")


def of(size: Size, combinations: list[Combination]) -> list[Combination]:
    """All of them, or some that chance picks."""
    return combinations if size is Size.LONG else Random(seed()).sample(combinations, SHORT_SAMPLE)


# ---- users


def principals(size: Size) -> Iterator[int]:
    """Alice and Bob on one host, each spelled in turn, then those who bring no password or no name. Yields the ids sent."""
    for servers, (alice, bob, api, verify) in homes(
        of(size, list(product(SPELLED[ALICE], SPELLED[BOB], APIS, VERIFY)))
    ):
        url, what = servers.one.authority, f"{alice}, then {bob}, api={api}, verify={verify}"
        for user, spelled in ((ALICE, alice), (BOB, bob), (ALICE, alice), (BOB, bob)):
            reply = servers.ask("get", url, spelled, password=PASSWORDS[user], api=api, verify=verify)
            assert "error" not in reply, f"{what}: {reply}"
        for user in ("carol@vsphere.local", "alice@other.example", "alice", ""):
            reply = servers.ask("get", url, user, api=api, verify=verify)
            assert reply.get("error") == "not-found", f"{what}, then {user!r} without a password: {reply}"
        yield servers.balance(what)


def suffixes(size: Size) -> Iterator[int]:
    """A session of alice's, of her namesake's or of a colleague's in her file, before and after a login has shown her name."""
    for servers, (whose, kind, shown, verify, verb) in homes(
        of(
            size, list(product(REPORTED, ("soap", "rest"), (False, True), VERIFY, ("get", "get, no password", "erase")))
        ),
        ODD_PASSWORDS,
        REPORTED,
    ):
        one, what = (
            servers.one,
            f"{whose}'s {kind} session, name {'shown' if shown else 'not shown'}, {verb}, verify={verify}",
        )
        for user in REPORTED:
            servers.ask("get", one.authority, user, password=ODD_PASSWORDS[user], api=kind)
        (mine,) = (path for path in servers.files(kind) if path.name == _name(servers, UPN, kind))
        if not shown:
            for record in (servers.home / ".local/state/vsphere-session/records").iterdir():
                record.unlink()
        planted = _plant(servers, mine, whose, kind)
        # `never` is the word for not asking: then the file's owner is believed, as without this program
        asked = "always" if verify == "never" and whose != UPN else verify
        fields = {"api": kind} | ({"password": ODD_PASSWORDS[UPN]} if verb == "get" else {})
        reply = servers.ask(
            verb[:5].strip(" ,"), one.authority, UPN, **fields, **({"verify": asked} if verb != "erase" else {})
        )
        alive = planted in {session.id for session in one.sessions}
        if whose != UPN:
            assert alive, f"{what}: somebody else's session was ended: {reply}"
            assert verb != "get, no password" or reply.get("error") == "not-found", f"{what}: {reply}"
        elif shown:
            assert alive == (verb != "erase"), f"{what}: {reply}"
            assert verb == "erase" or reply.get("source") == "cache", f"{what}: {reply}"
        yield servers.balance(what, lost=2)  # the one that was edited away, and the planted one where it is not hers


def _name(servers: Servers, user: str, kind: str) -> str:
    endpoint = parse_endpoint(servers.one.url).with_user(user)
    return endpoint.file_name("/sdk" if kind == "soap" else "/rest", insecure=False)


def _plant(servers: Servers, path: Path, user: str, kind: str) -> str:
    """A further session of this user in a cache file, as govc leaves one: no record knows it."""
    session_id = servers.one.add_session(user, "soap" if kind == "soap" else "rest")
    value = json.loads(path.read_bytes())
    if kind == "soap":
        value["SoapClient"]["cookies"][0]["Value"] = session_id
    else:
        value["SessionID"] = session_id
    path.write_text(json.dumps(value), encoding="utf-8")
    return session_id


# ---- names of a host


def names(size: Size) -> Iterator[int]:
    """One host under two names, and two servers under one; what is erased under one name lives on under the other."""
    spelled = ("127.0.0.1:{}", "localhost:{}", "LOCALHOST:{}", "https://localhost:{}/sdk/", "https://LocalHost:{}")
    for servers, (first, second, users, verify) in homes(
        of(size, list(product(spelled, spelled, ("same", "two"), ("auto", "always"))))
    ):
        what = f"{first}, then {second}, {users} user(s), verify={verify}"
        later = ALICE if users == "same" else BOB
        for server, name, user in (
            (servers.one, first, ALICE),
            (servers.one, second, later),
            (servers.other, second, later),
        ):
            url = name.format(server.authority.rpartition(":")[2])
            for _ in range(2):
                reply = servers.ask("get", url, user, password=PASSWORDS[user], verify=verify)
                assert "error" not in reply, f"{what}: {reply}"
        port = servers.one.authority.rpartition(":")[2]
        servers.ask("erase", first.format(port), ALICE)
        reply = servers.ask("get", second.format(port), later, password=PASSWORDS[later], verify="always")
        same_key = users == "same" and _authority(first) == _authority(second)
        assert reply.get("source") == ("login" if same_key else "cache"), f"{what}, after erase: {reply}"
        yield servers.balance(what)


def _authority(name: str) -> str:
    return parse_endpoint(name.format(1)).authority


# ---- logins without a user name


def without_a_name(size: Size) -> Iterator[int]:
    """Tokens and certificates: the URL has no user, and a callable logs in; who it is for may be said, or not."""
    ways = ("", "for whom")
    for servers, (kind, said, again, verify) in homes(
        of(size, list(product(("soap", "rest"), ways, ("alternating", "one after the other"), VERIFY)))
    ):
        what = f"{kind} by token, login_as {'given' if said else 'not given'}, {again}, verify={verify}"
        order = [ALICE, BOB, ALICE, BOB] if again == "alternating" else [ALICE, ALICE, BOB, BOB]
        for user in order:
            _by_token(servers, kind, user, said and user, verify, what)
        reply = servers.ask("get", servers.one.authority, api=kind)
        assert reply.get("error") == "not-found", f"{what}, then by nobody: {reply}"
        by_password = servers.ask("get", servers.one.authority, ALICE, password=PASSWORDS[ALICE], api=kind)
        assert by_password.get("source") == "login", f"{what}, then by password: {by_password}"
        yield servers.balance(what)


def _by_token(servers: Servers, kind: str, user: str, login_as: str, verify: str, what: str) -> None:
    def log_in(client: SoapClient | RestClient) -> None:
        client.adopt(servers.one.add_session(user, "soap" if kind == "soap" else "rest"))

    session = Session(
        servers.one.authority,
        ca_file=servers.ca_file,
        login_soap=log_in,
        login_rest=log_in,
        login_as=login_as,
        policy=Policy(verify=verify),
        environ=servers.environment,
    )
    with SoapClient() if kind == "soap" else RestClient() as client:
        session.login(client)
        servers.check(servers.one, user, {client.session_id}, what)


# ---- ways to trust


def trust(size: Size) -> Iterator[int]:
    """A session is obtained in one way, then the certificate is swapped or not, and it is asked for in another way."""
    for servers, (obtained, asked, swapped, verb, api) in homes(
        of(
            size,
            list(
                product(
                    _ways(),
                    _ways(),
                    ("the same certificate", "a swapped certificate"),
                    ("get", "reauth", "erase"),
                    APIS,
                )
            ),
        )
    ):
        what = f"obtained by {obtained}, asked for by {asked}, {swapped}, {verb}, api={api}"
        before = _trust(servers, obtained)
        after = _trust(servers, asked)
        reply = servers.ask("get", servers.one.authority, ALICE, password=PASSWORDS[ALICE], api=api, **before)
        assert reply.get("source") == "login", f"{what}: {reply}"
        ids = {session.id for session in servers.one.sessions}
        if swapped == "a swapped certificate":
            servers.one.new_certificate()  # the authority of the new one is not trusted
        seen = len(servers.one.requests)
        fields = {"api": api} | after | ({} if verb == "erase" else {"verify": "always", "password": PASSWORDS[ALICE]})
        servers.ask("erase" if verb == "erase" else "get", servers.one.authority, ALICE, **fields, **_reauth(verb))
        leaked = ids & ids_sent(servers.one.requests[seen:])
        unsure = swapped == "a swapped certificate" or ("insecure" in after and "thumbprint" not in after)
        checked = obtained != "insecure"
        assert not (leaked and checked and unsure), f"{what}: its id went over a connection of less trust"
        yield servers.balance(what, lost=2)


def _ways() -> tuple[str, ...]:
    return ("an authority", "a thumbprint", "insecure and a thumbprint", "insecure")


def _trust(servers: Servers, way: str) -> dict[str, str]:
    pin = {"thumbprint": servers.one.thumbprint} if "thumbprint" in way else {}
    return pin | ({"insecure": "true"} if "insecure" in way else {})


def _reauth(verb: str) -> dict[str, str]:
    return {"reauth": "true"} if verb == "reauth" else {}
