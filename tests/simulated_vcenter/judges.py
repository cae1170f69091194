"""Two judges of signed XML that share nothing but libxml2: signxml with cryptography, and xmlsec with OpenSSL.

    assert verdicts(vc.requests[-1].body, certificate_pem) == {"signxml": "", "xmlsec": ""}

For messages that a client has sent and for assertions; they say whether the signature holds over Timestamp and Body (or
over the assertion), not whether a server should take it.
"""

from __future__ import annotations

import time

from cryptography import x509
from cryptography.hazmat.primitives import serialization

from simulated_vcenter import keys
from simulated_vcenter.signatures import InvalidSignature, signed_parts
from simulated_vcenter.ws_names import NAMES, Malformed, Node, all_at, q, read

_IN_A_MESSAGE = f"./{{{NAMES['S']}}}Header/{{{NAMES['wsse']}}}Security/"
_IDS = (("Id", NAMES["wsu"]), ("ID", None))


def verdicts(document: bytes | str, certificate: str | bytes | x509.Certificate) -> dict[str, str]:
    """Return what each judge has against the signature in a message or assertion, "" for nothing."""
    raw, by = document.encode() if isinstance(document, str) else document, keys.load(certificate)
    return {"signxml": signxml_says(raw, by), "xmlsec": xmlsec_says(raw, by)}


def signxml_says(document: bytes, certificate: x509.Certificate) -> str:
    """Return what signxml has against it, "" for nothing."""
    try:
        root = read(document)
        alone = root.tag == q("saml2:Assertion")
        location, count = ("./", 1) if alone else (_IN_A_MESSAGE, 2)
        parts = signed_parts(root, certificate, location, references=count, now=time.time())
    except (Malformed, InvalidSignature) as error:
        return str(error)
    wanted = {q("saml2:Assertion")} if alone else {q("wsu:Timestamp"), q("S:Body")}
    found = {part.tag for part in parts}
    return "" if found == wanted else f"signed are {found}"


def xmlsec_says(document: bytes, certificate: x509.Certificate) -> str:
    """Return what xmlsec has against it, "" for nothing."""
    import xmlsec

    try:
        root = read(document)
    except Malformed as error:
        return str(error)
    alone = root.tag == q("saml2:Assertion")
    path = "/saml2:Assertion/ds:Signature" if alone else "/S:Envelope/S:Header/wsse:Security/ds:Signature"
    signatures = all_at(root, path)
    if len(signatures) != 1:
        return f"{len(signatures)} signatures"
    (signature,) = signatures
    context = xmlsec.SignatureContext()
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    context.key = xmlsec.Key.from_memory(pem, xmlsec.constants.KeyDataFormatCertPem, None)
    for name, namespace in _IDS:
        for node in root.iter("*"):
            if node.get(name if namespace is None else f"{{{namespace}}}{name}"):
                context.register_id(node, name, namespace)
    try:
        context.verify(signature)
    except xmlsec.Error as error:
        return f"{type(error).__name__}: {error}"
    return _missing(root, signature, alone=alone)


def _missing(root: Node, signature: Node, *, alone: bool) -> str:
    """A signature may hold and cover something else."""
    covered = set(all_at(signature, "ds:SignedInfo/ds:Reference/@URI"))
    wanted = all_at(root, "@ID" if alone else "S:Body/@wsu:Id | S:Header/wsse:Security/wsu:Timestamp/@wsu:Id")
    expected = {f"#{each}" for each in wanted}
    complete = len(expected) == (1 if alone else 2) and covered == expected
    return "" if complete else f"covered are {covered}, not {expected}"
