"""What can be shown to a token endpoint, each as a form; all of them give tokens.

client_credentials   RFC 6749, 4.4: the client's own account
password             4.3: a person's, without MFA; refused tries count towards a lock-out
refresh_token        6
authorization_code   4.1.3, with RFC 7636
api_token            a token of VCF 9.1 (`vidb_…`), by itself
foreign_token        the JWT of a CI system or cloud that the broker of VCF 9.1 trusts (RFC 8693)
"""

from __future__ import annotations

from collections.abc import Mapping

from vsphere_session.http.transport import Transport
from vsphere_session.login.oauth.addresses import Connect, split_url
from vsphere_session.login.oauth.forms import Client, post_form
from vsphere_session.login.oauth.tokens import Tokens, read_tokens

TOKEN_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"  # noqa: S105  # a name
_API_TOKEN = "urn:custom:vcf:params:oauth:grant-type:api-token"  # noqa: S105  # a name
_OF_A_FOREIGN_PROVIDER = "urn:custom:vcf:params:oauth:token-type:idp_access_token:oidc"  # a name
_ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access-token"  # noqa: S105  # a name: VMware writes it with a dash
_WRONG = ("invalid_grant",)


class Grant:
    """A form without the client's part.

    advice       what to do next where the provider does not take it
    blamed_by    the errors that say that a credential in it is wrong: it is not to be tried again at once
    """

    __slots__ = ("advice", "blamed_by", "fields")

    def __init__(self, fields: Mapping[str, str], advice: str, *, blamed_by: tuple[str, ...] = ()) -> None:
        self.fields = {name: value for name, value in fields.items() if value}
        self.advice = advice
        self.blamed_by = blamed_by

    def __repr__(self) -> str:
        return f"<Grant {self.fields['grant_type']!r}>"


def request_tokens(transport: Transport, path: str, grant: Grant, client: Client | None, now: float) -> Tokens:
    """The tokens that the token endpoint at `path` gives for `grant` at the time `now`; asked once.

    Raises LoginRefusedError (`forms.GrantRefusedError` where the grant is what is wrong), UnsupportedError, UnreachableError,
    UntrustedError.
    """
    answer = post_form(transport, path, grant.fields, client=client, advice=grant.advice, blamed_by=grant.blamed_by)
    return read_tokens(answer, transport.endpoint.place, now)


def tokens_of(token_endpoint: str, connect: Connect, grant: Grant, client: Client | None, now: float) -> Tokens:
    """The same by the endpoint's URL, on a connection of its own. Raises as `request_tokens` does, and InvalidRequestError."""
    endpoint, path = split_url(token_endpoint, "token_endpoint")
    transport = connect(endpoint)
    try:
        return request_tokens(transport, path, grant, client, now)
    finally:
        transport.close()


def client_credentials(*, scope: str = "", resource: str = "") -> Grant:
    """For the client's own account, which an administrator has to give roles in vCenter."""
    fields = {"grant_type": "client_credentials", "scope": scope, "resource": resource}
    return Grant(fields, "check client_id and client_secret", blamed_by=(*_WRONG, "invalid_client"))


def password(username: str, password: str, *, scope: str = "", resource: str = "") -> Grant:
    """For a person's account without MFA. `resource` is for ADFS."""
    fields = {
        "grant_type": "password",
        "username": username,
        "password": password,
        "scope": scope,
        "resource": resource,
    }
    advice = "check user name and password before the next try, since failed tries lock accounts. With MFA a password never works here: log in with the browser"
    return Grant(fields, advice, blamed_by=_WRONG)


def refresh_token(token: str, *, scope: str = "") -> Grant:
    """For who has logged in before. The provider may void `token` with its answer."""
    fields = {"grant_type": "refresh_token", "refresh_token": token, "scope": scope}
    return Grant(fields, "the login has ended there, or its token was used before: log in with the browser once more")


def authorization_code(code: str, verifier: str, redirect_uri: str) -> Grant:
    """For what the browser has brought."""
    fields = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": redirect_uri,
        "code_verifier": verifier,
    }
    return Grant(fields, "the code is good once and for a minute: log in with the browser again")


def api_token(token: str) -> Grant:
    """For an API token of VCF 9.1; there is no client."""
    fields = {"grant_type": _API_TOKEN, "api_token": token}
    advice = "the API token has expired, was revoked or is another broker's: make a new one there"
    return Grant(fields, advice, blamed_by=_WRONG)


def foreign_token(token: str) -> Grant:
    """For the JWT of a provider that the broker trusts."""
    fields = {
        "grant_type": TOKEN_EXCHANGE,
        "subject_token": token,
        "subject_token_type": _OF_A_FOREIGN_PROVIDER,
        "requested_token_type": _ACCESS_TOKEN,
    }
    return Grant(
        fields,
        "the JWT has expired, or the broker does not trust who issued it: check its audience and the broker's providers",
        blamed_by=_WRONG,
    )
