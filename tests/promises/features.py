"""Everything that the program can do, as calls with a canary in them: how it is called, and what its stdout may show."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import count
from urllib.parse import quote

from promises.canaries import PASSWORD, TOKEN, WRONG_PASSWORD
from simulated_vcenter import Fault, SimulatedVCenter, faults
from support.program import USER

OTHER = "git.example.com"  # a host that is no vSphere
CHILD = "import os, json; print(json.dumps([dict(os.environ), open('/proc/self/cmdline').read()]))"
KUBERNETES = (
    '{"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "spec": {"interactive": false}}'
)
NOTHING = frozenset[str]()
SESSION = frozenset({"session"})
SECRET = frozenset({"password"})


@dataclass(frozen=True)
class Call:
    """One call. `shows` is what may be on its stdout, `status` how it ends; on stderr there is never anything."""

    arguments: tuple[str, ...]
    stdin: bytes = b""
    shows: frozenset[str] = NOTHING
    status: int = 0
    environment: Mapping[str, str] = field(default_factory=dict)
    fault: tuple[str, Fault] | None = None

    def __str__(self) -> str:
        """The call, without what is secret in it."""
        return " ".join(["vsphere-session", *self.arguments, *self.environment])


def calls(vcenter: SimulatedVCenter) -> list[Call]:
    """All of them, in an order in which each has what it needs; the last ones leave no session."""
    return [
        *_native(vcenter),
        *_environment(vcenter),
        *_dialects(vcenter),
        *_handed_on(),
        *_errors(vcenter),
        *_end(vcenter),
    ]


def _json(
    verb: str, vcenter: SimulatedVCenter, shows: frozenset[str] = NOTHING, *options: str, **fields: object
) -> Call:
    request = {"url": vcenter.authority, "username": USER, "ca_file": vcenter.ca_file, **fields}
    return Call(("-vv", *options, verb), json.dumps(request).encode(), shows)


def _native(vcenter: SimulatedVCenter) -> list[Call]:
    url = f"https://{quote(USER)}:{quote(PASSWORD, safe='')}@{vcenter.authority}/sdk"
    lines = [
        {
            "action": verb,
            "id": verb,
            "url": vcenter.authority,
            "username": USER,
            "ca_file": vcenter.ca_file,
            "password": PASSWORD,
        }
        for verb in ("get", "store", "get")
    ]
    adopted = vcenter.add_session(USER), vcenter.add_session(USER, "rest")
    return [
        _json("get", vcenter, SESSION, password=PASSWORD),
        _json("get", vcenter, SESSION),
        _json("get", vcenter, SESSION, verify="always"),
        _json("get", vcenter, SESSION, reauth=True, password=PASSWORD),
        _json("get", vcenter, SESSION, url=url),
        _json("get", vcenter, SESSION, "--field", "soap_session_id"),
        _json("get", vcenter, NOTHING, "--field", "expires_at"),
        _json("get", vcenter, NOTHING, output="files"),
        _json("store", vcenter, NOTHING, "--secret-store", "file", password=PASSWORD),
        Call(("-vv",), b"".join(json.dumps(line).encode() + b"\n" for line in lines), SESSION),
        _json("store", vcenter, soap_session_id=adopted[0], rest_session_id=adopted[1]),
        _json("erase", vcenter, scope="session"),
        Call(("--version",)),
        Call(("--help",)),
    ]


def _environment(vcenter: SimulatedVCenter) -> list[Call]:
    url = f"{quote(USER)}:{quote(PASSWORD, safe='')}@{vcenter.authority}"
    families = (
        {
            "GOVC_URL": vcenter.authority,
            "GOVC_USERNAME": USER,
            "GOVC_PASSWORD": PASSWORD,
            "GOVC_TLS_CA_CERTS": vcenter.ca_file,
        },
        {"GOVC_URL": url, "GOVC_TLS_CA_CERTS": vcenter.ca_file},
        {"VSPHERE_SERVER": vcenter.authority, "VSPHERE_USER": USER, "VSPHERE_PASSWORD": PASSWORD},
        {"VMWARE_HOST": vcenter.authority, "VMWARE_USER": USER, "VMWARE_PASSWORD": PASSWORD},
    )
    reauth = b'{"reauth": true}'
    return [Call(("-vv", "get"), reauth, SESSION, environment=environment) for environment in families]


def _dialects(vcenter: SimulatedVCenter) -> list[Call]:
    def git(verb: str, host: str, shows: frozenset[str] = NOTHING, **fields: str) -> Call:
        given = {"protocol": "https", "host": host, **fields}
        stdin = "".join(f"{name}={value}\n" for name, value in given.items()) + "\n"
        return Call(("-vv", "--protocol", "git", verb), stdin.encode(), shows)

    def docker(verb: str, stdin: object, shows: frozenset[str] = NOTHING) -> Call:
        text = stdin if isinstance(stdin, str) else json.dumps(stdin)
        return Call(("-vv", "--secret-store", "file", "--protocol", "docker", verb), text.encode(), shows)

    def terraform(verb: str, stdin: bytes = b"", shows: frozenset[str] = NOTHING) -> Call:
        return Call(("-vv", "--secret-store", "file", "--protocol", "terraform-cli", verb, OTHER), stdin, shows)

    here, login = vcenter.authority, {"ServerURL": OTHER, "Username": "me", "Secret": TOKEN}
    return [
        git("get", here, SESSION),
        git("store", here, username=USER, password=PASSWORD),
        git("erase", here, username=USER, password=WRONG_PASSWORD),
        git("store", OTHER, username="me", password=TOKEN),
        git("get", OTHER, SECRET),
        git("erase", OTHER, username="me", password=TOKEN),
        docker("get", here, SESSION),
        docker("store", login),
        docker("get", OTHER, SECRET),
        docker("list", ""),
        docker("erase", OTHER),
        terraform("store", json.dumps({"token": TOKEN}).encode()),
        terraform("get", shows=SECRET),
        terraform("forget"),
        Call(
            ("-vv", "--protocol", "bazel", "get"),
            json.dumps({"uri": f"https://{here}/api/vcenter/vm"}).encode(),
            SESSION,
        ),
        Call(("-vv", "--protocol", "kubernetes"), shows=SESSION, environment={"KUBERNETES_EXEC_INFO": KUBERNETES}),
    ]


def _handed_on() -> list[Call]:
    armed = {"GOVC_PASSWORD": PASSWORD, "VSPHERE_PASSWORD": PASSWORD, "VMWARE_PASSWORD": PASSWORD}
    shapes = ("env", "json", "powershell", "fish")
    configured = [(name, "--host", OTHER) for name in ("git", "docker", "kubernetes", "bazel")] + [("terraform-cli",)]
    return [
        # SESSION: the variables that exec is for; a password there would be one of the caller's environment
        Call(("-vv", "exec", "--", sys.executable, "-c", CHILD), shows=SESSION, environment=armed),
        *(Call(("-vv", "--format", shape, "export"), shows=SESSION, environment=armed) for shape in shapes),
        *(Call(("-vv", "configure", *words), environment=armed) for words in configured),
        *(Call(("-vv", "unconfigure", *words), environment=armed) for words in configured),
    ]


def _errors(vcenter: SimulatedVCenter) -> list[Call]:
    """One for each kind; `busy` and `internal` are in `secrecy`."""
    numbers = count()

    def failing(status: int, where: str = "", fault: Fault | None = None, **fields: object) -> Call:
        number = next(numbers)  # a password that was refused is not tried again
        fields = {"password": f"{number}{WRONG_PASSWORD}", "reauth": True} | fields
        call = _json("get", vcenter, NOTHING, **fields)
        return Call(call.arguments, call.stdin, NOTHING, status, fault=(where, fault) if fault else None)

    odd = '{"url": "vc", "pasword": "' + WRONG_PASSWORD + '"}'
    return [
        Call(("-vv", "get"), odd.encode(), status=2),
        Call(("-vv", "get"), odd.encode()[:-1], status=2),
        Call(("-vv", "get"), f'{{"url": "https://u:{WRONG_PASSWORD} @vc"}}'.encode(), status=2),
        Call(("-vv", "exec", "--", "no-such-program"), status=3),
        failing(4),
        failing(4, api="rest"),
        failing(5, "=Login", faults.status(502, WRONG_PASSWORD.encode())),
        failing(5, "*", faults.reset()),
        failing(6, ca_file="", thumbprint="AA:" * 31 + "AA"),
        failing(7, "POST /api/session", faults.status(503, b"Too many active sessions " + WRONG_PASSWORD.encode()), api="rest"),
        failing(9, ca_file="/nonexistent"),
        Call(("-vv", "store"), json.dumps({"url": "vc", "username": "u", "password": PASSWORD}).encode(), status=10,
             environment={"DBUS_SESSION_BUS_ADDRESS": "unix:path=/nonexistent", "VSPHERE_SESSION_CONFIG": "/dev/null"}),
    ]  # fmt: skip


def _end(vcenter: SimulatedVCenter) -> list[Call]:
    return [_json("get", vcenter, SESSION), _json("erase", vcenter)]
