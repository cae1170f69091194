"""A small XML reader with limits: no document type, so no entities; bounded depth and number of elements.

On the fast path.
"""

from __future__ import annotations

from pyexpat import ErrorString, ExpatError, ParserCreate  # the C parser itself; document types are refused below

from vsphere_session.http.limits import MAX_XML_DEPTH, MAX_XML_ELEMENTS


class Element:
    """An element: local name, attributes (local names, the last one counts), children, and the text inside."""

    __slots__ = ("attributes", "children", "name", "parts")

    def __init__(self, name: str, attributes: dict[str, str]) -> None:
        self.name = name
        self.attributes = attributes
        self.children: list[Element] = []
        self.parts: list[str] = []

    @property
    def text(self) -> str:
        """The text inside, without that of its children."""
        return "".join(self.parts)

    def child(self, name: str) -> Element | None:
        """The first child of that name."""
        return next((child for child in self.children if child.name == name), None)

    def find(self, name: str) -> Element | None:
        """The first descendant of that name, in document order."""
        for child in self.children:
            found = child if child.name == name else child.find(name)
            if found is not None:
                return found
        return None

    def find_all(self, name: str) -> list[Element]:
        """All descendants of that name that do not lie in another one, in document order."""
        found: list[Element] = []
        for child in self.children:
            found += [child] if child.name == name else child.find_all(name)
        return found

    def value(self, name: str) -> str:
        """The text of the first child of that name, or empty."""
        child = self.child(name)
        return child.text.strip() if child is not None else ""


def parse_xml(data: bytes) -> Element:
    """The root element of `data`. Raises ValueError, with the reason and never with the content."""
    root = Element("", {})
    stack = [root]
    count = 0

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal count
        count += 1
        if len(stack) > MAX_XML_DEPTH or count > MAX_XML_ELEMENTS:
            raise ValueError("nested too deeply or too long")
        element = Element(_local(name), {_local(key): value for key, value in attributes.items()})
        stack[-1].children.append(element)
        stack.append(element)

    def end(_name: str) -> None:
        stack.pop()

    def text(part: str) -> None:
        stack[-1].parts.append(part)

    def refuse(*_arguments: object) -> None:
        raise ValueError("a document type is not allowed")

    parser = ParserCreate("utf-8")  # whatever the document says: it could name any of Python's codecs, or none
    parser.buffer_text = True
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = text
    parser.StartDoctypeDeclHandler = refuse
    try:
        parser.Parse(data, True)
    except ExpatError as error:
        raise ValueError(ErrorString(error.code)) from None
    return root.children[0]


def _local(name: str) -> str:
    return name.rpartition(":")[2]


def escape_xml(text: str) -> str:
    """`text` as it may stand between two tags."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
