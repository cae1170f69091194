"""Sessions for tokens: LoginByToken over SOAP, the SIGN scheme over REST."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulated_vcenter.messages import Request
from simulated_vcenter.sessions import Kind, Session
from simulated_vcenter.soap_faults import version_mismatch
from simulated_vcenter.soap_templates import API_VERSIONS

if TYPE_CHECKING:
    from simulated_vcenter.state import State
    from simulated_vcenter.sts import Sts
    from simulated_vcenter.tokens import Token


def by_message(state: State, request: Request, locale: str) -> Session:
    """Open a session for the assertion in a SOAP header; raises Refused, UnknownLocale or SessionLimitReached."""
    sts = state.sts
    if sts is None:
        raise state.refusal("no STS")
    from simulated_vcenter.tokens import InvalidToken
    from simulated_vcenter.ws_security import WsFault

    version = request.headers.get("soapaction", "").strip('"').removeprefix("urn:vim25/")
    if sts.strict_version and version not in {state.content.api_version, *API_VERSIONS}:
        raise version_mismatch(f"urn:vim25/{version}")
    try:
        token = _token_of_message(sts, request.body, state.clock.now())
    except (InvalidToken, WsFault) as error:
        raise state.refusal(error.reason if isinstance(error, WsFault) else str(error)) from None
    return opened(state, token, "soap", request, locale)


def opened(state: State, token: Token, kind: Kind, request: Request, locale: str = "") -> Session:
    """Open a session for a good token; raises UnknownLocale or SessionLimitReached."""
    account = state.accounts.known(token.name)
    ends = token.ends if state.sts is not None and state.sts.session_ends_with_token else None
    return state.open(account, kind, request, locale=locale, ends=ends)


def _token_of_message(sts: Sts, raw: bytes, now: float) -> Token:
    """Raises InvalidToken or WsFault."""
    from simulated_vcenter.sts import AUDIENCE
    from simulated_vcenter.tokens import InvalidToken, verified
    from simulated_vcenter.ws_names import written
    from simulated_vcenter.ws_security import check_signature, opened

    message = opened(raw, now, timestamp_needed=False)  # pyVmomi sends none with a bearer token
    if message.assertion is None:
        raise InvalidToken("no assertion in the header")
    token = verified(written(message.assertion), sts.signer.certificate, now, AUDIENCE)
    if token.holder_of_key is None:
        return token
    if message.signature is None:
        raise InvalidToken("a holder-of-key token, and the message is not signed")
    body = check_signature(message, token.holder_of_key, token.id, now)
    if body.tag.rpartition("}")[2] != "LoginByToken":  # govc's has no namespace
        raise InvalidToken(f"signed is {body.tag}")
    return token
