"""A fleet as people configure it: `[fleet]` in the file, and the environment before it; what does not go together is told."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from vsphere_session.clock import Clock, Deadline
from vsphere_session.endpoint import parse_endpoint
from vsphere_session.errors import InvalidRequestError, NotFoundError, SessionError, StorageError
from vsphere_session.settings.child_environment import without_passwords
from vsphere_session.settings.config_file import Configuration, fleet_configured, load
from vsphere_session.settings.fleet_settings import FleetSettings, fleet_settings

URL = "rediss://ci-runner@cache.example.com:6380"
WHOLE = f'url = "{URL}"\nnamespace = "vs:ci"\nkey_file = "fleet-key"\n'
KEY = "2026-11:a2V5\n2026-08:b2xk"


def configuration(home: Path, fleet: str, above: str = "", endpoint: str = "") -> Configuration:
    path = home / "config.toml"
    own = f'[endpoint."esx1"]\n{endpoint}\n' if endpoint else ""
    path.write_text(f"{above}\n[fleet]\n{fleet}\n{own}" if fleet else f"{above}\n{own}")
    path.chmod(0o600)
    return load(str(path))


def whole(home: Path, fleet: str = WHOLE, environ: Mapping[str, str] | None = None) -> FleetSettings:
    found = fleet_settings(environ or {}, configuration(home, fleet))
    assert found is not None
    return found


def refused(home: Path, fleet: str, environ: Mapping[str, str] | None = None) -> str:
    """What is said of one that is not whole."""
    with pytest.raises(InvalidRequestError) as caught:
        whole(home, fleet, environ)
    assert "\n" not in caught.value.message
    return caught.value.message


def until(seconds: float = 30) -> Deadline:
    return Deadline(seconds, Clock())


def test_the_table_says_everything_and_the_rest_is_the_default(tmp_path: Path) -> None:
    found = whole(tmp_path)
    assert (found.url, found.namespace) == (URL, "vs:ci")
    assert (found.engine_down, found.login_spread, found.ca_file, found.clear) == ("refuse", 30.0, "", False)
    assert found.sessions == 1


@pytest.mark.parametrize("said", ["4", '"4"'])
def test_how_many_sessions_the_machines_share(tmp_path: Path, said: str) -> None:
    """The environment goes before the file."""
    assert whole(tmp_path, f"{WHOLE}sessions = {said}").sessions == 4
    assert whole(tmp_path, f"{WHOLE}sessions = {said}", {"VSPHERE_SESSION_FLEET_SESSIONS": "100"}).sessions == 100


@pytest.mark.parametrize("said", ["0", "101", "-1", "+4", "1.5", "four", "\u0664", "4" * 5000, " 4"])
def test_what_is_no_number_of_sessions_is_told(tmp_path: Path, said: str) -> None:
    assert refused(tmp_path, WHOLE, {"VSPHERE_SESSION_FLEET_SESSIONS": said}) == "sessions is no number from 1 to 100"
    assert "line 6: [fleet]: sessions is no number from 1 to 100" in refused(tmp_path, f'{WHOLE}sessions = "{said}"')


def test_a_relative_path_is_seen_from_the_file_and_a_command_prints_the_password(tmp_path: Path) -> None:
    (tmp_path / "fleet-key").write_text(f"{KEY}\n")
    command = f'password_command = ["{sys.executable}", "-c", "print(chr(112) * 3)"]'
    found = whole(tmp_path, f'{WHOLE}{command}\nca_file = "ca.pem"\nengine_down = "login"\nlogin_spread = "2m"')
    assert found.key_text(until()) == KEY
    assert found.password(until()) == "ppp"
    assert (found.ca_file, found.engine_down, found.login_spread) == (str(tmp_path / "ca.pem"), "login", 120.0)


def test_a_command_prints_the_key_in_all_its_lines(tmp_path: Path) -> None:
    command = f'''key_command = ["{sys.executable}", "-c", "print('a:1'); print('b:2')"]'''
    found = whole(tmp_path, f'url = "{URL}/vs:ci"\n{command}')
    assert found.key_text(until()) == "a:1\nb:2"
    assert found.password(until()) == ""


def test_a_file_that_others_may_write_runs_no_command(tmp_path: Path) -> None:
    config = configuration(tmp_path, f'url = "{URL}/vs:ci"\nkey_command = ["true"]')
    os.chmod(config.path, 0o666)
    found = fleet_settings({}, config)
    assert found is not None
    with pytest.raises(StorageError):
        found.key_text(until())


def test_the_environment_alone_will_do(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("secret\n")
    found = whole(
        tmp_path,
        "",
        {
            "VSPHERE_SESSION_FLEET": "REDISS://ci@[::1]/vs:ci",
            "VSPHERE_SESSION_FLEET_KEY": KEY,
            "VSPHERE_SESSION_FLEET_PASSWORD_FILE": str(tmp_path / "password"),
            "VSPHERE_SESSION_FLEET_CA_FILE": "/ca.pem",
            "VSPHERE_SESSION_FLEET_ENGINE_DOWN": "login",
        },
    )
    assert (found.url, found.namespace) == ("rediss://ci@[::1]", "vs:ci")
    assert (found.key_text(until()), found.password(until())) == (KEY, "secret")
    assert (found.ca_file, found.engine_down) == ("/ca.pem", "login")


def test_the_environment_goes_before_the_file(tmp_path: Path) -> None:
    environ = {"VSPHERE_SESSION_FLEET_NAMESPACE": "vs:lab", "VSPHERE_SESSION_FLEET_KEY": "x:1"}
    found = whole(tmp_path, WHOLE, environ)
    assert (found.url, found.namespace, found.key_text(until())) == (URL, "vs:lab", "x:1")


def test_a_password_of_the_file_is_not_for_another_engine_that_the_environment_names(tmp_path: Path) -> None:
    (tmp_path / "fleet-password").write_text("secret")
    fleet = f'{WHOLE}password_file = "fleet-password"'
    assert whole(tmp_path, fleet).password(until()) == "secret"
    assert whole(tmp_path, fleet, {"VSPHERE_SESSION_FLEET": f"{URL}/vs:other"}).password(until()) == "secret"
    elsewhere = {"VSPHERE_SESSION_FLEET": "rediss://ci-runner@elsewhere.example.com:6380"}
    assert whole(tmp_path, fleet, elsewhere).password(until()) == ""


@pytest.mark.parametrize("off", ["", "off", " OFF "])
def test_the_environment_switches_it_off(tmp_path: Path, off: str) -> None:
    config = configuration(tmp_path, WHOLE)
    assert fleet_configured({}, config)
    assert not fleet_configured({"VSPHERE_SESSION_FLEET": off}, config)
    assert fleet_settings({"VSPHERE_SESSION_FLEET": off}, config) is None


def test_an_endpoint_switches_it_off_for_itself_and_another_is_in_it(tmp_path: Path) -> None:
    config = configuration(tmp_path, WHOLE, endpoint="fleet = false")
    assert fleet_settings({}, config, parse_endpoint("https://esx1")) is None
    assert fleet_settings({}, config, parse_endpoint("https://vc")) is not None


def test_all_but_one_endpoint_are_out_of_what_the_environment_names(tmp_path: Path) -> None:
    config = configuration(tmp_path, "", above="fleet = false", endpoint="fleet = true")
    environ = {"VSPHERE_SESSION_FLEET": f"{URL}/vs:ci", "VSPHERE_SESSION_FLEET_KEY": KEY}
    assert fleet_settings(environ, config, parse_endpoint("https://vc")) is None
    assert fleet_settings(environ, config, parse_endpoint("https://esx1")) is not None


def test_without_it_there_is_none(tmp_path: Path) -> None:
    config = configuration(tmp_path, "")
    assert not fleet_configured({"VSPHERE_SESSION_FLEET_KEY": KEY}, config)
    assert fleet_settings({"VSPHERE_SESSION_FLEET_KEY": KEY}, config) is None


@pytest.mark.parametrize(
    ("fleet", "said"),
    [
        ('namespace = "vs:ci"\nkey_file = "k"', "has no url"),
        (f'url = "{URL}"\nkey_file = "k"', "/vs:ci, or by itself: namespace = "),
        (f'url = "{URL}/vs:ci"', "fleet key --new"),
        (f'url = "{URL}/vs:ci"\nnamespace = "vs:lab"\nkey_file = "k"', "two namespaces"),
        (f'url = "{URL}/vs:ci"\nkey_file = "k"\nkey_command = ["k"]', "gives both key_file and key_command"),
        (f'{WHOLE}engine_down = "guess"', "line 6: [fleet]: engine_down is neither refuse nor login"),
        (f'{WHOLE}key = "2026-11:hunter2"', "line 6: [fleet]: key is a secret"),
        (f'{WHOLE}password = "hunter2"', "line 6: [fleet]: password is a secret"),
        (f'{WHOLE}namespaze = "x"', '[fleet]: "namespaze" is not known; did you mean "namespace"?'),
        (f"{WHOLE}sessions = true", "line 6: [fleet]: sessions is no number from 1 to 100"),
        (f"{WHOLE}sessions = [4]", "[fleet]: sessions is neither a string, a number nor a boolean"),
        (f"{WHOLE}clear = 3", "[fleet]: clear is neither true nor false"),
        (f'{WHOLE}login_spread = "soon"', "[fleet]: login_spread is no duration"),
        (f'{WHOLE}ca_file = ["a"]', "[fleet]: ca_file is neither a string"),
        ('url = "rediss://ci:hunter2@cache/vs"\nkey_file = "k"', "line 3: [fleet]: url has a password"),
        (
            'url = "https://cache/vs"\nkey_file = "k"',
            "url under [fleet]: the url of the fleet's engine is none of an engine",
        ),
        ('url = "cache.example.com"\nkey_file = "k"', "is none of an engine"),
        ('url = "rediss://ci@/vs"\nkey_file = "k"', "names no host"),
        ('url = "rediss://ci@cache:99999/vs"\nkey_file = "k"', "names no host"),
        ('url = "rediss://ci@cache/vs?db=1"\nkey_file = "k"', "one of % ? #"),
        ('url = "redis://ci@cache/vs"\nkey_file = "k"', "in clear text"),
        *(
            (f'url = "{URL}"\nnamespace = "{name}"\nkey_file = "k"', "a brace, a blank or a control character")
            for name in ("vs {ci}", "vs ci", "v" * 65)
        ),
    ],
)
def test_what_does_not_go_together_is_told_without_a_secret(tmp_path: Path, fleet: str, said: str) -> None:
    message = refused(tmp_path, fleet)
    assert said in message
    assert "hunter2" not in message


def test_a_url_of_the_environment_with_a_password_is_told_without_it(tmp_path: Path) -> None:
    message = refused(tmp_path, "", {"VSPHERE_SESSION_FLEET": "rediss://:hunter2@cache/vs"})
    assert message.startswith("VSPHERE_SESSION_FLEET has a password")
    assert "hunter2" not in message


def test_a_flat_fleet_is_told_where_it_goes(tmp_path: Path) -> None:
    with pytest.raises(InvalidRequestError, match=r"line 1: fleet is neither true nor false; .* under \[fleet\]"):
        configuration(tmp_path, "", above=f'fleet = "{URL}"')


@pytest.mark.parametrize("url", ["redis://127.0.0.1/vs", "redis://ci@localhost:7000/vs", "redis://[::1]/vs"])
def test_this_machine_needs_no_encryption(tmp_path: Path, url: str) -> None:
    assert whole(tmp_path, f'url = "{url}"\nkey_file = "k"').namespace == "vs"


def test_whoever_says_so_has_another_machine_without_encryption(tmp_path: Path) -> None:
    assert whole(tmp_path, 'url = "redis://cache/vs"\nkey_file = "k"\nclear = true').clear


def test_a_unix_socket_has_its_namespace_by_itself(tmp_path: Path) -> None:
    found = whole(tmp_path, 'url = "unix://ci@/run/redis.sock"\nnamespace = "vs"\nkey_file = "k"')
    assert found.url == "unix://ci@/run/redis.sock"


@pytest.mark.parametrize(("content", "error"), [(None, StorageError), ("\n", NotFoundError)])
def test_a_key_that_is_not_there_is_told_when_it_is_needed(
    tmp_path: Path, content: str | None, error: type[SessionError]
) -> None:
    found = whole(tmp_path)
    if content is not None:
        (tmp_path / "fleet-key").write_text(content)
    with pytest.raises(error, match="key_file"):
        found.key_text(until())


def test_programs_that_are_started_get_neither_key_nor_password() -> None:
    """And are told that there is no fleet, which they could not ask: what is cached on the machine serves them."""
    secrets = {f"VSPHERE_SESSION_FLEET_{name}": "hunter2" for name in ("KEY", "PASSWORD")}
    others = {"VSPHERE_SESSION_FLEET": f"{URL}/vs:ci", "VSPHERE_SESSION_FLEET_KEY_FILE": "/key"}
    off = {"VSPHERE_SESSION_FLEET": "off"}
    assert without_passwords(secrets | others) == others | off
    assert without_passwords({"VSPHERE_SESSION_FLEET": "rediss://u:hunter2@h"}) == off
    assert without_passwords(others) == others


def test_it_shows_no_secret_of_itself(tmp_path: Path) -> None:
    shown = repr(whole(tmp_path, WHOLE, {"VSPHERE_SESSION_FLEET_PASSWORD": "hunter2"}))
    assert shown == f"FleetSettings('{URL}', 'vs:ci')"


@pytest.mark.parametrize(
    ("variable", "said"),
    [
        ("VSPHERE_FLEET_KEY", "the name that is read is VSPHERE_SESSION_FLEET_KEY"),
        ("VSPHERE_SESION_FLEET_KEY", "the name that is read is VSPHERE_SESSION_FLEET_KEY"),
        ("VSPHERE_SESSION_FLEET_KEY_COMMAND", "key_command under [fleet]"),
    ],
)
def test_a_variable_that_comes_near_is_named(tmp_path: Path, variable: str, said: str) -> None:
    message = refused(tmp_path, f'url = "{URL}/vs:ci"', {variable: "hunter2"})
    assert f"; {variable} is set and not read: " in message
    assert said in message
    assert "hunter2" not in message
