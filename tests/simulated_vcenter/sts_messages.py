"""What is said to the token service, who says it, which combinations it refuses; and what it replies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cryptography import x509

from simulated_vcenter.assertions import Claims, seconds, time
from simulated_vcenter.messages import Response, xml_response
from simulated_vcenter.tokens import InvalidToken, verified
from simulated_vcenter.ws_names import NAMES, Node, all_at, q, text_at, written
from simulated_vcenter.ws_security import Message, WsFault, binary_certificate, check_signature

if TYPE_CHECKING:
    from simulated_vcenter.sts import Sts

_WST = NAMES["wst"]
ACTION = f"{_WST}/RST/"


@dataclass(frozen=True)
class Authenticated:
    """Who asks, by which certificate (None: by password alone), and the Body's content: as signed, if it is signed."""

    name: str  # in UPN form
    body: Node
    certificate: x509.Certificate | None = None
    signature_id: str = ""
    solution: bool = False
    by_token: bool = False


@dataclass(frozen=True)
class Asked:
    """What a RequestSecurityToken asks for; times are Unix seconds."""

    bearer: bool
    created: float
    expires: float
    use_key: str
    act_as: bool
    delegate_to: bool
    assertions: int  # how many tokens are inside


def authenticated(sts: Sts, message: Message, now: float) -> Authenticated:
    """Return who sent the message; raises WsFault."""
    if message.signature is None:
        if message.assertion is not None:
            raise WsFault("wsse:UnsupportedSecurityToken", "Only HoK tokens are supported", "a token, and no signature")
        if message.username_token is None:
            raise _failed("neither password nor signature")
        return Authenticated(_person(sts, message.username_token), message.content)
    identifier = message.signature.get("Id", "")
    if message.assertion is not None:
        return _by_token(sts, message, identifier, now)
    certificate = binary_certificate(message)
    reference = f"#{message.binary_token.get(q('wsu:Id'))}" if message.binary_token is not None else ""
    body = check_signature(message, certificate, reference, now)
    if message.username_token is not None:
        return Authenticated(_person(sts, message.username_token), body, certificate, identifier)
    user = sts.solution_user(certificate)
    if user is None:
        raise _failed("no solution user has a certificate of this subject")
    if user.certificate != certificate:
        raise _failed("another certificate of this subject is registered")
    if not user.enabled:
        raise _failed("the solution user is disabled")
    if not certificate.not_valid_before_utc.timestamp() <= now < certificate.not_valid_after_utc.timestamp():
        raise _failed("the solution user's certificate is not valid now")
    return Authenticated(f"{user.name}@{sts.tenant}", body, certificate, identifier, solution=True)


def asked(body: Node, kind: str) -> Asked:
    """Return what the Body asks for; raises WsFault."""
    if body.tag != q("wst:RequestSecurityToken"):
        raise _invalid("the Body is no RequestSecurityToken")
    if text_at(body, "wst:RequestType") != f"{_WST}/{kind}":
        raise _invalid("RequestType is not the action's")
    if kind == "Issue" and not text_at(body, "wst:TokenType").endswith("oasis:names:tc:SAML:2.0:assertion"):
        raise _invalid("TokenType is not SAML 2.0")
    key_type = text_at(body, "wst:KeyType").removeprefix(f"{_WST}/")
    if kind == "Issue" and key_type not in {"Bearer", "PublicKey"}:
        raise _invalid(f"KeyType {key_type!r}")
    try:
        created, expires = (seconds(text_at(body, f"wst:Lifetime/wsu:{name}")) for name in ("Created", "Expires"))
    except ValueError:
        raise _invalid("Lifetime") from None
    if expires <= created:
        raise WsFault("wst:InvalidTimeRange", "Invalid time range", "Lifetime ends before it begins")
    return Asked(
        bearer=key_type != "PublicKey",
        created=created,
        expires=expires,
        use_key=text_at(body, "wst:UseKey/@Sig"),
        act_as=bool(all_at(body, "wst14:ActAs")),
        delegate_to=bool(all_at(body, "wst:DelegateTo")),
        assertions=len(all_at(body, ".//saml2:Assertion")),
    )


def check_combination(asked: Asked, caller: Authenticated) -> None:
    """Refuse what contradicts itself; raises WsFault."""
    if asked.bearer and (asked.act_as or asked.delegate_to):
        raise _invalid("a bearer token for somebody else")
    if asked.act_as and asked.delegate_to:
        raise _invalid("ActAs and DelegateTo")
    if asked.act_as and caller.certificate is None:
        raise _invalid("ActAs, and not signed")
    if asked.act_as:
        raise WsFault("wst:InvalidRequest", "Access not authorized!", "the caller may not act as somebody else")
    if asked.assertions > 1 or (asked.assertions and caller.by_token):
        raise _invalid("more than one assertion")
    if not asked.bearer and caller.certificate is None:
        raise _invalid("a public key, and not signed")
    needs_key = not asked.bearer and not caller.by_token  # a token's own key goes without saying, as pyVmomi does
    if (asked.use_key or needs_key) and asked.use_key != caller.signature_id:
        raise _invalid("UseKey does not name the signature")
    if needs_key and not caller.signature_id:
        raise _invalid("the signature has no Id")


def reply(token: str, claims: Claims, asked: Asked, *, outside: bool) -> Response:
    """Return the answer with a token; its prefixes are declared on the envelope with `outside`."""
    declared = ""
    if outside:
        head, _, rest = token.partition(" ID=")
        element, *names = head.split(" ")
        declared, token = " " + " ".join(names), f"{element} ID={rest}"
    key = "Bearer" if asked.bearer else "PublicKey"
    created, expires = time(claims.not_before), time(claims.not_on_or_after)
    text = (
        f'<?xml version="1.0" encoding="UTF-8"?><S:Envelope xmlns:S="{NAMES["S"]}"{declared}><S:Body>'
        f'<ns9:RequestSecurityTokenResponseCollection xmlns:ns9="{_WST}" xmlns:ns2="{NAMES["wsu"]}">'
        "<ns9:RequestSecurityTokenResponse><ns9:TokenType>urn:oasis:names:tc:SAML:2.0:assertion</ns9:TokenType>"
        f"<ns9:Lifetime><ns2:Created>{created}</ns2:Created><ns2:Expires>{expires}</ns2:Expires></ns9:Lifetime>"
        f"<ns9:RequestedSecurityToken>{token}</ns9:RequestedSecurityToken>"
        f'<ns9:Renewing Allow="false" OK="false"/><ns9:KeyType>{_WST}/{key}</ns9:KeyType>'
        "<ns9:Delegatable>true</ns9:Delegatable></ns9:RequestSecurityTokenResponse>"
        "</ns9:RequestSecurityTokenResponseCollection></S:Body></S:Envelope>"
    )
    return xml_response(200, text)


def _person(sts: Sts, token: Node) -> str:
    name = text_at(token, "wsse:Username")
    if not name:
        raise WsFault("wst:RequestFailed", "Empty principal name is not allowed")
    passwords = all_at(token, "wsse:Password")
    if len(passwords) != 1:
        raise WsFault("wsse:UnsupportedSecurityToken", "Unsupported security token", f"{len(passwords)} passwords")
    account = sts.accounts.check(name, passwords[0].text or "")
    if account is None:
        raise _failed("wrong password")
    if account in sts.locked:
        text = f"The account of the user trying to authenticate is locked. :: User account locked: {account}"
        raise WsFault("wst:FailedAuthentication", text)
    if account in sts.password_expired:
        text = f"The password of the user logging on is expired. :: User account expired: {account}"
        raise WsFault("wst:FailedAuthentication", text)
    return account


def _by_token(sts: Sts, message: Message, identifier: str, now: float) -> Authenticated:
    try:
        token = verified(written(message.assertion), sts.signer.certificate, now)
    except InvalidToken as error:
        raise _failed(str(error)) from None
    if token.holder_of_key is None:
        raise WsFault("wsse:UnsupportedSecurityToken", "Only HoK tokens are supported", "a bearer token")
    body = check_signature(message, token.holder_of_key, token.id, now)
    return Authenticated(token.name, body, token.holder_of_key, identifier, by_token=True)


def _failed(reason: str) -> WsFault:
    return WsFault("wst:FailedAuthentication", "Invalid credentials", reason)


def _invalid(reason: str) -> WsFault:
    return WsFault("wst:InvalidRequest", "Invalid request", reason)
