"""A SOAP request taken apart: which operation, on which object, with what."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree import ElementTree as ET

Element = ET.Element


@dataclass(frozen=True, slots=True)
class Call:
    """One operation on one managed object."""

    operation: str
    target_type: str
    target: str
    arguments: Element

    def text(self, name: str) -> str:
        """Return the argument's text, "" if it was not given."""
        return text(self.arguments, name)

    def texts(self, name: str) -> list[str]:
        """All values of a repeated argument."""
        return [element.text or "" for element in children(self.arguments, name)]


def parse(body: bytes) -> Call | None:
    """Return the call in this envelope, None if it is not a SOAP request."""
    try:
        envelope = ET.fromstring(body)
    except (ET.ParseError, ValueError):
        return None
    arguments = next((operation for part in children(envelope, "Body") for operation in part), None)
    if local_name(envelope) != "Envelope" or arguments is None:
        return None
    this = next(children(arguments, "_this"), None)
    if this is None:
        return Call(local_name(arguments), "", "", arguments)
    return Call(local_name(arguments), this.get("type", ""), this.text or "", arguments)


def local_name(element: Element) -> str:
    """Return the element's name without its namespace."""
    return element.tag.rpartition("}")[2]


def children(element: Element, name: str) -> Iterator[Element]:
    """Return the children of this name, whatever their namespace."""
    return (child for child in element if local_name(child) == name)


def text(element: Element, name: str) -> str:
    """Return the text of the first child of this name, "" if there is none."""
    child = next(children(element, name), None)
    return "" if child is None else child.text or ""
