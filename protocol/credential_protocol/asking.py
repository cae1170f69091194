"""The caller's half of every dialect: how a request goes out to a helper, and how its answer comes back.

Any helper will do, not only ours: `git credential-store`, a docker helper, a program for kubectl.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from credential_protocol.client import read_answer, run
from credential_protocol.docker import NOT_FOUND
from credential_protocol.kubernetes import VARIABLE, VERSIONS
from credential_protocol.messages import KINDS, Answer, Failure, Request

Call = tuple[list[str], bytes, dict[str, str]]
"""Arguments, stdin, and variables to add to the environment."""


def ask(
    program: list[str],
    dialect: str,
    request: Request,
    *,
    environ: Mapping[str, str] | None = None,
    timeout: float = 60.0,
) -> Answer:
    """Ask a helper in its dialect.

    Of `get` the answer has `password`, and `username` and `expires_at` where the dialect carries them; Bazel's has its
    headers instead. Raises Failure: `not-found`, the kind that goes with the helper's exit status, `busy` after
    `timeout` seconds, `internal` where the answer is none.
    """
    write, read = _HALVES[dialect]
    arguments, stdin, variables = write(request)
    done = run([*program, *arguments], stdin, {**(os.environ if environ is None else environ), **variables}, timeout)
    if dialect not in ("docker", "native") and done.returncode:
        raise Failure(_text(done.stderr) or "the helper failed", kind=_kind(done.returncode))
    try:
        return read(request, done.stdout, done.returncode)
    except (ValueError, KeyError, TypeError, AttributeError, IndexError):
        raise Failure("the helper's answer is not one of its protocol") from None


def _kind(status: int) -> str:
    return next((kind for kind, number in KINDS.items() if number == status), "internal")


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace").strip()


def _found(fields: Mapping[str, str], request: Request) -> Answer:
    if request.verb == "get" and not fields.get("password"):
        raise Failure("the helper has nothing for this", kind="not-found")
    return Answer(fields)


# ---- native


def _write_native(request: Request) -> Call:
    return [request.verb], json.dumps({"url": request.target, **request.attributes}).encode(), {}


def _read_native(_request: Request, stdout: bytes, status: int) -> Answer:
    return read_answer(stdout, status)


# ---- git


def _write_git(request: Request) -> Call:
    parts = urlsplit(request.target)
    fields = {"protocol": parts.scheme, "host": parts.netloc, "path": parts.path.removeprefix("/")}
    fields = {name: value for name, value in fields.items() if value} | request.attributes
    return [request.verb], "".join(f"{name}={value}\n" for name, value in fields.items()).encode() + b"\n", {}


def _read_git(request: Request, stdout: bytes, _status: int) -> Answer:
    fields = {}
    for line in filter(None, stdout.decode().split("\n")):
        name, equals, value = line.partition("=")
        if not equals:
            raise ValueError
        fields[name] = value
    return _found(fields, request)


# ---- docker


def _write_docker(request: Request) -> Call:
    if request.verb != "store":
        return [request.verb], request.target.encode(), {}
    secret = {"Username": request.attributes.get("username", ""), "Secret": request.attributes.get("password", "")}
    return ["store"], json.dumps({"ServerURL": request.target, **secret}).encode(), {}


def _read_docker(request: Request, stdout: bytes, status: int) -> Answer:
    if status:
        said = _text(stdout)
        raise Failure(said or "the helper failed", kind="not-found" if said == NOT_FOUND else "internal")
    if request.verb == "list":
        return Answer(json.loads(stdout or b"{}") or {})
    if request.verb != "get":
        return Answer({})
    reply = json.loads(stdout)
    fields = {"username": reply["Username"], "password": reply["Secret"]}
    # A secret may be empty; some helpers say with an empty login that there is none (docker-credential-pass 0.6).
    return Answer(fields) if fields["username"] else _found(fields, request)


# ---- Terraform's CLI


def _write_terraform(request: Request) -> Call:
    verb = {"erase": "forget"}.get(request.verb, request.verb)
    token = json.dumps({"token": request.attributes["password"]}).encode() if verb == "store" else b""
    return [verb, request.target], token, {}


def _read_terraform(request: Request, stdout: bytes, _status: int) -> Answer:
    return _found({"password": json.loads(stdout).get("token", "")} if request.verb == "get" else {}, request)


# ---- Bazel and Kubernetes


def _write_bazel(request: Request) -> Call:
    return ["get"], json.dumps({"uri": request.target}).encode(), {}


def _read_bazel(_request: Request, stdout: bytes, _status: int) -> Answer:
    reply = json.loads(stdout)
    expires = {"expires_at": reply["expires"]} if "expires" in reply else {}
    return Answer({name: values[0] for name, values in reply.get("headers", {}).items()} | expires)


def _write_kubernetes(request: Request) -> Call:
    info = {"kind": "ExecCredential", "apiVersion": VERSIONS[0], "spec": {"interactive": False}}
    return [request.target] if request.target else [], b"", {VARIABLE: json.dumps(info)}


def _read_kubernetes(request: Request, stdout: bytes, _status: int) -> Answer:
    status = json.loads(stdout)["status"]
    expires = {"expires_at": status["expirationTimestamp"]} if "expirationTimestamp" in status else {}
    return _found({"password": status.get("token", "")} | expires, request)


_HALVES: dict[str, tuple[Callable[[Request], Call], Callable[[Request, bytes, int], Answer]]] = {
    "native": (_write_native, _read_native),
    "git": (_write_git, _read_git),
    "docker": (_write_docker, _read_docker),
    "terraform-cli": (_write_terraform, _read_terraform),
    "bazel": (_write_bazel, _read_bazel),
    "kubernetes": (_write_kubernetes, _read_kubernetes),
}
