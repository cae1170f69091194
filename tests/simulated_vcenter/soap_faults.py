"""The faults of the SOAP API: as an exception while working, as XML on the wire."""

from __future__ import annotations

from xml.sax.saxutils import escape

from simulated_vcenter import soap_templates as xml
from simulated_vcenter.messages import Response, xml_response


class SoapFault(Exception):  # noqa: N818  the protocol's own name for it
    """A fault that ends the call, or stands in place of one property."""

    def __init__(self, name: str, message: str, details: str = "") -> None:
        super().__init__(f"{name}: {message}")
        self.name, self.message, self.details = name, message, details

    def response(self) -> Response:
        """Return the answer to the whole call: status 500, as SOAP 1.1 over HTTP demands."""
        return xml_response(500, xml.fault(self.name, self.message, self.details))

    def in_missing_set(self) -> str:
        """Return the same fault as the inside of a LocalizedMethodFault."""
        message = f"<localizedMessage>{escape(self.message)}</localizedMessage>"
        return xml.typed("fault", self.details, self.name) + message


def invalid_login() -> SoapFault:
    """Say that the credentials are wrong."""
    return SoapFault("InvalidLogin", "Cannot complete login due to an incorrect user name or password.")


def invalid_locale() -> SoapFault:
    """Say that there is no such locale."""
    return SoapFault("InvalidLocale", "The locale name is invalid or unknown to the server.")


def no_client_certificate() -> SoapFault:
    """Say that the client showed no certificate, or could not: TLS ended before this server."""
    return SoapFault("NoClientCertificate", "No client certificate was presented.")


def invalid_name(name: str) -> SoapFault:
    """Say that nothing has this name."""
    return SoapFault("InvalidName", f"The name '{name}' is invalid.", f"<name>{escape(name)}</name>")


def version_mismatch(action: str) -> SoapFault:
    """Say that the server does not know the version in the SOAPAction."""
    return SoapFault("VersionMismatchFaultCode", f'Unsupported version URI "{action}"')


def not_authenticated(type_name: str, value: str) -> SoapFault:
    """Say that the caller has no session."""
    details = xml.reference("object", type_name, value) + "<privilegeId>System.View</privilegeId>"
    return SoapFault("NotAuthenticated", "The session is not authenticated.", details)


def no_permission(type_name: str, value: str, privilege: str) -> SoapFault:
    """Say that the caller's account lacks a privilege."""
    details = xml.reference("object", type_name, value) + f"<privilegeId>{privilege}</privilegeId>"
    return SoapFault("NoPermission", "Permission to perform this operation was denied.", details)


def invalid_property(name: str) -> SoapFault:
    """There is no such property."""
    return SoapFault("InvalidProperty", "", f"<name>{escape(name)}</name>")


def object_not_found(type_name: str, value: str) -> SoapFault:
    """There is no such managed object."""
    message = "The object has already been deleted or has not been completely created"
    return SoapFault("ManagedObjectNotFound", message, xml.reference("obj", type_name, value))


def invalid_argument(name: str) -> SoapFault:
    """Say that an argument can not be taken."""
    details = f"<invalidProperty>{escape(name)}</invalidProperty>"
    return SoapFault("InvalidArgument", f"A specified parameter was not correct: {name}", details)


def not_found() -> SoapFault:
    """Say that what was named does not exist."""
    return SoapFault("NotFound", "The object or item referred to could not be found.")


def invalid_request(message: str) -> SoapFault:
    """Say that the request makes no sense to the server."""
    return SoapFault("InvalidRequest", message)
