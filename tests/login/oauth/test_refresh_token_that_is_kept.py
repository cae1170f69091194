"""The refresh token in the secret store: replaced before anything is done with the rest, forgotten only when it is refused."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

import pytest

from login.oauth.canned import Canned, Said, in_json, refusal, way, way_to
from vsphere_session.clock import Clock, Deadline
from vsphere_session.endpoint import parse_endpoint
from vsphere_session.errors import InteractionRequiredError, LoginRefusedError, SessionError, UnreachableError
from vsphere_session.http.transport import Transport
from vsphere_session.login.ground import Ground, NoVault
from vsphere_session.login.oidc import OidcLogin


class Vault(NoVault):
    """Keeps one refresh token, whatever it is called."""

    def __init__(self, kept: str) -> None:
        self.kept: str | None = kept

    def get(self, _name: str) -> str | None:
        """See Vault."""
        return self.kept

    def set(self, _name: str, secret: str) -> None:
        """See Vault."""
        self.kept = secret

    def delete(self, _name: str) -> bool:
        """See Vault."""
        self.kept = None
        return True


class Settings:
    """What the configuration says, as text."""

    def __init__(self, **said: str) -> None:
        self.said = said

    def text(self, name: str) -> str:
        """See Values."""
        return self.said.get(name, "")

    def needed(self, name: str, _what: str) -> str:
        """See Values."""
        return self.said[name]

    path = source = text

    def __getattr__(self, _name: str) -> Any:
        return lambda *_: None


class Client:
    """What is logged in: its way to the vCenter is all that counts here."""

    def __init__(self, transport: Transport) -> None:
        self.transport = transport


def obtained(server: Canned, vault: Vault) -> SessionError:
    """How it ends that a call without a person asks the provider first and then the vCenter, both of them `server`."""
    ground = Ground(
        account="",
        endpoint=parse_endpoint(f"http://{server.authority}"),
        password=lambda: None,
        vault=vault,
        clock=Clock(),
        until=lambda: Deadline(30, Clock()),
        environ={},
        locale="",
        unbroken=nullcontext,
        tell=lambda _line: None,
        transport_to=lambda place, _ca_file: way(place),
        through_tunnel=lambda *_: way_to(server.authority),
    )
    settings = Settings(
        client_id="c", token_endpoint=f"{server.url}/token", authorization_endpoint=f"{server.url}/authorize"
    )
    with pytest.raises(SessionError) as ended:
        OidcLogin(ground, settings).obtain(Client(way_to(server.authority)))  # type: ignore[arg-type]
    assert "s3cret" not in str(ended.value)
    return ended.value


def test_a_new_one_is_kept_though_the_vcenter_then_fails(server: Canned) -> None:
    """The old one is void by then."""
    server.answers["POST /token"] = in_json({"access_token": "a", "token_type": "Bearer", "refresh_token": "s3cret-2"})
    vault = Vault("s3cret-1")
    obtained(server, vault)
    assert server.asked[0].form["refresh_token"] == "s3cret-1"
    assert vault.kept == "s3cret-2"


def test_one_that_is_refused_is_forgotten_and_a_person_is_asked_for(server: Canned) -> None:
    server.answers["POST /token"] = refusal("invalid_grant")
    vault = Vault("s3cret-1")
    error = obtained(server, vault)
    assert isinstance(error, InteractionRequiredError)
    assert "vsphere-session login" in str(error)
    assert vault.kept is None


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        (refusal("invalid_client", status=401), LoginRefusedError),
        (refusal("invalid_scope"), LoginRefusedError),
        (refusal("server_error", status=500), UnreachableError),
        ((200, "text/html", b"<html>"), UnreachableError),
        (in_json({"access_token": ""}), UnreachableError),
    ],
)
def test_one_that_is_not_what_is_wrong_is_kept(server: Canned, said: Said, kind: type[SessionError]) -> None:
    """A mistake in the configuration, or a provider that is ill, costs nobody a login."""
    server.answers["POST /token"] = said
    vault = Vault("s3cret-1")
    assert type(obtained(server, vault)) is kind
    assert vault.kept == "s3cret-1"
