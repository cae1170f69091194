"""docker's own protocol, with docker-py: its credential store, and what it reads from docker's configuration."""

# mypy: disable-error-code="no-untyped-call"
# The published types of docker-py say nothing of its credential store.

from __future__ import annotations

import json
import sys
from base64 import urlsafe_b64decode

import docker
import pytest
from docker import auth, credentials
from docker.errors import DockerException

from interop.desk import Desk
from support.pages import snippet
from support.program import PASSWORD, USER

REGISTRY = "registry.example.com:5000"
HUB = "https://index.docker.io/v1/"


@pytest.fixture
def store(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> credentials.Store:
    """docker-py's store of this program, which it looks for on PATH."""
    for name, value in desk.environment.items():
        monkeypatch.setenv(name, value)
    return credentials.Store("vsphere")


def resolve(desk: Desk, registry: str, **config: object) -> object:
    """The login that docker-py finds for a registry with this config.json."""
    path = desk.home / "config.json"
    path.write_text(json.dumps(config), encoding="utf-8")
    return auth.load_config(str(path)).resolve_authconfig(registry)


def test_what_is_stored_is_got_and_listed_and_erased(desk: Desk, store: credentials.Store) -> None:
    """For a registry the helper is an ordinary secret store; docker-py reads "not found" in its words, and erases twice."""
    secret = " a:b=c \"d\" 'e' üé\n漢字"
    store.store(REGISTRY, "someone", secret)
    store.store(HUB, "another", "s3cret")
    assert store.get(REGISTRY) == {"ServerURL": REGISTRY, "Username": "someone", "Secret": secret}
    assert store.list() == {REGISTRY: "someone", HUB: "another"}
    for _ in range(2):
        store.erase(REGISTRY)
        with pytest.raises(credentials.CredentialsNotFound):
            store.get(REGISTRY)
    assert store.list() == {HUB: "another"}
    assert desk.vcenter.requests == [], "a registry is no vCenter"


def test_an_empty_list_is_an_object(store: credentials.Store) -> None:
    """And docker-py's empty stdin is no error."""
    assert store.list() == {}


@pytest.mark.parametrize("key", ["credHelpers", "credsStore"])
def test_dockers_configuration_leads_to_the_login(desk: Desk, store: credentials.Store, key: str) -> None:
    """By registry, or for all of them; where nothing is stored docker-py goes on to the logins in the file itself."""
    config = {key: {REGISTRY: "vsphere"} if key == "credHelpers" else "vsphere"}
    in_file = {"auths": {REGISTRY: {"auth": "ZmlsZTpvbGQ="}}}
    found = resolve(desk, REGISTRY, **config, **in_file)
    assert isinstance(found, dict)
    assert (found["username"], found["password"]) == ("file", "old")
    assert resolve(desk, REGISTRY, **config) is None

    store.store(REGISTRY, "someone", "s3cret")
    expected = {"ServerAddress": REGISTRY, "Username": "someone", "Password": "s3cret"}
    assert resolve(desk, REGISTRY, **config, **in_file) == expected


def test_all_logins_of_the_configuration(desk: Desk, store: credentials.Store) -> None:
    """docker-py's build asks `list`, then `get` for each; a user `<token>` has an identity token for a secret."""
    store.store(REGISTRY, "<token>", "t0ken")
    store.store(HUB, "someone", "s3cret")
    config = desk.home / "config.json"
    config.write_text(json.dumps({"credsStore": "vsphere", "credHelpers": {"none.example.com": "vsphere"}}))
    token = {"ServerAddress": REGISTRY, "IdentityToken": "t0ken"}
    login = {"ServerAddress": HUB, "Username": "someone", "Password": "s3cret"}
    found = auth.load_config(str(config)).get_all_credentials()
    assert found == {REGISTRY: token, HUB: login, "index.docker.io": login, "none.example.com": None}


def test_a_pull_carries_the_login_to_the_engine(desk: Desk, store: credentials.Store) -> None:
    """In the header X-Registry-Auth."""
    store.store(REGISTRY, "someone", "s3cret")
    config = desk.home / ".docker" / "config.json"
    config.parent.mkdir()
    config.write_text(json.dumps({"credHelpers": {REGISTRY: "vsphere"}}), encoding="utf-8")
    client = docker.APIClient(base_url="tcp://127.0.0.1:1", version="1.41")
    try:
        header = auth.get_config_header(client, REGISTRY)
    finally:
        client.close()
    assert header is not None
    assert json.loads(urlsafe_b64decode(header)) == {
        "ServerAddress": REGISTRY,
        "Username": "someone",
        "Password": "s3cret",
    }


def test_a_vcenter_answers_with_the_session(desk: Desk, store: credentials.Store) -> None:
    """The same one every time; storing it stores nothing, and erasing it ends it on the server."""
    server = desk.vcenter.authority
    login = resolve(desk, server, credHelpers={server: "vsphere"})
    (session,) = desk.vcenter.sessions
    assert login == {"ServerAddress": server, "Username": USER, "Password": session.id}
    assert store.get(server)["Secret"] == session.id
    store.store(server, USER, session.id)
    assert desk.vcenter.session_count == 1
    store.erase(server)
    assert desk.vcenter.session_count == 0
    assert store.get(server)["Secret"] != session.id, "the password in the secret store is still the user's"
    assert desk.vcenter.session_count == 1


def test_the_pages_example_prints_the_login(desk: Desk) -> None:
    """A Python program of its own, to which the program is on PATH."""
    text = snippet("docker", "docker-py", {"vc.example.com": desk.vcenter.authority})
    done = desk.run(sys.executable, "-c", text)
    (session,) = desk.vcenter.sessions
    assert (done.status, done.stdout.decode(), done.stderr) == (0, f"{USER} {session.id}\n", "")


def test_an_unreachable_vcenter_is_not_a_missing_login(desk: Desk, store: credentials.Store) -> None:
    """docker-py says so, instead of going on without a login."""
    server = desk.vcenter.authority
    with desk.vcenter.offline():
        with pytest.raises(credentials.StoreError) as caught:
            store.get(server)
        with pytest.raises(DockerException, match="Credentials store error"):
            resolve(desk, server, credHelpers={server: "vsphere"})
    assert not isinstance(caught.value, credentials.CredentialsNotFound)
    assert "the connection to" in str(caught.value)
    assert PASSWORD not in str(caught.value)
