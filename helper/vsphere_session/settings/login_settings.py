"""Which way to log in is meant, by what a request, the environment and the configuration say of ways to log in.

The first of these that names a way, or has something that belongs to one, decides. Imported only where one of them does.
"""

from __future__ import annotations

from vsphere_session.digest import sha256_hex
from vsphere_session.errors import InvalidRequestError
from vsphere_session.login.choice import Choice
from vsphere_session.settings.config_file import checked
from vsphere_session.settings.login_sources import LoginValues

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from vsphere_session.login.ground import Ground
    from vsphere_session.login.method import LoginMethod
    from vsphere_session.settings.login_sources import Level

MARKS = {
    "token": ("token", "token_file", "token_command"),
    "certificate": ("certificate",),
    "ticket": ("ticket", "ticket_url"),
    "extension": ("extension",),
    "impersonate": ("impersonate",),
    "oidc": ("client_id", "issuer", "authorization_endpoint"),
    "api-token": (
        "api_token",
        "api_token_file",
        "api_token_command",
        "idp_token",
        "idp_token_file",
        "idp_token_command",
    ),
}
"""What belongs to one way alone, so that it need not be named."""
_TAKES = {"extension": ("certificate",), "token": ("certificate",)}
"""Of other ways' marks, what a way takes, too: the key of an extension, or of a holder-of-key token."""
_BY_USER = ("password", "saml", "impersonate")
"""Ways that log in as somebody of whom there may be a password in the secret store."""
_WITHOUT_REST = ("ticket", "extension", "impersonate")


class LoginSettings:
    """How to log in.

    name      of the method
    by_user   whether the user whose login was stored last is meant where nobody names one
    has_rest  whether it can make a REST session by itself
    values    what else is said of it
    """

    def __init__(self, values: LoginValues) -> None:
        self.values = values
        self.name = self._name()
        self.by_user = self.name in _BY_USER
        self.has_rest = self.name not in _WITHOUT_REST
        self.locale = values.text("locale")
        self._found_user: str | None = None

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r})"

    def user(self, named: str) -> str:
        """Whose session it will be, empty where only the server knows; `named` is the user that the request names, or empty."""
        if self.name == "impersonate":
            return self.values.needed("impersonate", "the user whose session it is to be")
        if named or self.name not in ("extension", "token"):
            return named
        if self._found_user is None:
            self._found_user = self._of_token() if self.name == "token" else self.values.needed("extension", "its key")
        return self._found_user

    def choice(self, username: str, account: str) -> Choice | None:
        """The way to log in `username` (see `user`), by the password of `account` if by one; None for an ordinary login by password."""
        if self.name == "password":
            return None
        by = f":by:{account}" if self.name == "impersonate" else ""
        record = f"{self.name}:{username}{by}" if username else f"{self.name}#{self._digest()}"
        tries_as = account if self.name == "impersonate" else ""
        return Choice(self.name, record, self._make, account=tries_as)

    def _make(self, ground: Ground) -> LoginMethod:
        from vsphere_session.login.table import make  # noqa: PLC0415  # only a login needs one of them

        return make(self.name, ground, self.values)

    # ---- which one

    def _name(self) -> str:
        said = checked("method", self.values.text("method"))
        for level in self.values.levels:
            marked = self._marked(level)
            if level.values.get("method") or said in marked:
                return said
            if len(marked) > 1:
                raise InvalidRequestError(
                    f"{level.name} names {len(marked)} ways to log in, {' and '.join(marked)}; leave one out, or add method = "
                    f"{' or '.join(marked)}"
                )
            if marked:
                return marked[0]
        return "password"

    def _marked(self, level: Level) -> list[str]:
        found = [name for name, fields in MARKS.items() if any(level.values.get(field) for field in fields)]
        taken = [other for name in found for other in _TAKES.get(name, ())]
        marked = [name for name in found if name not in taken]
        if marked == ["certificate"] and level.has_password:
            marked.append("password")
        return marked

    # ---- whose

    def _of_token(self) -> str:
        """The user that a given token names, so that it finds its session again when it is another token; empty for a command's."""
        given = self.values.secret_at_hand("token")
        if given is None:
            return ""
        from vsphere_session.vsphere.saml import read_token  # noqa: PLC0415  # only for a token

        return read_token(given).name_id

    def _digest(self) -> str:
        """What tells one such way from another where nobody says whose session it is; no secret can be found out by it."""
        values = self.values
        said: dict[str, Callable[[], str]] = {
            "token": lambda: values.text("token_command"),
            "certificate": lambda: _certificates_in(values.content("certificate")),
            "ticket": lambda: values.text("ticket_url") or values.text("ticket"),
            "oidc": lambda: "\0".join(
                map(values.text, ("issuer", "token_endpoint", "client_id", "grant", "broker", "tenant"))
            ),
            "api-token": lambda: "\0".join(
                [*map(values.text, ("broker", "tenant")), *map(values.identifying, ("api_token", "idp_token"))]
            ),
        }
        text = said[self.name]() if self.name in said else ""
        return sha256_hex(f"{self.name}\0{text}".encode("utf-8", "surrogatepass"))[:40]


def _certificates_in(pem: str) -> str:
    """All certificates of a file, one's own wherever it stands among them, and nothing of a key."""
    blocks = (block.partition("-----") for block in pem.split("-----BEGIN ")[1:])
    return "".join(
        "".join(rest.partition("-")[0].split()) for label, _, rest in blocks if label.endswith("CERTIFICATE")
    )
