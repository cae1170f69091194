"""The REST half: /api/session, and /rest/com/vmware/cis/session before it."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from simulated_vcenter import sign_scheme
from simulated_vcenter.clock import iso_time
from simulated_vcenter.messages import Request, Response, json_response, text_response
from simulated_vcenter.sessions import Session, SessionLimitReached
from simulated_vcenter.state import Refused, State

HEADER = "vmware-api-session-id"
API = "/api/session"
REST = "/rest/com/vmware/cis/session"
_LARGEST_HEADER = 8192
_ERRORS = {401: "UNAUTHENTICATED", 503: "SERVICE_UNAVAILABLE"}
_UNAUTHENTICATED = ("com.vmware.vapi.endpoint.method.authentication.required", "Authentication required.")
_LIMIT = "com.vmware.vapi.endpoint.failedToLoginMaxUserSessionCountReached"


def answer(state: State, request: Request) -> Response:
    """Return the answer to one request to either session service."""
    path, _, query = request.path.partition("?")
    asks = request.method == "GET" or (request.method == "POST" and "action=get" in query)
    if asks:
        return _show(state, request, path)
    if request.method == "POST":
        return _create(state, request, path)
    if request.method == "DELETE":
        return _delete(state, request, path)
    return text_response(405, "no such method\n")


def unauthenticated(path: str) -> Response:
    """Return the answer to wrong credentials as well as to an id that is not, or no longer, a session's."""
    return _error(path, 401, *_UNAUTHENTICATED)


def _create(state: State, request: Request, path: str) -> Response:
    authorization = request.headers.get("authorization", "")
    if len(authorization) > _LARGEST_HEADER:
        return text_response(431, "a header is too large\n")
    try:
        if authorization.startswith("SIGN "):
            session = sign_scheme.log_in(state, request, authorization)
        else:
            session = state.log_in(*_basic(authorization), "rest", request)
    except Refused:
        return unauthenticated(path)
    except SessionLimitReached as refusal:
        args = [str(refusal.limit), str(refusal.count), refusal.user]
        return _error(path, 503, _LIMIT, str(refusal), args)
    if path == API:
        return json_response(201, session.id)
    cookie = {}
    if request.headers.get("vmware-use-header-authn") != "true":
        secure = ";Secure" if state.secure_cookie else ""
        cookie = {"Set-Cookie": f"{HEADER}={session.id};Path=/rest{secure};HttpOnly"}
    return json_response(200, {"value": session.id}, cookie)


def _show(state: State, request: Request, path: str) -> Response:
    session = _caller(state, request, path)
    if session is None:
        return unauthenticated(path)
    told = {
        "user": state.accounts.rest_name(session.user),
        "created_time": iso_time(session.created),
        "last_accessed_time": iso_time(session.last_active),
    }
    return json_response(200, told if path == API else {"value": told})


def _delete(state: State, request: Request, path: str) -> Response:
    session = _caller(state, request, path)
    if session is None or not state.sessions.close(session.id):
        return unauthenticated(path)
    return Response(204) if path == API else Response(200)


def caller(state: State, request: Request) -> Session | None:
    """Return the session with which a request to another service comes."""
    return _caller(state, request, API)


def _caller(state: State, request: Request, path: str) -> Session | None:
    secret = request.headers.get(HEADER, "")
    if not secret and path == REST:
        secret = request.cookie(HEADER)
    session = state.sessions.find(secret, "rest")
    return None if session is None else state.sessions.touch(session.id)


def _basic(authorization: str) -> tuple[str, str]:
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        return "", ""
    try:
        name, _, password = base64.b64decode(encoded).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return name, password


def _error(path: str, status: int, identifier: str, message: str, args: list[str] | None = None) -> Response:
    """Both services tell the same, the older one wraps it in the error's full type."""
    kind = _ERRORS[status]
    messages = [{"args": args or [], "default_message": message, "id": identifier}]
    body: dict[str, Any] = {"error_type": kind, "messages": messages}
    if path == REST:
        body = {"type": f"com.vmware.vapi.std.errors.{kind.lower()}", "value": body}
    return json_response(status, body)
