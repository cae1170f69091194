"""SAML assertions as vCenter's STS writes them: real signatures, of an authority of the simulator's own."""

from __future__ import annotations

import base64
import hashlib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from xml.sax.saxutils import escape

from cryptography import x509

from simulated_vcenter import keys
from simulated_vcenter.ws_names import BEARER, C14N, ENVELOPED, HOLDER_OF_KEY, canonical, read

_UPN = "http://schemas.xmlsoap.org/claims/UPN"
_URI = "urn:oasis:names:tc:SAML:2.0:attrname-format:uri"
_BY_PASSWORD = "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport"
_BY_KEY = "urn:oasis:names:tc:SAML:2.0:ac:classes:TLSClient"


@dataclass(frozen=True)
class Claims:
    """What an assertion says; times are Unix seconds.

    `string_type` is the name of the type of attribute values, whose prefix is in the signature's PrefixList.
    """

    name: str  # in UPN form
    issuer: str
    not_before: float
    not_on_or_after: float
    holder_of_key: x509.Certificate | None = None
    audience: str = ""
    groups: Sequence[str] = ()
    solution: bool = False
    string_type: str = "xs:string"


def signed(claims: Claims, signer: keys.KeyPair, authority: keys.KeyPair | None = None) -> str:
    """Return the assertion, its signature inside."""
    prefix = claims.string_type.partition(":")[0]
    identifier = f"_{uuid.uuid4()}"
    head, rest = _head(claims, identifier, prefix), _subject(claims) + _conditions(claims) + _attributes(claims)
    bare = read(f"{head}{rest}</saml2:Assertion>".encode())
    digest = hashlib.sha256(canonical(bare, [prefix, "xsi"])).digest()
    info = _signed_info(identifier, f"{prefix} xsi", digest)
    chain = [pair.certificate for pair in (signer, authority) if pair is not None]
    certificates = "".join(f"<ds:X509Certificate>{_b64(keys.der(each))}</ds:X509Certificate>" for each in chain)
    opening = '<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#">'
    (to_sign,) = read(f"{opening}{info}</ds:Signature>".encode())
    signature = (
        f"{opening}{info}<ds:SignatureValue>{_b64(signer.sign(canonical(to_sign)))}</ds:SignatureValue>"
        f"<ds:KeyInfo><ds:X509Data>{certificates}</ds:X509Data></ds:KeyInfo></ds:Signature>"
    )
    return f"{head}{signature}{rest}</saml2:Assertion>"


def time(seconds: float) -> str:
    """Unix seconds as the STS prints a time: UTC, milliseconds, `Z`."""
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S.%f}"[:-3] + "Z"


def seconds(text: str) -> float:
    """Return the Unix seconds of a time with a zone; raises ValueError."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("a time without a zone")
    return moment.timestamp()


def _head(claims: Claims, identifier: str, prefix: str) -> str:
    return (
        f'<saml2:Assertion xmlns:saml2="urn:oasis:names:tc:SAML:2.0:assertion"'
        f' xmlns:{prefix}="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
        f' ID="{identifier}" IssueInstant="{time(claims.not_before)}" Version="2.0">'
        f'<saml2:Issuer Format="{_UPN}">{escape(claims.issuer)}</saml2:Issuer>'
    )


def _signed_info(identifier: str, prefixes: str, digest: bytes) -> str:
    return (
        f'<ds:SignedInfo><ds:CanonicalizationMethod Algorithm="{C14N}"/>'
        '<ds:SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"/>'
        f'<ds:Reference URI="#{identifier}"><ds:Transforms><ds:Transform Algorithm="{ENVELOPED}"/>'
        f'<ds:Transform Algorithm="{C14N}"><ec:InclusiveNamespaces xmlns:ec="{C14N}" PrefixList="{prefixes}"/>'
        '</ds:Transform></ds:Transforms><ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/>'
        f"<ds:DigestValue>{_b64(digest)}</ds:DigestValue></ds:Reference></ds:SignedInfo>"
    )


def _subject(claims: Claims) -> str:
    certificate = claims.holder_of_key
    if certificate is None:
        end = time(claims.not_on_or_after)
        how, data = BEARER, f'<saml2:SubjectConfirmationData NotOnOrAfter="{end}"/>'
    else:
        how = HOLDER_OF_KEY
        data = (
            '<saml2:SubjectConfirmationData xsi:type="saml2:KeyInfoConfirmationDataType">'
            '<ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:X509Data>'
            f"<ds:X509Certificate>{_b64(keys.der(certificate))}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>"
            "</saml2:SubjectConfirmationData>"
        )
    return (
        f'<saml2:Subject><saml2:NameID Format="{_UPN}">{escape(claims.name)}</saml2:NameID>'
        f'<saml2:SubjectConfirmation Method="{how}">{data}</saml2:SubjectConfirmation></saml2:Subject>'
    )


def _conditions(claims: Claims) -> str:
    audience = escape(claims.audience)
    only = f"<saml2:AudienceRestriction><saml2:Audience>{audience}</saml2:Audience></saml2:AudienceRestriction>"
    begin, end = time(claims.not_before), time(claims.not_on_or_after)
    return (
        f'<saml2:Conditions NotBefore="{begin}" NotOnOrAfter="{end}"><saml2:ProxyRestriction Count="10"/>'
        f"{only if audience else ''}</saml2:Conditions>"
        f'<saml2:AuthnStatement AuthnInstant="{begin}"><saml2:AuthnContext><saml2:AuthnContextClassRef>'
        f"{_BY_KEY if claims.solution else _BY_PASSWORD}"
        "</saml2:AuthnContextClassRef></saml2:AuthnContext></saml2:AuthnStatement>"
    )


def _attributes(claims: Claims) -> str:
    def attribute(friendly: str, name: str, values: Sequence[str]) -> str:
        kind = claims.string_type
        inside = "".join(
            f'<saml2:AttributeValue xsi:type="{kind}">{escape(each)}</saml2:AttributeValue>' for each in values
        )
        return (
            f'<saml2:Attribute FriendlyName="{friendly}" Name="{name}" NameFormat="{_URI}">{inside}</saml2:Attribute>'
        )

    solution = ["true" if claims.solution else "false"]
    return (
        "<saml2:AttributeStatement>"
        + attribute("Groups", "http://rsa.com/schemas/attr-names/2009/01/GroupIdentity", claims.groups)
        + attribute("Subject Type", "http://vmware.com/schemas/attr-names/2011/07/isSolution", solution)
        + "</saml2:AttributeStatement>"
    )


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode()
