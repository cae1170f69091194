"""`login`: log in once by a way that needs a person, so that programs can go on without one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from credential_protocol.messages import Output, Request
from vsphere_session.service.verbs import get_cached

if TYPE_CHECKING:
    from vsphere_session.service.call import Call


def log_in(fields: dict[str, str], call: Call) -> Output:
    """Log in to `url` as `username`, both as in a request, and say how it went. Raises as `get` does.

    `call` has the person who is asked. A session that is good already stays.
    """
    given = dict(fields)
    answer = get_cached(Request("get", given.pop("url", ""), given), call)[0].fields
    made = "logged in" if answer["source"] == "login" else "there is a good session already"
    whose = f" as {answer['username']}" if answer.get("username") else ""
    until = f"; it is good without asking until {answer['expires_at']}" if answer.get("expires_at") else ""
    return Output(f"{made}: {answer['url']}{whose}{until}\n".encode())
