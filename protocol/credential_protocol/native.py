"""The native JSON protocol, which is Terraform's and Packer's `external` too. On the fast path.

Source: the contract, section 1; Terraform's external data source (every value of the answer is a string, an error
is one line on stderr and a status that is not zero); Packer's (no query is the four bytes `null`).
"""

from __future__ import annotations

from credential_protocol.jsontext import clean, decode, printable, read_flat_object, write_flat_object
from credential_protocol.messages import VERBS, Answer, Failure, InvalidRequest, Output, Request

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    Fields = Mapping[str, Collection[str]]

TARGET = "url"
KEPT_WHEN_EMPTY = ("password",)


def parse(data: bytes, verb: str, fields: Fields) -> Request:
    """The request of one call; `fields` are the names that each verb knows. Raises InvalidRequest."""
    if verb not in VERBS:
        raise InvalidRequest(f"the verb {printable(verb)} is not known; use get, store or erase")
    return _request(read_flat_object(data), verb, fields)


def parse_line(line: bytes, fields: Fields) -> Request:
    """One request of a conversation: it names its verb in `action` and may carry an `id`. Raises InvalidRequest."""
    if b"\0" in line:  # no JSON has a NUL; where a line ends cannot be seen in UTF-16
        raise InvalidRequest(
            "the request is not JSON: it has a NUL in it, as text in UTF-16 has; send UTF-8 (in PowerShell: $OutputEncoding = "
            "[Text.UTF8Encoding]::new())"
        )
    given = read_flat_object(line)
    verb = given.pop("action", None)
    name = given.pop("id", None)
    if verb not in VERBS:
        problem = 'has no "action"' if verb in (None, "") else f"has the action {printable(verb)}, which is not known"
        raise InvalidRequest(f'the request {problem}; use "get", "store" or "erase"')
    return _request(given, str(verb), fields, id=None if name is None else _text(name))


def identifier(line: bytes) -> str | None:
    """The `id` of a request, also of one that is wrong otherwise; None where none can be read."""
    try:
        value = decode(line)
    except ValueError:
        return None
    name = value.get("id") if isinstance(value, dict) else None
    return _text(name) if isinstance(name, bool) or (isinstance(name, str) and clean(name)) else None


def _request(
    given: dict[str, str | bool | None],
    verb: str,
    fields: Fields,
    id: str | None = None,  # noqa: A002  # the field's name
) -> Request:
    attributes = {}
    for name, value in given.items():
        if name not in fields[verb]:
            raise InvalidRequest(_unknown(name, verb, fields))
        if value is not None and (value != "" or name in KEPT_WHEN_EMPTY):
            attributes[name] = _text(value)
    return Request(verb, attributes.pop(TARGET, ""), attributes, id=id)


def _text(value: str | bool) -> str:
    return value if isinstance(value, str) else "true" if value else "false"


def _unknown(name: str, verb: str, fields: Fields) -> str:
    others = [other for other in VERBS if name in fields[other]]
    if others:
        return f"the field {printable(name)} means nothing to {verb}; it goes with {' and '.join(others)}"
    return f'the field {printable(name)} is not known; did you mean "{nearest(name, fields[verb])}"?'


def nearest(name: str, names: Collection[str]) -> str:
    """The one of `names` that is meant most likely: one that begins so, else the one that is most alike."""
    from difflib import get_close_matches  # noqa: PLC0415  # only a mistake pays for it

    begun = [each for each in sorted(names) if name and each.startswith(name.lower())]
    return get_close_matches(name.lower(), begun or sorted(names), n=1, cutoff=0.0)[0]


def render(answer: Answer, id: str | None = None) -> Output:  # noqa: A002  # the field's name
    """The answer's one line, with the `id` in front where the request had one."""
    return Output(write_flat_object([*_named(id), *answer.fields.items()]))


def render_failure(failure: Failure, program: str, id: str | None = None) -> Output:  # noqa: A002  # the field's name
    """The error's one line, for stdout as JSON and for stderr as text, and the exit status of its kind."""
    fields = [*_named(id), ("error", failure.kind), ("message", failure.message)]
    return Output(write_flat_object(fields), f"{program}: {failure.message}", failure.status)


def _named(id: str | None) -> list[tuple[str, str]]:  # noqa: A002  # the field's name
    return [] if id is None else [("id", id)]
