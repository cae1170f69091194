"""Two judges of signed messages that share nothing but libxml2: signxml and xmlsec. And lxml's canonical form."""

from __future__ import annotations

import xmlsec
from lxml import etree  # type: ignore[import-untyped]
from signxml.exceptions import InvalidSignature
from signxml.verifier import SignatureConfiguration, XMLVerifier

NAMES = {
    "S": "http://schemas.xmlsoap.org/soap/envelope/",
    "wsse": "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd",
    "wsu": "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd",
    "wst": "http://docs.oasis-open.org/ws-sx/ws-trust/200512",
    "ds": "http://www.w3.org/2000/09/xmldsig#",
    "saml2": "urn:oasis:names:tc:SAML:2.0:assertion",
    "vim": "urn:vim25",
}
SECURITY = "/S:Envelope/S:Header/wsse:Security"
WSU_ID = f"{{{NAMES['wsu']}}}Id"


def found(message: bytes, path: str) -> list[etree._Element]:
    """The elements at a path with the prefixes above."""
    elements = etree.fromstring(message).xpath(path, namespaces=NAMES)
    assert isinstance(elements, list)
    return [element for element in elements if isinstance(element, etree._Element)]


def text(message: bytes, path: str) -> str:
    """The text of the one element there."""
    (element,) = found(message, path)
    return element.text or ""


def canonical(message: bytes, path: str) -> bytes:
    """The exclusive canonical form of the one element there, in its place, by lxml."""
    (element,) = found(message, path)
    return bytes(etree.tostring(element, method="c14n", exclusive=True, with_comments=False))


def signxml_accepts(message: bytes, certificate: bytes, *, schema: bool = True) -> set[str]:
    """The local names of what is signed, by the key of this certificate (PEM) and nothing else. Empty if it is not."""
    location = f"./{{{NAMES['S']}}}Header/{{{NAMES['wsse']}}}Security/"
    try:
        results = XMLVerifier().verify(
            etree.fromstring(message),
            x509_cert=certificate.decode(),
            expect_config=SignatureConfiguration(expect_references=2, location=location),
            validate_schema=schema,
        )
    except InvalidSignature:
        return set()
    assert isinstance(results, list)
    return {etree.QName(result.signed_xml).localname for result in results if result.signed_xml is not None}


def xmlsec_accepts(message: bytes, certificate: bytes) -> bool:
    """Whether xmlsec finds the message's signature good for the key of this certificate (PEM)."""
    (signature,) = found(message, f"{SECURITY}/ds:Signature")
    context = xmlsec.SignatureContext()
    for element in signature.getroottree().iter():
        if WSU_ID in element.attrib:
            context.register_id(element, "Id", NAMES["wsu"])
    context.key = xmlsec.Key.from_memory(certificate, xmlsec.constants.KeyDataFormatCertPem, None)
    try:
        context.verify(signature)
    except xmlsec.Error:
        return False
    return True
