"""Messages of WS-Security written by hand, canonical from the start, so that a test can spoil any part of them.

Independent of the simulator's checks: no lxml, no signxml; strings, SHA-256 and a private key.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from cryptography.hazmat.primitives import hashes, serialization

from simulated_vcenter.assertions import time
from simulated_vcenter.keys import KeyPair

S = "http://schemas.xmlsoap.org/soap/envelope/"
OASIS = "http://docs.oasis-open.org/wss"
WSSE = f"{OASIS}/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
WSU = f"{OASIS}/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
WST = "http://docs.oasis-open.org/ws-sx/ws-trust/200512"
DS = "http://www.w3.org/2000/09/xmldsig#"
C14N = "http://www.w3.org/2001/10/xml-exc-c14n#"
SHA = {
    "sha256": ("http://www.w3.org/2001/04/xmldsig-more#rsa-sha256", hashes.SHA256()),
    "sha384": ("http://www.w3.org/2001/04/xmldsig-more#rsa-sha384", hashes.SHA384()),
    "sha512": ("http://www.w3.org/2001/04/xmldsig-more#rsa-sha512", hashes.SHA512()),
    "sha1": ("http://www.w3.org/2000/09/xmldsig#rsa-sha1", hashes.SHA1()),
}


@dataclass(frozen=True)
class Made:
    """One message; `spoil` changes the finished text, what is signed is what was there before."""

    now: float
    content: str  # the Body's child, canonical
    before: str = ""  # in the Security header, after the Timestamp
    key: KeyPair | None = None
    key_info: str = ""
    algorithm: str = "sha256"
    digest: str = "http://www.w3.org/2001/04/xmlenc#sha256"
    transform: str = C14N
    form: str = C14N
    signature_id: str = "_sig"
    covered: tuple[str, ...] = ("_time", "_body")
    timestamp: bool = True
    spoil: Callable[[str], str] = field(default=str)

    def text(self) -> bytes:
        """The whole envelope."""
        stamp = (
            f'<wsu:Timestamp xmlns:wsu="{WSU}" wsu:Id="_time"><wsu:Created>{time(self.now)}</wsu:Created>'
            f"<wsu:Expires>{time(self.now + 60)}</wsu:Expires></wsu:Timestamp>"
        )
        body = f'<S:Body xmlns:S="{S}" xmlns:wsu="{WSU}" wsu:Id="_body">{self.content}</S:Body>'
        signature = self._signature({"_time": stamp, "_body": body}) if self.key else ""
        shown = stamp if self.timestamp else ""
        return self.spoil(
            f'<S:Envelope xmlns:S="{S}"><S:Header><wsse:Security xmlns:wsse="{WSSE}">{shown}{self.before}{signature}'
            f"</wsse:Security></S:Header>{body}</S:Envelope>"
        ).encode()

    def but(self, **changes: object) -> Made:
        """The same with something else in it."""
        return replace(self, **changes)  # type: ignore[arg-type]

    def _signature(self, parts: dict[str, str]) -> str:
        assert self.key is not None
        references = "".join(
            f'<ds:Reference URI="#{name}"><ds:Transforms><ds:Transform Algorithm="{self.transform}"></ds:Transform>'
            f'</ds:Transforms><ds:DigestMethod Algorithm="{self.digest}"></ds:DigestMethod><ds:DigestValue>'
            f"{b64(hashlib.sha256(parts.get(name, '').encode()).digest())}</ds:DigestValue></ds:Reference>"
            for name in self.covered
        )
        uri, algorithm = SHA[self.algorithm]
        info = (
            f'<ds:SignedInfo xmlns:ds="{DS}"><ds:CanonicalizationMethod Algorithm="{self.form}">'
            f'</ds:CanonicalizationMethod><ds:SignatureMethod Algorithm="{uri}"></ds:SignatureMethod>{references}'
            "</ds:SignedInfo>"
        )
        value = b64(self.key.sign(info.encode(), algorithm))
        return (
            f'<ds:Signature xmlns:ds="{DS}" Id="{self.signature_id}">{info}<ds:SignatureValue>{value}'
            f"</ds:SignatureValue><ds:KeyInfo>{self.key_info}</ds:KeyInfo></ds:Signature>"
        )


def password(name: str, secret: str) -> str:
    """Write a UsernameToken."""
    return (
        f"<wsse:UsernameToken><wsse:Username>{name}</wsse:Username><wsse:Password>{secret}</wsse:Password>"
        "</wsse:UsernameToken>"
    )


def binary_token(pair: KeyPair) -> str:
    """Write a BinarySecurityToken with the pair's certificate."""
    der = pair.certificate.public_bytes(serialization.Encoding.DER)
    profile = f"{OASIS}/2004/01/oasis-200401-wss"
    return (
        f'<wsse:BinarySecurityToken xmlns:wsu="{WSU}" EncodingType="{profile}-soap-message-security-1.0#Base64Binary"'
        f' ValueType="{profile}-x509-token-profile-1.0#X509v3" wsu:Id="_bst">{b64(der)}</wsse:BinarySecurityToken>'
    )


BY_BINARY_TOKEN = (
    f'<wsse:SecurityTokenReference><wsse:Reference URI="#_bst" ValueType="{OASIS}/2004/01/oasis-200401-wss'
    '-x509-token-profile-1.0#X509v3"></wsse:Reference></wsse:SecurityTokenReference>'
)


def by_assertion(identifier: str) -> str:
    """Write the reference to an assertion's key."""
    profile = f"{OASIS}/oasis-wss-saml-token-profile-1.1"
    return (
        f'<wsse:SecurityTokenReference xmlns:wsse11="{OASIS}/oasis-wss-wssecurity-secext-1.1.xsd"'
        f' wsse11:TokenType="{profile}#SAMLV2.0"><wsse:KeyIdentifier ValueType="{profile}#SAMLID">{identifier}'
        "</wsse:KeyIdentifier></wsse:SecurityTokenReference>"
    )


def issue(now: float, *, life: float = 300, key_type: str = "Bearer", extra: str = "", kind: str = "Issue") -> str:
    """Write a RequestSecurityToken."""
    return (
        f'<wst:RequestSecurityToken xmlns:wst="{WST}"><wst:TokenType>urn:oasis:names:tc:SAML:2.0:assertion'
        f"</wst:TokenType><wst:RequestType>{WST}/{kind}</wst:RequestType><wst:Lifetime>"
        f"<wsu:Created>{time(now)}</wsu:Created>"
        f"<wsu:Expires>{time(now + life)}</wsu:Expires></wst:Lifetime>"
        f"<wst:KeyType>{WST}/{key_type}</wst:KeyType>{extra}</wst:RequestSecurityToken>"
    )


USE_KEY = '<wst:UseKey Sig="_sig"></wst:UseKey>'
LOGIN = '<LoginByToken xmlns="urn:vim25"><_this type="SessionManager">SessionManager</_this></LoginByToken>'


def b64(data: bytes) -> str:
    """Standard base64."""
    return base64.b64encode(data).decode()
