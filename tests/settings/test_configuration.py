"""The configuration file: every key, for one endpoint and in general, and what a mistake in it is answered with."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from simulated_vcenter import SimulatedVCenter, faults
from support.program import PASSWORD, USER, Helper, request


@pytest.fixture
def config(helper: Helper) -> Path:
    """The configuration file, which is not there yet."""
    path = helper.home / ".config" / "vsphere-session" / "config.toml"
    path.parent.mkdir(parents=True)
    return path


def login(vcenter: SimulatedVCenter, **fields: object) -> dict[str, object]:
    return {"url": vcenter.authority, "username": USER, "password": PASSWORD, **fields}


def lifetime(reply: dict[str, str]) -> float:
    """Minutes from now to `expires_at`."""
    return (datetime.fromisoformat(reply["expires_at"]) - datetime.now(UTC)).total_seconds() / 60


# ---- every key


def test_url_is_the_endpoint_where_nobody_else_names_one(
    vcenter: SimulatedVCenter, helper: Helper, config: Path
) -> None:
    config.write_text(f'url = "https://{vcenter.authority}/sdk"\n')
    fields = login(vcenter, ca_file=vcenter.ca_file)
    del fields["url"]
    assert vcenter.authority in helper.ok("get", fields)["url"]


def test_username_is_the_user_where_nobody_else_names_one(
    vcenter: SimulatedVCenter, helper: Helper, config: Path
) -> None:
    config.write_text(f'username = "{USER}"\n')
    reply = helper.ok("get", {"url": vcenter.authority, "password": PASSWORD, "ca_file": vcenter.ca_file})
    assert "administrator%40vsphere.local@" in reply["url"]


def test_ca_file(vcenter: SimulatedVCenter, helper: Helper, config: Path) -> None:
    config.write_text(f'ca_file = "{vcenter.ca_file}"\n')
    assert helper.ok("get", login(vcenter))["source"] == "login"


def test_thumbprint(vcenter: SimulatedVCenter, helper: Helper, config: Path) -> None:
    config.write_text(f'thumbprint = "{vcenter.thumbprint}"\n')
    assert helper.ok("get", login(vcenter))["source"] == "login"


@pytest.mark.parametrize("insecure", ["true", '"true"', "1", '"yes"'])
def test_insecure(vcenter: SimulatedVCenter, helper: Helper, config: Path, insecure: str) -> None:
    config.write_text(f"insecure = {insecure}\n")
    assert helper.ok("get", login(vcenter))["source"] == "login"


def test_passthrough(vcenter: SimulatedVCenter, helper: Helper, config: Path) -> None:
    config.write_text("passthrough = true\n")
    reply = helper.ok("get", request(vcenter, password=PASSWORD))
    assert "soap_session_file" not in reply
    helper.ok("erase", request(vcenter, **{name: reply[name] for name in ("soap_session_id", "rest_session_id")}))
    assert vcenter.session_count == 0


def test_api(vcenter: SimulatedVCenter, helper: Helper, config: Path) -> None:
    config.write_text('api = "rest"\n')
    assert "soap_session_id" not in helper.ok("get", request(vcenter, password=PASSWORD))


def test_verify(vcenter: SimulatedVCenter, helper: Helper, config: Path) -> None:
    config.write_text('verify = "always"\n')
    helper.ok("get", request(vcenter, password=PASSWORD))
    before = len(vcenter.requests)
    helper.ok("get", request(vcenter))
    assert len(vcenter.requests) == before + 2


def test_output(vcenter: SimulatedVCenter, helper: Helper, config: Path) -> None:
    config.write_text('output = "files"\n')
    assert "soap_session_id" not in helper.ok("get", request(vcenter, password=PASSWORD))


def test_secret_store(vcenter: SimulatedVCenter, helper: Helper, config: Path) -> None:
    config.write_text('secret_store = "file"\n')
    assert helper.ok("store", request(vcenter, password=PASSWORD)) == {"stored": "password"}


def test_timeout(vcenter: SimulatedVCenter, helper: Helper, config: Path) -> None:
    config.write_text("timeout = 0.4\n")
    vcenter.faults.add("/sdk", faults.stall())
    reply = helper.call("get", request(vcenter, password=PASSWORD))
    assert reply.kind == "unreachable"
    assert "0.4 s" in reply.stderr


def test_trust_window(vcenter: SimulatedVCenter, helper: Helper, config: Path) -> None:
    config.write_text('trust_window = "0s"\n')
    helper.ok("get", request(vcenter, password=PASSWORD))
    before = len(vcenter.requests)
    helper.ok("get", request(vcenter))
    assert len(vcenter.requests) == before + 2


@pytest.mark.parametrize("limit", ['"50m"', "3000", '"3000s"', '"3000"'])
def test_idle_limit(vcenter: SimulatedVCenter, helper: Helper, config: Path, limit: str) -> None:
    config.write_text(f"idle_limit = {limit}\n")
    assert 40 < lifetime(helper.ok("get", request(vcenter, password=PASSWORD))) <= 50


def test_max_age(vcenter: SimulatedVCenter, helper: Helper, config: Path) -> None:
    config.write_text('max_age = "0.2h"\n')
    assert 2 < lifetime(helper.ok("get", request(vcenter, password=PASSWORD))) <= 12


# ---- for one endpoint, then in general


def test_a_setting_for_the_endpoint_wins_over_the_general_one(
    vcenter: SimulatedVCenter, helper: Helper, config: Path
) -> None:
    config.write_text(f'api = "both"\ninsecure = true\n[endpoint."{vcenter.authority}"]\napi = "soap"\n')
    reply = helper.ok("get", login(vcenter))
    assert "rest_session_id" not in reply, "api is the endpoint's"
    assert reply["source"] == "login", "insecure is the general one"


def test_a_setting_for_another_endpoint_says_nothing(vcenter: SimulatedVCenter, helper: Helper, config: Path) -> None:
    config.write_text('[endpoint."vc.example.com"]\ninsecure = true\n')
    assert helper.call("get", login(vcenter)).kind == "untrusted"


@pytest.mark.parametrize("name", ["{place}", "https://{place}/sdk", "HTTPS://{place}/", "me@{place}"])
def test_an_endpoint_may_be_written_in_every_form_of_a_url(
    vcenter: SimulatedVCenter, helper: Helper, config: Path, name: str
) -> None:
    config.write_text(f'[endpoint."{name.format(place=vcenter.authority)}"]\ninsecure = true\n')
    assert helper.ok("get", login(vcenter))["source"] == "login"


# ---- where the file is


def test_the_file_may_be_named_by_an_option_or_by_the_environment(vcenter: SimulatedVCenter, helper: Helper) -> None:
    path = helper.home / "other.toml"
    path.write_text("insecure = true\n")
    assert helper.ok("get", login(vcenter), "--config", str(path))["source"] == "login"
    assert helper.ok("get", login(vcenter), VSPHERE_SESSION_CONFIG=str(path))["source"] == "cache"
    assert helper.call("get", login(vcenter)).kind == "untrusted"


def test_the_file_moves_with_xdg_config_home(vcenter: SimulatedVCenter, helper: Helper) -> None:
    path = helper.home / "etc" / "vsphere-session" / "config.toml"
    path.parent.mkdir(parents=True)
    path.write_text("insecure = true\n")
    assert helper.ok("get", login(vcenter), XDG_CONFIG_HOME=str(helper.home / "etc"))["source"] == "login"


def test_a_file_that_is_named_and_not_there_is_a_storage_error(vcenter: SimulatedVCenter, helper: Helper) -> None:
    assert helper.call("get", login(vcenter), "--config", "/does/not/exist.toml").kind == "storage"


# ---- mistakes


@pytest.mark.parametrize(
    ("text", "line", "named"),
    [
        ('\nverifi = "auto"\n', 2, '"verify"'),
        ('api = "both"\nca-file = "x"\n', 2, '"ca_file"'),
        ('[endpoint."vc"]\napi = "both"\n\n  inseure = true\n', 4, '"insecure"'),
        ('[endpoint."a"]\napi = "both"\n[endpoint."b"]\n"usernam" = "x"\n', 4, '"username"'),
        ('[endpoints."vc"]\ninsecure = true\n', 1, '"endpoint"'),
        ('api = "soap"\nverify = "sometimes"\n', 2, "verify"),
        ('[endpoint."vc"]\ninsecure = "perhaps"\n', 2, "insecure"),
        ('idle_limit = "25 minutes"\n', 1, "idle_limit"),
        ('max_age = "-1h"\n', 1, "max_age"),
        ("timeout = 0\n", 1, "timeout"),
        ('username = ["me"]\n', 1, "username"),
        ('ca_file = "\\u0000"\n', 1, "ca_file"),
        ('username = "a\\u001bb"\n', 1, "username"),
        ('password = "s3cret"\n', 1, "store"),
        ('[endpoint."vc"]\nPassword = "s3cret"\n', 2, "store"),
        ('[endpoint."vc"]\ntimeout = 5\n', 2, "timeout"),
        ('[endpoint."vc"]\nurl = "vc"\n', 2, "url"),
        ('api = "both"\nthis is no TOML\n', 2, "TOML"),
        ('api = "both"\napi = "soap"\n', 2, "TOML"),
    ],
)
def test_a_mistake_is_answered_with_file_and_line_and_the_nearest_key(
    helper: Helper, config: Path, text: str, line: int, named: str
) -> None:
    config.write_text(text)
    reply = helper.call("get", {"url": "vc"})
    assert (reply.kind, reply.status) == ("invalid-request", 2)
    assert str(config) in reply.stderr
    assert f"line {line}" in reply.stderr
    assert named in reply.stderr
    assert "s3cret" not in reply.stderr


@pytest.mark.parametrize("text", ['[endpoint."v c"]\n', '[endpoint.""]\n', "endpoint = 1\n", "[endpoint]\nvc = 1\n"])
def test_an_endpoint_that_is_none_is_a_mistake(helper: Helper, config: Path, text: str) -> None:
    config.write_text(text)
    reply = helper.call("get", {"url": "vc"})
    assert reply.kind == "invalid-request"
    assert str(config) in reply.stderr


def test_a_file_that_is_not_utf_8_is_a_mistake(helper: Helper, config: Path) -> None:
    config.write_bytes(b'username = "caf\xe9"\n')
    reply = helper.call("get", {"url": "vc"})
    assert reply.kind == "invalid-request"
    assert str(config) in reply.stderr


def test_a_configuration_without_end_is_an_invalid_request(helper: Helper, config: Path) -> None:
    config.write_text("#" * (16 * 1024 * 1024 + 1))
    reply = helper.call("get", {"url": "vc.example.com"})
    assert reply.kind == "invalid-request"
    assert "is longer than" in reply.stderr
