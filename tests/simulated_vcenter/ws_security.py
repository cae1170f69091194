"""A message under WS-Security taken apart and checked, as Lightwave's STS and vCenter do.

Nothing of the message is to be believed before `check_signature` has returned what was signed.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from xml.sax.saxutils import escape

from cryptography import x509

from simulated_vcenter.assertions import seconds, time
from simulated_vcenter.messages import Response, xml_response
from simulated_vcenter.signatures import InvalidSignature, signed_parts
from simulated_vcenter.tokens import TOLERANCE_SECONDS
from simulated_vcenter.ws_names import (
    BASE64,
    C14N,
    NAMES,
    SAML_ID,
    SHA_2,
    X509,
    Malformed,
    Node,
    all_at,
    identifiers,
    q,
    read,
    text_at,
)

_KNOWN = {"wsu:Timestamp", "wsse:UsernameToken", "wsse:BinarySecurityToken", "saml2:Assertion", "ds:Signature"}


class WsFault(Exception):  # noqa: N818  the protocol's own name for it
    """A refusal: its code as `prefix:Name`, what the client is told, and why it really is."""

    def __init__(self, code: str, text: str, reason: str = "") -> None:
        super().__init__(f"{code} {text}: {reason}")
        self.code, self.text, self.reason = code, text, reason or text

    def response(self) -> Response:
        """Return the answer; the prefix is made up, as the real one's is."""
        prefix, _, name = self.code.partition(":")
        return xml_response(
            500,
            '<?xml version="1.0" encoding="UTF-8"?><S:Envelope xmlns:S="http://schemas.xmlsoap.org/soap/envelope/">'
            '<S:Body><S:Fault xmlns:ns4="http://www.w3.org/2003/05/soap-envelope">'
            f'<faultcode xmlns:ns0="{NAMES[prefix]}">ns0:{name}</faultcode><faultstring>{escape(self.text)}</faultstring>'
            "</S:Fault></S:Body></S:Envelope>",
        )


@dataclass(frozen=True)
class Message:
    """The parts of one message; those in the header are None if they are missing."""

    root: Node
    body: Node
    content: Node  # the one child of the body
    timestamp: Node | None
    username_token: Node | None
    binary_token: Node | None
    assertion: Node | None
    signature: Node | None


def opened(raw: bytes, now: float, *, timestamp_needed: bool = True) -> Message:
    """Return the message's parts, its form and time checked; raises WsFault."""
    try:
        root = read(raw)
    except Malformed as error:
        raise WsFault("wst:InvalidRequest", "Invalid request", f"no XML: {error}") from None
    bodies = all_at(root, "//S:Body")
    if root.tag != q("S:Envelope") or len(bodies) != 1 or bodies[0].getparent() is not root:
        raise WsFault("wst:InvalidRequest", "Invalid request", "not exactly one Body, a child of the Envelope")
    (body,) = bodies
    if (body.text or "") != "" or len(body) != 1 or (body[0].tail or "").strip():
        raise WsFault("wst:InvalidRequest", "Invalid request", "the Body's first child is no element")
    headers = all_at(root, "//wsse:Security")
    if len(headers) != 1 or headers[0].getparent().tag != q("S:Header") or headers[0].getparent().getparent() != root:
        raise WsFault("wsse:InvalidSecurity", "No or more than one Security header", "not exactly one Security header")
    (header,) = headers
    parts: dict[str, Node] = {}
    for child in header.iterchildren("*"):
        name = next((known for known in _KNOWN if child.tag == q(known)), "")
        if not name or name in parts:
            raise WsFault("wsse:InvalidSecurity", "Invalid Security header", f"{child.tag} is unknown or twice there")
        parts[name] = child
    if len(set(found := list(identifiers(root)))) != len(found):
        raise WsFault("wsse:InvalidSecurity", "Invalid Security header", "two elements have the same Id")
    if "wsu:Timestamp" in parts:
        _check_time(parts["wsu:Timestamp"], now)
    elif timestamp_needed:
        raise WsFault("wsse:InvalidSecurity", "Invalid Security header", "no Timestamp")
    in_order = ("wsu:Timestamp", "wsse:UsernameToken", "wsse:BinarySecurityToken", "saml2:Assertion", "ds:Signature")
    return Message(root, body, body[0], *(parts.get(name) for name in in_order))


def binary_certificate(message: Message) -> x509.Certificate:
    """Return the certificate of the BinarySecurityToken; raises WsFault."""
    token = message.binary_token
    if token is None:
        raise WsFault("wsse:SecurityTokenUnavailable", "No certificate", "no BinarySecurityToken")
    if token.get("EncodingType") != BASE64 or token.get("ValueType") != X509 or not token.get(q("wsu:Id")):
        raise WsFault("wsse:InvalidSecurityToken", "Invalid security token", "type of the BinarySecurityToken")
    try:
        return x509.load_der_x509_certificate(base64.b64decode(token.text or "", validate=False))
    except (ValueError, binascii.Error):
        raise WsFault("wsse:InvalidSecurityToken", "Invalid security token", "no certificate in it") from None


def check_signature(message: Message, certificate: x509.Certificate, key_reference: str, now: float) -> Node:
    """Return the Body's child as it was signed by this certificate's key, together with the Timestamp.

    `key_reference` is what KeyInfo has to name: `#` and the BinarySecurityToken's Id, or the assertion's ID.
    Raises WsFault.
    """
    signature = message.signature
    if signature is None:
        raise WsFault("wst:InvalidRequest", "Invalid request", "not signed")
    _check_algorithms(signature)
    _check_key_info(signature, key_reference)
    uris = {each.get("URI") for each in all_at(signature, "ds:SignedInfo/ds:Reference")}
    stamp = message.timestamp
    wanted = {f"#{part.get(q('wsu:Id'))}" for part in (stamp, message.body) if part is not None}
    if stamp is None or len(wanted) != 2 or uris != wanted:
        raise WsFault("wsse:FailedCheck", "Signature is invalid", f"signed are {uris}, not Timestamp and Body")
    location = "./{S}Header/{wsse}Security/".format(**{each: f"{{{NAMES[each]}}}" for each in ("S", "wsse")})
    try:
        parts = signed_parts(message.root, certificate, location, references=2, now=now)
    except InvalidSignature as error:
        raise WsFault("wsse:FailedCheck", "Signature is invalid", str(error)) from None
    signed = {part.tag: part for part in parts}
    if set(signed) != {q("wsu:Timestamp"), q("S:Body")}:
        raise WsFault("wsse:FailedCheck", "Signature is invalid", f"signed are {set(signed)}")
    return signed[q("S:Body")][0]


def _check_time(stamp: Node, now: float) -> None:
    try:
        created, expires = (seconds(text_at(stamp, f"wsu:{name}")) for name in ("Created", "Expires"))
    except ValueError:
        raise WsFault("wsse:InvalidSecurity", "Invalid Security header", "times of the Timestamp") from None
    if not created - TOLERANCE_SECONDS <= now < expires + TOLERANCE_SECONDS or expires <= created:
        raise WsFault(
            "wsse:MessageExpired",
            f"The time now {time(now)} does not fall in the request lifetime interval extended with clock tolerance of"
            f" {TOLERANCE_SECONDS * 1000:.0f} ms: [{time(created - TOLERANCE_SECONDS)};"
            f" {time(expires + TOLERANCE_SECONDS)}). This might be due to a clock skew problem.",
        )


def _check_algorithms(signature: Node) -> None:
    """Exclusive canonical form and nothing else, and no digest older than SHA-256."""
    forms = all_at(signature, "ds:SignedInfo/ds:CanonicalizationMethod/@Algorithm")
    for reference in all_at(signature, "ds:SignedInfo/ds:Reference"):
        transforms = all_at(reference, "ds:Transforms/ds:Transform/@Algorithm")
        if len(transforms) != 1:
            raise WsFault("wsse:InvalidSecurity", "Invalid Security header", f"{len(transforms)} transforms")
        forms += transforms
    if any(form != C14N for form in forms):
        raise WsFault("wsse:UnsupportedAlgorithm", "Unsupported algorithm", f"canonical forms {forms}")
    algorithms = all_at(signature, "ds:SignedInfo//*[self::ds:SignatureMethod or self::ds:DigestMethod]/@Algorithm")
    if not set(algorithms) <= SHA_2:
        raise WsFault("wsse:UnsupportedAlgorithm", "Unsupported algorithm", f"algorithms {algorithms}")


def _check_key_info(signature: Node, key_reference: str) -> None:
    inside = all_at(signature, "ds:KeyInfo/wsse:SecurityTokenReference/*")
    if len(inside) != 1:
        raise WsFault("wsse:InvalidSecurity", "Invalid Security header", f"{len(inside)} references to the key")
    (reference,) = inside
    if reference.tag == q("wsse:Reference"):
        named, kind, wanted = reference.get("URI"), reference.get("ValueType"), X509
    else:
        named, kind, wanted = (reference.text or "").strip(), reference.get("ValueType"), SAML_ID
    if named != key_reference or kind != wanted:
        raise WsFault("wsse:SecurityTokenUnavailable", "Security token not found", f"KeyInfo names {named}, {kind}")
