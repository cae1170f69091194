"""By a clone ticket: one use, for a session of the same user as the one that it was taken from.

Given as such, or fetched from a session manager by the protocol of the Kubernetes cloud provider (cloud-provider-vsphere,
`pkg/common/vclib/vc_session_manager.go`): GET on the very URL with a bearer token, answered with {"token": "TICKET"}.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vsphere_session.digest import sha256_hex
from vsphere_session.endpoint import Endpoint
from vsphere_session.errors import InvalidRequestError, LoginRefusedError, NotFoundError, SessionError, UnreachableError
from vsphere_session.login.ground import elsewhere
from vsphere_session.login.method import LoginMethod
from vsphere_session.login.oauth.addresses import split_url
from vsphere_session.login.oauth.forms import json_object
from vsphere_session.login.secret import secret
from vsphere_session.vsphere.soap import call_of
from vsphere_session.vsphere.xml import escape_xml

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vsphere_session.login.ground import Ground
    from vsphere_session.login.method import Client, Made
    from vsphere_session.login.values import Values
    from vsphere_session.vsphere.identity import Identity
    from vsphere_session.vsphere.soap import SoapWire

SERVICE_ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"
"""Where a pod finds its own token, which counts where no other is given, and the authority of the API server's certificate."""
LONGEST_TICKET = 4096


def method(ground: Ground, values: Values) -> LoginMethod:
    """As the settings say: `ticket`, or `ticket_url` with `ticket_token` or `ticket_token_file`."""
    return TicketLogin(ground, values)


class TicketLogin(LoginMethod):
    """Logs in by a ticket."""

    name = "ticket"
    kinds = ("soap",)

    def __init__(self, ground: Ground, values: Values) -> None:
        self._ground = ground
        self._values = values
        self._ticket = values.text("ticket")
        self._given = bool(self._ticket)
        self.whom = ground.endpoint.username

    def tries(self, kind: str) -> tuple[str, str] | None:
        """A ticket that was refused is not tried again; one that is fetched is another each time."""
        return (kind, sha256_hex(self._ticket.encode("utf-8", "surrogatepass"))) if self._given else None

    def obtain(self, _client: Client) -> None:
        """Fetch the ticket, where it is not given."""
        if not self._given:
            self._ticket = self._fetched()
        if not self._ticket.isprintable() or len(self._ticket) > LONGEST_TICKET:
            raise InvalidRequestError(
                "the ticket is no clone ticket: it is too long, or has control characters; give it as the server did"
            )

    def log_in(self, client: Client) -> Identity | None:
        """As LoginMethod says."""

        def request(wire: SoapWire, content: Mapping[str, object], made: Made) -> Identity:
            wire.secrets = (self._ticket,)
            inner = f"<cloneTicket>{escape_xml(self._ticket)}</cloneTicket>"
            try:
                return wire.begin(call_of(content, "CloneSession", inner), made)
            except LoginRefusedError as refused:
                raise _refused(wire.transport.endpoint.place, refused, given=self._given) from None

        return client.log_in_by(request)  # type: ignore[attr-defined,no-any-return]  # it has no other kind

    def _fetched(self) -> str:
        url = self._values.needed("ticket_url", "where to fetch a ticket")
        place, path = split_url(url, "ticket_url")
        headers = {"Authorization": f"Bearer {self._bearer(place)}", "Accept": "application/json"}
        transport = elsewhere(self._ground, self._values)(place)
        self._ground.tell(f"fetching a clone ticket from {place.place}")
        try:
            response = transport.send("GET", path, headers)
        finally:
            transport.close()
        if response.status in (401, 403):
            raise LoginRefusedError(
                f"the session manager {place.place} gives no ticket ({response.status}): it does not take this token, or has no session to "
                "vCenter; check ticket_token_file, and its log"
            )
        if response.status != 200:
            raise UnreachableError(
                f"the session manager {place.place} answered with HTTP status {response.status}; check ticket_url, and its log"
            )
        ticket = (json_object(response) or {}).get("token")
        if not isinstance(ticket, str) or not ticket:
            raise UnreachableError(
                f'the session manager {place.place} answered without a ticket: it is to say {{"token": "TICKET"}}; check ticket_url'
            )
        return ticket

    def _bearer(self, place: Endpoint) -> str:
        given = secret("ticket_token", self._ground, self._values)
        if given is not None:
            return given
        try:
            text = self._ground.read(f"{SERVICE_ACCOUNT}/token", "the service account's token").decode("ascii").strip()
        except (SessionError, UnicodeDecodeError):  # there is none
            text = ""
        if not text or not text.isprintable():
            raise NotFoundError(
                f"there is no token for {place.place}; give ticket_token or ticket_token_file, or run in a pod with a service account"
            )
        return text


def _refused(place: str, refused: LoginRefusedError, *, given: bool) -> LoginRefusedError:
    advice = "take a new one" if given else "look whether the session manager is for this vCenter"
    explained = LoginRefusedError(
        f"{place} did not take the ticket, which is good once, and only as long as the session lives that it was taken from; {advice}"
    )
    explained.of_credential = refused.of_credential
    return explained
