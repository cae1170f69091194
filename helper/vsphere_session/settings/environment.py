"""The three families of environment variables, of govc, Terraform's provider and Ansible. On the fast path.

A family's user name, password and trust belong to the URL of that family: they are never used for another host.
A family that names no URL applies to any.
"""

from __future__ import annotations

from credential_protocol.jsontext import in_utf8
from vsphere_session.clock import TIMEOUT
from vsphere_session.endpoint import Endpoint, parse_endpoint
from vsphere_session.errors import InvalidRequestError, StorageError
from vsphere_session.storage.files import read_named

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from vsphere_session.storage.reading import Reader

MAX_SECRET_FILE_BYTES = 64 * 1024


class Family:
    """The variables of one tool. Each attribute is a variable's name, empty where the tool has none."""

    __slots__ = (
        "ca_file",
        "insecure",
        "insecure_means_verify",
        "known_hosts",
        "name",
        "password",
        "persist",
        "secrets_in_files",
        "url",
        "username",
    )

    def __init__(
        self,
        *,
        url: str,
        username: str,
        password: str,
        insecure: str,
        insecure_means_verify: bool = False,
        secrets_in_files: bool = False,
        ca_file: str = "",
        known_hosts: str = "",
        persist: str = "",
    ) -> None:
        self.url = url
        self.username = username
        self.password = password
        self.insecure = insecure
        self.insecure_means_verify = insecure_means_verify
        self.secrets_in_files = secrets_in_files
        self.ca_file = ca_file
        self.known_hosts = known_hosts
        self.persist = persist


FAMILIES = (
    Family(
        url="GOVC_URL",
        username="GOVC_USERNAME",
        password="GOVC_PASSWORD",  # noqa: S106  # a variable's name
        insecure="GOVC_INSECURE",
        secrets_in_files=True,
        ca_file="GOVC_TLS_CA_CERTS",
        known_hosts="GOVC_TLS_KNOWN_HOSTS",
        persist="GOVC_PERSIST_SESSION",
    ),
    Family(
        url="VSPHERE_SERVER",
        username="VSPHERE_USER",
        password="VSPHERE_PASSWORD",  # noqa: S106  # a variable's name
        insecure="VSPHERE_ALLOW_UNVERIFIED_SSL",
    ),
    Family(
        url="VMWARE_HOST",
        username="VMWARE_USER",
        password="VMWARE_PASSWORD",  # noqa: S106  # a variable's name
        insecure="VMWARE_VALIDATE_CERTS",
        insecure_means_verify=True,
    ),
)


class FamilySource:
    """What one family says, read from `environ`."""

    def __init__(self, family: Family, environ: Mapping[str, str], seconds: float, reader: Reader) -> None:
        self._family = family
        self._environ = environ
        self._seconds = seconds
        self._reader = reader
        self._secrets: dict[str, str] = {}

    def endpoint(self) -> Endpoint | None:
        """The family's URL, None where it has none. Raises InvalidRequestError with the variable's name."""
        text = self._get(self._family.url)
        if not text:
            return None
        try:
            return parse_endpoint(text)
        except InvalidRequestError as error:
            raise InvalidRequestError(f"{self._family.url}: {error.message}") from None

    def url_has_password(self) -> bool:
        """Whether there is a password in the family's URL, whatever host that names."""
        return ":" in (self._get(self._family.url).rpartition("@")[0].rpartition("://")[2])

    def applies_to(self, endpoint: Endpoint) -> bool:
        """Whether the family may be used for `endpoint`: it names the same server, or none."""
        try:
            own = self.endpoint()
        except InvalidRequestError:
            return False
        return own is None or (own.scheme, own.place) == (endpoint.scheme, endpoint.place)

    def username(self) -> str:
        """The user name; the variable wins over the URL, as in govc."""
        name = self._secret(self._family.username)
        endpoint = None if name else self.endpoint()
        return name or (endpoint.username if endpoint is not None else "")

    def password(self) -> str | None:
        """The password, None where the family has none."""
        secret = self._secret(self._family.password)
        if secret:
            return secret
        endpoint = self.endpoint()
        return endpoint.password if endpoint is not None else None

    def text(self, name: str) -> str:
        """`ca_file`, `known_hosts`, or one of the booleans `insecure` and `passthrough` as text; empty if not given."""
        if name == "insecure":
            return self._boolean(self._family.insecure, negate=self._family.insecure_means_verify)
        if name == "passthrough":
            return self._boolean(self._family.persist, negate=True)
        variable = {"ca_file": self._family.ca_file, "known_hosts": self._family.known_hosts}.get(name, "")
        return self._get(variable)

    def _get(self, variable: str) -> str:
        return self._environ.get(variable, "") if variable else ""

    def _boolean(self, variable: str, *, negate: bool) -> str:
        text = self._get(variable)
        return "" if not text else str(boolean(text, variable) != negate).lower()

    def _secret(self, variable: str) -> str:
        """As `_value_or_file`, read once: the file may be a pipe (`GOVC_PASSWORD=<(pass show vcenter)`)."""
        if variable not in self._secrets:
            self._secrets[variable] = self._value_or_file(variable)
        return self._secrets[variable]

    def _value_or_file(self, variable: str) -> str:
        """The variable's value, or in govc's family what is in the file of that name (govmomi#1352)."""
        value = self._get(variable)
        if not value or not self._family.secrets_in_files:
            return value
        # no cached session depends on a password
        read = read_named if variable == self._family.password else self._reader.named
        try:
            what = f"the file that {variable} names"
            return in_utf8(read(value, MAX_SECRET_FILE_BYTES, what, self._seconds)).decode().strip()
        except PermissionError:
            raise StorageError(
                f"the file that {variable} names cannot be read: permission denied; check its owner and mode"
            ) from None
        except UnicodeDecodeError:
            raise InvalidRequestError(f"the file that {variable} names is not UTF-8 text; correct it") from None
        except (OSError, ValueError):
            return value


def sources(environ: Mapping[str, str], reader: Reader, seconds: float = TIMEOUT) -> list[FamilySource]:
    """The families in their order of precedence. A file that one of them names may be a pipe, for so many seconds."""
    return [FamilySource(family, environ, seconds, reader) for family in FAMILIES]


def boolean(text: str, name: str) -> bool:
    """`text` as a boolean, in every spelling of the three tools. Raises InvalidRequestError with `name`."""
    word = text.strip().lower()
    if word in ("true", "1", "yes", "on", "y", "t"):
        return True
    if word in ("false", "0", "no", "off", "n", "f"):
        return False
    raise InvalidRequestError(f"{name} is neither true nor false; write true or false")
