"""What is examined: everything that can be known without asking anybody, or why it cannot; and what checks learn on the way."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from vsphere_session.cache.surroundings import Surroundings
from vsphere_session.clock import TIMEOUT, Clock, Deadline
from vsphere_session.errors import SessionError, SessionLimitError
from vsphere_session.http.transport import Transport
from vsphere_session.http.trust import Trust
from vsphere_session.http.user_agent import user_agent
from vsphere_session.secrets.logins import Logins
from vsphere_session.service.addressed import resolved
from vsphere_session.service.call import Call
from vsphere_session.service.resolved import Resolved
from vsphere_session.settings.config_file import Configuration, load, seconds
from vsphere_session.settings.environment import endpoint_in, sources
from vsphere_session.storage.paths import Paths
from vsphere_session.storage.reading import Reader

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from vsphere_session.commands.invocation import Common
    from vsphere_session.endpoint import Endpoint
    from vsphere_session.http.proxy import Proxy
    from vsphere_session.settings.request import Settings

    Found = TypeVar("Found")


class Case:
    """One examination. Of each pair one is None: what was found, and the error that a call would end with.

    fields    `url` and `username`, as they were typed
    new_call  makes an ordinary call, for who is to log in; None for who is not
    config    empty where the file cannot be read
    asked     what a `get` means; without the configuration where that cannot be read
    endpoint  the server, known in many a case where `asked` is not
    unreachable  what the proxy has said where it cannot reach the server
    content   ServiceContent, once the server has told it
    date      the Date of that answer, and when it came by this machine's clock
    password  the one that would be sent
    has_session, logged_in, unanswered  whether the cache has a session; whether a login has just gone well, or had no answer
    seen      names of hosts and users that came from elsewhere, as `(kind, name)`
    limit     what the server has said where it has no session left
    """

    def __init__(
        self,
        environ: Mapping[str, str],
        common: Common,
        *,
        fields: Mapping[str, str],
        build: str,
        new_call: Callable[[], Call] | None = None,
        clock: Clock | None = None,
    ) -> None:
        self.environ = environ
        self.common = common
        self.fields = dict(fields)
        self.build = build
        self.new_call = new_call
        self.clock = clock or Clock()
        self.seconds = common.timeout or TIMEOUT
        self.reader = Reader(only_looks=True)
        self.paths, self.paths_error = attempt(lambda: Paths(environ))
        self.config_path, self.config_path_error = attempt(lambda: common.config or Paths(environ).config)
        loaded, self.config_error = attempt(self._load)
        self.config = loaded or Configuration(self.config_path or "", {}, {})
        if not common.timeout and self.config.general.get("timeout"):
            self.seconds = seconds(self.config.general["timeout"], "timeout")
        self.call = Call(self._around(), self.config, secret_store=common.secret_store)
        self.asked, self.asked_error = attempt(self._resolve)
        self.families = (
            sources(environ, self.reader, self.seconds) if self.asked is None else self.asked.settings.every_family
        )
        self.endpoint, self.endpoint_error = attempt(self._endpoint)
        self.proxy: Proxy | None = None
        self.unreachable: SessionError | None = None
        self.content: dict[str, object] = {}
        self.date: tuple[str, float] = ("", 0.0)
        self.password: str | None = None
        self.has_session = self.logged_in = self.unanswered = False
        self.limit: SessionLimitError | None = None
        self.seen: list[tuple[str, str]] = []

    @property
    def settings(self) -> Settings:
        """What the request means; only for checks that need it known."""
        return self.known().settings

    def known(self) -> Resolved:
        """The request; only for checks that need it known. Raises SessionError."""
        if self.asked is None:
            raise self.asked_error or SessionError("no server is named")
        return self.asked

    def server(self) -> Endpoint:
        """The server; only for checks that need it known. Raises SessionError."""
        if self.endpoint is None:
            raise self.endpoint_error or SessionError("no server is named")
        return self.endpoint

    def until(self) -> Deadline:
        """The deadline of a step that begins now: one that hangs takes nothing from the others."""
        return Deadline(self.seconds, self.clock)

    def transport(self) -> Transport:
        """A way to the server, trusted as a call trusts it. Raises InvalidRequestError, StorageError."""
        return Transport(
            self.server(),
            self.trust(),
            clock=self.clock,
            timeout=self.seconds,
            proxy=self.proxy,
            headers={"User-Agent": user_agent(self.call.around.caller)},
        )

    def trust(self) -> Trust:
        """What a call checks of the server's certificate. Raises InvalidRequestError."""
        settings = self.settings
        return Trust(insecure=settings.insecure, ca_file=settings.ca_file, thumbprint=settings.thumbprint)

    @property
    def store(self) -> str:
        """The name of the secret store for new logins."""
        configured = self.asked.settings.secret_store if self.asked is not None else ""
        return self.common.secret_store or configured or "keyring"

    def logins(self) -> Logins:
        """The stored logins, with a deadline of their own. Raises StorageError where there is no home directory."""
        return self.call.logins(self.store, self.call.around.begun())

    def _around(self) -> Surroundings:
        return Surroundings(
            self.environ,
            clock=self.clock,
            timeout=self.seconds,
            caller=self.environ.get("VSPHERE_SESSION_CALLER", ""),
            reader=self.reader,
        )

    def _load(self) -> Configuration:
        if self.config_path is None:
            raise self.config_path_error or SessionError("there is no configuration")
        return load(
            self.config_path, must_exist=bool(self.common.config), seconds=self.seconds, reader=Reader(only_looks=True)
        )

    def _resolve(self) -> Resolved:
        return resolved(self.fields, self.call)

    def _endpoint(self) -> Endpoint:
        if self.asked is not None:
            return self.asked.settings.endpoint
        if self.fields.get("url"):
            return endpoint_in(self.fields["url"], "the url")
        for family in self.families:
            found = family.endpoint()
            if found is not None:
                return found.with_user(found.username)
        if self.config.general.get("url"):
            return endpoint_in(self.config.general["url"], f"url in {self.config.path}")
        raise self.asked_error or SessionError("no server is named")


def attempt(work: Callable[[], Found]) -> tuple[Found | None, SessionError | None]:
    """What comes of it, or the error."""
    try:
        return work(), None
    except SessionError as error:
        return None, error
