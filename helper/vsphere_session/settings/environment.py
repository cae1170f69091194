"""The three families of environment variables, of govc, Terraform's provider and Ansible. On the fast path.

A family's user name, password and trust belong to the URL of that family: they are never used for another host.
A family that names no URL applies to any.
"""

from __future__ import annotations

from credential_protocol.jsontext import described, in_utf8
from vsphere_session.clock import TIMEOUT
from vsphere_session.endpoint import Endpoint, parse_endpoint, real_password
from vsphere_session.errors import InvalidRequestError, StorageError
from vsphere_session.storage.files import read_named
from vsphere_session.storage.paths import usable_path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from vsphere_session.storage.reading import Reader

_TEXTS = ("ca_file", "known_hosts", "soap_sessions", "rest_sessions")
MAX_SECRET_FILE_BYTES = 64 * 1024


class Family:
    """The variables of one tool. Each attribute is a variable's name, empty where the tool has none.

    second_url, second_username  other names for the same, which count where the first ones are not set
    port                         goes with a URL that has none itself
    soap_sessions, rest_sessions directories of cached sessions
    bare_addresses               whether an IPv6 address needs no brackets
    """

    __slots__ = (
        "bare_addresses",
        "ca_file",
        "insecure",
        "insecure_means_verify",
        "known_hosts",
        "password",
        "persist",
        "port",
        "rest_sessions",
        "second_url",
        "second_username",
        "secrets_in_files",
        "soap_sessions",
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
        second_url: str = "",
        second_username: str = "",
        port: str = "",
        soap_sessions: str = "",
        rest_sessions: str = "",
        bare_addresses: bool = False,
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
        self.second_url = second_url
        self.second_username = second_username
        self.port = port
        self.soap_sessions = soap_sessions
        self.rest_sessions = rest_sessions
        self.bare_addresses = bare_addresses


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
        soap_sessions="VSPHERE_VIM_SESSION_PATH",
        rest_sessions="VSPHERE_REST_SESSION_PATH",
    ),
    Family(
        url="VMWARE_HOST",
        username="VMWARE_USER",
        password="VMWARE_PASSWORD",  # noqa: S106  # a variable's name
        insecure="VMWARE_VALIDATE_CERTS",
        insecure_means_verify=True,
        second_url="VMWARE_SERVER",
        second_username="VMWARE_USERNAME",
        port="VMWARE_PORT",
        bare_addresses=True,
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
        self._from_files: set[str] = set()

    def endpoint(self) -> Endpoint | None:
        """The family's URL with its port, None where it has none. Raises InvalidRequestError with the variable's name."""
        variable = self.named("url")
        text = self._get(variable)
        if not text:
            return None
        found = endpoint_in(f"[{text}]" if self._family.bare_addresses and _is_bare_address(text) else text, variable)
        port = self._port()
        return found.with_port(port) if port else found

    def _port(self) -> int:
        """The port that goes with the URL, 0 where none is set."""
        text = self._get(self._family.port).strip(" ")
        if text and not (text.isascii() and text.isdigit() and len(text) <= 5 and 0 < int(text) < 65536):
            why = described(text) or "is not a number from 1 to 65535; write the port of the server"
            raise InvalidRequestError(f"{self._family.port} {why}")
        return int(text or "0")

    def url_has_password(self) -> bool:
        """Whether there is a password in a URL of the family, whatever host that names."""
        texts = (self._get(self._family.url), self._get(self._family.second_url))
        return any(":" in text.rpartition("@")[0].rpartition("://")[2] for text in texts)

    def applies_to(self, endpoint: Endpoint) -> bool:
        """Whether the family may be used for `endpoint`: it names the same server, or none."""
        try:
            own = self.endpoint()
        except InvalidRequestError:
            return False
        return own is None or (own.scheme, own.place) == (endpoint.scheme, endpoint.place)

    def username(self) -> str:
        """The user name; the variable wins over the URL, as in govc."""
        name = self._secret(self.named("username"))
        endpoint = None if name else self.endpoint()
        return name or (endpoint.username if endpoint is not None else "")

    def password(self) -> str | None:
        """The password, None where the family has none."""
        given = real_password(self._get(self._family.password))  # whatever file may have that name
        secret = real_password(self._secret(self._family.password)) if given else None
        if secret:
            return secret
        endpoint = self.endpoint()
        return endpoint.password if endpoint is not None else None

    def text(self, name: str) -> str:
        """A value, or one of the booleans `insecure` and `passthrough` as text; empty if not given.

        `ca_file`, `known_hosts`; `soap_sessions`, `rest_sessions`: directories, as Terraform's provider has them, not expanded.
        """
        if name == "insecure":
            return self._boolean(self._family.insecure, negate=self._family.insecure_means_verify)
        if name == "passthrough":
            return self._boolean(self._family.persist, negate=True)
        variable = getattr(self._family, name) if name in _TEXTS else ""
        return usable_path(self._get(variable), variable)

    def named(self, attribute: str) -> str:
        """The variable that is read for an attribute of the family: of two names the first one that is set."""
        first, second = getattr(self._family, attribute), getattr(self._family, f"second_{attribute}", "")
        return second if self._get(second) and not self._get(first) else first

    def origin(self, attribute: str) -> str:
        """Where `username` or `password` comes from, for a message: a variable, a file that it names, or the URL's variable."""
        variable = self.named(attribute)
        if not self._get(variable):
            return self.named("url")
        return f"the file that {variable} names" if variable in self._from_files else variable

    def is_set(self, attribute: str) -> bool:
        """Whether the variable of an attribute says anything."""
        return bool(self._get(self.named(attribute)))

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
            text = in_utf8(read(value, MAX_SECRET_FILE_BYTES, what, self._seconds)).decode().strip()
        except PermissionError:
            raise StorageError(
                f"the file that {variable} names cannot be read: permission denied; check its owner and mode"
            ) from None
        except UnicodeDecodeError:
            raise InvalidRequestError(f"the file that {variable} names is not UTF-8 text; correct it") from None
        except (OSError, ValueError):
            return value
        self._from_files.add(variable)
        return text


def _is_bare_address(text: str) -> bool:
    """Whether this is an IPv6 address without brackets, which pyVmomi takes for one, whatever stands at its end."""
    return text.count(":") > 1 and all(c in "0123456789abcdefABCDEF:." for c in text)


def sources(environ: Mapping[str, str], reader: Reader, seconds: float = TIMEOUT) -> list[FamilySource]:
    """The families in their order of precedence. A file that one of them names may be a pipe, for so many seconds."""
    return [FamilySource(family, environ, seconds, reader) for family in FAMILIES]


def endpoint_in(text: str, what: str) -> Endpoint:
    """The endpoint that `text` names, which is `what`. Raises InvalidRequestError that says so, and why it is none."""
    try:
        return parse_endpoint(text)
    except InvalidRequestError as error:
        from credential_protocol.characters import flaw  # noqa: PLC0415  # only a mistake pays for it

        found = flaw(text.strip(" "), spaces="@" not in text)
        raise InvalidRequestError(f"{what} {found}" if found else f"{what}: {error.message}") from None


def boolean(text: str, name: str) -> bool:
    """`text` as a boolean, in every spelling of the three tools. Raises InvalidRequestError with `name`."""
    word = text.strip().lower()
    if word in ("true", "1", "yes", "on", "y", "t"):
        return True
    if word in ("false", "0", "no", "off", "n", "f"):
        return False
    raise InvalidRequestError(f"{name} {described(text) or 'is neither true nor false; write true or false'}")
