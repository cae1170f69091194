"""`serve-tickets` as a process, a client that behaves as Kubernetes' cloud provider does, and an API server."""

from __future__ import annotations

import http.client
import json
import signal
import ssl
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

import trustme

from simulated_vcenter.certificates import Certificates
from simulated_vcenter.exchange import Exchange
from simulated_vcenter.messages import Request, Response, json_response, text_response
from simulated_vcenter.selftest.raw import Raw
from simulated_vcenter.server import HttpServer
from support.program import PASSWORD, USER, Helper, Server

TOKEN = "Tk5Vq8Zw2Lm9Rx4B"
CLIENT_SECONDS = 5.0


class Serving:
    """The server as a process, from its first line on stdout to its end by `stop`.

    `log` is what it has said on stderr.
    """

    def __init__(
        self,
        helper: Helper,
        vcenter: Server,
        directory: Path,
        *options: str,
        token: str | None = TOKEN,
        verbose: bool = True,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._helper = helper
        self.token_file = directory / "tokens"
        if token is not None:
            self.token_file.write_text(f"{token}\n", encoding="ascii")
            options = ("--token-file", str(self.token_file), *options)
        self.authority = trustme.CA()
        self.certificate = directory / "tls.pem"
        self.new_certificate()
        self.ca_file = directory / "serving-ca.pem"
        self.authority.cert_pem.write_to_path(str(self.ca_file))
        self.arguments = (
            *(["-v"] if verbose else []),
            "serve-tickets",
            "--listen",
            "127.0.0.1:0",
            "--certificate",
            str(self.certificate),
            *options,
        )
        self._environment = logins(vcenter) | dict(environment or {})

    def new_certificate(self) -> None:
        """Write another certificate of the same authority into the file."""
        leaf = self.authority.issue_cert("127.0.0.1", "localhost")
        leaf.private_key_and_cert_chain_pem.write_to_path(str(self.certificate))

    def __enter__(self) -> Self:
        self._log = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            [*self._helper.program, *self.arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=self._log,
            env=self._helper.environment | self._environment,
        )
        assert self.process.stdout is not None
        line = self.process.stdout.readline().decode()
        assert line.startswith("listening on 127.0.0.1:"), (line, self.log)
        self.port = int(line.rpartition(":")[2])
        self.url = f"https://127.0.0.1:{self.port}/session"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if error is None:
                assert self.stop() == 0, self.log
        finally:
            self.process.kill()
            self.process.wait()
            assert self.process.stdout is not None
            self.process.stdout.close()
            self._log.close()

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Send a signal, and return the exit status."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(60)

    @property
    def log(self) -> str:
        """Everything on stderr so far."""
        self._log.seek(0)
        return self._log.read().decode()

    def connection(self) -> ssl.SSLSocket:
        """A connection with TLS on which nothing has been said."""
        raw = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=60, context=trusting(self.ca_file))
        raw.connect()
        assert isinstance(raw.sock, ssl.SSLSocket)
        return raw.sock

    def say(self, data: bytes) -> bytes:
        """What comes back for these bytes, to the end."""
        with self.connection() as connection:
            connection.sendall(data)
            parts = b""
            while part := connection.recv(65536):
                parts += part
            return parts


def logins(vcenter: Server) -> dict[str, str]:
    """The environment that names this vCenter and its administrator."""
    return {
        "GOVC_URL": f"https://{vcenter.authority}/sdk",
        "GOVC_USERNAME": USER,
        "GOVC_PASSWORD": PASSWORD,
        "GOVC_TLS_CA_CERTS": str(vcenter.ca_file),
    }


def trusting(ca_file: Path) -> ssl.SSLContext:
    """Trust one authority, as a pod with it in its store does."""
    return ssl.create_default_context(cafile=str(ca_file))


class NoTicketError(Exception):
    """The client's error; its text is the status, or what is wrong."""


def shared_token(url: str, token: str, trust: ssl.SSLContext) -> str:
    """A ticket, as `vclib.GetSharedToken` of cloud-provider-vsphere gets it.

    GET of the very URL within 5 s, a bearer token, status 200 alone, the first JSON value of the body, no empty token.
    """
    parts = urlsplit(url)
    connection = http.client.HTTPSConnection(parts.hostname or "", parts.port, timeout=CLIENT_SECONDS, context=trust)
    try:
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        headers = {"User-Agent": "Go-http-client/1.1", "Authorization": f"Bearer {token}", "Accept-Encoding": "gzip"}
        connection.request("GET", target, headers=headers)
        answer = connection.getresponse()
        if answer.status != 200:
            raise NoTicketError(str(answer.status))
        value, _ = json.JSONDecoder().raw_decode(answer.read().decode())
    finally:
        connection.close()
    if not value.get("token"):
        raise NoTicketError("empty token")
    return str(value["token"])


def clone(vcenter_url: str, ca_file: str, ticket: str) -> str:
    """The id of a session that this ticket makes; empty where it makes none."""
    answer = Raw(vcenter_url, ca_file).call(
        "CloneSession", "SessionManager:SessionManager", f"<cloneTicket>{ticket}</cloneTicket>"
    )
    return answer.session_id if answer.status == 200 else ""


class ApiServer:
    """Reviews tokens as Kubernetes' API server does, for `reviewer`, who has to show that token of its own.

    `users` are those of the tokens, `audiences` what a token is meant for; `answer` is given instead where it is not None.
    """

    def __init__(self, reviewer: str, users: Mapping[str, str], audiences: Mapping[str, list[str]]) -> None:
        self.reviewer, self.users, self.audiences = reviewer, dict(users), dict(audiences)
        self.answer: Response | None = None
        self.reviews: list[dict[str, object]] = []
        self.knows_audiences = True

    def __enter__(self) -> Self:
        self._certificates = Certificates()
        context = self._certificates.context
        self._server = HttpServer("127.0.0.1", 0, lambda: context, self._read, self._respond, self._answer)
        self.url = f"https://127.0.0.1:{self._server.port}"
        self.ca_file = self._certificates.ca_file
        return self

    def __exit__(self, *_: object) -> None:
        self._server.stop()
        self._certificates.close()
        assert not self._server.errors

    def _read(self, method: str, path: str, headers: dict[str, str], body: bytes, client: str) -> Request:
        return Request(method, path, f"{method} {path}", headers, body, client)

    def _respond(self, exchange: Exchange) -> None:
        exchange.send(exchange.perform())

    def _answer(self, request: Request) -> Response:
        if self.answer is not None:
            return self.answer
        if request.operation != "POST /apis/authentication.k8s.io/v1/tokenreviews":
            return text_response(404, "404 page not found\n")
        if request.headers.get("authorization") != f"Bearer {self.reviewer}":
            return json_response(403, {"kind": "Status", "status": "Failure", "reason": "Forbidden", "code": 403})
        review = json.loads(request.body)
        assert (review["kind"], review["apiVersion"]) == ("TokenReview", "authentication.k8s.io/v1")
        self.reviews.append(review["spec"])
        return json_response(201, {**review, "status": self._status(**review["spec"])})

    def _status(self, token: str, audiences: list[str] | None = None) -> dict[str, object]:
        if token not in self.users:
            return {"user": {}, "error": "[invalid bearer token, unknown]"}
        status: dict[str, object] = {"authenticated": True, "user": {"username": self.users[token]}}
        if not self.knows_audiences:
            return status
        meant = [each for each in audiences or ["https://kubernetes.default.svc"] if each in self.audiences[token]]
        return {**status, "audiences": meant} if meant else {"user": {}, "error": "token audiences are invalid"}
