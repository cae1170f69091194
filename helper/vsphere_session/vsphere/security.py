"""SOAP messages with WS-Security: a time, whoever sends it, and maybe a signature over time and body.

What is signed is **written in its canonical form** (Exclusive XML Canonicalization 1.0, without comments), so that nobody
has to canonicalise it first: Timestamp, Body and SignedInfo each declare the namespaces that they use on their own start
tag, whatever surrounds them; declarations come first, by prefix; no element is an empty tag. govmomi canonicalises by the
order of structs, and has mended that three times (a62b12cf, 44a78f96, 460e7a56).

The Envelope declares nothing else: a prefix that is in the PrefixList of a token within would become part of what that
token's signature is for. Sources: OASIS WS-Security 1.1 with its X.509 and SAML token profiles, XML-Signature 1.0.
"""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass, field
from hashlib import sha256
from secrets import token_hex
from typing import TYPE_CHECKING

from vsphere_session.clock import rfc3339
from vsphere_session.errors import InvalidRequestError

if TYPE_CHECKING:
    from collections.abc import Callable

    Signer = Callable[[bytes], bytes]
    """RSASSA-PKCS1-v1_5 with SHA-256, as `crypto.private_key.PrivateKey.sign` does it."""

MESSAGE_LIFE = 60.0
"""Seconds after which a server shall take a message for an old one."""
SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
WSSE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
WSU = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"

_DS = "http://www.w3.org/2000/09/xmldsig#"
_EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"
_RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
_SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"
_BASE64 = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0#Base64Binary"
_X509 = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-x509-token-profile-1.0#X509v3"
_WSSE11 = "http://docs.oasis-open.org/wss/oasis-wss-wssecurity-secext-1.1.xsd"
_SAML_PROFILE = "http://docs.oasis-open.org/wss/oasis-wss-saml-token-profile-1.1"
_IN_TEXT = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#xD;"})


@dataclass(frozen=True)
class KeyHolder:
    """A certificate (DER, the leaf alone) with its key."""

    certificate: bytes = field(repr=False)
    sign: Signer = field(repr=False)


def new_id() -> str:
    """A name for one element of one message (an NCName)."""
    return f"_{token_hex(16)}"


@dataclass(frozen=True)
class Ids:
    """The names that the parts of one message refer to each other by."""

    timestamp: str = field(default_factory=new_id)
    body: str = field(default_factory=new_id)
    signature: str = field(default_factory=new_id)
    certificate: str = field(default_factory=new_id)


@dataclass(frozen=True)
class Proof:
    """How a message is signed: by whom, and where the receiver finds the key (a `wsse:SecurityTokenReference`)."""

    sign: Signer = field(repr=False)
    reference: str


def envelope(tokens: str, body: str, now: float, ids: Ids, proof: Proof | None = None) -> bytes:
    """A message with the one child `body`, canonical as it is, and `tokens` that say who sends it.

    now  Unix seconds, of this machine's clock
    """
    timestamp = (
        f'<wsu:Timestamp xmlns:wsu="{WSU}" wsu:Id="{ids.timestamp}"><wsu:Created>{moment(now)}</wsu:Created>'
        f"<wsu:Expires>{moment(now + MESSAGE_LIFE)}</wsu:Expires></wsu:Timestamp>"
    )
    whole_body = f'<S:Body xmlns:S="{SOAP}" xmlns:wsu="{WSU}" wsu:Id="{ids.body}">{body}</S:Body>'
    signature = ""
    if proof is not None:
        signature = _signature({ids.timestamp: timestamp, ids.body: whole_body}, ids.signature, proof)
    return (
        f'<S:Envelope xmlns:S="{SOAP}"><S:Header><wsse:Security xmlns:wsse="{WSSE}">'
        f"{timestamp}{tokens}{signature}</wsse:Security></S:Header>{whole_body}</S:Envelope>"
    ).encode()


def username_token(username: str, password: str) -> str:
    """User and password, in clear within TLS. Raises InvalidRequestError."""
    return (
        f"<wsse:UsernameToken><wsse:Username>{xml_text(username)}</wsse:Username>"
        f"<wsse:Password>{xml_text(password)}</wsse:Password></wsse:UsernameToken>"
    )


def certificate_token(holder: KeyHolder, ids: Ids) -> str:
    """The certificate, for the signature to refer to."""
    return (
        f'<wsse:BinarySecurityToken xmlns:wsu="{WSU}" EncodingType="{_BASE64}" ValueType="{_X509}" wsu:Id="{ids.certificate}">'
        f"{b64encode(holder.certificate).decode()}</wsse:BinarySecurityToken>"
    )


def by_certificate(holder: KeyHolder, ids: Ids) -> Proof:
    """Signed by the key of the certificate that is in the message."""
    found = f'<wsse:Reference URI="#{ids.certificate}" ValueType="{_X509}"></wsse:Reference>'
    return Proof(holder.sign, f"<wsse:SecurityTokenReference>{found}</wsse:SecurityTokenReference>")


def by_assertion(sign: Signer, assertion_id: str) -> Proof:
    """Signed by the key that the SAML token in the message is bound to."""
    return Proof(
        sign,
        f'<wsse:SecurityTokenReference xmlns:wsse11="{_WSSE11}" wsse11:TokenType="{_SAML_PROFILE}#SAMLV2.0">'
        f'<wsse:KeyIdentifier ValueType="{_SAML_PROFILE}#SAMLID">{xml_text(assertion_id)}</wsse:KeyIdentifier>'
        "</wsse:SecurityTokenReference>",
    )


def moment(seconds: float) -> str:
    """Unix seconds as these messages have them: UTC, with milliseconds."""
    whole, milliseconds = divmod(round(seconds * 1000), 1000)
    return f"{rfc3339(whole)[:-1]}.{milliseconds:03}Z"


def xml_text(text: str) -> str:
    """`text` between two tags, canonical. Raises InvalidRequestError where XML has no way to write it, without quoting it."""
    if not all(_is_character(c) for c in text):
        raise InvalidRequestError(
            "a user name, password or name has a character that cannot be sent in XML (a control character, or half of a pair); correct it"
        )
    return text.translate(_IN_TEXT)


def _is_character(c: str) -> bool:
    """Production 2 of XML 1.0."""
    return c in "\t\n\r" or " " <= c <= "\ud7ff" or "\ue000" <= c <= "\ufffd" or c >= "\U00010000"


def _signature(parts: dict[str, str], identifier: str, proof: Proof) -> str:
    """Over canonical `parts`, by their ids."""
    info = (
        f'<ds:SignedInfo xmlns:ds="{_DS}"><ds:CanonicalizationMethod Algorithm="{_EXCLUSIVE}"></ds:CanonicalizationMethod>'
        f'<ds:SignatureMethod Algorithm="{_RSA_SHA256}"></ds:SignatureMethod>'
        f"{''.join(_reference(name, part) for name, part in parts.items())}</ds:SignedInfo>"
    )
    value = b64encode(proof.sign(info.encode())).decode()
    return (
        f'<ds:Signature xmlns:ds="{_DS}" Id="{identifier}">{info}<ds:SignatureValue>{value}</ds:SignatureValue><ds:KeyInfo>'
        f"{proof.reference}</ds:KeyInfo></ds:Signature>"
    )


def _reference(name: str, part: str) -> str:
    digest = b64encode(sha256(part.encode()).digest()).decode()
    return (
        f'<ds:Reference URI="#{name}"><ds:Transforms><ds:Transform Algorithm="{_EXCLUSIVE}"></ds:Transform></ds:Transforms>'
        f'<ds:DigestMethod Algorithm="{_SHA256}"></ds:DigestMethod><ds:DigestValue>{digest}</ds:DigestValue></ds:Reference>'
    )
