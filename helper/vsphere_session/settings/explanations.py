"""What the environment has to do with an error, for its message: which variable was meant, or what is odd in its value."""

from __future__ import annotations

from credential_protocol.characters import is_quoted
from vsphere_session.errors import InvalidRequestError
from vsphere_session.settings.near_misses import hint

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from vsphere_session.errors import SessionError
    from vsphere_session.settings.environment import FamilySource
    from vsphere_session.settings.request import Settings


def of_missing_login(settings: Settings, environ: Mapping[str, str]) -> str:
    """Behind `not-found`: why no variable gave the user name or the password."""
    missing = ("method", "password") if settings.endpoint.username else ("method", "username", "password")
    withheld = "".join(f"; {line}" for family in settings.every_family for line in _withheld(settings, family))
    return hint(environ, *missing) + withheld


def _withheld(settings: Settings, family: FamilySource) -> Iterator[str]:
    """Logins of the environment that are not for this server, or not for this user."""
    given = [family.named(name) for name in ("username", "password") if family.is_set(name)]
    if not given:
        return
    try:
        applies, own, user = family.applies_to(settings.endpoint), family.endpoint(), family.username()
    except InvalidRequestError as error:
        yield f"{' and '.join(given)} cannot be used: {error.message}"
        return
    if not applies and own is not None:
        yield f"{' and '.join(given)} are for another server, {own.place}, which {family.named('url')} names"
    elif family.is_set("password") and user and user != settings.endpoint.username:
        yield f"{family.named('password')} is for another user, whom {family.origin('username')} names"


def of_refused_login(password: str, origin: str, username: str, username_origin: str) -> str:
    """Behind `login-refused`: what looks as if it were no part of the password or of the user name."""
    odd = [*_oddities("the password", password, origin), *_oddities("the user name", username, username_origin)]
    return "".join(f"; {line}" for line in odd)


def _oddities(what: str, text: str, origin: str) -> Iterator[str]:
    whose = f"{what} from {origin}" if origin else what
    if is_quoted(text):
        yield f"{whose} begins and ends with a quote: the tool that read it from a file may have kept that"
    elif text[:1] == "\ufeff":
        yield f"{whose} begins with U+FEFF, a byte-order mark: the file that it was read from has one"
    elif text != text.strip():
        yield f"{whose} begins or ends with a space"
    elif what == "the password" and origin == "GOVC_PASSWORD" and text.startswith(("/", "./", "~/", "C:\\")):
        yield "GOVC_PASSWORD looks like the path of a file, and there is none that can be read"


def of_untrusted(environ: Mapping[str, str]) -> str:
    """Behind `untrusted`: variables that say something about certificates and are not read."""
    return hint(environ, "insecure", "ca_file", "known_hosts")


def add(error: SessionError, text: str) -> None:
    """Say this, too, at the end of the error's message."""
    error.args = (f"{error.args[0]}{text}",)
