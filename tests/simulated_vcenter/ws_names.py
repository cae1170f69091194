"""The names of WS-Security, WS-Trust, SAML and XML signatures, and XML as lxml reads it.

lxml is imported when the first message is read: who uses none of this does not pay for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

NAMES = {
    "S": "http://schemas.xmlsoap.org/soap/envelope/",
    "wsse": "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd",
    "wsse11": "http://docs.oasis-open.org/wss/oasis-wss-wssecurity-secext-1.1.xsd",
    "wsu": "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd",
    "wst": "http://docs.oasis-open.org/ws-sx/ws-trust/200512",
    "wst14": "http://docs.oasis-open.org/ws-sx/ws-trust/200802",
    "ds": "http://www.w3.org/2000/09/xmldsig#",
    "ec": "http://www.w3.org/2001/10/xml-exc-c14n#",
    "saml2": "urn:oasis:names:tc:SAML:2.0:assertion",
}
C14N = "http://www.w3.org/2001/10/xml-exc-c14n#"
ENVELOPED = "http://www.w3.org/2000/09/xmldsig#enveloped-signature"
SHA_2 = {
    "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
    "http://www.w3.org/2001/04/xmldsig-more#rsa-sha384",
    "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512",
    "http://www.w3.org/2001/04/xmlenc#sha256",
    "http://www.w3.org/2001/04/xmldsig-more#sha384",
    "http://www.w3.org/2001/04/xmlenc#sha512",
}
BEARER = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
HOLDER_OF_KEY = "urn:oasis:names:tc:SAML:2.0:cm:holder-of-key"
SAML_ID = "http://docs.oasis-open.org/wss/oasis-wss-saml-token-profile-1.1#SAMLID"
_PROFILE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-"
X509 = f"{_PROFILE}x509-token-profile-1.0#X509v3"
BASE64 = f"{_PROFILE}soap-message-security-1.0#Base64Binary"

Node = Any  # lxml has no types


class Malformed(Exception):  # noqa: N818  a state of the message, not of the simulator
    """The message is no XML, or has a DOCTYPE."""


def read(message: bytes) -> Node:
    """Return the root of a message; raises Malformed."""
    from lxml import etree  # type: ignore[import-untyped]

    parser = etree.XMLParser(resolve_entities=False, no_network=True, remove_comments=False, huge_tree=False)
    try:
        root = etree.fromstring(message, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise Malformed(str(error)) from None
    if root.getroottree().docinfo.doctype:
        raise Malformed("a DOCTYPE")
    return root


def written(node: Node) -> bytes:
    """Return an element as bytes that stand by themselves, without what follows it."""
    from lxml import etree

    return bytes(etree.tostring(node, with_tail=False))


def canonical(node: Node, prefixes: list[str] | None = None) -> bytes:
    """Return an element in exclusive canonical form, these prefixes kept."""
    from lxml import etree

    return bytes(etree.tostring(node, method="c14n", exclusive=True, inclusive_ns_prefixes=prefixes, with_tail=False))


def q(name: str) -> str:
    """Return `prefix:local` as lxml writes a name."""
    prefix, _, local = name.partition(":")
    return f"{{{NAMES[prefix]}}}{local}"


def all_at(node: Node, path: str) -> list[Node]:
    """Find the elements at this XPath."""
    return list(node.xpath(path, namespaces=NAMES))


def text_at(node: Node, path: str) -> str:
    """Return the text of the first element or attribute at this XPath, "" if there is none."""
    found = next(iter(all_at(node, path)), "")
    return str(found if isinstance(found, str) else (found.text or "")).strip()


def identifiers(root: Node) -> Iterator[str]:
    """All that a reference may mean: `wsu:Id`, `Id`, `ID` of every element."""
    for node in root.iter("*"):
        yield from (node.get(name) for name in (q("wsu:Id"), "Id", "ID") if node.get(name) is not None)
