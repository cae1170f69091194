"""Signatures of XML verified by signxml; what it has verified is all that a caller gets."""

from __future__ import annotations

from datetime import UTC, datetime

from cryptography import x509

from simulated_vcenter.ws_names import Node


class InvalidSignature(Exception):  # noqa: N818  a state of the message, not of the simulator
    """The signature does not hold, or is not of the kind that was expected."""


def signed_parts(
    root: Node, certificate: x509.Certificate, location: str, *, references: int, now: float
) -> list[Node]:
    """Return the elements under a signature by this certificate, parsed anew from the bytes that were signed.

    `location` is where under the root the signature has to be. RSA with SHA-256, -384 or -512. The certificate's own
    validity is left to the caller. Raises InvalidSignature.
    """
    from cryptography.exceptions import InvalidSignature as NoMatch
    from signxml.algorithms import DigestAlgorithm, SignatureMethod
    from signxml.exceptions import SignXMLException
    from signxml.verifier import SignatureConfiguration, XMLVerifier

    expected = SignatureConfiguration(
        location=location,
        expect_references=references,
        signature_methods=frozenset(
            {SignatureMethod.RSA_SHA256, SignatureMethod.RSA_SHA384, SignatureMethod.RSA_SHA512}
        ),
        digest_algorithms=frozenset({DigestAlgorithm.SHA256, DigestAlgorithm.SHA384, DigestAlgorithm.SHA512}),
        verification_time=_within(certificate, now),
    )
    try:
        # govc's LoginByToken has Id="", against the schema.
        found = XMLVerifier().verify(root, x509_cert=certificate, validate_schema=False, expect_config=expected)
    except (SignXMLException, NoMatch, ValueError, TypeError) as error:
        raise InvalidSignature(f"{type(error).__name__}: {error}") from None
    parts = [each.signed_xml for each in (found if isinstance(found, list) else [found])]
    if any(part is None for part in parts):
        raise InvalidSignature("what is signed is no element")
    return parts


def _within(certificate: x509.Certificate, now: float) -> datetime:
    moment = datetime.fromtimestamp(now, UTC)
    return min(max(moment, certificate.not_valid_before_utc), certificate.not_valid_after_utc)
