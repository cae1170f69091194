"""The table of dialects: which protocol the program speaks under which name. On the fast path.

A dialect is a module with four functions over bytes; adding one is a module, a row here and a conformance test. The
native protocol is the one that `entry` answers itself, with fields of its own to check.

    wants_stdin(arguments)                    whether the request is on stdin; what a caller leaves open is never read
    parse(arguments, stdin, environ)          the Request; or an Output, where the dialect knows the answer by itself
    render(request, answer)                   the Output for an Answer
    render_failure(request, failure, program) the Output for a Failure; the request is None where there was none
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Protocol

    from credential_protocol.messages import Answer, Failure, Output, Request

    class Dialect(Protocol):
        """What a module of a dialect offers."""

        def wants_stdin(self, arguments: list[str]) -> bool: ...  # noqa: D102  # see the module's docstring

        def parse(self, arguments: list[str], stdin: bytes, environ: Mapping[str, str]) -> Request | Output: ...  # noqa: D102

        def render(self, request: Request, answer: Answer) -> Output: ...  # noqa: D102

        def render_failure(self, request: Request | None, failure: Failure, program: str) -> Output: ...  # noqa: D102


class Row:
    """One dialect: its module, the name under which the executable speaks it, and the caller."""

    __slots__ = ("caller", "module", "program")

    def __init__(self, module: str, program: str, caller: str) -> None:
        self.module = module
        self.program = program
        self.caller = caller


DIALECTS = {
    "native": Row("native", "vsphere-session", "Terraform's and Packer's `external`, scripts"),
    "git": Row("git", "git-credential-vsphere", "git"),
    "docker": Row("docker", "docker-credential-vsphere", "docker, podman, skopeo"),
    "terraform-cli": Row("terraform_cli", "terraform-credentials-vsphere", "Terraform's own logins"),
    "bazel": Row("bazel", "", "Bazel, and what speaks EngFlow's credential-helper-spec"),
    "kubernetes": Row("kubernetes", "", "kubectl and client-go"),
}


def by_program(path: str) -> str:
    """The dialect that goes with the name under which the program was started; `native` for any other name."""
    name = path.replace("\\", "/").rpartition("/")[2].removesuffix(".exe")
    return next((dialect for dialect, row in DIALECTS.items() if name and row.program == name), "native")


def load(name: str) -> Dialect:
    """The module of a dialect."""
    module: Dialect = __import__(f"credential_protocol.{DIALECTS[name].module}", fromlist=["parse"])
    return module
