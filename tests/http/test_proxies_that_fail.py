"""A proxy that is down, unknown, refuses or speaks something else: the error names it and the variable, and no session is lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from simulated_vcenter import SimulatedVCenter
from support.connect_proxy import ConnectProxy
from support.ports import closed_port
from support.program import PASSWORD, USER, Helper, Reply, request
from support.proxy_server import Authority, Proxy, Relay
from support.socks_proxy import SocksProxy
from vsphere_session.cache.repository import _ASIDE
from vsphere_session.storage.files import write_beside

NAME = "vc.example.com"
NOBODY = ("127.0.0.1", 1)


class Saying(Proxy):
    """Reads a little, says these bytes, and leaves; None: says nothing, and stays until the client leaves."""

    def __init__(self, words: bytes | None) -> None:
        self._words = words
        super().__init__(NOBODY)

    def converse(self, relay: Relay) -> None:
        """As the class says."""
        relay.client.recv(3)
        if self._words is None:
            while relay.client.recv(4096):
                pass
        else:
            relay.client.sendall(self._words)
            relay.client.recv(4096)


@pytest.fixture
def vcenter() -> Iterator[SimulatedVCenter]:
    """One whose certificate is for a name that no name server knows."""
    with SimulatedVCenter() as server:
        server.new_certificate(NAME)
        yield server


def failed(helper: Helper, vcenter: SimulatedVCenter, url: str, *options: str, **variables: str) -> Reply:
    """What `get` says with this proxy, whose URL in the message would be a leak."""
    scheme, _, rest = url.partition("://")
    secret = f"{scheme}://me:canary@{rest}" if "@" not in rest else url
    fields = request(vcenter, url=f"{NAME}:{vcenter.authority.rpartition(':')[2]}", password=PASSWORD)
    reply = helper.call("get", fields, *options, **{"HTTPS_PROXY": secret} | variables)
    assert "canary" not in reply.stderr
    assert vcenter.requests == []
    return reply


def names_the_proxy(reply: Reply, url: str) -> None:
    place = url.rpartition("/")[2].rpartition("@")[2]
    assert f"the proxy {place} (HTTPS_PROXY)" in reply.stderr, reply
    assert "check HTTPS_PROXY and NO_PROXY" in reply.stderr, reply


SCHEMES = ["http", "https", "socks5", "socks5h"]


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_proxy_that_is_down(helper: Helper, vcenter: SimulatedVCenter, scheme: str) -> None:
    with closed_port() as port:
        url = f"{scheme}://127.0.0.1:{port}"
        reply = failed(helper, vcenter, url)
    assert reply.kind == "unreachable"
    names_the_proxy(reply, url)
    assert "connection refused" in reply.stderr


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_proxy_whose_name_is_unknown(helper: Helper, vcenter: SimulatedVCenter, scheme: str) -> None:
    url = f"{scheme}://no-such-proxy.invalid:3128"
    reply = failed(helper, vcenter, url)
    assert reply.kind == "unreachable"
    names_the_proxy(reply, url)
    assert "cannot be found" in reply.stderr


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_proxy_that_says_nothing_takes_no_longer_than_the_call_may(
    helper: Helper, vcenter: SimulatedVCenter, scheme: str
) -> None:
    with Saying(None) as proxy:
        url = f"{scheme}://127.0.0.1:{proxy.port}"
        reply = failed(helper, vcenter, url, "--timeout", "0.5")
    assert reply.kind == "unreachable"
    names_the_proxy(reply, url)
    assert "0.5 s" in reply.stderr


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize(
    "words",
    [b"", b"220 mail.example.com ESMTP\r\n\r\n", b"\x05", b"HTTP/1.1 200"],
    ids=["nothing", "mail", "half a SOCKS", "half an HTTP"],
)
def test_a_proxy_that_speaks_something_else_or_closes_midway(
    helper: Helper, vcenter: SimulatedVCenter, scheme: str, words: bytes
) -> None:
    with Saying(words) as proxy:
        url = f"{scheme}://127.0.0.1:{proxy.port}"
        reply = failed(helper, vcenter, url)
    assert reply.kind == "unreachable"
    names_the_proxy(reply, url)


@pytest.mark.parametrize("scheme", ["socks5", "socks5h"])
def test_an_http_proxy_that_is_taken_for_a_socks_proxy(helper: Helper, vcenter: SimulatedVCenter, scheme: str) -> None:
    with Saying(b"HTTP/1.1 400 Bad Request\r\n\r\n") as proxy:
        reply = failed(helper, vcenter, f"{scheme}://127.0.0.1:{proxy.port}")
    assert "does not speak SOCKS 5" in reply.stderr
    assert "http://HOST:PORT" in reply.stderr


def test_a_plain_proxy_that_is_taken_for_one_with_tls(helper: Helper, vcenter: SimulatedVCenter) -> None:
    with Saying(b"HTTP/1.1 400 Bad Request\r\n\r\n") as proxy:
        reply = failed(helper, vcenter, f"https://127.0.0.1:{proxy.port}")
    assert "answers without TLS" in reply.stderr


@pytest.mark.parametrize(
    ("login", "words"), [("", "asks for a login (407)"), ("me:canary", "refuses the login that HTTPS_PROXY has (407)")]
)
def test_a_proxy_that_wants_a_login_or_another_one(
    helper: Helper, vcenter: SimulatedVCenter, login: str, words: str
) -> None:
    with ConnectProxy(NOBODY, login="other:secret") as proxy:
        url = proxy.url.replace("//", f"//{login}@") if login else proxy.url
        fields = request(vcenter, url=NAME, password=PASSWORD)
        reply = helper.call("get", fields, HTTPS_PROXY=url)
    assert reply.kind == "unreachable"
    names_the_proxy(reply, proxy.url)
    assert words in reply.stderr
    assert "canary" not in reply.stderr


@pytest.mark.parametrize(
    ("login", "words"), [("", "asks for a login"), ("me:canary", "refuses the login that HTTPS_PROXY has")]
)
def test_a_socks_proxy_that_wants_a_login_or_another_one(
    helper: Helper, vcenter: SimulatedVCenter, login: str, words: str
) -> None:
    with SocksProxy(NOBODY, login=("other", "secret")) as proxy:
        url = proxy.url.replace("//", f"//{login}@") if login else proxy.url
        reply = helper.call("get", request(vcenter, url=NAME, password=PASSWORD), HTTPS_PROXY=url)
    assert reply.kind == "unreachable"
    names_the_proxy(reply, proxy.url)
    assert words in reply.stderr
    assert "canary" not in reply.stderr


def test_a_login_that_socks_does_not_know_is_a_mistake_in_the_variable(
    helper: Helper, vcenter: SimulatedVCenter
) -> None:
    with SocksProxy(NOBODY) as proxy:
        reply = failed(helper, vcenter, proxy.url.replace("//", f"//me:canary{'x' * 300}@"))
    assert reply.kind == "invalid-request"
    assert "HTTPS_PROXY" in reply.stderr


def test_a_proxy_that_closes_after_it_has_said_yes_is_named(helper: Helper, vcenter: SimulatedVCenter) -> None:
    with Saying(b"HTTP/1.1 200 OK\r\n\r\n") as proxy:
        url = f"http://127.0.0.1:{proxy.port}"
        reply = failed(helper, vcenter, url)
    assert reply.kind == "unreachable"
    assert f"the proxy {url.rpartition('/')[2]} of HTTPS_PROXY" in reply.stderr


# ---- what an erase costs


@pytest.fixture
def cached(vcenter: SimulatedVCenter, helper: Helper) -> dict[str, object]:
    """A request for a session that was made through a proxy."""
    host, _, port = vcenter.authority.rpartition(":")
    fields = request(vcenter, url=f"{NAME}:{port}")
    with ConnectProxy((host, int(port))) as proxy:
        helper.ok("get", fields | {"password": PASSWORD}, HTTPS_PROXY=proxy.url)
    return fields


BROKEN: dict[str, tuple[Callable[[], Proxy | None], str, str]] = {
    "no URL": (lambda: None, "http://[", "invalid-request"),
    "unknown scheme": (lambda: None, "ftp://127.0.0.1:1", "invalid-request"),
    "down": (lambda: None, "http://127.0.0.1:1", "unreachable"),
    "unknown name": (lambda: None, "http://no-such-proxy.invalid:1", "unreachable"),
    "403": (lambda: ConnectProxy(NOBODY, status="403 Forbidden"), "", "unreachable"),
    "407": (lambda: ConnectProxy(NOBODY, login="a:b"), "", "unreachable"),
    "SOCKS refuses": (lambda: SocksProxy(NOBODY, reply=2), "", "unreachable"),
    "SOCKS with a login": (lambda: SocksProxy(NOBODY, login=("a", "b")), "", "unreachable"),
    "closes midway": (lambda: Saying(b""), "", "unreachable"),
    "untrusted": (lambda: ConnectProxy(NOBODY, tls=Authority().context), "", "untrusted"),
}


@pytest.mark.parametrize("how", BROKEN)
def test_an_erase_behind_a_broken_proxy_keeps_the_handles_and_says_why(
    vcenter: SimulatedVCenter, helper: Helper, cached: dict[str, object], how: str
) -> None:
    make, url, kind = BROKEN[how]
    proxy = make()
    before = helper.sessions_in_files
    assert before
    reply = helper.call(
        "erase",
        cached,
        HTTPS_PROXY=getattr(proxy, "url", "") or url or f"http://127.0.0.1:{proxy.port if proxy else 0}",
    )
    assert reply.kind == kind
    assert "HTTPS_PROXY" in reply.stderr
    assert helper.sessions_in_files == before
    assert vcenter.session_count == 2


@pytest.mark.sessions_counted_by_hand
@pytest.mark.parametrize(
    "proxy",
    [lambda: ConnectProxy(NOBODY, status="503 Down"), lambda: SocksProxy(NOBODY, reply=5)],
    ids=["503", "SOCKS 5"],
)
def test_a_server_that_the_proxy_cannot_reach_does_not_keep_the_file(
    vcenter: SimulatedVCenter, helper: Helper, cached: dict[str, object], proxy: Callable[[], ConnectProxy]
) -> None:
    """As one that cannot be reached without a proxy; the warning names both."""
    with proxy() as there:
        reply = helper.ok("erase", cached, HTTPS_PROXY=there.url)
    assert reply["erased"] == "soap,rest"
    assert NAME in reply["warning"]
    assert "HTTPS_PROXY" in reply["warning"]
    assert helper.sessions_in_files == set()
    assert vcenter.session_count == 2


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({"ca_file": "/does/not/exist.pem"}, "storage"),
        ({"ca_file": "/"}, "storage"),
        ({"ca_file": "EMPTY"}, "invalid-request"),
        ({"thumbprint": "AB"}, "invalid-request"),
        ({"thumbprint": "AB" * 32}, "untrusted"),
        ({"ca_file": ""}, "untrusted"),
    ],
    ids=["no ca_file", "a directory", "an empty one", "no thumbprint", "another one", "no trust"],
)
def test_an_erase_with_a_mistake_in_the_trust_keeps_the_handles(
    vcenter: SimulatedVCenter, helper: Helper, tmp_path: Path, fields: dict[str, object], kind: str
) -> None:
    """Sessions set aside by calls that were killed included."""
    vcenter.new_certificate()
    helper.ok("get", request(vcenter, password=PASSWORD))
    (tmp_path / "empty.pem").touch()
    if fields.get("ca_file") == "EMPTY":
        fields = {"ca_file": str(tmp_path / "empty.pem")}
    (session_file,) = (helper.home / ".govmomi" / "sessions").iterdir()
    aside = vcenter.add_session(USER)
    (live,) = {session.id for session in vcenter.sessions if session.kind == "soap"} - {aside}
    left = Path(
        write_beside(str(session_file), session_file.read_bytes().replace(live.encode(), aside.encode()), _ASIDE)
    )
    before = helper.sessions_in_files
    assert helper.call("erase", request(vcenter) | fields).kind == kind
    assert helper.sessions_in_files == before
    assert left.exists()
    assert helper.ok("erase", request(vcenter))["erased"] == "soap,rest"
    assert vcenter.session_count == 0
