"""An assertion that somebody shows: read only after the STS's signature over its bytes has held."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass

from cryptography import x509

from simulated_vcenter.assertions import seconds
from simulated_vcenter.signatures import InvalidSignature, signed_parts
from simulated_vcenter.ws_names import (
    BEARER,
    C14N,
    ENVELOPED,
    HOLDER_OF_KEY,
    Malformed,
    Node,
    all_at,
    identifiers,
    q,
    read,
    text_at,
)

TOLERANCE_SECONDS = 600.0


class InvalidToken(Exception):  # noqa: N818  a state of the token, not of the simulator
    """Why a token is not taken."""


@dataclass(frozen=True)
class Token:
    """What a good assertion says; the end is in Unix seconds."""

    id: str
    name: str  # in UPN form
    ends: float
    holder_of_key: x509.Certificate | None
    audiences: tuple[str, ...]


def verified(raw: bytes, signing: x509.Certificate, now: float, audience: str = "") -> Token:
    """Return what an assertion says, taken from the very bytes that the STS has signed; raises InvalidToken.

    `audience` is who asks: an assertion for others only is refused.
    """
    try:
        root = read(raw)
    except Malformed as error:
        raise InvalidToken(f"the token is no XML: {error}") from None
    if root.tag != q("saml2:Assertion") or len(all_at(root, "//saml2:Assertion")) != 1:
        raise InvalidToken("the token is not one assertion")
    if len(set(found := list(identifiers(root)))) != len(found):
        raise InvalidToken("two elements of the token have the same Id")
    transforms = all_at(root, "ds:Signature/ds:SignedInfo/ds:Reference/ds:Transforms/ds:Transform/@Algorithm")
    references = all_at(root, "ds:Signature/ds:SignedInfo/ds:Reference/@URI")
    if transforms != [ENVELOPED, C14N] or references != [f"#{root.get('ID')}"]:
        raise InvalidToken("the token's signature is not over the token")
    try:
        (assertion,) = signed_parts(root, signing, "./", references=1, now=now)
    except InvalidSignature as error:
        raise InvalidToken(f"the token's signature is not the STS's: {error}") from None
    return _read(assertion, now, audience)


def _read(assertion: Node, now: float, audience: str) -> Token:
    begin, end = (seconds(text_at(assertion, f"saml2:Conditions/@{name}")) for name in ("NotBefore", "NotOnOrAfter"))
    if now < begin - TOLERANCE_SECONDS:
        raise InvalidToken("the token is not valid yet")
    if now >= end:
        raise InvalidToken("the token has expired")
    audiences = all_at(assertion, "saml2:Conditions/saml2:AudienceRestriction/saml2:Audience/text()")
    if audience and audiences and audience not in audiences:
        raise InvalidToken(f"the token is for {', '.join(audiences)}")
    method = text_at(assertion, "saml2:Subject/saml2:SubjectConfirmation/@Method")
    certificate = None
    if method == HOLDER_OF_KEY:
        path = "saml2:Subject/saml2:SubjectConfirmation/saml2:SubjectConfirmationData//ds:X509Certificate"
        try:
            certificate = x509.load_der_x509_certificate(base64.b64decode(text_at(assertion, path)))
        except (ValueError, binascii.Error):
            raise InvalidToken("no certificate in the holder-of-key token") from None
    elif method != BEARER:
        raise InvalidToken(f"unknown confirmation {method}")
    name = text_at(assertion, "saml2:Subject/saml2:NameID")
    return Token(assertion.get("ID"), name, end, certificate, tuple(map(str, audiences)))
