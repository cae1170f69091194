"""Variables that are set and not read: which name was meant. Looked at only where something is missing, never for a value.

Sources: docs/vsphere.md's tools and their variables; what other programs and images call the same.
"""

from __future__ import annotations

from difflib import get_close_matches

from vsphere_session.settings import fleet_fields
from vsphere_session.settings.environment import FAMILIES
from vsphere_session.settings.login_fields import VARIABLES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_LINES = 3
_FILE = "the path of a file goes into GOVC_PASSWORD itself"
_TOKEN = VARIABLES["token"]
_API_TOKEN = VARIABLES["api_token"]
_FLEET = fleet_fields.VARIABLES
_CREDENTIALS = "this program has a secret store of its own: vsphere-session store"
MEANT = {
    "url": {
        "GOVC_SERVER": "GOVC_URL",
        "GOVC_HOST": "GOVC_URL",
        "GOVC_HOSTNAME": "GOVC_URL",
        "GOVMOMI_URL": "GOVC_URL",
        "VSPHERE_HOST": "VSPHERE_SERVER",
        "VSPHERE_URL": "VSPHERE_SERVER",
        "VSPHERE_VCENTER": "VSPHERE_SERVER",
        "VSPHERE_VCENTER_SERVER": "VSPHERE_SERVER",
        "VSPHERE_VCENTER_HOST": "VSPHERE_SERVER",
        "VCENTER_SERVER": "VSPHERE_SERVER",
        "VCENTER_HOST": "VSPHERE_SERVER",
        "VCENTER_URL": "VSPHERE_SERVER",
        "VI_SERVER": "VSPHERE_SERVER",
        "VI_URL": "GOVC_URL",
        "VMWARE_HOSTNAME": "VMWARE_HOST",
        "VMWARE_URL": "VMWARE_HOST",
    },
    "username": {
        "GOVC_USER": "GOVC_USERNAME",
        "GOVMOMI_USERNAME": "GOVC_USERNAME",
        "VSPHERE_USERNAME": "VSPHERE_USER",
        "VSPHERE_VCENTER_USER": "VSPHERE_USER",
        "VCENTER_USER": "VSPHERE_USER",
        "VCENTER_USERNAME": "VSPHERE_USER",
        "VI_USERNAME": "VSPHERE_USER",
    },
    "password": {
        "GOVC_PASS": "GOVC_PASSWORD",
        "GOVC_PASSWD": "GOVC_PASSWORD",
        "GOVC_PASSWORD_FILE": _FILE,
        "GOVMOMI_PASSWORD": "GOVC_PASSWORD",
        "VSPHERE_PASS": "VSPHERE_PASSWORD",
        "VSPHERE_PASSWD": "VSPHERE_PASSWORD",
        "VSPHERE_PASSWORD_FILE": _FILE,
        "VSPHERE_VCENTER_PASSWORD": "VSPHERE_PASSWORD",
        "VCENTER_PASSWORD": "VSPHERE_PASSWORD",
        "VI_PASSWORD": "VSPHERE_PASSWORD",
        "VMWARE_PASS": "VMWARE_PASSWORD",
        "VMWARE_PASSWORD_FILE": _FILE,
    },
    "method": {
        "GOVC_CERT": VARIABLES["certificate"],
        "GOVC_CERTIFICATE_FILE": VARIABLES["certificate"],
        "GOVC_KEY": VARIABLES["private_key"],
        "GOVC_PRIVATE_KEY_FILE": VARIABLES["private_key"],
        "GOVC_TOKEN": _TOKEN,
        "GOVC_LOGIN_TOKEN": _TOKEN,
        "GOVC_SAML_TOKEN": _TOKEN,
        "SSO_LOGIN_TOKEN": _TOKEN,
        "VSPHERE_TOKEN": _TOKEN,
        "VSPHERE_SAML_TOKEN": _TOKEN,
        "VSPHERE_SESSION_TOKEN_FILE": "a file with a token is named by token_file, in the request or the configuration",
        "VSPHERE_API_TOKEN": _API_TOKEN,
        "VCF_API_TOKEN": _API_TOKEN,
        "VI_PASSTHROUGHAUTH": "no way to log in of this program is by Kerberos or SSPI",
        "VI_CREDSTORE": _CREDENTIALS,
        "VSPHERE_SECRET_NAME": _CREDENTIALS,
        "VSPHERE_SECRETS_DIRECTORY": _CREDENTIALS,
        "VI_SESSIONFILE": 'a session from elsewhere is stored with "soap_session_id"',
    },
    "insecure": {
        "GOVMOMI_INSECURE": "GOVC_INSECURE",
        "VSPHERE_INSECURE": "VSPHERE_ALLOW_UNVERIFIED_SSL",
        "VSPHERE_INSECURE_CONNECTION": "VSPHERE_ALLOW_UNVERIFIED_SSL",
        "VSPHERE_IGNORE_SSL": "VSPHERE_ALLOW_UNVERIFIED_SSL",
        "VSPHERE_VALIDATE_CERTS": "VMWARE_VALIDATE_CERTS",
        "VMWARE_INSECURE": "VMWARE_VALIDATE_CERTS=false",
    },
    "ca_file": {
        "GOVC_CA_CERTS": "GOVC_TLS_CA_CERTS",
        "GOVC_CAFILE": "GOVC_TLS_CA_CERTS",
        "VSPHERE_CAFILE": "GOVC_TLS_CA_CERTS",
        "VSPHERE_CA_FILE": "GOVC_TLS_CA_CERTS",
    },
    "known_hosts": {
        "GOVC_THUMBPRINT": 'the field "thumbprint", or a file in GOVC_TLS_KNOWN_HOSTS',
        "VSPHERE_THUMBPRINT": 'the field "thumbprint", or a file in GOVC_TLS_KNOWN_HOSTS',
        "VSPHERE_TLS_THUMBPRINT": 'the field "thumbprint", or a file in GOVC_TLS_KNOWN_HOSTS',
    },
    "fleet": {
        "VSPHERE_FLEET": _FLEET["url"],
        "VSPHERE_FLEET_URL": _FLEET["url"],
        "VSPHERE_SESSION_FLEET_URL": _FLEET["url"],
        "VSPHERE_FLEET_KEY": _FLEET["key"],
        "VSPHERE_FLEET_KEY_FILE": _FLEET["key_file"],
        "VSPHERE_FLEET_NAMESPACE": _FLEET["namespace"],
        "VSPHERE_SESSION_FLEET_KEY_COMMAND": "a command that prints the key is named by key_command under [fleet]",
    },
}
"""For each thing that may be missing: variables of other tools, and what is read in their place or why nothing is."""
_READ = {name for family in FAMILIES for each in family.__slots__ if isinstance(name := getattr(family, each), str)}
_READ.update(VARIABLES.values(), _FLEET.values())
WANTED = {"fleet": tuple(_FLEET.values())}
"""Names that are read and belong to no family."""
_OWN_BEGINNINGS = ("GOVC_", "VSPHERE_", "VMWARE_", "GOVMOMI_")
_WORDS = {"url": ("server", "host", "url", "endpoint"), "username": ("user",), "password": ("password", "passwd")}
"""How the inputs of Packer and Terraform are called that hold the same (`PKR_VAR_vsphere_user`)."""


def hint(environ: Mapping[str, str], *missing: str) -> str:
    """What to say behind a message about what is `missing`; empty where no variable comes near it."""
    told: dict[str, list[str]] = {}
    for thing in missing:
        for name, said in _lines(environ, thing):
            if name not in told.setdefault(said, []):
                told[said].append(name)
    lines = [
        f"; {' and '.join(names)} {'is' if len(names) == 1 else 'are'} set and not read: {said}"
        for said, names in told.items()
    ]
    return "".join(lines[:_LINES])


def _lines(environ: Mapping[str, str], thing: str) -> Iterator[tuple[str, str]]:
    """The variables that come near one thing, and what is to be said of each."""
    table = MEANT[thing]
    wanted = sorted({*WANTED.get(thing, ()), *(str(getattr(family, thing, "")) for family in FAMILIES)} - {""})
    for name in sorted(name for name, value in environ.items() if value and name not in _READ):
        meant = table.get(name, "")
        if meant:
            yield name, meant if " " in meant else f"the name that is read is {meant}"
        elif name.startswith(("PKR_VAR_", "TF_VAR_")) and any(word in name.lower() for word in _WORDS.get(thing, ())):
            tool = "Packer" if name.startswith("PKR") else "Terraform"
            yield _shown(name), f"it is an input of {tool}'s own; write {wanted[0]}"
        elif thing != "method" and (near := _near(name, wanted)):
            yield _shown(name), f"the name that is read is {near}"


def _near(name: str, wanted: list[str]) -> str:
    """The one of ours that was meant: in other letters, with a mark in front of it, or with a slip in it."""
    bare = name.strip("\ufeff \t\r").upper()
    if bare in wanted:
        return bare
    if not bare.startswith(_OWN_BEGINNINGS) or bare in _READ or any(bare in table for table in MEANT.values()):
        return ""
    return next(iter(get_close_matches(bare, wanted, n=1, cutoff=0.85)), "")


def _shown(name: str) -> str:
    return "".join(c if c.isprintable() else f"<U+{ord(c):04X}>" for c in name)[:80]
