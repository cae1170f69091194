"""The options of `serve-tickets`, beside those that all commands have."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from vsphere_session.commands.serving.bearers import (
    AUTHORITY_OF_THE_CLUSTER,
    TOKEN_OF_THE_POD,
    Bearers,
    TokenFile,
    TokenReview,
)
from vsphere_session.endpoint import Endpoint
from vsphere_session.errors import InvalidRequestError, NotFoundError
from vsphere_session.login.oauth.addresses import split_url

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vsphere_session.clock import Clock

USAGE = """\
usage: vsphere-session [OPTIONS] serve-tickets --listen HOST:PORT --certificate FILE [--private-key FILE]
           (--token-file FILE | --token-review[=URL] --service-account NAMESPACE:NAME…)

Gives clone tickets of the cached session to Kubernetes' cloud provider (CPI) and storage driver (CSI) for vSphere:
GET with "Authorization: Bearer TOKEN" is answered with {"token": "TICKET"}. The session is kept good meanwhile.

  --listen HOST:PORT       where; 0.0.0.0:8443 is every address of IPv4, [::]:8443 of IPv6
  --certificate FILE       the certificate and its chain, PEM; read again when it changes
  --private-key FILE       its key, PEM, if that is another file
  --path PATH              answer here alone; any path otherwise
  --token-file FILE        the tokens that may have a ticket, one a line; read again when it changes
  --token-review[=URL]     ask Kubernetes whose token it is; of this pod's own cluster where there is no URL
  --service-account NAMESPACE:NAME   of whom a ticket is for; may be said more than once
  --audience NAME          whom the token must be meant for; may be said more than once
  --review-ca FILE, --review-token-file FILE   the API server's authority and a token for it, in place of the pod's own
  --url URL, --username NAME   vCenter and its user, where environment and configuration name none
  -v                       one line on stderr for each thing that happens
  The other options are those of vsphere-session --help.

example:
  vsphere-session serve-tickets -v --url vc.example.com --listen 0.0.0.0:8443 --certificate tls.crt --private-key tls.key \\
      --token-review --service-account kube-system:cloud-controller-manager
"""
_ONE = (
    "--listen",
    "--certificate",
    "--private-key",
    "--path",
    "--token-file",
    "--review-ca",
    "--review-token-file",
)
_MANY = ("--service-account", "--audience")
_REVIEW = "--token-review"


class ServingOptions:
    """What the command line says. `others` is left of it for the options that all commands have."""

    def __init__(self, words: list[str]) -> None:
        """Raises InvalidRequestError."""
        self._values: dict[str, list[str]] = {}
        self.others: list[str] = []
        rest = list(words)
        while rest:
            word = rest.pop(0)
            name, equals, value = word.partition("=")
            if name == _REVIEW:
                self._values[name] = [value]
            elif name in _ONE or name in _MANY:
                if not equals and not rest:
                    raise InvalidRequestError(f"{name} wants a value; see vsphere-session serve-tickets --help")
                self._add(name, value if equals else rest.pop(0))
            else:
                self.others.append(word)

    def _add(self, name: str, value: str) -> None:
        if not value or not value.isprintable():
            raise InvalidRequestError(f"{name} is empty, or has control characters; correct it")
        if name in _ONE and name in self._values:
            raise InvalidRequestError(f"{name} is there twice; leave one out")
        self._values.setdefault(name, []).append(value)

    def text(self, name: str) -> str:
        """The value; empty without one."""
        return self._values.get(name, [""])[0]

    def needed(self, name: str) -> str:
        """The value. Raises InvalidRequestError without one."""
        if name not in self._values:
            raise InvalidRequestError(f"{name} is not given; see vsphere-session serve-tickets --help")
        return self.text(name)

    @property
    def place(self) -> tuple[str, int]:
        """Where to listen. Raises InvalidRequestError."""
        host, colon, port = self.needed("--listen").rpartition(":")
        bare = host.removeprefix("[").removesuffix("]")
        if not colon or not port.isascii() or not port.isdigit() or int(port) > 65535 or ("[" in host) != (":" in bare):
            raise InvalidRequestError("--listen is not HOST:PORT; write one as in 0.0.0.0:8443 or [::]:8443")
        return bare, int(port)

    @property
    def path(self) -> str:
        """The only path that is answered; empty for any. Raises InvalidRequestError."""
        path = self.text("--path")
        if path and (not path.startswith("/") or "?" in path or not path.isascii()):
            raise InvalidRequestError("--path is no path; write it as in /session")
        return path

    def bearers(self, environ: Mapping[str, str], clock: Clock) -> Bearers:
        """Who may have a ticket. Raises InvalidRequestError, NotFoundError, StorageError."""
        review = _REVIEW in self._values
        if review == bool(self.text("--token-file")):
            raise InvalidRequestError(
                "give either --token-file or --token-review: one of them says who may have a ticket"
            )
        if not review:
            of_reviews = [name for name in (*_MANY, "--review-ca", "--review-token-file") if name in self._values]
            if of_reviews:
                raise InvalidRequestError(f"{of_reviews[0]} goes with --token-review; leave it out")
            file = TokenFile(os.path.abspath(self.text("--token-file")))
            file.tokens()
            return file
        accounts = self._values.get("--service-account", [])
        if not accounts or not all(account.count(":") == 1 and all(account.split(":")) for account in accounts):
            raise InvalidRequestError(
                "--token-review wants --service-account NAMESPACE:NAME: every pod of the cluster has a token of its own"
            )
        return TokenReview(
            self._api_server(environ),
            ca_file=self.text("--review-ca") or AUTHORITY_OF_THE_CLUSTER,
            token_file=self.text("--review-token-file") or TOKEN_OF_THE_POD,
            accounts=accounts,
            audiences=self._values.get("--audience", []),
            clock=clock,
        )

    def _api_server(self, environ: Mapping[str, str]) -> Endpoint:
        url = self.text(_REVIEW)
        if url:
            endpoint, path = split_url(url, _REVIEW)
            if endpoint.scheme != "https" or path != "/":
                raise InvalidRequestError("--token-review is not the URL of an API server; write https://HOST:PORT")
            return endpoint
        host, port = (environ.get(f"KUBERNETES_SERVICE_{name}", "") for name in ("HOST", "PORT"))
        if not host:
            raise NotFoundError(
                "there is no API server to ask: KUBERNETES_SERVICE_HOST is not set, so this is no pod; write --token-review=https://HOST:PORT"
            )
        return split_url(f"https://{f'[{host}]' if ':' in host else host}:{port or '443'}", "KUBERNETES_SERVICE_HOST")[
            0
        ]
