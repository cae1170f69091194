"""ServiceContent in the order and shape of Go's JSON: managed object references as `{"type","value"}`.

Source: the vSphere Web Services API, ServiceContent and AboutInfo; the order is that of their WSDL, which is
govmomi's too.

On the fast path.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

_MANAGERS_BEFORE_ABOUT = "rootFolder propertyCollector viewManager"
_MANAGERS_AFTER_ABOUT = (
    "setting userDirectory sessionManager authorizationManager serviceManager perfManager scheduledTaskManager alarmManager "
    "eventManager taskManager extensionManager customizationSpecManager guestCustomizationManager customFieldsManager "
    "accountManager diagnosticManager licenseManager searchIndex fileManager datastoreNamespaceManager virtualDiskManager "
    "virtualizationManager snmpSystem vmProvisioningChecker vmCompatibilityChecker ovfManager ipPoolManager dvSwitchManager "
    "hostProfileManager clusterProfileManager complianceManager localizationManager storageResourceManager "
    "guestOperationsManager overheadMemoryManager certificateManager ioFilterManager vStorageObjectManager hostSpecManager "
    "cryptoManager healthUpdateManager failoverClusterConfigurator failoverClusterManager tenantManager siteInfoManager "
    "storageQueryManager directPathProfileManager"
)
MANAGERS = (*_MANAGERS_BEFORE_ABOUT.split(), *_MANAGERS_AFTER_ABOUT.split())
_MAX_VALUE_CHARACTERS = 1000
_ALWAYS = ("rootFolder", "propertyCollector")

ABOUT_ALWAYS = ("name", "fullName", "vendor", "version", "build", "osType", "productLineId", "apiType", "apiVersion")
ABOUT = [
    "name",
    "fullName",
    "vendor",
    "version",
    "patchLevel",
    "build",
    "localeVersion",
    "localeBuild",
    "osType",
    "productLineId",
    "apiType",
    "apiVersion",
    "instanceUuid",
    "licenseProductName",
    "licenseProductVersion",
]


def in_go_order(content: Mapping[str, object]) -> dict[str, object]:
    """`content` with its members in the order in which Go writes them, and those that Go writes even when empty."""
    ordered: dict[str, object] = {}
    for name in (*_MANAGERS_BEFORE_ABOUT.split(), "about", *_MANAGERS_AFTER_ABOUT.split()):
        if name == "about":
            ordered[name] = _about(content.get("about"))
        elif name in content:
            ordered[name] = content[name]
        elif name in _ALWAYS:
            ordered[name] = {"type": "", "value": ""}
    return ordered


def _about(about: object) -> dict[str, object]:
    given = about if isinstance(about, dict) else {}
    return {name: given.get(name, "") for name in ABOUT if given.get(name) or name in ABOUT_ALWAYS}


def about_value(content: Mapping[str, object] | None, name: str) -> str:
    """One string of the server's AboutInfo (`apiVersion`, `apiType`, `instanceUuid`), cleaned; empty where it has none."""
    about = (content or {}).get("about")
    value = about.get(name) if isinstance(about, dict) else None
    if not isinstance(value, str) or len(value) > _MAX_VALUE_CHARACTERS:
        return ""
    if not value.isprintable():
        from vsphere_session.vsphere.identity import cleaned  # noqa: PLC0415  # files have a server's text as it comes

        return cleaned(value)
    return value
