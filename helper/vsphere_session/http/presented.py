"""The certificates that a server shows, described for a person: asked for without believing them, and nothing else is sent."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from vsphere_session.errors import UnreachableError, UnsupportedError
from vsphere_session.http.connection import open_stream, server_name_of, shake_hands
from vsphere_session.http.sockets import broken
from vsphere_session.http.tls import SSLError
from vsphere_session.http.tls_failures import failure
from vsphere_session.http.trust import Trust, fingerprint

if TYPE_CHECKING:
    from vsphere_session.clock import Deadline
    from vsphere_session.endpoint import Endpoint

_DER = 2  # `_ssl.ENCODING_DER`
_DATE = "%b %d %H:%M:%S %Y GMT"
_SHORT = {
    "commonName": "CN",
    "organizationName": "O",
    "organizationalUnitName": "OU",
    "countryName": "C",
    "stateOrProvinceName": "ST",
    "localityName": "L",
    "domainComponent": "DC",
}


@dataclass(frozen=True)
class Certificate:
    """One certificate.

    der               its bytes
    subject, issuer   as in `CN=vc.example.com, O=Example`
    names             DNS names and addresses that it is for, from its subjectAltName
    since, until      when it is valid
    serial            its number, in hexadecimal digits
    """

    der: bytes
    subject: str
    issuer: str
    names: tuple[str, ...]
    since: datetime
    until: datetime
    serial: str

    @property
    def sha256(self) -> str:
        """Its fingerprint, `AA:BB:…`."""
        return fingerprint(self.der)

    @property
    def sha1(self) -> str:
        """Its SHA-1 fingerprint, as older consoles and govc show it."""
        return fingerprint(self.der, "SHA-1")

    @property
    def pem(self) -> str:
        """The same as text."""
        return ssl.DER_cert_to_PEM_cert(self.der)

    @property
    def self_signed(self) -> bool:
        """Whether it says that it was issued by itself."""
        return self.subject == self.issuer


def presented(endpoint: Endpoint, deadline: Deadline, proxy: Endpoint | None = None) -> list[Certificate]:
    """What the endpoint shows, its own certificate first. Raises UnreachableError, UnsupportedError for http."""
    if endpoint.scheme != "https":
        raise UnsupportedError(
            f"{endpoint.place} is spoken to without TLS (http), so it shows no certificate; write https://"
        )
    stream = open_stream(endpoint, proxy, deadline)
    try:
        left = deadline.for_network(endpoint.place)
        secured = shake_hands(stream, Trust(insecure=True).context(), server_name_of(endpoint), left)
        return [_described(each) for each in _chain(secured)]
    except SSLError as error:
        raise failure(error, endpoint.place, lambda: b"") from None
    except OSError as error:
        raise broken(endpoint.place, error, deadline) from None
    finally:
        stream.close()


def _chain(secured: object) -> list[object]:
    """CPython's own certificates; `ssl` shows them in public from 3.13 on, without what is in them."""
    engine = getattr(secured, "_tls", None) or getattr(secured, "_sslobj", None)
    chain = getattr(engine, "_sslobj", engine).get_unverified_chain()  # type: ignore[union-attr]
    if not chain:
        raise UnreachableError("the server shows no certificate; check the port")
    return list(chain)


def _described(found: object) -> Certificate:
    info = found.get_info()  # type: ignore[attr-defined]
    return Certificate(
        der=found.public_bytes(_DER),  # type: ignore[attr-defined]
        subject=_name(info.get("subject", ())),
        issuer=_name(info.get("issuer", ())),
        names=tuple(f"{value}" for _, value in info.get("subjectAltName", ())),
        since=_date(info["notBefore"]),
        until=_date(info["notAfter"]),
        serial=info.get("serialNumber", ""),
    )


def _name(parts: tuple[tuple[tuple[str, str], ...], ...]) -> str:
    return ", ".join(f"{_SHORT.get(key, key)}={value}" for part in parts for key, value in part)


def _date(text: str) -> datetime:
    return datetime.strptime(text, _DATE).replace(tzinfo=UTC)
