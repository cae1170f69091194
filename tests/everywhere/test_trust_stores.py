"""The host's own authorities are found wherever its distribution keeps them, without a word in the request."""

from __future__ import annotations

from hashlib import sha1

import pytest
from cryptography.x509 import load_pem_x509_certificate
from cryptography.x509.oid import NameOID

from everywhere.front import Front
from everywhere.main_job import do_main_job
from everywhere.place import Place, add
from support.program import PASSWORD, USER

STORES = {
    "Debian": "/etc/ssl/certs/ca-certificates.crt",
    "RHEL": "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "old RHEL": "/etc/pki/tls/cert.pem",  # there a link to certs/ca-bundle.crt
    "old RHEL without that link": "/etc/pki/tls/certs/ca-bundle.crt",
    "SUSE": "/etc/ssl/ca-bundle.pem",
    "Alpine": "/etc/ssl/cert.pem",
}


@pytest.mark.parametrize("store", STORES.values(), ids=STORES)
def test_the_authorities_of_the_host_are_trusted(place: Place, server: Front, store: str) -> None:
    add(place.root, store, server.ca)
    do_main_job(place, server)


def test_authorities_in_a_directory_by_the_digests_of_their_names_are_trusted(place: Place, server: Front) -> None:
    """As Debian and SUSE have them beside the bundle."""
    add(place.root, f"/etc/ssl/certs/{name_digest(server.ca)}.0", server.ca)
    do_main_job(place, server)


def test_the_authorities_of_ssl_cert_file_are_trusted(place: Place, server: Front) -> None:
    do_main_job(place, server, SSL_CERT_FILE=add(place.root, "/company.pem", server.ca))


def test_without_any_the_server_is_untrusted_and_is_sent_nothing(place: Place, server: Front) -> None:
    reply = place.helper().call("get", {"url": server.authority, "username": USER, "password": PASSWORD})
    assert (reply.kind, reply.status) == ("untrusted", 6)
    assert server.soap_sessions == set()


def name_digest(pem: bytes) -> str:
    """What OpenSSL looks for: of a name that is a common name alone, in lower case, as DER without its outermost part."""
    (name,) = load_pem_x509_certificate(pem).subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    text = str(name.value).lower().encode()
    pair = b"\x06\x03\x55\x04\x03\x0c" + bytes([len(text)]) + text
    encoded = b"\x31" + bytes([len(pair) + 2]) + b"\x30" + bytes([len(pair)]) + pair
    return sha1(encoded, usedforsecurity=False).digest()[3::-1].hex()
