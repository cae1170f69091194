"""XML whose names count by their namespaces, and whose elements know where they stand in the bytes.

`xml.py` drops both, which is enough for vSphere's own messages; here the same limits hold.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pyexpat import ErrorString, ExpatError, ParserCreate
from typing import TYPE_CHECKING

from vsphere_session.http.limits import MAX_XML_DEPTH, MAX_XML_ELEMENTS

if TYPE_CHECKING:
    from collections.abc import Iterator

_SEPARATOR = "\x1f"  # no document can have it in a name


@dataclass(eq=False, repr=False)
class Node:
    """An element.

    name        `{namespace}local`, as its attributes' names are; without braces where there is no namespace
    declared    namespaces by prefix that its own start tag declares, `""` for the default one
    scope       all that hold in it
    start, end  its first byte, and the first one behind it
    """

    name: str
    attributes: dict[str, str]
    declared: dict[str, str]
    scope: dict[str, str]
    start: int
    end: int = 0
    children: list[Node] = field(default_factory=list)
    parts: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The text inside, without that of its children."""
        return "".join(self.parts).strip()

    def all(self, *names: str) -> list[Node]:
        """Children of the first name; children of the second name in these, and so on."""
        found = [self]
        for name in names:
            found = [child for node in found for child in node.children if child.name == name]
        return found

    def first(self, *names: str) -> Node | None:
        """The first of `all`."""
        return next(iter(self.all(*names)), None)

    def walk(self) -> Iterator[Node]:
        """It and all that is in it, in document order."""
        yield self
        for child in self.children:
            yield from child.walk()

    def qualified(self, text: str) -> str:
        """A name in a text, `prefix:local`, by its namespace: `{namespace}local`."""
        prefix, _, local = text.strip().rpartition(":")
        namespace = self.scope.get(prefix, "")
        return f"{{{namespace}}}{local}" if namespace else local


def parse_namespaces(data: bytes) -> Node:
    """The root element of a document in UTF-8. Raises ValueError, with the reason and never with the content."""
    root = Node("", {}, {}, {}, 0)
    stack = [root]
    declared: dict[str, str] = {}
    count = 0
    parser = ParserCreate("utf-8", _SEPARATOR)  # whatever the document says: it could name any of Python's codecs

    def declare(prefix: str | None, namespace: str | None) -> None:
        declared[prefix or ""] = namespace or ""

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal count, declared
        count += 1
        if len(stack) > MAX_XML_DEPTH or count > MAX_XML_ELEMENTS:
            raise ValueError("nested too deeply or too long")
        around = stack[-1]
        scope = around.scope | declared if declared else around.scope
        named = {_braced(key): value for key, value in attributes.items()}
        node = Node(_braced(name), named, declared, scope, parser.CurrentByteIndex)
        declared = {}
        around.children.append(node)
        stack.append(node)

    def end(_name: str) -> None:
        node = stack.pop()
        here = parser.CurrentByteIndex  # behind a tag that is both start and end, else before the end tag
        is_empty_tag = not node.children and not node.parts and data[here - 2 : here] == b"/>"
        node.end = here if is_empty_tag else data.index(b">", here) + 1

    def refuse(*_arguments: object) -> None:
        raise ValueError("a document type is not allowed")

    def text(part: str) -> None:
        stack[-1].parts.append(part)

    parser.buffer_text = True
    parser.StartNamespaceDeclHandler = declare
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = text
    parser.StartDoctypeDeclHandler = refuse
    try:
        parser.Parse(data, True)
    except ExpatError as error:
        raise ValueError(ErrorString(error.code)) from None
    return root.children[0]


def _braced(name: str) -> str:
    namespace, separator, local = name.rpartition(_SEPARATOR)
    return f"{{{namespace}}}{local}" if separator else name
