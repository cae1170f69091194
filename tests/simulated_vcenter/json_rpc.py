"""The endpoint of the vSphere Automation SDK: JSON-RPC at /api, of which there is the session service."""

from __future__ import annotations

import json
from typing import Any

from simulated_vcenter.clock import iso_time
from simulated_vcenter.messages import Request, Response, json_response
from simulated_vcenter.sessions import Session
from simulated_vcenter.state import State

PATH = "/api"
_SERVICE = "com.vmware.cis.session"
_ERRORS = "com.vmware.vapi.std.errors"


def answer(state: State, request: Request) -> Response:
    """Return the answer to one call. What goes wrong is in it, with status 200."""
    call = json.loads(request.body)
    said = call["params"]
    secret = said["ctx"].get("securityCtx", {}).get("sessionId", "")
    session = state.sessions.find(secret, "rest")
    session = None if session is None else state.sessions.touch(session.id)
    if said["serviceId"] != _SERVICE:
        result = _error("operation_not_found")
    elif session is None:
        result = _error("unauthenticated")
    else:
        result = _carried_out(state, said["operationId"], session)
    return json_response(200, {"jsonrpc": "2.0", "id": call["id"], "result": result})


def _carried_out(state: State, operation: str, session: Session) -> dict[str, Any]:
    if operation == "delete":
        state.sessions.close(session.id)
        return {"output": None}
    told = {
        "user": state.accounts.rest_name(session.user),
        "created_time": iso_time(session.created),
        "last_accessed_time": iso_time(session.last_active),
    }
    return {"output": {"STRUCTURE": {f"{_SERVICE}.info": told}}}


def _error(kind: str) -> dict[str, Any]:
    return {"error": {"ERROR": {f"{_ERRORS}.{kind}": {"messages": []}}}}
