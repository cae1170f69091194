"""`configure docker`: docker keeps its logins with the program; of its config.json nothing else changes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from configure.setting_up import OTHER, Setup
from interop.registry import Registry

CONFIGS = [
    '{\n\t"auths": {\n\t\t"b.example.com": {}\n\t},\n\t"detachKeys": "ctrl-\\u0065"\n}',
    '{\n  "credHelpers": {\n    "b.example.com": "mine",\n    "a.example.com": "vs"\n  },\n  "z": [1.50, {"credHelpers": {}}]\n}\n',
    '{"credHelpers":{"b.example.com":"mine"},"a":1}',
    '{"a" : 1 , "b":2 }',
    '{ "credHelpers" : {} }',
    '{"credHelpers": {\n}}',
    "{}",
    "{ }\n",
    '{\r\n    "a": "ü"\r\n}\r\n',
]


@pytest.fixture
def config(setup: Setup) -> Path:
    """Where docker's configuration of this user is, or will be."""
    return setup.home / ".docker" / "config.json"


@pytest.fixture
def registry() -> Iterator[Registry]:
    """A registry with one account."""
    with Registry({"someone": "s3cret"}) as server:
        yield server


def test_docker_login_stores_with_the_program(setup: Setup, config: Path, registry: Registry) -> None:
    assert setup.ok("configure", "docker", "--host", registry.authority) == [
        f"link {setup.bin / 'docker-credential-vsphere'} -> {setup.program}",
        f"set credHelpers.{registry.authority} in {config}",
    ]
    login = ("login", "-u", "someone", "--password-stdin", registry.authority)
    done = setup.desk.run("docker", *login, stdin=b"s3cret", SSL_CERT_FILE=str(registry.ca_file))
    assert done.status == 0, done
    asked = setup.desk.run(str(setup.bin / "docker-credential-vsphere"), "get", stdin=registry.authority.encode())
    assert json.loads(asked.stdout)["Secret"] == "s3cret"
    assert b"s3cret" not in config.read_bytes()


def test_without_a_file_one_is_made_and_removed_again(setup: Setup) -> None:
    setup.round("docker", changes=2)


@pytest.mark.parametrize("text", CONFIGS)
def test_a_file_is_changed_in_its_own_style_and_back_to_the_byte(setup: Setup, config: Path, text: str) -> None:
    setup.write(config, text)
    setup.round("docker", changes=2)
    setup.ok("configure", "docker")
    setup.ok("configure", "docker", "--host", OTHER)
    expected = json.loads(text)
    expected.setdefault("credHelpers", {}).update({setup.authority: "vsphere", OTHER: "vsphere"})
    changed = config.read_bytes().decode()
    assert json.dumps(json.loads(changed)) == json.dumps(expected), "the order is kept"
    assert ("\n\n" in changed, changed.count("\n") > 1) == (False, text.count("\n") > 1)
    setup.ok("unconfigure", "docker", "--host", setup.authority)
    setup.ok("unconfigure", "docker", "--host", OTHER)
    assert config.read_bytes().decode() == text


def test_a_file_that_is_a_link_stays_one(setup: Setup, config: Path) -> None:
    kept = setup.write(setup.home / "dotfiles" / "docker.json", "{}", 0o600)
    config.parent.mkdir()
    config.symlink_to(kept)
    setup.round("docker", changes=2)
    setup.ok("configure", "docker")
    assert config.is_symlink()
    assert json.loads(kept.read_bytes()) == {"credHelpers": {setup.authority: "vsphere"}}


def test_docker_config_says_where_the_file_is(setup: Setup) -> None:
    directory = setup.home / "elsewhere"
    setup.ok("configure", "docker", DOCKER_CONFIG=str(directory))
    assert json.loads((directory / "config.json").read_bytes()) == {"credHelpers": {setup.authority: "vsphere"}}
    assert (directory / "config.json").stat().st_mode & 0o777 == 0o600


def test_another_helper_for_the_host_stays(setup: Setup, config: Path) -> None:
    setup.write(config, json.dumps({"credHelpers": {setup.authority: "mine"}}))
    assert setup.authority in setup.refused(2, "configure", "docker")
    assert setup.ok("unconfigure", "docker") == ["nothing to do"]


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"credHelpers": []}', '{"credHelpers": null}', '{"a": 1, "a": 2}', "{} {}", "[" * 9999]
)
def test_what_is_no_configuration_of_docker_stays(setup: Setup, config: Path, text: str) -> None:
    setup.write(config, text)
    assert str(config) in setup.refused(9, "configure", "docker")
    assert str(config) in setup.refused(9, "unconfigure", "docker")


def test_the_link_stays_while_it_is_dockers_default(setup: Setup, config: Path) -> None:
    """The user has named the program in `credsStore`."""
    setup.ok("configure", "docker")
    setup.write(config, json.dumps({**json.loads(config.read_bytes()), "credsStore": "vsphere"}))
    assert len(setup.ok("unconfigure", "docker")) == 1
    assert (setup.bin / "docker-credential-vsphere").is_symlink()


def test_a_file_with_a_byte_order_mark_is_told_as_what_docker_cannot_read(setup: Setup, config: Path) -> None:
    setup.write(config, "\ufeff{}")
    assert "byte-order mark" in setup.refused(9, "configure", "docker", "--host", OTHER)
    assert config.read_text() == "\ufeff{}"
