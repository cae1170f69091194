"""Somebody's server of clone tickets, as Kubernetes' cloud provider and storage driver for vSphere ask one.

    with TicketServer(vc, "administrator@vsphere.local", token="T") as tickets:
        ...  # GET tickets.url with `Authorization: Bearer T` gives {"token": "<clone ticket>"}

The protocol is that of cloud-provider-vsphere: any path, status 200, JSON.
"""

from __future__ import annotations

import json
from types import TracebackType
from typing import Literal, Self

from simulated_vcenter.certificates import Certificates
from simulated_vcenter.exchange import Exchange
from simulated_vcenter.messages import Request, Response, json_response, text_response
from simulated_vcenter.server import HttpServer
from simulated_vcenter.vcenter import SimulatedVCenter

Mode = Literal["tickets", "forbidden", "broken", "empty", "slow", "huge", "html"]
_HUGE = 8 << 20
_INSTEAD: dict[str, Response] = {
    "forbidden": text_response(403, "no ticket could be had\n"),
    "broken": text_response(500, "out of order\n"),
    "empty": json_response(200, {}),
    "html": Response(200, b"<!DOCTYPE html><html></html>", {"Content-Type": "text/html"}),
}


class TicketServer:
    """Hands out tickets of one session of `user`, which lives on the vCenter as long as the server does.

    Who does not show `token` gets 401. `mode` may change at any time: `forbidden` is 403, `broken` 500, `empty` answers
    `{}`, `slow` never answers, `huge` puts 8 MB around the ticket, `html` is a page with status 200.
    `requests` is what came.
    """

    def __init__(self, vcenter: SimulatedVCenter, user: str, *, token: str, tls: bool = True) -> None:
        self._vcenter, self._user, self._token, self._tls = vcenter, user, token, tls
        self.mode: Mode = "tickets"
        self.requests: list[Request] = []
        self.given: list[str] = []

    def __enter__(self) -> Self:
        self._certificates = Certificates()
        self.session_id = self._vcenter.add_session(self._user)
        context = self._certificates.context if self._tls else None
        self._server = HttpServer("127.0.0.1", 0, lambda: context, self._read, self._respond, self._answer)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.stop()
        self._vcenter.end(self.session_id)
        self._certificates.close()
        if self._server.errors:
            raise ExceptionGroup("the ticket server has bugs", self._server.errors)

    @property
    def url(self) -> str:
        """Where to ask."""
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self._server.port}/session"

    @property
    def ca_file(self) -> str:
        """The path of the PEM file with the authority of its certificate."""
        return self._certificates.ca_file

    def _read(self, method: str, path: str, headers: dict[str, str], body: bytes, client: str) -> Request:
        request = Request(method, path, f"{method} {path}", headers, body, client)
        self.requests.append(request)
        return request

    def _respond(self, exchange: Exchange) -> None:
        if self.mode == "slow":
            exchange.gone()
        else:
            exchange.send(exchange.perform())

    def _answer(self, request: Request) -> Response:
        if request.method != "GET":
            return text_response(405, "GET only\n")
        if request.headers.get("authorization") != f"Bearer {self._token}":
            return text_response(401, "not for you\n")
        if self.mode in _INSTEAD:
            return _INSTEAD[self.mode]
        ticket = self._vcenter.issue_ticket(self.session_id)
        self.given.append(ticket)
        padding = {"padding": "x" * _HUGE} if self.mode == "huge" else {}
        return Response(200, json.dumps({**padding, "token": ticket}).encode(), {"Content-Type": "application/json"})
