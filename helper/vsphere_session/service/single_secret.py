"""Callers whose protocol carries one secret: git, docker, Terraform's CLI, Bazel, Kubernetes.

A host that is configured as vSphere answers with a session: the SOAP id below `/sdk`, else the REST id. A caller's
"approve" of such a session stores nothing, its "reject" ends the session. For any other host there is no login and no
network at all: the helper is an ordinary secret store.
"""

from __future__ import annotations

from credential_protocol.messages import Answer, Request
from vsphere_session.endpoint import SOAP_PATH, Endpoint, parse_endpoint, real_password
from vsphere_session.errors import InvalidRequestError, UnsupportedError
from vsphere_session.service import verbs as service
from vsphere_session.settings.environment import sources
from vsphere_session.version import __version__
from vsphere_session.vsphere.session_id import bare_session_id

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vsphere_session.service.call import Call

VERIFY = {"bazel": "always", "kubernetes": "always"}
"""Both keep what they get until it expires and run the program again after a 401: what they had may have ended just now."""
SESSIONS_ONLY = ("bazel", "kubernetes")
"""Dialects in which a host that is not vSphere is an error: they have nothing to store."""


def answer(dialect: str, request: Request, call: Call) -> Answer:
    """What the caller asked, in its dialect's words. Raises every Failure of the service."""
    if request.verb == "version":
        return Answer({"version": __version__})
    endpoint = _endpoint(request, call) if request.verb != "list" else None
    if endpoint is not None and is_vsphere(endpoint, call):
        if request.verb == "get":
            return _get(endpoint, request, call, VERIFY.get(dialect, ""))
        return (_store if request.verb == "store" else _erase)(endpoint, request, call)
    if dialect in SESSIONS_ONLY:
        raise UnsupportedError(
            f'this host is not configured as vSphere; add [endpoint."{endpoint.place if endpoint else "HOST"}"] to {call.config.path}'
            f"{_meant(call)}"
        )
    from vsphere_session.secrets.plain import Plain  # noqa: PLC0415  # a session needs none of it

    logins = call.logins(call.config.general.get("secret_store", ""), call.around.begun())
    plain = Plain(dialect, logins, now=call.around.clock.now(), keep=call.keep)
    verbs = {"get": plain.get, "store": plain.store, "erase": plain.erase, "list": plain.listing}
    return verbs[request.verb](request)


def is_vsphere(endpoint: Endpoint, call: Call) -> bool:
    """Whether the user has said, in the configuration or the environment, that this host is a vCenter or ESXi."""
    if endpoint.scheme == "https" and call.config.section(endpoint.place) is not None:
        return True
    general = call.config.general.get("url", "")
    named = [parse_endpoint(general) if general else None, *_of_environment(call)]
    # `http` only where the user wrote it: git asks for http://HOST, too, and a login must not go there in clear
    return any(own is not None and (own.scheme, own.place) == (endpoint.scheme, endpoint.place) for own in named)


def _of_environment(call: Call) -> list[Endpoint | None]:
    found = []
    for family in sources(call.around.environ, call.around.reader):
        try:
            found.append(family.endpoint())
        except InvalidRequestError:
            continue  # what is no URL names no host
    return found


def _meant(call: Call) -> str:
    """Variables that were to name the host: what is wrong with them, or which name is read."""
    from vsphere_session.settings.near_misses import hint  # noqa: PLC0415  # only a mistake pays for it

    wrong = []
    for family in sources(call.around.environ, call.around.reader):
        try:
            family.endpoint()
        except InvalidRequestError as error:
            wrong.append(f"; {error.message}")
    return "".join(wrong) + hint(call.around.environ, "url")


def _endpoint(request: Request, call: Call) -> Endpoint | None:
    """What the request is about, as an endpoint; None where it cannot be one. An empty target is the default endpoint."""
    target = request.target
    if not target:
        own = [endpoint for endpoint in _of_environment(call) if endpoint is not None]
        target = own[0].url if own else call.config.general.get("url", "")
        if not target:
            raise InvalidRequestError(
                f"no endpoint is named; give its URL, or set GOVC_URL, or url in the configuration{_meant(call)}"
            )
    try:
        endpoint = parse_endpoint(target)
    except InvalidRequestError:
        return None
    username = request.attributes.get("username", "")
    return endpoint.with_user(username) if username else endpoint


# ---- a host that is vSphere


def _get(endpoint: Endpoint, request: Request, call: Call, verify: str) -> Answer:
    kind = _kind(endpoint, request)
    native = _native("get", endpoint, {"api": kind, "verify": verify, "output": "tokens"})
    fields = service.get_cached(native, call)[0].fields
    secret = fields[f"{kind}_session_id"]
    header, value = (
        ("Cookie", f'vmware_soap_session="{secret}"') if kind == "soap" else ("vmware-api-session-id", secret)
    )
    answer = {
        "username": parse_endpoint(fields["url"]).username,  # as the cache knows it, for the caller's later erase
        "password": secret,
        "header": header,
        "header_value": value,
    }
    if "expires_at" in fields:
        answer |= {"expires_at": fields["expires_at"], "password_expiry_utc": _unix(fields["expires_at"])}
    return Answer(answer)


def _store(endpoint: Endpoint, request: Request, call: Call) -> Answer:
    """Keep a login that the user typed; a session that we handed out is in the cache already."""
    password = real_password(request.attributes.get("password"))
    if not password or _is_ours(endpoint, password, call):
        return Answer({})
    if not endpoint.username:
        raise UnsupportedError("this is a vSphere host and the login has no user; use vsphere-session store")
    return service.store(_native("store", endpoint, {"password": password}), call)


def _erase(endpoint: Endpoint, request: Request, call: Call) -> Answer:
    """End the session that the caller rejects. Another secret than ours is not ours to erase (git 2.42)."""
    password = request.attributes.get("password", "")
    if password and not _is_ours(endpoint, password, call):
        return service.erase_login(_native("erase", endpoint, {}), password, call)
    fields = {"api": _kind(endpoint, request), "scope": "session"}
    user = service.user_of_get(_native("get", endpoint, {}), call)  # docker and Terraform name none: whose `get` it was
    return service.erase(_native("erase", endpoint.with_user(user), fields), call)


def _is_ours(endpoint: Endpoint, secret: str, call: Call) -> bool:
    """Whether the secret is a session that is in the cache."""
    return bare_session_id(secret) in service.cached_session_ids(_native("get", endpoint, {}), call)


def _kind(endpoint: Endpoint, request: Request) -> str:
    """The session that goes with the path. git and docker name no path for most hosts: REST, then."""
    named = (request.target.partition("://")[2] or request.target).partition("/")[2]
    below = f"/{named}/".startswith(f"{SOAP_PATH}/") if named else False
    return "soap" if below and endpoint.path.startswith(SOAP_PATH) else "rest"


def _native(verb: str, endpoint: Endpoint, fields: dict[str, str]) -> Request:
    place = Endpoint(endpoint.scheme, endpoint.authority, SOAP_PATH, endpoint.username, None)
    return Request(verb, place.url, fields)


def _unix(text: str) -> str:
    from vsphere_session.vsphere.dates import unix_seconds  # noqa: PLC0415  # only these callers want Unix seconds

    return str(int(unix_seconds(text) or 0))
