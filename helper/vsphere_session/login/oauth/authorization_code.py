"""A person logs in with a browser: authorization code with PKCE (RFC 6749, 4.1; RFC 7636; RFC 8252; RFC 9207).

The listener is there before the browser is. Without a browser on this machine the URL is shown, and what the other one has
come back with is pasted. Later logins take the refresh token.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from threading import Thread
from urllib.parse import urlencode

from vsphere_session.clock import Clock, Deadline
from vsphere_session.errors import InvalidRequestError, LoginRefusedError, SessionError
from vsphere_session.login.oauth.addresses import Connect
from vsphere_session.login.oauth.discovery import Provider
from vsphere_session.login.oauth.forms import Client
from vsphere_session.login.oauth.grants import authorization_code, refresh_token, tokens_of
from vsphere_session.login.oauth.listener import Listener
from vsphere_session.login.oauth.pkce import Proof
from vsphere_session.login.oauth.redirect import MAX_REQUEST_BYTES, Expected, judge, read_parameters
from vsphere_session.login.oauth.tokens import Tokens, claims

DEFAULT_SCOPE = "openid profile user email group"
DEFAULT_REDIRECT_URI = "http://localhost:8844/auth"
OpenBrowser = Callable[[str], object]


class Login:
    """One login to come: everything but the person.

    provider, client  who is asked, and as whom
    scope             what the tokens are for; with `openid` there is an id token
    extra             parameters that this provider wants, such as `resource` (ADFS) or `login_hint`
    connect           the way to the provider
    """

    __slots__ = ("_connect", "_proof", "client", "clock", "extra", "provider", "scope")

    def __init__(
        self,
        provider: Provider,
        client: Client,
        connect: Connect,
        clock: Clock,
        *,
        scope: str = DEFAULT_SCOPE,
        extra: Mapping[str, str] | None = None,
    ) -> None:
        """Raises InvalidRequestError where the provider has no page to log in on."""
        if not provider.authorization_endpoint:
            raise InvalidRequestError(
                "the identity provider names no authorization_endpoint; give one, or log in without a person (client_secret)"
            )
        self.provider = provider
        self.client = client
        self.clock = clock
        self.scope = scope
        self.extra = dict(extra or {})
        self._connect = connect
        self._proof = Proof()

    def url(self, redirect_uri: str) -> str:
        """Where the browser goes. No secret is in it: what proves the login stays here, and only its digest goes out."""
        parameters = {
            **self.provider.extra,
            **self.extra,
            "response_type": "code",
            "client_id": self.client.id,
            "redirect_uri": redirect_uri,
            "scope": self.scope,
            "state": self._proof.state,
            "nonce": self._proof.nonce,
            "code_challenge": self._proof.challenge,
            "code_challenge_method": "S256",
        }
        endpoint = self.provider.authorization_endpoint
        return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(parameters)}"

    def expected(self, path: str) -> Expected:
        """What the provider's answer looks like."""
        return Expected(path, self._proof.state, issuer=self.provider.issuer, names_itself=self.provider.names_itself)

    def redeem(self, code: str, redirect_uri: str) -> Tokens:
        """The tokens for the code that the browser has brought. Raises as `tokens_of` does."""
        grant = authorization_code(code, self._proof.verifier, redirect_uri)
        tokens = tokens_of(self.provider.token_endpoint, self._connect, grant, self.client, self.clock.now())
        self._check(tokens)
        return tokens

    def _check(self, tokens: Tokens) -> None:
        """Raise LoginRefusedError unless the id token is the answer to this login."""
        if not tokens.id:
            return  # plain OAuth, as ADFS without `openid`: PKCE alone binds the code to this login
        place = self.provider.issuer or self.provider.token_endpoint
        try:
            # its signature is not looked at: the token has come straight from the token endpoint over verified TLS, which is as
            # good (OpenID Connect Core, 3.1.3.7, 6)
            said = claims(tokens.id)
        except ValueError as error:
            raise LoginRefusedError(f"the id token of {place} cannot be read ({error}); check the issuer") from None
        if said.get("nonce") != self._proof.nonce:
            raise LoginRefusedError(
                f"the id token of {place} is not for this login (its nonce is another one); log in again, and check the issuer"
            )
        if self.provider.issuer and said.get("iss") != self.provider.issuer:
            raise LoginRefusedError(f"the id token of {place} was issued by somebody else; check the issuer")


def log_in_with_browser(
    login: Login,
    deadline: Deadline,
    *,
    redirect_uri: str = DEFAULT_REDIRECT_URI,
    open_browser: OpenBrowser,
    show: Callable[[str], None],
    listener: Callable[[str, Clock], Listener] = Listener,
) -> Tokens:
    """The tokens of the person who logs in on this machine until `deadline`.

    `open_browser` is given the URL, in a thread of its own since some browsers come back only when they are closed. `show`
    is given the same URL, for who sees no window.

    Raises LoginRefusedError, BusyError (somebody else listens there), InvalidRequestError, UnsupportedError,
    UnreachableError, UntrustedError.
    """
    with listener(redirect_uri, login.clock) as listening:
        url = login.url(listening.redirect_uri)
        show(url)
        Thread(target=_open, args=(open_browser, url), daemon=True).start()
        code = listening.wait(login.expected(listening.path), deadline)
        tokens = login.redeem(code, listening.redirect_uri)
        listening.finish(done=True)
        return tokens


def log_in_by_pasting(
    login: Login,
    *,
    redirect_uri: str = DEFAULT_REDIRECT_URI,
    show: Callable[[str], None],
    read: Callable[[], str],
) -> Tokens:
    """The tokens of a person whose browser is on another machine, where nobody listens at the redirect URI.

    `read` gives what is pasted: the address that the browser has come to in the end, or the code alone.

    Raises as `log_in_with_browser` does.
    """
    show(login.url(redirect_uri))
    return login.redeem(_pasted(read().strip(), login.expected("")), redirect_uri)


def refresh(
    login_at: Provider,
    client: Client,
    connect: Connect,
    clock: Clock,
    token: str,
    *,
    store: Callable[[str], None],
    scope: str = "",
) -> Tokens:
    """New tokens for a refresh token, under the lock of who keeps it.

    Providers void the old one with their answer. So `store` is given the new one before anything else is done with the
    rest, and whoever uses the access token can die without losing the login.

    Raises GrantRefusedError where the token is good no more (it is to be forgotten then), and as `tokens_of` does.
    """
    tokens = tokens_of(login_at.token_endpoint, connect, refresh_token(token, scope=scope), client, clock.now())
    if tokens.refresh and tokens.refresh != token:
        store(tokens.refresh)
    return tokens


def _pasted(text: str, expected: Expected) -> str:
    """The code in what was pasted. One without its state is taken: who pastes it knows where it is from."""
    if len(text) > MAX_REQUEST_BYTES:
        text = ""
    before, mark, query = text.partition("?")
    alone = not mark and "://" not in text and not ("=" in text and "&" in text)
    parameters = {"code": text} if alone else read_parameters((query if mark else before).partition("#")[0])
    if parameters is None or not (parameters.get("code") or parameters.get("error")):
        raise InvalidRequestError(
            "what was pasted holds no code; paste the whole address that the browser has come to after the login"
        )
    if not alone and parameters.get("state") != expected.state:
        raise InvalidRequestError(
            "what was pasted is the answer to another login; open the address that was shown last, and paste where it leads"
        )
    found = judge(parameters, Expected("", expected.state) if alone else expected)
    if found.error is not None:
        raise found.error
    if not found.code:
        raise InvalidRequestError("what was pasted is no code; paste the whole address that the browser has come to")
    return found.code


def _open(open_browser: OpenBrowser, url: str) -> None:
    try:
        open_browser(url)
    except (OSError, SessionError, ValueError):
        pass  # the URL has been shown, and the wait goes on
