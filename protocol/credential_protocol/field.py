"""One bare value and a newline, for callers that want a password command: ansible, restic, Packer's `external-raw`."""

from __future__ import annotations

from credential_protocol.messages import Answer, Failure, Output


def render(answer: Answer, name: str) -> Output:
    """The value of that field. Raises Failure of kind `not-found` where the answer has none."""
    if name not in answer.fields:
        raise Failure(f'the answer has no "{name}"; it has {", ".join(answer.fields)}', kind="not-found")
    return Output(f"{answer.fields[name]}\n".encode())


def render_failure(failure: Failure, program: str) -> Output:
    """Nothing on stdout, a line on stderr, and the status."""
    return Output(b"", f"{program}: {failure.message}", failure.status)
