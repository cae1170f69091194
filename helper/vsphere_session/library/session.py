"""`Session` as Python programs have it: the cache's, and what a program wants to be handed for as long as it runs."""

from __future__ import annotations

import os
from threading import RLock
from typing import TYPE_CHECKING
from weakref import WeakSet

from vsphere_session.cache.clients import RestClient, SoapClient
from vsphere_session.cache.session import Session as CachedSession
from vsphere_session.cache.surroundings import Surroundings
from vsphere_session.clock import TIMEOUT
from vsphere_session.library.held import Held
from vsphere_session.library.terms import Terms

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import TracebackType
    from typing import Self

    import requests
    from pyVmomi import vim

    from vsphere_session.cache.policy import Policy
    from vsphere_session.clock import Clock
    from vsphere_session.endpoint import Endpoint
    from vsphere_session.library.fleet import Fleet
    from vsphere_session.login.choice import Choice
    from vsphere_session.login.ground import Person, Vault
    from vsphere_session.login.ways import Login


class Session(CachedSession):
    """vSphere sessions of one user at one endpoint, out of the cache that govc and `vsphere-session` share.

        with Session("https://user@vc.example.com/sdk") as session:
            print(session.service_instance().content.about.fullName)  # pyVmomi
            print(session.requests_session().get("/api/session").json())  # requests

    Nothing is asked before something is used. Leaving the `with` block closes connections and leaves the cached session
    to the next program; with `passthrough`, nobody else has the session, and it is ended. Threads may share a Session.

    Args:
        url: the endpoint, in every form of GOVC_URL, or an Endpoint; a password in it is used for logins only.
        username: the user, where the URL names none, or in its place.
        password: the password, or what is called for it when one is needed; else the one of the URL, else the one that is
            kept in the secret store (`vsphere-session store`).
        login: how to log in otherwise than by password, as one of `vsphere_session.login`, or by its name.
        insecure: verify no certificate; part of the cache's key, as in govmomi.
        ca_file: whom to trust, in place of the platform.
        thumbprint: the certificate to trust.
        passthrough: neither read nor write the cache.
        reauth: ignore the cached session, log in, replace it and end the old one.
        encrypted: keep sessions encrypted, in the helper's own directory.
        policy: how long a session is good.
        fleet: who shares sessions with this program over an engine; asked where the cache has no answer.
        timeout: seconds that one login may take.
        caller: named to the server in the User-Agent.
        locale: the language of the server's texts for sessions that are made here.
        dir_soap: where SOAP sessions are, in place of govmomi's own directory.
        dir_rest: where REST sessions are.
        login_soap: a way to log in of your own: called with a connected client, which it leaves with a session.
        login_rest: the same for REST.
        login_as: whom those log in; a cached session is used only if it was made for the same.
        secret_store: where new secrets of a login go, such as a refresh token: `keyring` or `file`.
        vault: called for what keeps such secrets, in place of the secret store.
        person: who can be asked, for ways to log in that need somebody.
        environ: variables, in place of the process's (tests).
        clock: time (tests).
        surroundings: environ, clock, timeout, caller and more as one value.

    """

    def __init__(
        self,
        url: str | Endpoint,
        *,
        username: str = "",
        password: str | Callable[[], str | None] | None = None,
        login: Login | Choice | str | None = None,
        insecure: bool = False,
        ca_file: str | os.PathLike[str] = "",
        thumbprint: str = "",
        passthrough: bool = False,
        reauth: bool = False,
        encrypted: bool = False,
        policy: Policy | None = None,
        fleet: Fleet | None = None,
        timeout: float = TIMEOUT,
        caller: str = "",
        locale: str = "",
        dir_soap: str = "",
        dir_rest: str = "",
        login_soap: Callable[[SoapClient], None] | None = None,
        login_rest: Callable[[RestClient], None] | None = None,
        login_as: str = "",
        secret_store: str = "",
        vault: Callable[[], Vault] | None = None,
        person: Person | None = None,
        environ: Mapping[str, str] | None = None,
        clock: Clock | None = None,
        surroundings: Surroundings | None = None,
    ) -> None:
        around = surroundings or Surroundings(
            os.environ if environ is None else environ, clock=clock, timeout=timeout, caller=caller
        )
        terms = Terms(url, login, around, username=username, password=password, secret_store=secret_store)
        super().__init__(
            terms.endpoint,
            insecure=insecure,
            dir_soap=dir_soap or terms.directories["soap"],
            dir_rest=dir_rest or terms.directories["rest"],
            encrypted=encrypted,
            passthrough=passthrough,
            reauth=reauth,
            login_soap=login_soap,
            login_rest=login_rest,
            login_as=login_as,
            login=terms.choice,
            locale=locale,
            password=terms.password,
            vault=vault or terms.vault,
            person=person,
            ca_file=os.fspath(ca_file),
            thumbprint=thumbprint,
            policy=policy,
            fleet=None if fleet is None else lambda: fleet.opened(around.clock),
            surroundings=around,
        )
        turn = RLock()
        self._soap = Held(self, around, SoapClient, turn)
        self._rest = Held(self, around, RestClient, turn)
        self._turn = turn
        self._instance: tuple[str, vim.ServiceInstance] | None = None
        self._handed: WeakSet[requests.Session] = WeakSet()

    # ---- what a program works with

    def service_instance(self) -> vim.ServiceInstance:
        """A pyVmomi `ServiceInstance` with a session that is good now: the same one as before, as long as that is.

        Call it again whenever you begin something: it renews a session that has idled out or is too old, and costs
        nothing otherwise. Do not `Disconnect` it: that would end the session for everybody.

        Raises:
            SessionError: there is no session to be had.

        """
        with self._turn:
            client = self._soap.good()
            if self._instance is None or self._instance[0] != client.session_id:
                self._drop_instance()
                self._instance = client.session_id, client.service_instance()
            return self._instance[1]

    def requests_session(self) -> requests.Session:
        """A `requests.Session` for this endpoint only, which renews its session after a 401 (see `VsphereAuth`).

        Paths such as `/api/vcenter/vm` will do as URLs. It trusts and goes through what this Session does; nothing of
        the environment counts. Each thread should have one of its own; they share the vSphere session.

        Raises:
            SessionError: there is no session to be had. So does each of its requests that needs a new one.

        """
        from vsphere_session.cache.requests_session import EndpointSession  # noqa: PLC0415  # requests takes long to import
        from vsphere_session.library.auth import VsphereAuth  # noqa: PLC0415

        client = self._rest.good()
        handed = EndpointSession(client.transport, VsphereAuth(self))
        with self._turn:
            self._handed.add(handed)
        return handed

    def soap_session_id(self) -> str:
        """The id of a SOAP session that is good now, for a client that takes one; it is a secret. Raises SessionError."""
        return self._soap.good().session_id

    def rest_session_id(self) -> str:
        """The same of a REST session: the value for the header `vmware-api-session-id`."""
        return self._rest.good().session_id

    def recheck(self, session_id: str = "") -> None:
        """Have the server asked before this session, or any, is handed out again: a client was told that it is gone."""
        self._soap.doubt(session_id)
        self._rest.doubt(session_id)

    # ---- its end

    def close(self) -> None:
        """Close the connections of all that was handed out. A cached session lives on; with `passthrough` it is ended."""
        super().close()
        with self._turn:
            self._drop_instance()
            for handed in list(self._handed):
                handed.close()
            self._soap.close()
            self._rest.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _drop_instance(self) -> None:
        if self._instance is not None:
            self._instance[1]._stub.DropConnections()  # pyVmomi has no other name for it
            self._instance = None
