"""Logging in as an extension, through the tunnel: by its certificate, and to the right server alone."""

from __future__ import annotations

import hashlib
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme
from cryptography.hazmat.primitives import serialization

from hostile.inside import Inside
from login.three_lines import configure, got, hidden
from peers import Govc, VcSim
from simulated_vcenter import SimulatedVCenter, faults, keys
from simulated_vcenter.selftest.certificate_files import Files, written
from simulated_vcenter.selftest.raw import Raw
from support.program import Helper, request
from vsphere_session.cache.clients import SoapClient
from vsphere_session.vsphere.soap import SoapWire

KEY = "com.example.backup"
OWN, STRANGER = keys.new_pair("backup"), keys.new_pair("stranger")


@pytest.fixture
def vc() -> Iterator[SimulatedVCenter]:
    with SimulatedVCenter(tunnel=True) as server:
        server.register_extension(KEY, OWN.certificate_pem)
        yield server


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return written(OWN, tmp_path, "own")


def asked(vc: SimulatedVCenter, files: Files, **fields: object) -> dict[str, object]:
    """A request that has all of it; no user is named, the extension's key is one."""
    by = {"extension": KEY, "certificate": files.certificate, "private_key": files.key, "tunnel_port": vc.tunnel_port}
    whole = request(vc, **{"api": "soap", **by, **fields})
    del whole["username"]
    return whole


def failure(helper: Helper, kind: str, fields: dict[str, object]) -> str:
    """The message of a `get` that fails so."""
    reply = helper.call("get", fields)
    assert reply.kind == kind, reply
    return reply.fields["message"]


def test_three_lines_make_a_session_of_the_extension(helper: Helper, vc: SimulatedVCenter, files: Files) -> None:
    configure(
        helper,
        vc,
        f'extension = "{KEY}"\ncertificate = "{files.certificate}"\nprivate_key = "{files.key}"',
        {"GOVMOMI_TUNNEL_PROXY_PORT": str(vc.tunnel_port)},
    )
    first, again = got(helper), got(helper)
    assert (first["source"], again["source"], first["username"]) == ("login", "cache", KEY)
    assert Raw(vc.url, vc.ca_file).whoami(first["soap_session_id"]) == KEY
    assert vc.tunnel.targets == ["sdkTunnel:8089"]
    assert vc.session_count == 1
    assert not hidden(helper.home)
    helper.ok("erase", {"api": "soap"})
    assert vc.session_count == 0


@pytest.mark.parametrize("fields", [{"extension": KEY}, {"method": "certificate"}], ids=["extension", "certificate"])
@pytest.mark.parametrize("named", [{}, {"username": KEY}], ids=["nobody", "a user"])
def test_a_certificate_that_is_not_given_is_asked_for_by_its_name(
    helper: Helper, vc: SimulatedVCenter, fields: dict[str, object], named: dict[str, object]
) -> None:
    whole = {"url": vc.authority, "ca_file": vc.ca_file, "api": "soap", **fields, **named}
    assert failure(helper, "invalid-request", whole).startswith("certificate is not given")


def test_one_file_may_have_both_and_a_key_its_passphrase(helper: Helper, vc: SimulatedVCenter, tmp_path: Path) -> None:
    both = tmp_path / "both.pem"
    both.write_text(OWN.key_pem + OWN.certificate_pem, encoding="ascii")
    assert helper.ok("get", asked(vc, Files(str(both), "")))["source"] == "login"
    sealed = tmp_path / "sealed.key"
    sealed.write_bytes(
        OWN.key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"a passphrase"),
        )
    )
    by_command = asked(vc, Files(str(both), str(sealed)), reauth=True)
    assert "the passphrase is wrong" in failure(helper, "invalid-request", by_command)
    assert helper.ok("get", {**by_command, "key_passphrase_command": "echo 'a passphrase'"})["source"] == "login"
    assert vc.session_count == 1


@pytest.mark.parametrize("key", [KEY, "com.example.other"], ids=["another certificate", "not registered"])
def test_a_certificate_that_is_not_registered_for_it_is_refused_once(
    helper: Helper, vc: SimulatedVCenter, tmp_path: Path, key: str
) -> None:
    pair = STRANGER if key == KEY else OWN
    fields = asked(vc, written(pair, tmp_path, "it"), extension=key)
    assert failure(helper, "login-refused", fields) == (
        f"{vc.authority} does not take the certificate for the extension {key}, which is not registered, or with another one; register "
        "it with ExtensionManager.SetExtensionCertificate"
    )
    assert failure(helper, "login-refused", fields)
    assert vc.login_attempts == 1
    assert vc.session_count == 0


def test_a_key_that_does_not_fit_is_said_without_a_call(
    helper: Helper, vc: SimulatedVCenter, files: Files, tmp_path: Path
) -> None:
    stranger = written(STRANGER, tmp_path, "stranger")
    text = failure(helper, "invalid-request", asked(vc, Files(files.certificate, stranger.key)))
    assert text.startswith("certificate and private_key cannot be used:")
    assert failure(helper, "storage", asked(vc, Files(str(tmp_path / "nowhere"), files.key)))
    assert failure(helper, "storage", asked(vc, Files(files.certificate, str(tmp_path / "nowhere"))))
    assert vc.tunnel.targets == []


@pytest.mark.parametrize("status", [301, 403, 405, 503])
def test_a_port_80_that_knows_no_tunnel_is_named(
    helper: Helper, vc: SimulatedVCenter, files: Files, status: int
) -> None:
    vc.tunnel.refuse_with = status
    reply = helper.call("get", asked(vc, files))
    assert reply.kind in ("unreachable", "unsupported")
    assert "the way of extensions is vCenter's port 80 (CONNECT sdkTunnel:8089)" in reply.fields["message"]
    assert "set tunnel_port" in reply.fields["message"]


def test_a_port_80_that_is_closed_is_named(helper: Helper, vc: SimulatedVCenter, files: Files) -> None:
    text = failure(helper, "unreachable", asked(vc, files, tunnel_port=1))
    assert "the way of extensions is vCenter's port 80 (CONNECT sdkTunnel:8089)" in text


@pytest.mark.parametrize("port", ["0", "65536", "x", "-1"])
def test_what_is_no_port_is_refused(helper: Helper, vc: SimulatedVCenter, files: Files, port: str) -> None:
    assert "tunnel_port is no port number" in failure(helper, "invalid-request", asked(vc, files, tunnel_port=port))


# ---- whom the tunnel leads to


def another_leaf(vc: SimulatedVCenter, *names: str) -> str:
    """Let the tunnel alone show a certificate of another authority, and return its thumbprint."""
    leaf = trustme.CA().issue_cert(*names)
    vc.tunnel.leaf = lambda: leaf
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(leaf.cert_chain_pems[0].bytes().decode())).hexdigest()


def test_a_tunnel_by_another_authority_sees_no_certificate_unless_it_is_pinned(
    helper: Helper, vc: SimulatedVCenter, files: Files
) -> None:
    thumbprint = another_leaf(vc, "127.0.0.1")
    failure(helper, "untrusted", asked(vc, files))
    failure(helper, "untrusted", asked(vc, files, tunnel_thumbprint="00" * 32))
    assert (vc.login_attempts, vc.session_count) == (0, 0)
    assert helper.ok("get", asked(vc, files, tunnel_thumbprint=thumbprint))["source"] == "login"


def test_a_tunnels_certificate_has_to_be_for_vcenters_own_name(
    helper: Helper, vc: SimulatedVCenter, files: Files, tmp_path: Path
) -> None:
    authority = trustme.CA()
    authorities = tmp_path / "both.pem"
    authorities.write_bytes(Path(vc.ca_file).read_bytes() + authority.cert_pem.bytes())
    for names, kind in ((("sdkTunnel",), "untrusted"), (("other.example.com",), "untrusted"), (("127.0.0.1",), "")):
        leaf = authority.issue_cert(*names)
        vc.tunnel.leaf = lambda leaf=leaf: leaf  # type: ignore[misc]
        reply = helper.call("get", asked(vc, files, ca_file=str(authorities)))
        assert (reply.kind if kind else reply.fields["source"]) == (kind or "login")


def test_the_pin_of_port_443_is_no_pin_of_the_tunnel_if_it_has_its_own(
    helper: Helper, vc: SimulatedVCenter, files: Files
) -> None:
    own = another_leaf(vc, "somewhere.example.com")
    fields = asked(vc, files, thumbprint=vc.thumbprint)
    del fields["ca_file"]
    failure(helper, "untrusted", fields)
    assert helper.ok("get", {**fields, "tunnel_thumbprint": own})["source"] == "login"


# ---- which kinds


def test_both_is_soap_alone_and_rest_is_unsupported_before_8_0_3(
    helper: Helper, vc: SimulatedVCenter, files: Files
) -> None:
    both = helper.ok("get", asked(vc, files, api="both"))
    assert "soap_session_id" in both
    assert "rest_session_id" not in both
    text = failure(helper, "unsupported", asked(vc, files, api="rest"))
    assert "gives no REST session to who logs in by extension" in text
    assert vc.session_count == 1


def test_from_8_0_3_on_one_id_is_both(helper: Helper, files: Files) -> None:
    with SimulatedVCenter(tunnel=True, unified=True) as vc:
        vc.register_extension(KEY, OWN.certificate_pem)
        both = helper.ok("get", asked(vc, files, api="both"))
        assert both["soap_session_id"] == both["rest_session_id"]
        assert vc.session_count == 1


# ---- nothing is left


@pytest.mark.parametrize(
    "fault",
    [faults.close_mid_answer, faults.html, faults.reset, lambda: faults.status(503)],
    ids=["half", "html", "reset", "503"],
)
def test_a_login_that_goes_wrong_half_way_leaves_no_session(
    helper: Helper, vc: SimulatedVCenter, files: Files, fault: Any
) -> None:
    vc.faults.add("LoginExtensionByCertificate", fault(), times=1)
    assert helper.call("get", asked(vc, files)).kind == "unreachable"
    assert vc.session_count == 0
    assert helper.ok("get", asked(vc, files))["source"] == "login"
    assert vc.session_count == 1
    assert not hidden(helper.home)


class KilledError(BaseException):
    """Stands for SIGKILL."""


def test_what_a_killed_call_has_left_is_ended_by_the_next(
    home: Path, vc: SimulatedVCenter, files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    inside = Inside(home, vc)
    real = SoapWire.begin

    def begin(self: SoapWire, envelope: bytes, made: Any) -> Any:
        real(self, envelope, made)
        patch.setattr(SoapClient, "log_out", lambda *_: None)
        patch.setattr("os.unlink", lambda *_, **__: None)
        raise KilledError

    by = {"extension": KEY, "certificate": files.certificate, "private_key": files.key}
    fields = {**by, "tunnel_port": str(vc.tunnel_port), "api": "soap", "username": KEY}
    with monkeypatch.context() as patch:
        patch.setattr(SoapWire, "begin", begin)
        with pytest.raises(KilledError):
            inside.ask("get", **fields)
    assert vc.session_count == 1
    assert inside.ask("get", **fields)["source"] == "login"
    assert vc.session_count == 1
    assert not hidden(home)


# ---- with others


def test_govc_and_this_program_are_the_same_extension(
    helper: Helper, vc: SimulatedVCenter, files: Files, tmp_path: Path
) -> None:
    """Each takes a session of its own: govmomi has no record of the way in which its file was made."""
    (tmp_path / "govc").mkdir()
    theirs = Govc(tmp_path / "govc", f"{vc.url}?GOVMOMI_TUNNEL_PROXY_PORT={vc.tunnel_port}", insecure=True)
    theirs.environment |= files.for_govc
    theirs.ok("session.login", "-extension", KEY)
    assert helper.ok("get", asked(vc, files))["username"] == KEY
    assert [session.user for session in vc.sessions] == [KEY, KEY]


def test_the_real_simulator_lets_it_in_through_its_tunnel(helper: Helper, files: Files) -> None:
    with VcSim(tunnel=True) as vcsim:
        fields = request(
            vcsim,
            api="soap",
            extension=KEY,
            certificate=files.certificate,
            private_key=files.key,
            tunnel_port=vcsim.tunnel_port,
        )
        del fields["username"]
        first = helper.ok("get", fields)
        assert (first["source"], first["username"]) == ("login", KEY)
        assert helper.ok("get", fields)["source"] == "cache"
        assert vcsim.session_count() == 1
