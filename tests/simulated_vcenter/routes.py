"""Which part answers a request, by its path."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from simulated_vcenter import json_rpc, rest, soap, soap_templates
from simulated_vcenter.clock import iso_time
from simulated_vcenter.messages import Request, Response, json_response, text_response, xml_response
from simulated_vcenter.sessions import Session
from simulated_vcenter.state import State

if TYPE_CHECKING:
    from simulated_vcenter.identity_provider import IdentityProvider

_STS = "/sts/STSService/"


class Routes:
    """The parts of one simulated vCenter; `services` are the paths of the REST session services that it has."""

    def __init__(self, state: State, services: set[str], identity_provider: IdentityProvider | None) -> None:
        self._state, self._services, self._identity_provider = state, services, identity_provider

    def answer(self, request: Request) -> Response:
        """Carry the request out."""
        path = urlsplit(request.path).path
        if path == "/sdk":
            return soap.answer(self._state, request)
        if path == json_rpc.PATH and rest.API in self._services:
            return json_rpc.answer(self._state, request)
        if path in self._services:
            return rest.answer(self._state, request)
        if self._state.sts is not None and f"{path}/".startswith(_STS):
            return self._state.sts.answer(request)
        told = self._fixed(path)
        if told is None and self._identity_provider is not None:
            logged_in = rest.caller(self._state, request) is not None
            told = self._identity_provider.answer(request, logged_in=logged_in)
        return told or text_response(404, "404 page not found\n")

    def _fixed(self, path: str) -> Response | None:
        match path:
            case "/sdk/vimServiceVersions.xml":
                return xml_response(200, soap_templates.service_versions(self._state.content.api_version))
            case "/sdk/vimService.wsdl":
                return xml_response(200, soap_templates.WSDL)
            case "/_simulator/sessions":
                return json_response(200, [_told(session) for session in self._state.sessions.live()])
        return None


def _told(session: Session) -> dict[str, str]:
    return {
        "kind": session.kind,
        "key": session.key,
        "user": session.user,
        "created": iso_time(session.created),
        "last_active": iso_time(session.last_active),
        "user_agent": session.user_agent,
    }
