"""The XML that the SOAP half answers with, one small function per shape."""

from __future__ import annotations

from collections.abc import Iterable
from xml.sax.saxutils import escape

from simulated_vcenter.clock import iso_time
from simulated_vcenter.service_content import ServiceContent
from simulated_vcenter.sessions import Session

API_VERSIONS = ("8.0.2.0", "8.0.1.0", "8.0.0.0", "7.0.3.0", "6.7", "6.5")
_ENVELOPE = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<soapenv:Envelope xmlns:soapenc="http://schemas.xmlsoap.org/soap/encoding/"'
    ' xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"'
    ' xmlns:xsd="http://www.w3.org/2001/XMLSchema"'
    ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">\n'
    "<soapenv:Body>\n{body}\n</soapenv:Body>\n</soapenv:Envelope>"
)


def answer(operation: str, result: str = "") -> str:
    """Return the answer to an operation, with its finished `returnval` elements."""
    return _ENVELOPE.format(body=f'<{operation}Response xmlns="urn:vim25">{result}</{operation}Response>')


def fault(name: str, message: str, details: str = "") -> str:
    """Return a SOAP fault; the details are the finished elements of the fault's own properties."""
    detail = f'<{name}Fault xmlns="urn:vim25" xsi:type="{name}">{details}</{name}Fault>'
    return _ENVELOPE.format(
        body="<soapenv:Fault><faultcode>ServerFaultCode</faultcode>"
        f"<faultstring>{escape(message)}</faultstring><detail>{detail}</detail></soapenv:Fault>"
    )


def returnval(inner: str, xsi_type: str = "") -> str:
    """Return a `returnval`, typed where the schema leaves the type open."""
    return typed("returnval", inner, xsi_type)


def typed(tag: str, inner: str, xsi_type: str = "") -> str:
    """Return an element around finished XML."""
    attribute = f' xsi:type="{xsi_type}"' if xsi_type else ""
    return f"<{tag}{attribute}>{inner}</{tag}>"


def reference(tag: str, type_name: str, value: str) -> str:
    """Return a reference to a managed object."""
    return f'<{tag} type="{escape(type_name)}">{escape(value)}</{tag}>'


def service_content(content: ServiceContent) -> str:
    """Return the properties of a ServiceContent, `about` after `viewManager` as the schema orders them."""
    about = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in content.about.items())
    parts = []
    for name, type_name, value in content.objects:
        parts.append(reference(name, type_name, value))
        if name == "viewManager":
            parts.append(f"<about>{about}</about>")
    return "".join(parts)


def user_session(session: Session, soap_name: str) -> str:
    """Return the properties of a UserSession."""
    domain, _, user = soap_name.rpartition("\\")
    full_name = f"{user} {domain.lower()}" if domain else user
    return (
        f"<key>{session.key}</key><userName>{escape(soap_name)}</userName>"
        f"<fullName>{escape(full_name)}</fullName>"
        f"<loginTime>{iso_time(session.created)}</loginTime>"
        f"<lastActiveTime>{iso_time(session.last_active)}</lastActiveTime>"
        f"<locale>{session.locale}</locale><messageLocale>{session.locale}</messageLocale>"
        f"<extensionSession>{'true' if session.extension else 'false'}</extensionSession>"
        f"<ipAddress>{escape(session.ip_address)}</ipAddress>"
        f"<userAgent>{escape(session.user_agent)}</userAgent><callCount>{session.call_count}</callCount>"
    )


def option_value(key: str, value: str) -> str:
    """Return an OptionValue that holds a string."""
    text = typed("value", escape(value), "xsd:string")
    return typed("returnval", f"<key>{escape(key)}</key>{text}", "OptionValue")


def object_content(target: str, found: Iterable[tuple[str, str]], missing: Iterable[tuple[str, str]]) -> str:
    """Return the inside of an ObjectContent: the object, its properties, faults in place of the others."""
    sets = [f"<propSet><name>{escape(name)}</name>{value}</propSet>" for name, value in found]
    sets += [f"<missingSet><path>{escape(name)}</path><fault>{reason}</fault></missingSet>" for name, reason in missing]
    return target + "".join(sets)


def service_versions(newest: str) -> str:
    """Return the document that tells which API versions the server speaks, newest first."""
    prior = "".join(f"<version>{version}</version>" for version in API_VERSIONS if version < newest)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<namespaces version="1.0"><namespace><name>urn:vim25</name>'
        f"<version>{newest}</version><priorVersions>{prior}</priorVersions></namespace></namespaces>"
    )


WSDL = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<definitions targetNamespace="urn:vim25Service" xmlns="http://schemas.xmlsoap.org/wsdl/"'
    ' xmlns:interface="urn:vim25"><import location="vim.wsdl" namespace="urn:vim25"/></definitions>'
)
