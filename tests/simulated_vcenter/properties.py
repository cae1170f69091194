"""The property collector: who may read which property of which object."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from xml.sax.saxutils import escape

from simulated_vcenter import soap_templates as xml
from simulated_vcenter.clock import iso_time
from simulated_vcenter.sessions import Session
from simulated_vcenter.soap_calls import Element, children, text
from simulated_vcenter.soap_faults import (
    SoapFault,
    invalid_property,
    no_permission,
    not_authenticated,
    object_not_found,
)
from simulated_vcenter.state import State

_READABLE = {
    "ServiceInstance": ("serverClock", "capability", "content"),
    "SessionManager": (
        "sessionList",
        "currentSession",
        "message",
        "messageLocaleList",
        "supportedLocaleList",
        "defaultLocale",
    ),
}


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads properties on behalf of one caller: a session, or nobody (None)."""

    state: State
    caller: Session | None

    def retrieve(self, spec_sets: Iterator[Element]) -> Iterator[str]:
        """Return the inside of one ObjectContent for each object that is asked for; raises SoapFault."""
        for spec in spec_sets:
            for wanted in children(spec, "objectSet"):
                target = next(children(wanted, "obj"), None)
                if target is not None:
                    type_name, value = target.get("type", ""), target.text or ""
                    yield self._object(type_name, value, list(self._names(spec, type_name)))

    def fetch(self, type_name: str, value: str, name: str) -> str:
        """Return the `returnval` of one property, "" if it has no value; raises SoapFault."""
        return self._value(type_name, value, name, "returnval")

    def _object(self, type_name: str, value: str, names: list[str]) -> str:
        found, missing = [], []
        for name in names:
            try:
                rendered = self._value(type_name, value, name, "val")
            except SoapFault as fault:
                if fault.name not in {"NotAuthenticated", "NoPermission"}:
                    raise
                missing.append((name, fault.in_missing_set()))
            else:
                found += [(name, rendered)] if rendered else []
        return xml.object_content(xml.reference("obj", type_name, value), found, missing)

    def _names(self, spec: Element, type_name: str) -> Iterator[str]:
        for wanted in children(spec, "propSet"):
            if text(wanted, "type") == type_name:
                if text(wanted, "all") in {"true", "1"}:
                    yield from _READABLE.get(type_name, ())
                yield from (path.text or "" for path in children(wanted, "pathSet"))

    def _value(self, type_name: str, value: str, name: str, tag: str) -> str:
        if (type_name, value) == ("ServiceInstance", "ServiceInstance"):
            return self._of_service_instance(name, tag)
        if not self.state.content.knows(type_name, value):
            raise object_not_found(type_name, value)
        if type_name != "SessionManager":
            raise not_authenticated(type_name, value) if self.caller is None else invalid_property(name)
        if name not in _READABLE["SessionManager"]:
            raise invalid_property(name)
        return self._of_session_manager(value, name, tag)

    def _of_service_instance(self, name: str, tag: str) -> str:
        match name:
            case "content":
                return xml.typed(tag, xml.service_content(self.state.content), "ServiceContent")
            case "serverClock":
                return xml.typed(tag, iso_time(self.state.clock.now()), "xsd:dateTime")
            case "capability":
                multi = "false" if self.state.esxi else "true"
                inner = f"<provisioningSupported>true</provisioningSupported><multiHostSupported>{multi}"
                return xml.typed(tag, f"{inner}</multiHostSupported>", "Capability")
            case _:
                raise invalid_property(name)

    def _of_session_manager(self, value: str, name: str, tag: str) -> str:
        # To nobody a vCenter leaves the properties out (govmomi#1149), ESXi says why (meho#3773).
        caller = self.caller
        if caller is None and not (self.state.esxi or self.state.half_dead):
            return ""
        if caller is None or caller.half_dead:
            raise not_authenticated("SessionManager", value)
        if name == "currentSession":
            return xml.typed(tag, self._user_session(caller), "UserSession")
        if name == "sessionList":
            if self.state.missing_permission:
                raise no_permission("SessionManager", value, "Sessions.TerminateSession")
            return xml.typed(tag, "".join(self._session_list()), "ArrayOfUserSession")
        if name == "defaultLocale":
            return xml.typed(tag, "en", "xsd:string")
        return "" if name == "message" else _strings(tag, ("en", "de"))

    def _session_list(self) -> Iterator[str]:
        for session in self.state.sessions.live():
            if session.kind != "rest":
                yield xml.typed("UserSession", self._user_session(session), "UserSession")

    def _user_session(self, session: Session) -> str:
        return xml.user_session(session, self.state.accounts.soap_name(session.user))


def _strings(tag: str, values: tuple[str, ...]) -> str:
    inner = "".join(xml.typed("string", escape(value), "xsd:string") for value in values)
    return xml.typed(tag, inner, "ArrayOfString")
