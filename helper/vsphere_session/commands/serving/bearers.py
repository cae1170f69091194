"""Who may have a ticket: whoever brings a token out of a file, or one of which Kubernetes says whose it is."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from hmac import compare_digest
from typing import Protocol

from credential_protocol.jsontext import encode
from vsphere_session.clock import Clock, Deadline
from vsphere_session.endpoint import Endpoint
from vsphere_session.errors import InvalidRequestError, StorageError, UnreachableError
from vsphere_session.http.transport import Transport
from vsphere_session.http.trust import Trust
from vsphere_session.login.oauth.forms import json_object
from vsphere_session.login.ticket import SERVICE_ACCOUNT
from vsphere_session.storage.reading import Reader, identity_of

MAX_TOKEN_FILE_BYTES = 64 * 1024
REVIEW_PATH = "/apis/authentication.k8s.io/v1/tokenreviews"
TOKEN_OF_THE_POD, AUTHORITY_OF_THE_CLUSTER = f"{SERVICE_ACCOUNT}/token", f"{SERVICE_ACCOUNT}/ca.crt"


class Bearers(Protocol):
    """Says who may have a ticket."""

    def accept(self, token: str, until: Deadline) -> str:
        """Whose token it is, for the log; empty where it is nobody's. Raises SessionError where that cannot be found out."""


class TokenFile:
    """The tokens in a file, one a line, so that a new one can be good beside the old. Read again when it changes."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._seen: tuple[int, ...] = ()
        self._tokens: tuple[bytes, ...] = ()

    def accept(self, token: str, _until: Deadline) -> str:
        """As Bearers says. Each token is compared in constant time."""
        given = token.encode("utf-8", "surrogatepass")
        good = [compare_digest(given, each) for each in self.tokens()]
        return "the token file" if any(good) else ""

    def tokens(self) -> tuple[bytes, ...]:
        """All of them. Raises StorageError, InvalidRequestError."""
        try:
            seen = identity_of(os.stat(self._path))
            if seen != self._seen:
                self._tokens, self._seen = self._read(), seen
        except OSError as error:
            raise StorageError(
                f"cannot read the token file {self._path}: {os.strerror(error.errno or 0)}; check path and mode"
            ) from None
        return self._tokens

    def _read(self) -> tuple[bytes, ...]:
        data = Reader().named(self._path, MAX_TOKEN_FILE_BYTES + 1, "the token file", 5.0)
        tokens = tuple(line.strip() for line in data.splitlines() if line.strip())
        if not tokens or len(data) > MAX_TOKEN_FILE_BYTES:
            raise InvalidRequestError(
                f"the token file {self._path} has no token, or far too many; write one on a line of its own"
            )
        return tokens


class TokenReview:
    """The tokens of a cluster's service accounts, by the word of its API server (authentication.k8s.io/v1, TokenReview).

    server       the API server
    ca_file      the authority of its certificate
    token_file   the token of this pod's own account, which may review others; read each time, since it is renewed in place
    accounts     `NAMESPACE:NAME` of the service accounts that may have a ticket
    audiences    whom a token must be meant for; the API server itself where there are none
    """

    def __init__(
        self,
        server: Endpoint,
        *,
        ca_file: str,
        token_file: str,
        accounts: Sequence[str],
        audiences: Sequence[str],
        clock: Clock,
    ) -> None:
        self._server = server
        self._trust = Trust(ca_file=ca_file)
        self._token_file = token_file
        self._users = frozenset(f"system:serviceaccount:{account}" for account in accounts)
        self._audiences = tuple(audiences)
        self._clock = clock

    def accept(self, token: str, until: Deadline) -> str:
        """As Bearers says."""
        status = self._review(token, until)
        user = status.get("user")
        name = user.get("username") if isinstance(user, dict) else None
        audiences = status.get("audiences")
        meant = not self._audiences or (
            isinstance(audiences, list) and any(audience in audiences for audience in self._audiences)
        )
        good = status.get("authenticated") is True and not status.get("error") and meant
        return name if good and isinstance(name, str) and name in self._users else ""

    def _review(self, token: str, until: Deadline) -> Mapping[str, object]:
        spec = {"token": token} | ({"audiences": list(self._audiences)} if self._audiences else {})
        review = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview", "spec": spec}
        way = Transport(self._server, self._trust, clock=self._clock, timeout=until.seconds, deadline=until)
        headers = {"Authorization": f"Bearer {self._own_token(until)}", "Content-Type": "application/json"}
        try:
            response = way.send("POST", REVIEW_PATH, headers, encode(review).encode())
        finally:
            way.close()
        place = self._server.place
        if response.status in (401, 403):
            raise StorageError(
                f"the API server {place} lets this account review no tokens ({response.status}); bind the ClusterRole "
                "system:auth-delegator to it"
            )
        answer = json_object(response) if response.status in (200, 201) else None
        status = (answer or {}).get("status")
        if not isinstance(status, dict):
            raise UnreachableError(
                f"the API server {place} answered a TokenReview with HTTP status {response.status} and no status of the token; check --token-review"
            )
        return status

    def _own_token(self, until: Deadline) -> str:
        try:
            data = Reader().named(self._token_file, MAX_TOKEN_FILE_BYTES, "the account's token", until.remaining())
        except OSError as error:
            raise StorageError(
                f"cannot read the token of this account, {self._token_file}: {os.strerror(error.errno or 0)}; check path and mode"
            ) from None
        text = data.decode("latin-1").strip()
        if not text.isascii() or not text.isprintable() or not text:
            raise StorageError(f"{self._token_file} is no token of a service account; check the path")
        return text
