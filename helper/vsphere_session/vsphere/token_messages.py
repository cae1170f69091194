"""The two messages of a login by token: Issue, to the STS, and LoginByToken, to vCenter. Both are in `security`'s form.

Issue is WS-Trust 1.3's RequestSecurityToken in the order of govmomi and of vCenter's own clients. LoginByToken is of the
vSphere Web Services API; govmomi, but not pyVmomi, says the time in it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from vsphere_session.errors import InvalidRequestError
from vsphere_session.vsphere.security import (
    Ids,
    by_assertion,
    by_certificate,
    certificate_token,
    envelope,
    moment,
    username_token,
    xml_text,
)

if TYPE_CHECKING:
    from vsphere_session.vsphere.saml import Assertion
    from vsphere_session.vsphere.security import KeyHolder, Signer

TRUST_NAMESPACE = "http://docs.oasis-open.org/ws-sx/ws-trust/200512"
ISSUE_ACTION = f"{TRUST_NAMESPACE}/RST/Issue"
TOKEN_LIFE = 300.0
"""Seconds that a token is asked for: what vCenter's policy grants a bearer token at most."""

_SAML2 = "urn:oasis:names:tc:SAML:2.0:assertion"
_RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"


@dataclass(frozen=True)
class Credential:
    """Who asks for a token: a person by user and password, a solution user by certificate and key, or a person by all."""

    username: str = ""
    password: str = field(default="", repr=False)
    key_holder: KeyHolder | None = None


def issue_message(asking: Credential, now: float, life: float = TOKEN_LIFE, *, delegatable: bool = True) -> bytes:
    """Ask for a token: for the holder of the key where there is one, else a bearer token.

    now          Unix seconds, of this machine's clock
    life         seconds; the STS may grant less
    delegatable  what REST sessions demand of a token

    Raises InvalidRequestError.
    """
    if not (asking.username or asking.key_holder):
        raise InvalidRequestError(
            "there is no user name to ask for a token with; give username and password, or a certificate"
        )
    ids = Ids()
    tokens, proof = "", None
    if asking.key_holder is not None:
        tokens, proof = certificate_token(asking.key_holder, ids), by_certificate(asking.key_holder, ids)
    if asking.username:  # never an empty one: "Empty principal name is not allowed" (govmomi, 9eaac5cb)
        tokens += username_token(asking.username, asking.password)
    key_type, use_key = "Bearer", ""
    if proof is not None:
        key_type, use_key = "PublicKey", f'<wst:UseKey Sig="{ids.signature}"></wst:UseKey>'
    body = (
        f'<wst:RequestSecurityToken xmlns:wst="{TRUST_NAMESPACE}"><wst:TokenType>{_SAML2}</wst:TokenType>'
        f"<wst:RequestType>{TRUST_NAMESPACE}/Issue</wst:RequestType><wst:Lifetime><wsu:Created>{moment(now)}</wsu:Created>"
        f'<wsu:Expires>{moment(now + life)}</wsu:Expires></wst:Lifetime><wst:Renewing Allow="false" OK="false"></wst:Renewing>'
        f"<wst:Delegatable>{str(delegatable).lower()}</wst:Delegatable><wst:KeyType>{TRUST_NAMESPACE}/{key_type}</wst:KeyType>"
        f"<wst:SignatureAlgorithm>{_RSA_SHA256}</wst:SignatureAlgorithm>{use_key}</wst:RequestSecurityToken>"
    )
    return envelope(tokens, body, now, ids, proof)


def login_message(
    assertion: Assertion,
    now: float,
    sign: Signer | None = None,
    *,
    session_manager: str = "SessionManager",
    locale: str = "",
) -> bytes:
    """LoginByToken. A token for the holder of a key needs `sign`, by that key; a bearer token is not signed for.

    now              Unix seconds, of this machine's clock
    session_manager  the value of its reference in the ServiceContent
    locale           of the session's messages; the server's own where it is empty

    Raises InvalidRequestError.
    """
    ids = Ids()
    asked = f"<locale>{xml_text(locale)}</locale>" if locale else ""
    body = f'<LoginByToken xmlns="urn:vim25"><_this type="SessionManager">{xml_text(session_manager)}</_this>{asked}</LoginByToken>'
    proof = None
    if assertion.holder_of_key:
        if sign is None:
            raise InvalidRequestError("the token is for the holder of a key; give certificate and private_key, too")
        proof = by_assertion(sign, assertion.id)
    return envelope(assertion.text, body, now, ids, proof)
