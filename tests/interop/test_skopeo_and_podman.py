"""docker's own protocol, with skopeo and podman: login calls `get` and `store`, a request `get`, logout `erase`."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from interop.containers_image import PROGRAM, Client
from interop.desk import Desk
from interop.registry import Registry
from support.program import PASSWORD, USER


@pytest.fixture(params=["skopeo", "podman"])
def client(request: pytest.FixtureRequest, desk: Desk) -> Iterator[Client]:
    """The client, and a registry with one account for which the program helps."""
    with Registry({"someone": "s3cret"}) as registry:
        client = Client(desk, registry, request.param)
        yield client
        client.close()


def help_for(client: Client, server: str) -> None:
    """Let the program help for this host as well."""
    client.logins.write_text(json.dumps({"credHelpers": {server: "vsphere"}}), encoding="utf-8")


def kept(client: Client) -> bytes:
    """What the program says of the registry."""
    return client.desk.run(
        str(client.desk.home / "real" / PROGRAM), "get", stdin=client.registry.authority.encode()
    ).stdout


def test_login_request_and_logout(client: Client) -> None:
    """For a registry the helper is an ordinary secret store: what login keeps, a request uses and logout forgets."""
    registry = client.registry
    client.log_in()
    assert client.called() == ["get", "store"]
    assert json.loads(kept(client)) == {"ServerURL": registry.authority, "Username": "someone", "Secret": "s3cret"}
    assert "auths" not in json.loads(client.logins.read_bytes()), "the file of logins is as the user wrote it"

    assert client.fetch() == [("someone", "s3cret")]
    assert client.called() == ["get"]
    assert client.ok("login", "--get-login", registry.authority) == "someone\n"
    assert "Existing credentials are valid" in client.ok("login", registry.authority)
    assert client.called() == ["get", "get"]

    for _ in range(2):
        assert client.ok("logout", registry.authority) == f"Removed login credentials for {registry.authority}\n"
        assert client.called() == ["erase"], "and what is not there is no error"
    assert kept(client) == b"credentials not found in native keychain\n"
    assert client.desk.vcenter.requests == [], "a registry is no vCenter"


def test_not_found_is_the_text_that_it_knows(client: Client) -> None:
    """It goes on without a login: the registry is sent none, and a login takes its course."""
    registry = client.registry
    assert f"not logged into {registry.authority}" in client.refused("login", "--get-login", registry.authority)
    assert set(client.fetch()) <= {("", "")}
    assert client.called() == ["get", "get"]
    client.log_in()


def test_a_wrong_password_is_not_stored(client: Client) -> None:
    done = client.run("login", "-u", "someone", "--password-stdin", client.registry.authority, stdin=b"wrong")
    assert done.status != 0
    assert "invalid username/password" in done.stderr
    assert client.called() == ["get"]


def test_the_helper_of_all_registries(client: Client) -> None:
    """`credential-helpers` in registries.conf: no file of logins is written, and logout from all lists and erases each."""
    conf = client.desk.home / ".config" / "containers" / "registries.conf"
    conf.parent.mkdir(parents=True)
    conf.write_text('credential-helpers = ["vsphere"]\n', encoding="utf-8")
    client.logins.write_text("{}", encoding="utf-8")
    client.log_in()
    assert client.called() == ["get", "store"]
    assert client.fetch() == [("someone", "s3cret")]
    assert client.called() == ["get"]
    client.ok("logout", "--all")
    assert client.called() == ["list", "erase"]
    assert client.logins.read_text(encoding="utf-8") == "{}"
    assert kept(client) == b"credentials not found in native keychain\n"


def test_a_vcenter_answers_with_the_session_and_logout_ends_it(client: Client) -> None:
    """One session, however often it asks; after logout there is none on the server."""
    vcenter = client.desk.vcenter
    help_for(client, vcenter.authority)
    for _ in range(2):
        assert client.ok("login", "--get-login", vcenter.authority) == f"{USER}\n"
        assert vcenter.session_count == 1
    assert client.ok("logout", vcenter.authority) == f"Removed login credentials for {vcenter.authority}\n"
    assert vcenter.session_count == 0
    assert client.called() == ["get", "get", "erase"]


def test_an_unreachable_vcenter_is_not_a_missing_login(client: Client) -> None:
    """The user reads why."""
    server = client.desk.vcenter.authority
    help_for(client, server)
    with client.desk.vcenter.offline():
        said = client.refused("login", "--get-login", server)
    assert "error getting credentials" in said
    assert "the connection to" in said
    assert "not logged into" not in said
    assert PASSWORD not in said
