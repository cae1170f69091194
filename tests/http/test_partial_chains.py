"""What the user names as trusted is trusted, whatever kind of certificate it is, as in Go; and nothing beyond that."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme

from cache.bench import Bench
from peers.govc import Govc
from simulated_vcenter import SimulatedVCenter
from support.program import PASSWORD, USER, Helper, Reply, request
from support.pyvmomi import pyvmomi_connections
from vsphere_session.http import authorities
from vsphere_session.http.authorities import trust_the_platform
from vsphere_session.http.tls import PROTOCOL_TLS_CLIENT, Context

PARTIAL = 0x80000


class Chain:
    """A root, an authority that it has issued, and the certificate that the server shows, each as PEM."""

    def __init__(self, server: SimulatedVCenter, *names: str, days: float = 30, sends_all: bool = True) -> None:
        root = trustme.CA()
        self.issuing = root.create_child_ca()
        now = datetime.now(UTC)
        shown = self.issuing.issue_cert(
            *(names or ("127.0.0.1",)), not_before=now - timedelta(days=60), not_after=now + timedelta(days=days)
        )
        self.pems = {
            "root": root.cert_pem.bytes(),
            "intermediate": self.issuing.cert_pem.bytes(),
            "own": shown.cert_chain_pems[0].bytes(),
        }
        if sends_all:
            shown.configure_cert(server.tls)
        else:
            with (
                shown.private_key_and_cert_chain_pem.tempfile() as everything,
                shown.cert_chain_pems[0].tempfile() as own,
            ):
                server.tls.load_cert_chain(own, everything)


WAYS = ["ca_file", "GOVC_TLS_CA_CERTS", "SSL_CERT_FILE"]


def ask(helper: Helper, server: SimulatedVCenter, way: str, path: Path) -> Reply:
    """`get`, with the file named in one of the ways."""
    given = {"ca_file": str(path) if way == "ca_file" else ""}
    variables = {} if way == "ca_file" else {way: str(path)}
    return helper.call("get", request(server, password=PASSWORD, verify="always") | given, **variables)


@pytest.fixture
def named(tmp_path: Path) -> Callable[[bytes], Path]:
    def write(pem: bytes) -> Path:
        path = tmp_path / "named.pem"
        path.write_bytes(pem)
        return path

    return write


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("what", ["own", "intermediate", "root"])
@pytest.mark.parametrize("sends_all", [True, False], ids=["whole chain", "own alone"])
def test_the_servers_own_certificate_or_the_issuing_authority_is_enough(
    vcenter: SimulatedVCenter, helper: Helper, named: Callable[[bytes], Path], way: str, what: str, *, sends_all: bool
) -> None:
    """Without the intermediate there is no chain to the root: that is the server's mistake, in Go, too."""
    path = named(Chain(vcenter, sends_all=sends_all).pems[what])
    reply = ask(helper, vcenter, way, path)
    if what == "root" and not sends_all:
        assert reply.kind == "untrusted"
        assert "does not send the one in between" in reply.stderr
    else:
        assert reply.fields["source"] == "login"


@pytest.mark.parametrize("what", ["own", "intermediate"])
def test_govc_takes_the_same_files(
    vcenter: SimulatedVCenter, helper: Helper, named: Callable[[bytes], Path], what: str
) -> None:
    path = named(Chain(vcenter).pems[what])
    assert ask(helper, vcenter, "GOVC_TLS_CA_CERTS", path).fields["source"] == "login"
    url = f"{USER.replace('@', '%40')}@{vcenter.authority}"
    assert "Vendor" in Govc(helper.home / ".govmomi", url, ca_file=path).ok("about")


@pytest.mark.parametrize("way", WAYS)
def test_another_servers_certificate_vouches_for_nobody_else(
    vcenter: SimulatedVCenter, helper: Helper, named: Callable[[bytes], Path], way: str
) -> None:
    """Neither one of the same issuer, nor one in the same file."""
    chain = Chain(vcenter)
    other = chain.issuing.issue_cert("127.0.0.1").cert_chain_pems[0].bytes()
    assert ask(helper, vcenter, way, named(other + trustme.CA().cert_pem.bytes())).kind == "untrusted"
    assert vcenter.requests == []


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("what", ["own", "intermediate"])
@pytest.mark.parametrize(
    ("names", "days", "words"), [(("elsewhere.example",), 30, "not made for this address"), ((), -1, "expired")]
)
def test_name_and_dates_hold_for_what_is_named_too(
    vcenter: SimulatedVCenter,
    helper: Helper,
    named: Callable[[bytes], Path],
    way: str,
    what: str,
    names: tuple[str, ...],
    days: float,
    words: str,
) -> None:
    reply = ask(helper, vcenter, way, named(Chain(vcenter, *names, days=days).pems[what]))
    assert reply.kind == "untrusted"
    assert words in reply.stderr
    assert vcenter.requests == []


def test_the_platforms_own_store_stays_as_strict_as_it_was(
    vcenter: SimulatedVCenter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever put it together did not name this server."""
    bundle = tmp_path / "bundle.pem"
    bundle.write_bytes(Chain(vcenter).pems["intermediate"])
    monkeypatch.setattr(authorities, "_BUNDLES", (str(bundle),))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "missing"))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path / "missing"))
    assert not trust_the_platform(Context(PROTOCOL_TLS_CLIENT)).verify_flags & PARTIAL
    monkeypatch.setenv("SSL_CERT_FILE", str(bundle))
    assert trust_the_platform(Context(PROTOCOL_TLS_CLIENT)).verify_flags & PARTIAL


@pytest.fixture
def bench(vcenter: SimulatedVCenter, home: Path) -> Iterator[Bench]:
    made = Bench(vcenter, home)
    yield made
    made.close()


@pytest.mark.parametrize("what", ["own", "intermediate"])
def test_pyvmomi_and_requests_take_the_same(bench: Bench, named: Callable[[bytes], Path], what: str) -> None:
    path = str(named(Chain(bench.vcenter).pems[what]))
    soap, rest = bench.soap(bench.session(ca_file=path)), bench.rest(bench.session(ca_file=path))
    with pyvmomi_connections():
        instance = soap.service_instance()
        assert instance.CurrentTime() is not None
        instance._stub.DropConnections()
    with rest.requests_session() as session:
        assert session.get("/api/session").ok
