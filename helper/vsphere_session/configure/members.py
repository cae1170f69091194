"""Members of a JSON file's objects, added to its text and taken out again; every other byte stays.

Taking out what was added gives the very bytes from before. So that it can be seen later what was there, an object
that is made here has white space before its first member; one that was there and empty gets its first without.
"""

from __future__ import annotations

import json

_SPACE = " \t\r\n"
_DECODER = json.JSONDecoder()


class Member:
    """Where a member stands: its name at `start`, its value from `value` to `end`."""

    __slots__ = ("content", "end", "name", "start", "value")

    def __init__(self, text: str, start: int) -> None:
        if text[start : start + 1] != '"':
            raise ValueError("no name of a member")
        self.start = start
        self.name: str
        self.name, after = _DECODER.raw_decode(text, start)
        colon = _skip(text, after)
        if text[colon : colon + 1] != ":":
            raise ValueError("no colon")
        self.value = _skip(text, colon + 1)
        self.content: object
        self.content, self.end = _DECODER.raw_decode(text, self.value)


class Document:
    """A JSON object as text; `text` is None where there is no file. Raises ValueError where it is not one object."""

    def __init__(self, text: str | None) -> None:
        self.text = text
        if text is not None and not isinstance(json.loads(text), dict):
            raise ValueError("no object")

    def members(self, section: str) -> dict[str, object]:
        """The members of the section, or with an empty name those of the document. Raises ValueError for no object."""
        if self.text is None:
            return {}
        found = _members(self.text, _skip(self.text, 0))
        if section:
            inner = next((own.value for own in found if own.name == section), None)
            found = [] if inner is None else _members(self.text, inner)
        return {own.name: own.content for own in found}

    def add(self, section: str, name: str, value: str) -> None:
        """Add a string to the section, at its end; section and document are made where there are none."""
        member = f"{json.dumps(name)}: {json.dumps(value)}"
        if self.text is None:
            self.text = f"{{\n\t{json.dumps(section)}: {{\n\t\t{member}\n\t}}\n}}\n"
            return
        start = _skip(self.text, 0)
        root = _members(self.text, start)
        inner = next((own.value for own in root if own.name == section), None)
        if inner is not None:
            self.text = _appended(self.text, inner, member)
            return
        outer = _space_before(self.text, start, root) or " "
        deeper = outer + outer.rpartition("\n")[2] if "\n" in outer else " "
        self.text = _appended(self.text, start, f"{json.dumps(section)}: {{{deeper}{member}{outer}}}")

    def remove(self, section: str, name: str) -> None:
        """Take a member out, then the section and the document where nothing is left of what was made here."""
        if self.text is None:
            return
        start = _skip(self.text, 0)
        inner = next(own.value for own in _members(self.text, start) if own.name == section)
        if self._cut(inner, name) and self._cut(start, section):
            self.text = None

    def _cut(self, start: int, name: str) -> bool:
        """Take a member out of the object at `start`; whether that was made here and is empty now."""
        text = self.text or ""
        members = _members(text, start)
        at = next(number for number, own in enumerate(members) if own.name == name)
        own = members[at]
        made_here = len(members) == 1 and own.start > start + 1
        cut_from = members[at - 1].end if at else own.start
        cut_to = members[1].start if not at and len(members) > 1 else own.end
        self.text = text[:cut_from] + text[cut_to:]
        return made_here


def _appended(text: str, start: int, member: str) -> str:
    members = _members(text, start)
    if not members:
        return text[: start + 1] + member + text[start + 1 :]
    end = members[-1].end
    return f"{text[:end]},{_space_before(text, start, members)}{member}{text[end:]}"


def _space_before(text: str, start: int, members: list[Member]) -> str:
    """The white space before the last member, which the next one gets, too."""
    if not members:
        return ""
    before = text[start + 1 if len(members) == 1 else members[-2].end : members[-1].start]
    return before.rpartition(",")[2]


def _members(text: str, start: int) -> list[Member]:
    if text[start] != "{":
        raise ValueError("no object")
    members: list[Member] = []
    at = _skip(text, start + 1)
    while text[at] != "}":
        members.append(Member(text, at))
        at = _skip(text, members[-1].end)
        if text[at] == ",":
            at = _skip(text, at + 1)
    if len({own.name for own in members}) < len(members):
        raise ValueError("a name twice")
    return members


def _skip(text: str, at: int) -> int:
    while text[at : at + 1] and text[at] in _SPACE:
        at += 1
    return at
