"""What a vCenter 8 and an ESXi 8 host say of themselves: their ServiceContent, as data."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

# Both tables: property, type of the managed object, its id. In the order of the API's own definition,
# because clients that read a sequence expect it.
_VCENTER = """
rootFolder                  Folder                              group-d1
propertyCollector           PropertyCollector                   propertyCollector
viewManager                 ViewManager                         ViewManager
setting                     OptionManager                       VpxSettings
userDirectory               UserDirectory                       UserDirectory
sessionManager              SessionManager                      SessionManager
authorizationManager        AuthorizationManager                AuthorizationManager
serviceManager              ServiceManager                      ServiceMgr
perfManager                 PerformanceManager                  PerfMgr
scheduledTaskManager        ScheduledTaskManager                ScheduledTaskManager
alarmManager                AlarmManager                        AlarmManager
eventManager                EventManager                        EventManager
taskManager                 TaskManager                         TaskManager
extensionManager            ExtensionManager                    ExtensionManager
customizationSpecManager    CustomizationSpecManager            CustomizationSpecManager
guestCustomizationManager   VirtualMachineGuestCustomizationManager  GuestCustomizationManager
customFieldsManager         CustomFieldsManager                 CustomFieldsManager
diagnosticManager           DiagnosticManager                   DiagMgr
licenseManager              LicenseManager                      LicenseManager
searchIndex                 SearchIndex                         SearchIndex
fileManager                 FileManager                         FileManager
datastoreNamespaceManager   DatastoreNamespaceManager           DatastoreNamespaceManager
virtualDiskManager          VirtualDiskManager                  virtualDiskManager
snmpSystem                  HostSnmpSystem                      SnmpSystem
vmProvisioningChecker       VirtualMachineProvisioningChecker   ProvChecker
vmCompatibilityChecker      VirtualMachineCompatibilityChecker  CompatChecker
ovfManager                  OvfManager                          OvfManager
ipPoolManager               IpPoolManager                       IpPoolManager
dvSwitchManager             DistributedVirtualSwitchManager     DVSManager
hostProfileManager          HostProfileManager                  HostProfileManager
clusterProfileManager       ClusterProfileManager               ClusterProfileManager
complianceManager           ProfileComplianceManager            MoComplianceManager
localizationManager         LocalizationManager                 LocalizationManager
storageResourceManager      StorageResourceManager              StorageResourceManager
guestOperationsManager      GuestOperationsManager              guestOperationsManager
overheadMemoryManager       OverheadMemoryManager               OverheadMemoryManager
certificateManager          CertificateManager                  certificateManager
ioFilterManager             IoFilterManager                     IoFilterManager
vStorageObjectManager       VcenterVStorageObjectManager        VStorageObjectManager
hostSpecManager             HostSpecificationManager            HostSpecificationManager
cryptoManager               CryptoManagerKmip                   CryptoManager
healthUpdateManager         HealthUpdateManager                 HealthUpdateManager
failoverClusterConfigurator FailoverClusterConfigurator         FailoverClusterConfigurator
failoverClusterManager      FailoverClusterManager              FailoverClusterManager
tenantManager               TenantTenantManager                 TenantManager
siteInfoManager             SiteInfoManager                     SiteInfoManager
storageQueryManager         StorageQueryManager                 StorageQueryManager
"""
_ESXI = """
rootFolder                  Folder                              ha-folder-root
propertyCollector           PropertyCollector                   ha-property-collector
viewManager                 ViewManager                         ViewManager
setting                     OptionManager                       HostAgentSettings
userDirectory               UserDirectory                       ha-user-directory
sessionManager              SessionManager                      ha-sessionmgr
authorizationManager        AuthorizationManager                ha-authmgr
serviceManager              ServiceManager                      ha-servicemanager
perfManager                 PerformanceManager                  ha-perfmgr
eventManager                EventManager                        ha-eventmgr
taskManager                 TaskManager                         ha-taskmgr
accountManager              HostLocalAccountManager             ha-localacctmgr
diagnosticManager           DiagnosticManager                   ha-diagnosticmgr
licenseManager              LicenseManager                      ha-license-manager
searchIndex                 SearchIndex                         ha-searchindex
fileManager                 FileManager                         ha-nfc-file-manager
datastoreNamespaceManager   DatastoreNamespaceManager           ha-datastore-namespace-manager
virtualDiskManager          VirtualDiskManager                  ha-vdiskmanager
ovfManager                  OvfManager                          ha-ovf-manager
dvSwitchManager             DistributedVirtualSwitchManager     ha-dvsmanager
localizationManager         LocalizationManager                 ha-l10n-manager
storageResourceManager      StorageResourceManager              ha-storage-resource-manager
guestOperationsManager      GuestOperationsManager              ha-guest-operations-manager
vStorageObjectManager       HostVStorageObjectManager           ha-vstorage-object-manager
cryptoManager               CryptoManagerHost                   ha-crypto-manager
"""
_VERSIONS = {"8.0.2.0": ("8.0.2", "22385739"), "8.0.3.0": ("8.0.3", "24022515")}
_ESXI_BUILD = "22380479"


@dataclass(frozen=True, slots=True)
class ServiceContent:
    """One kind of server: its about properties in order, and its managed objects."""

    about: dict[str, str]
    objects: tuple[tuple[str, str, str], ...]  # property, type, id

    @property
    def api_version(self) -> str:
        """The newest API version that it speaks."""
        return self.about["apiVersion"]

    def object_id(self, name: str) -> str:
        """Return the id of the managed object in this property."""
        return next(value for key, _, value in self.objects if key == name)

    def knows(self, type_name: str, value: str) -> bool:
        """Whether there is such an object."""
        return any((type_name, value) == known[1:] for known in self.objects)


def vcenter(api_version: str, instance_uuid: str) -> ServiceContent:
    """Return a vCenter of this API version (one of 8.0.2.0 and 8.0.3.0)."""
    version, build = _VERSIONS[api_version]
    about = _about("VMware vCenter Server", version, build, "linux-x64", "vpx")
    about |= {"apiType": "VirtualCenter", "apiVersion": api_version, "instanceUuid": instance_uuid}
    about |= {"licenseProductName": "VMware VirtualCenter Server", "licenseProductVersion": "8.0"}
    return ServiceContent(about, tuple(_rows(_VCENTER)))


def esxi() -> ServiceContent:
    """Return an ESXi host; it has no instance UUID."""
    about = _about("VMware ESXi", "8.0.2", _ESXI_BUILD, "vmnix-x86", "embeddedEsx")
    about |= {"apiType": "HostAgent", "apiVersion": "8.0.2.0"}
    about |= {"licenseProductName": "VMware ESX Server", "licenseProductVersion": "8.0"}
    return ServiceContent(about, tuple(_rows(_ESXI)))


def _about(name: str, version: str, build: str, os_type: str, product_line: str) -> dict[str, str]:
    return {
        "name": name,
        "fullName": f"{name} {version} build-{build}",
        "vendor": "VMware, Inc.",
        "version": version,
        "build": build,
        "localeVersion": "INTL",
        "localeBuild": "000",
        "osType": os_type,
        "productLineId": product_line,
    }


def _rows(table: str) -> Iterator[tuple[str, str, str]]:
    for line in table.strip().splitlines():
        name, type_name, value = line.split()
        yield name, type_name, value
