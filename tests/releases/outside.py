"""A program in a root of its own that is carried out outside of it: what it is asked and answers goes by two pipes."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from support.program import Helper

_ASKED, _ANSWER = "tmp/question", "tmp/reply"
_STAND_IN = f"""\
#!/bin/bash
{{ printf '%s\\0' "$#" "$@"; env -0; }} >/{_ASKED}
cat /{_ANSWER}
"""


@contextmanager
def carried_out(root: Path, helper: Helper, variables: str) -> Iterator[list[list[str]]]:
    """Let `vsphere-session` in `root` be `helper`'s program, which also gets the variables whose names begin so.

    What it is called with is in the list.
    """
    (root / "usr/bin/vsphere-session").write_text(_STAND_IN)
    (root / "usr/bin/vsphere-session").chmod(0o755)
    for name in (_ASKED, _ANSWER):
        (root / name).unlink(missing_ok=True)
        os.mkfifo(root / name)
    calls: list[list[str]] = []

    def serve() -> None:
        while asked := (root / _ASKED).read_bytes():
            count, *rest = asked.decode().removesuffix("\0").split("\0")
            words, environment = rest[: int(count)], dict(each.split("=", 1) for each in rest[int(count) :])
            calls.append(words)
            own = {name: value for name, value in environment.items() if name.startswith(variables)}
            reply = Helper(helper.home, helper.environment | own).run(*words)
            assert not reply.stderr, reply
            (root / _ANSWER).write_bytes(reply.stdout)

    server = threading.Thread(target=serve, daemon=True)
    server.start()
    try:
        yield calls
    finally:
        (root / _ASKED).write_bytes(b"")
        server.join(60)
