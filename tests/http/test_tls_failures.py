"""Real servers whose TLS does not do: each failure in plain words, with what to do, whichever OpenSSL is at work."""

from __future__ import annotations

import ssl
import warnings
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from simulated_vcenter import SimulatedVCenter
from support.certificates import self_signed
from support.program import PASSWORD, Helper, Reply, request
from vsphere_session.http.tls_failures import failure, in_words, lost

DAY = timedelta(days=1)


def ask(helper: Helper, server: SimulatedVCenter, *options: str, **fields: object) -> Reply:
    reply = helper.call("get", request(server, password=PASSWORD, **fields), *options)
    assert server.requests == []
    assert reply.stderr.count("\n") == 1
    assert "ssl" not in reply.stderr.lower().replace("openssl", "").replace("vsphere-session", "")
    return reply


# ---- no TLS comes about


def without_a_cipher_in_common(context: ssl.SSLContext) -> None:
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers("ECDHE-ECDSA-CAMELLIA128-SHA256:ECDHE-RSA-CAMELLIA128-SHA256")


def with_old_versions_only(version: ssl.TLSVersion) -> Callable[[ssl.SSLContext], None]:
    def change(context: ssl.SSLContext) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            context.minimum_version = context.maximum_version = version
        context.set_ciphers("DEFAULT:@SECLEVEL=0")

    return change


def with_our_certificate_wanted(version: ssl.TLSVersion) -> Callable[[ssl.SSLContext], None]:
    def change(context: ssl.SSLContext) -> None:
        context.maximum_version = version
        context.verify_mode = ssl.CERT_REQUIRED

    return change


TLS: dict[str, tuple[Callable[[ssl.SSLContext], None], str, str]] = {
    "no cipher in common": (without_a_cipher_in_common, "no cipher in common", "switched on there"),
    "TLS 1.1": (with_old_versions_only(ssl.TLSVersion.TLSv1_1), "only TLS below 1.2", "TLS 1.2 or newer switched on"),
    "TLS 1.0": (with_old_versions_only(ssl.TLSVersion.TLSv1), "only TLS below 1.2", "TLS 1.2 or newer switched on"),
    "our certificate, TLS 1.2": (with_our_certificate_wanted(ssl.TLSVersion.TLSv1_2), "certificate from us", "there"),
    "our certificate, TLS 1.3": (
        with_our_certificate_wanted(ssl.TLSVersion.TLSv1_3),
        "certificate from us",
        "switched off",
    ),
}


@pytest.mark.parametrize("trust", ["ca_file", "insecure"])
@pytest.mark.parametrize("how", TLS)
def test_a_handshake_that_fails_says_in_plain_words_why(
    vcenter: SimulatedVCenter, helper: Helper, how: str, trust: str
) -> None:
    change, *words = TLS[how]
    change(vcenter.tls)
    reply = ask(helper, vcenter, **({"insecure": True} if trust == "insecure" else {}))
    assert reply.kind == "unreachable"
    assert all(word in reply.stderr for word in words), reply


def test_a_server_without_tls_on_the_port_is_said_to_be_one(helper: Helper) -> None:
    with SimulatedVCenter(tls=False) as vcenter:
        reply = ask(helper, vcenter, ca_file="")
    assert reply.kind == "unreachable"
    assert "answers without TLS" in reply.stderr
    assert "http://" in reply.stderr


# ---- a certificate that does not do


CERTIFICATES: dict[str, tuple[Callable[[ssl.SSLContext], bytes], bool, list[str]]] = {
    "without this address": (
        lambda context: self_signed(context, "vc.example.com"),
        True,
        ["it is not made for this address", "use a name that it is made for", "thumbprint"],
    ),
    "for another address": (
        lambda context: self_signed(context, "192.0.2.1"),
        True,
        ["it is not made for this address", "thumbprint"],
    ),
    "expired": (
        lambda context: self_signed(context, "127.0.0.1", begins=-2 * DAY, ends=-DAY),
        True,
        ["it has expired", "renewed", "thumbprint"],
    ),
    "not yet valid": (
        lambda context: self_signed(context, "127.0.0.1", begins=DAY, ends=2 * DAY),
        True,
        ["it is not valid yet", "check the clocks"],
    ),
    "self-signed": (
        lambda context: self_signed(context, "127.0.0.1"),
        False,
        ["it is self-signed", "thumbprint", "ca_file"],
    ),
    "not for servers": (
        lambda context: self_signed(context, "127.0.0.1", for_servers=False),
        True,
        ["it is not made for servers", "issued for servers", "thumbprint"],
    ),
}


@pytest.mark.parametrize("how", CERTIFICATES)
def test_a_certificate_that_does_not_do_says_in_plain_words_why(
    vcenter: SimulatedVCenter, helper: Helper, tmp_path: Path, how: str
) -> None:
    """And the fingerprint, with which it can be pinned: then it will do."""
    make, trusted, words = CERTIFICATES[how]
    pem = make(vcenter.tls)
    (tmp_path / "it.pem").write_bytes(pem)
    reply = ask(helper, vcenter, ca_file=str(tmp_path / "it.pem") if trusted else vcenter.ca_file)
    assert reply.kind == "untrusted"
    assert all(word in reply.stderr for word in words), reply
    shown = reply.stderr.partition("actual fingerprint ")[2].partition(";")[0]
    asked = request(vcenter, password=PASSWORD, ca_file="", thumbprint=shown)
    assert helper.ok("get", asked)["source"] == "login"


def test_a_certificate_for_another_name_is_said_to_be_one(vcenter: SimulatedVCenter, helper: Helper) -> None:
    vcenter.new_certificate("elsewhere.example")
    fields = {"url": f"localhost:{vcenter.authority.rpartition(':')[2]}"}
    reply = ask(helper, vcenter, **fields)
    assert reply.kind == "untrusted"
    assert "it is not made for this name" in reply.stderr


# ---- as other versions of OpenSSL call it


class Failed(ssl.SSLError):
    """An error with a reason's name."""

    def __init__(self, reason: str | None) -> None:
        super().__init__(1, "text of OpenSSL")
        self.reason = reason  # type: ignore[assignment]  # some have none


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("SSLV3_ALERT_HANDSHAKE_FAILURE", "no cipher in common"),
        ("SSL/TLS_ALERT_HANDSHAKE_FAILURE", "no cipher in common"),
        ("TLSV1_ALERT_PROTOCOL_VERSION", "only TLS below 1.2"),
        ("TLSV13_ALERT_CERTIFICATE_REQUIRED", "it wants a certificate from us"),
        ("UNSUPPORTED_PROTOCOL", "only TLS below 1.2"),
        ("RECORD_LAYER_FAILURE", "answers without TLS"),
        ("SOMETHING_NEW", "something new"),
        (None, "unknown reason"),
    ],
)
def test_reasons_are_known_by_the_end_of_their_names(reason: str | None, words: str) -> None:
    error = Failed(reason)
    assert words in in_words(error)
    assert words in failure(error, "vc", bytes).message
    assert words in lost(error, "vc").message
