"""Extensions come in through the tunnel, by the certificate that is registered for them and no other."""

from __future__ import annotations

import http.client
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

from peers import Govc
from simulated_vcenter import SimulatedVCenter, keys
from simulated_vcenter.selftest.certificate_files import written
from simulated_vcenter.selftest.raw import Answer, Raw, soap_request

KEY = "com.example.backup"
OWN, STRANGER = keys.new_pair("backup"), keys.new_pair("stranger")
ARGUMENTS = f"<extensionKey>{KEY}</extensionKey><locale>de</locale>"


@pytest.fixture
def vc() -> Iterator[SimulatedVCenter]:
    with SimulatedVCenter(tunnel=True) as server:
        server.register_extension(KEY, OWN.certificate_pem)
        yield server


def through_tunnel(
    vc: SimulatedVCenter, directory: Path, pair: keys.KeyPair | None, *, key: str = KEY, to: str = "sdkTunnel"
) -> Answer:
    trust = ssl.create_default_context(cafile=vc.ca_file)
    trust.check_hostname = False
    if pair is not None:
        files = written(pair, directory)
        trust.load_cert_chain(files.certificate, files.key)
    connection = http.client.HTTPSConnection("127.0.0.1", vc.tunnel_port, timeout=60, context=trust)
    connection.set_tunnel(to, 8089)
    try:
        body = soap_request("LoginExtensionByCertificate", "SessionManager", ARGUMENTS.replace(KEY, key))
        connection.request("POST", "/sdk", body, {"Content-Type": "text/xml"})
        answer = connection.getresponse()
        return Answer(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())
    finally:
        connection.close()


def test_the_registered_certificate_opens_a_session_that_is_good_outside_of_the_tunnel(
    vc: SimulatedVCenter, tmp_path: Path
) -> None:
    answer = through_tunnel(vc, tmp_path, OWN)
    assert (answer.element("userName"), answer.element("extensionSession")) == (KEY, "true")
    assert answer.element("locale") == "de"
    assert Raw(vc.url, vc.ca_file).whoami(answer.session_id) == KEY
    assert (vc.login_attempts, vc.refusals, vc.tunnel.targets) == (1, [], ["sdkTunnel:8089"])


def test_another_certificate_another_key_and_none_at_all_are_refused(vc: SimulatedVCenter, tmp_path: Path) -> None:
    assert "InvalidLoginFault" in through_tunnel(vc, tmp_path, STRANGER).text
    assert "InvalidLoginFault" in through_tunnel(vc, tmp_path, OWN, key="com.example.other").text
    assert "NoClientCertificateFault" in through_tunnel(vc, tmp_path, None).text
    assert vc.refusals == ["not the extension's certificate", "no extension com.example.other", "no client certificate"]
    assert vc.session_count == 0


def test_an_extension_cannot_log_in_without_the_tunnel(vc: SimulatedVCenter) -> None:
    answer = Raw(vc.url, vc.ca_file).call("LoginExtensionByCertificate", "SessionManager", ARGUMENTS)
    assert "NoClientCertificateFault" in answer.text


def test_the_tunnel_leads_nowhere_else(vc: SimulatedVCenter, tmp_path: Path) -> None:
    with pytest.raises(OSError, match="403"):
        through_tunnel(vc, tmp_path, OWN, to="127.0.0.1")


@pytest.mark.parametrize("status", [301, 405])
def test_a_port_80_that_only_redirects_knows_no_tunnel(vc: SimulatedVCenter, tmp_path: Path, status: int) -> None:
    vc.tunnel.refuse_with = status
    with pytest.raises(OSError, match=str(status)):
        through_tunnel(vc, tmp_path, OWN)


def test_the_certificate_inside_is_for_the_vcenters_names_only(vc: SimulatedVCenter) -> None:
    trust = ssl.create_default_context(cafile=vc.ca_file)
    connection = http.client.HTTPSConnection("127.0.0.1", vc.tunnel_port, timeout=60, context=trust)
    connection.set_tunnel("sdkTunnel", 8089)
    with pytest.raises(ssl.SSLCertVerificationError, match="sdkTunnel"):
        connection.connect()
    connection.close()


def test_the_ports_plain_side_serves_nothing(vc: SimulatedVCenter) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", vc.tunnel_port, timeout=60)
    connection.request("POST", "/sdk", b"x")
    assert connection.getresponse().status == 405
    connection.close()


@pytest.mark.parametrize(("pair", "good"), [(OWN, True), (STRANGER, False), (None, False)])
def test_govc_logs_in_as_an_extension(
    vc: SimulatedVCenter, tmp_path: Path, pair: keys.KeyPair | None, good: bool
) -> None:
    client = Govc(tmp_path, vc.url, ca_file=Path(vc.ca_file))
    client.environment["GOVMOMI_TUNNEL_PROXY_PORT"] = str(vc.tunnel_port)
    if pair is not None:
        client.environment |= written(pair, tmp_path).for_govc
    done = client.run("session.login", "-extension", KEY)
    assert (done.returncode == 0, [session.user for session in vc.sessions]) == (good, [KEY] if good else [])
