"""SAML tokens as they are given or issued: read without trusting them, and never written anew.

A token's own signature holds for its very characters, so what is sent is what came. Lifted out of a reply it takes along
the declarations that it needs, also those of prefixes that stand nowhere but in a value (`xsi:type="xs:string"`) or in
the PrefixList of its signature: without these the signature breaks (govmomi, a62b12cf). Whether that signature is good is
for the server to say.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from vsphere_session.clock import rfc3339
from vsphere_session.errors import InvalidRequestError, NotFoundError
from vsphere_session.http.limits import MAX_NAME_CHARACTERS
from vsphere_session.vsphere.dates import unix_seconds
from vsphere_session.vsphere.identity import cleaned
from vsphere_session.vsphere.namespaces import parse_namespaces
from vsphere_session.vsphere.saml_encoding import decoded_token

if TYPE_CHECKING:
    from vsphere_session.vsphere.namespaces import Node

SAML = "{urn:oasis:names:tc:SAML:2.0:assertion}"
TRUST = "{http://docs.oasis-open.org/ws-sx/ws-trust/200512}"
CLOCK_TOLERANCE = 600.0
"""Seconds by which a client's clock may differ from the STS's (the default of vSphere's SSO)."""

_ASSERTION = f"{SAML}Assertion"
_CONFIRMATION = "urn:oasis:names:tc:SAML:2.0:cm:"
_DELEGATE = "{urn:oasis:names:tc:SAML:2.0:conditions:delegation}Delegate"
_INCLUSIVE = "{http://www.w3.org/2001/10/xml-exc-c14n#}InclusiveNamespaces"
_UNKNOWN = "the token is no SAML token: neither XML with one saml2:Assertion, nor the base64 of that; give it as the STS issued it"


@dataclass(frozen=True)
class Assertion:
    """A token, and what it says of itself.

    text             it, exactly as its issuer signed it
    id               its ID
    name_id          whom a session by it belongs to, as `user@domain`; of a delegated one the person, not the delegate
    holder_of_key    it is good together with a private key only
    not_before       Unix seconds, None where it does not say
    not_on_or_after  the same; it is no good from then on
    audiences        for whom it is meant; empty for everybody
    delegated        somebody acts with it for its owner
    """

    text: str = field(repr=False)
    id: str
    name_id: str
    holder_of_key: bool
    not_before: float | None
    not_on_or_after: float | None
    audiences: tuple[str, ...]
    delegated: bool


def read_token(data: bytes) -> Assertion:
    """A token as people have it: the assertion, with or without an XML declaration; a whole reply of the STS with it.

    Each of these may be in base64 once or twice, and compressed within. Raises InvalidRequestError, and NotFoundError where
    there is nothing; their texts have nothing of the token.
    """
    if not data.strip():
        raise NotFoundError("the token is empty; give a SAML token as the STS issued it")
    try:
        document = decoded_token(data)
        root = parse_namespaces(document)
    except ValueError as error:
        raise InvalidRequestError(f"{_UNKNOWN} ({error})") from None
    return read_assertion(document, root)


def read_assertion(document: bytes, root: Node) -> Assertion:
    """The one assertion of a document in UTF-8 that is one, or a reply of the STS. Raises InvalidRequestError."""
    node = _the_only(root)
    if node is None:
        raise InvalidRequestError(_UNKNOWN)
    subject = _the_only_child(node, f"{SAML}Subject")
    conditions = _the_only_child(node, f"{SAML}Conditions")
    named = _the_only_child(subject, f"{SAML}NameID") if subject else None
    name, identifier = named.text if named else "", node.attributes.get("ID", "")
    if not (name and identifier) or max(len(name), len(identifier)) > MAX_NAME_CHARACTERS:
        raise InvalidRequestError("the token has no ID, or does not say whose it is (NameID); have a new one issued")
    methods = {one.attributes.get("Method") for one in subject.all(f"{SAML}SubjectConfirmation")} if subject else set()
    if not methods & {f"{_CONFIRMATION}bearer", f"{_CONFIRMATION}holder-of-key"}:
        raise InvalidRequestError(
            "the token is neither a bearer token nor one for the holder of a key; give another one"
        )
    return Assertion(
        text=lifted(document, node),
        id=identifier,
        name_id=cleaned(name),
        holder_of_key=f"{_CONFIRMATION}bearer" not in methods,
        not_before=_moment(conditions, "NotBefore"),
        not_on_or_after=_moment(conditions, "NotOnOrAfter"),
        audiences=_audiences(conditions),
        delegated=conditions is not None and any(node.name == _DELEGATE for node in conditions.walk()),
    )


def refuse_unusable(assertion: Assertion, now: float, *, has_key: bool) -> None:
    """Say what the server would only call an invalid login. Raises NotFoundError, InvalidRequestError."""
    begins, ends = assertion.not_before, assertion.not_on_or_after
    if ends is not None and now >= ends + CLOCK_TOLERANCE:
        raise NotFoundError(f"the token for {assertion.name_id} has expired at {rfc3339(ends)}; give a new one")
    if begins is not None and now < begins - CLOCK_TOLERANCE:
        raise InvalidRequestError(
            f"the token for {assertion.name_id} is not valid before {rfc3339(begins)}, and here it is {rfc3339(now)}; "
            "wait, or correct the clock"
        )
    if assertion.holder_of_key and not has_key:
        raise InvalidRequestError(
            f"the token for {assertion.name_id} is for the holder of a key; give certificate and private_key, too, or a bearer token"
        )


def lifted(document: bytes, node: Node) -> str:
    """An element's own characters, with the declarations of what surrounds it that it uses."""
    text = document[node.start : node.end].decode("utf-8")
    values, listed = [text], set()
    for each in node.walk():
        values += each.attributes.values()
        if each.name == _INCLUSIVE:
            listed.update(each.attributes.get("PrefixList", "").split())
    missing = ""
    for prefix, namespace in sorted(node.scope.items()):
        is_used = not prefix or prefix in listed or any(f"{prefix}:" in value for value in values)
        if prefix not in node.declared and namespace and is_used:
            missing += f' xmlns{":" if prefix else ""}{prefix}="{_in_attribute(namespace)}"'
    name_end = next(index for index, c in enumerate(text) if c in " \t\r\n/>")
    return text[:name_end] + missing + text[name_end:]


def _the_only(root: Node) -> Node | None:
    if root.name == _ASSERTION:
        return root
    requested = [node for node in root.walk() if node.name == f"{TRUST}RequestedSecurityToken"]
    found = [node for around in requested for node in around.all(_ASSERTION)]
    return found[0] if len(found) == 1 else None


def _the_only_child(node: Node, name: str) -> Node | None:
    """A second one might be what the server reads."""
    found = node.all(name)
    if len(found) > 1:
        raise InvalidRequestError(f"the token has {len(found)} elements {name.rpartition('}')[2]} where one belongs")
    return found[0] if found else None


def _moment(conditions: Node | None, name: str) -> float | None:
    written = conditions.attributes.get(name) if conditions else None
    if written is None:
        return None
    moment = unix_seconds(written.strip())
    if moment is None:
        raise InvalidRequestError(f"the {name} of the token is no time; have a new one issued")
    return moment


def _audiences(conditions: Node | None) -> tuple[str, ...]:
    found = conditions.all(f"{SAML}AudienceRestriction", f"{SAML}Audience") if conditions else []
    return tuple(cleaned(node.text) for node in found)


def _in_attribute(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")
