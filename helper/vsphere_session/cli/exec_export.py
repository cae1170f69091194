"""`exec` and `export`: a session in the environment of another program, and the password nowhere.

govc and terraform-provider-vsphere find the session in the cache's files; what they need for that is the endpoint, the
user and `insecure` as the file's name has them. The provider insists on a password, which it does not use while the
session lives; it gets a word that is none.
"""

from __future__ import annotations

import os

from credential_protocol.jsontext import write_flat_object
from credential_protocol.messages import Output, Request
from vsphere_session.cli.core_dumps import as_before
from vsphere_session.cli.signals import hand_on_signals
from vsphere_session.endpoint import parse_endpoint
from vsphere_session.errors import InvalidRequestError, NotFoundError, StorageError
from vsphere_session.service.call import Call
from vsphere_session.service.verbs import get_cached
from vsphere_session.settings.child_environment import NO_PASSWORD, as_it_was, trust_of, without_passwords

TYPE_CHECKING = False
if TYPE_CHECKING:
    pass

FORMATS = ("env", "json", "powershell", "fish")


def variables(request: Request, call: Call) -> dict[str, str]:
    """What a program needs to use the session. Raises as `get` does, UnsupportedError with passthrough or encrypted sessions."""
    handed_out, settings = get_cached(request, call, by_files=True)
    answer = handed_out.fields
    endpoint = parse_endpoint(answer["url"])
    found = {
        "GOVC_URL": endpoint.url,
        "GOVC_USERNAME": endpoint.username,
        "GOVC_INSECURE": str(settings.insecure).lower(),
        "GOVC_PERSIST_SESSION": "true",
        "VSPHERE_SERVER": endpoint.authority,
        "VSPHERE_USER": endpoint.username,
        "VSPHERE_PASSWORD": NO_PASSWORD,
        "VSPHERE_ALLOW_UNVERIFIED_SSL": str(settings.insecure).lower(),
        "VSPHERE_PERSIST_SESSION": "true",
    }
    around = call.around
    found |= trust_of(endpoint, settings.ca_file, settings.thumbprint, around.environ, around.paths.state)
    govmomi = _govmomi_home(answer.get("soap_session_file", ""), answer.get("rest_session_file", ""))
    if govmomi and govmomi != os.path.dirname(around.paths.soap_sessions):
        found["GOVMOMI_HOME"] = govmomi
    for kind, variable in (("soap", "VSPHERE_VIM_SESSION_PATH"), ("rest", "VSPHERE_REST_SESSION_PATH")):
        if f"{kind}_session_file" in answer:
            found[variable] = os.path.dirname(answer[f"{kind}_session_file"])
        if f"{kind}_session_id" in answer:
            found[f"VSPHERE_{kind.upper()}_SESSION_ID"] = answer[f"{kind}_session_id"]
    return found


def _govmomi_home(soap_file: str, rest_file: str) -> str:
    """What GOVMOMI_HOME has to be for govc to find these files; empty where it cannot find both."""
    homes = {
        os.path.dirname(os.path.dirname(file)) if os.path.basename(os.path.dirname(file)) == name else ""
        for file, name in ((soap_file, "sessions"), (rest_file, "rest_sessions"))
        if file
    }
    return homes.pop() if len(homes) == 1 else ""


def execute(command: list[str], request: Request, call: Call, ignored: frozenset[int]) -> int:
    """Become `command`, with the session in its environment; so its exit status and signals are its own.

    What the caller `ignored` of these stays so.

    Returns only where there is no such program. Raises as `variables` does.
    """
    if not command:
        raise InvalidRequestError("there is no command; write: vsphere-session exec -- COMMAND ARGUMENT…")
    environment = without_passwords(as_it_was(call.around.environ)) | variables(request, call)
    hand_on_signals(ignored)
    as_before()
    try:
        os.execvpe(command[0], command, environment)  # noqa: S606  # nosec B606  # running the user's command is the purpose
    except FileNotFoundError:
        raise NotFoundError("the command cannot be found; check its name and PATH") from None
    except OSError as error:
        raise StorageError(f"the command cannot be run ({os.strerror(error.errno or 0)}); check its mode") from None


def export(shape: str, request: Request, call: Call) -> Output:
    """The variables as text that a shell, or a program, reads. Raises as `variables` does."""
    if shape not in FORMATS:
        raise InvalidRequestError(f"--format is neither {' nor '.join(FORMATS)}")
    found = variables(request, call)
    if shape == "json":
        return Output(write_flat_object(found.items()))
    line = {"env": _env, "powershell": _powershell, "fish": _fish}[shape]
    return Output("".join(line(name, value) + "\n" for name, value in found.items()).encode())


def _env(name: str, value: str) -> str:
    quoted = value.replace("'", "'\\''")
    return f"export {name}='{quoted}'"


def _powershell(name: str, value: str) -> str:
    quoted = value.replace("'", "''")
    return f"$env:{name} = '{quoted}'"


def _fish(name: str, value: str) -> str:
    quoted = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"set -gx {name} '{quoted}'"
