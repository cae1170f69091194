"""An STS's tokens: signed as a real one signs them, whole or within its reply, by a key of the tests."""

from __future__ import annotations

from base64 import b64encode
from datetime import UTC, datetime, timedelta
from functools import cache
from hashlib import sha256

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree  # type: ignore[import-untyped]
from signxml.exceptions import InvalidSignature
from signxml.verifier import XMLVerifier

from crypto.keys import certificate, rsa_key

SAML = "urn:oasis:names:tc:SAML:2.0:assertion"
DS = "http://www.w3.org/2000/09/xmldsig#"
NOW = 1_790_000_000.0
TEMPLATE = """<saml2:Assertion xmlns:saml2="{saml}" {declared} ID="{id}" IssueInstant="{begins}" Version="2.0"><saml2:Issuer\
 Format="urn:oasis:names:tc:SAML:2.0:nameid-format:entity">https://vc.example.com/websso/SAML2/Metadata/vsphere.local</saml2:Issuer>\
<ds:Signature xmlns:ds="{ds}" Id="placeholder"></ds:Signature><saml2:Subject><saml2:NameID\
 Format="http://schemas.xmlsoap.org/claims/UPN">{name}</saml2:NameID><saml2:SubjectConfirmation\
 Method="urn:oasis:names:tc:SAML:2.0:cm:{method}">{confirmation}</saml2:SubjectConfirmation></saml2:Subject><saml2:Conditions\
 NotBefore="{begins}" NotOnOrAfter="{ends}">{conditions}</saml2:Conditions><saml2:AttributeStatement><saml2:Attribute\
 FriendlyName="Groups" Name="http://rsa.com/schemas/attr-names/2009/01/GroupIdentity"><saml2:AttributeValue{xsi}\
 xsi:type="xs:string">vsphere.local\\Users</saml2:AttributeValue></saml2:Attribute></saml2:AttributeStatement></saml2:Assertion>"""
XSI = "http://www.w3.org/2001/XMLSchema-instance"
XS = "http://www.w3.org/2001/XMLSchema"
DELEGATED = (
    '<saml2:Condition xmlns:del="urn:oasis:names:tc:SAML:2.0:conditions:delegation" xsi:type="del:DelegationRestrictionType">'
    "<del:Delegate><saml2:NameID>robot@vsphere.local</saml2:NameID></del:Delegate></saml2:Condition>"
)
SIGNED_INFO = """<ds:SignedInfo xmlns:ds="{ds}"><ds:CanonicalizationMethod Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/>\
<ds:SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"/><ds:Reference URI="#{id}"><ds:Transforms>\
<ds:Transform Algorithm="http://www.w3.org/2000/09/xmldsig#enveloped-signature"/><ds:Transform\
 Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"><ec:InclusiveNamespaces xmlns:ec="http://www.w3.org/2001/10/xml-exc-c14n#"\
 PrefixList="xs xsi"/></ds:Transform></ds:Transforms><ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/>\
<ds:DigestValue>{digest}</ds:DigestValue></ds:Reference></ds:SignedInfo>"""
REPLY = """<?xml version='1.0' encoding='UTF-8'?><S:Envelope xmlns:S="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xs="{xs}"\
 xmlns:xsi="{xsi}" xmlns:unused="urn:unused"><S:Body><wst:RequestSecurityTokenResponseCollection\
 xmlns:wst="http://docs.oasis-open.org/ws-sx/ws-trust/200512" xmlns:saml2="{saml}"><wst:RequestSecurityTokenResponse>\
<wst:TokenType>urn:oasis:names:tc:SAML:2.0:assertion</wst:TokenType><wst:RequestedSecurityToken>{token}\
</wst:RequestedSecurityToken></wst:RequestSecurityTokenResponse></wst:RequestSecurityTokenResponseCollection></S:Body></S:Envelope>"""


def moment(seconds: float) -> str:
    """As the STS writes a time."""
    return (datetime.fromtimestamp(0, UTC) + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def token(
    name: str = "alice@vsphere.local",
    *,
    method: str = "bearer",
    begins: float = NOW,
    ends: float = NOW + 300,
    conditions: str = "",
    confirmation: str = "",
    declared: str = f'xmlns:xs="{XS}" xmlns:xsi="{XSI}"',
    id_: str = "_5a1bb0e2-3a4c-4d8d-9d5e-0b6a7c8d9e0f",
    signed: bool = True,
) -> str:
    """One token."""
    text = TEMPLATE.format(
        saml=SAML, ds=DS, declared=declared, id=id_, name=name, method=method, begins=moment(begins), ends=moment(ends),
        conditions=conditions, confirmation=confirmation, xsi="" if "xmlns:xsi" in declared else f' xmlns:xs="{XS}" xmlns:xsi="{XSI}"',
    )  # fmt: skip
    return sign(text) if signed else text


def sign(text: str) -> str:
    """Signed by the STS of these tests: exclusive C14N with `xs` and `xsi` as inclusive, as vCenter's does."""
    root = etree.fromstring(text)
    (place,) = root.iter(f"{{{DS}}}Signature")
    around = place.getparent()
    assert around is not None
    around.remove(place)
    whole = etree.tostring(root, method="c14n", exclusive=True, inclusive_ns_prefixes=["xs", "xsi"])
    info = SIGNED_INFO.format(ds=DS, id=root.get("ID"), digest=b64encode(sha256(whole).digest()).decode())
    canonical = etree.tostring(etree.fromstring(info), method="c14n", exclusive=True)
    value = b64encode(rsa_key(number=7).sign(canonical, PKCS1v15(), SHA256())).decode()
    der_of_sts = b64encode(der(sts_certificate())).decode()
    signature = (
        f'<ds:Signature xmlns:ds="{DS}">{info}<ds:SignatureValue>{value}</ds:SignatureValue><ds:KeyInfo><ds:X509Data>'
        f"<ds:X509Certificate>{der_of_sts}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></ds:Signature>"
    )
    before, rest = text.split("<ds:Signature ", 1)
    return before + signature + rest.split("</ds:Signature>", 1)[1]


def is_signed(text: str | bytes) -> bool:
    """Whether signxml finds the signature of a token good."""
    try:
        XMLVerifier().verify(etree.fromstring(text), x509_cert=sts_certificate().decode(), id_attribute="ID")
    except InvalidSignature:
        return False
    return True


@cache
def sts_certificate() -> bytes:
    """The certificate of the STS of these tests (PEM)."""
    return certificate(rsa_key(number=7))


def reply(inner: str) -> str:
    """The STS's answer that holds a token."""
    return REPLY.format(xs=XS, xsi=XSI, saml=SAML, token=inner)


def der(pem: bytes) -> bytes:
    """A certificate in DER."""
    return x509.load_pem_x509_certificate(pem).public_bytes(Encoding.DER)
