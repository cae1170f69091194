"""The environment of a program that this one starts: without passwords and what is ours alone, with the trust that it needs."""

from __future__ import annotations

import os
import sys

from vsphere_session.digest import sha256_hex
from vsphere_session.endpoint import NO_PASSWORD, Endpoint, parse_endpoint
from vsphere_session.errors import InvalidRequestError
from vsphere_session.http.sockets import ascii_host
from vsphere_session.http.thumbprint import normal_thumbprint
from vsphere_session.settings import fleet_fields, login_fields
from vsphere_session.settings.environment import FAMILIES
from vsphere_session.settings.pinned_certificates import bundle
from vsphere_session.storage.files import read_private, write_private
from vsphere_session.storage.paths import named_paths

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["NO_PASSWORD", "as_it_was", "without_passwords"]

_SECRET_VARIABLES = (
    *(family.password for family in FAMILIES),
    *(name for field, name in login_fields.VARIABLES.items() if field in login_fields.SECRETS),
)
_URL_VARIABLES = [name for family in FAMILIES for name in (family.url, family.second_url) if name]


def as_it_was(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment without what PyInstaller's bootloader has put into it for the single file itself."""
    found = {name: value for name, value in environ.items() if not name.startswith("_PYI_")}
    if hasattr(sys, "_MEIPASS"):
        original = found.pop("LD_LIBRARY_PATH_ORIG", None)
        found.pop("LD_LIBRARY_PATH", None)
        found |= {} if original is None else {"LD_LIBRARY_PATH": original}
    return found


def without_passwords(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment without tokens, a fleet's secrets, and the passwords of the three families, in their variables and their URLs."""
    of_fleet = set(fleet_fields.secret_variables(environ))
    kept = {name: value for name, value in environ.items() if name not in of_fleet.union(_SECRET_VARIABLES)}
    if of_fleet:
        kept[fleet_fields.URL] = "off"  # nobody could ask it without them; what is cached here serves
    for variable in _URL_VARIABLES:
        text = kept.get(variable, "")
        endpoint = _endpoint(text)
        if endpoint is not None and endpoint.password is not None:
            kept[variable] = endpoint.url
        elif endpoint is None and "@" in text:  # what cannot be read may hold a password, and is of no use to anybody
            del kept[variable]
    return kept


def trust_of(
    endpoint: Endpoint, ca_file: str, thumbprint: str, environ: Mapping[str, str], state: str
) -> dict[str, str]:
    """The variables with which govc and other programs in Go trust the endpoint as we do, wherever they run. Raises StorageError.

    A thumbprint is handed on in a file below `state`, beside the known hosts that the user has.
    """
    found = {}
    authorities = bundle(endpoint.place, ca_file, thumbprint, environ, state) if endpoint.scheme == "https" else ""
    if authorities:
        found["SSL_CERT_FILE"] = authorities
    if ca_file:
        found["GOVC_TLS_CA_CERTS"] = _absolute(ca_file)
    known = named_paths(environ.get("GOVC_TLS_KNOWN_HOSTS", ""), environ)
    if thumbprint and endpoint.scheme == "https":
        # the last line for a server counts
        known = os.pathsep.join(filter(None, (known, _known_hosts(endpoint, thumbprint, state))))
    if known:
        found["GOVC_TLS_KNOWN_HOSTS"] = _absolute(known)
    return found


def _known_hosts(endpoint: Endpoint, thumbprint: str, state: str) -> str:
    """A file with one line for this endpoint, as govmomi reads it; made anew where it says something else."""
    path = os.path.join(state, "known_hosts", sha256_hex(endpoint.place.encode()))
    port = "" if endpoint.authority.removesuffix(f":{endpoint.port}") != endpoint.authority else f":{endpoint.port}"
    line = f"{ascii_host(endpoint.authority)}{port} {normal_thumbprint(thumbprint)}\n".encode()
    if read_private(path) != line:
        write_private(path, line)
    return path


def _absolute(paths: str) -> str:
    return os.pathsep.join(os.path.abspath(path) if path else path for path in paths.split(os.pathsep))


def _endpoint(text: str) -> Endpoint | None:
    try:
        return parse_endpoint(text)
    except InvalidRequestError:
        return None
