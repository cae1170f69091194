"""Files whose paths a user gives: passwords, configuration, authorities, known hosts. Bounded in size, time and work."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from simulated_vcenter import SimulatedVCenter
from support.program import PASSWORD, USER, Helper, Reply, request
from vsphere_session.errors import InvalidRequestError
from vsphere_session.settings import config_file as config

PIPES = ["GOVC_PASSWORD", "GOVC_USERNAME", "GOVC_TLS_KNOWN_HOSTS", "GOVC_TLS_CA_CERTS", "VSPHERE_SESSION_CONFIG"]


def named(helper: Helper, vcenter: SimulatedVCenter, variable: str, path: str, *options: str) -> Reply:
    """`get` with everything in the environment, and `path` in one of the variables."""
    given = {
        "GOVC_URL": vcenter.authority,
        "GOVC_USERNAME": USER,
        "GOVC_PASSWORD": PASSWORD,
        "GOVC_TLS_CA_CERTS": vcenter.ca_file,
    }
    return helper.run(*options, "get", stdin=b"", timeout=60.0, **(given | {variable: path}))


@pytest.mark.parametrize("variable", PIPES)
def test_a_pipe_that_nobody_writes_to_is_given_up_at_the_time_out(
    vcenter: SimulatedVCenter, helper: Helper, tmp_path: Path, variable: str
) -> None:
    """The message names what is waited for; nobody logs in. Authorities are read for every connection: never a pipe."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reply = named(helper, vcenter, variable, str(pipe), "--timeout", "0.5")
    assert reply.kind == "storage", reply
    assert "pipe" in reply.stderr
    assert vcenter.login_attempts == 0


@pytest.mark.parametrize("variable", sorted({*PIPES} - {"GOVC_TLS_CA_CERTS"}))
def test_a_pipe_that_somebody_writes_to_late_and_in_pieces_is_read_to_its_end(
    vcenter: SimulatedVCenter, helper: Helper, tmp_path: Path, variable: str
) -> None:
    """As with `GOVC_PASSWORD=<(pass show vcenter)`, also where the writer opens the pipe only after the reader."""
    content = {
        "GOVC_PASSWORD": f"{PASSWORD}\n",
        "GOVC_USERNAME": USER,
        "GOVC_TLS_KNOWN_HOSTS": f"{vcenter.authority} {vcenter.thumbprint}\n",
        "VSPHERE_SESSION_CONFIG": 'api = "soap"\n',
    }[variable]
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    half = len(content) // 2
    script = 'exec > "$0"; printf %s "$1"; read -r _ < /dev/null; printf %s "$2"'
    with subprocess.Popen(["/bin/sh", "-c", script, str(pipe), content[:half], content[half:]]):
        reply = named(helper, vcenter, variable, str(pipe))
    assert reply.status == 0, reply
    assert ("rest_session_id" in reply.fields) == (variable != "VSPHERE_SESSION_CONFIG")


@pytest.mark.parametrize("variable", PIPES)
def test_endless_zeros_in_the_place_of_a_file_end_at_its_limit(
    vcenter: SimulatedVCenter, helper: Helper, variable: str
) -> None:
    """An error of the caller's, and nobody logs in; among known hosts of zeros there is just no vCenter."""
    reply = named(helper, vcenter, variable, "/dev/zero")
    if variable == "GOVC_TLS_KNOWN_HOSTS":
        assert reply.fields["source"] == "login"
    else:
        assert reply.kind in ("invalid-request", "storage"), reply
        assert vcenter.login_attempts == 0


def parsed(text: str, tmp_path: Path) -> config.Configuration:
    path = tmp_path / "config.toml"
    path.write_text(text, encoding="utf-8")
    return config.load(str(path))


@pytest.mark.parametrize(
    "line",
    ["a." * 100_000 + "b = 1", "a." * 300 + "b = 1", "[" + "a." * 300 + "b]", "x = {" + "a." * 300 + "b = 1}"],
    ids=["100,000 parts", "300 parts", "a table", "an inline table"],
)
def test_keys_of_very_many_parts_are_refused_before_they_are_parsed(
    tmp_path: Path, line: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`tomllib` takes time by the square of their number: half a minute for 100 kB."""

    def never(_text: str) -> None:
        raise AssertionError("the text has got as far as the parser")

    monkeypatch.setattr("tomllib.loads", never)
    with pytest.raises(InvalidRequestError, match="line 2"):
        parsed(f'verify = "auto"\n{line}\n', tmp_path)


def test_a_long_line_that_a_person_may_write_is_read(tmp_path: Path) -> None:
    """Authorities in many files, each with dots in its path."""
    files = os.pathsep.join(f"/etc/ssl/company.example.com/ca.{number}.pem" for number in range(30))
    assert parsed(f'ca_file = "{files}"\n', tmp_path).general["ca_file"] == files


def test_a_configuration_of_the_largest_size_is_read_and_one_byte_more_is_refused(tmp_path: Path) -> None:
    """With as many endpoints as fit."""
    line = '[endpoint."vc-{:05d}.example.com"]\nusername = "me"\n'
    text = "".join(line.format(number) for number in range(config.MAX_CONFIG_BYTES // len(line.format(0))))
    whole = text.ljust(config.MAX_CONFIG_BYTES, "\n")
    assert len(parsed(whole, tmp_path).endpoints) > 1000
    with pytest.raises(InvalidRequestError, match="longer than"):
        parsed(whole + "\n", tmp_path)


def test_the_caller_of_a_server_that_is_slow_waits_for_no_pipe(vcenter: SimulatedVCenter, helper: Helper) -> None:
    """A warm answer needs no password, so it does not wait for one: the pipe is not even opened."""
    helper.ok("get", request(vcenter, password=PASSWORD))
    pipe = helper.home / "pipe"
    os.mkfifo(pipe)
    reply = helper.call("get", request(vcenter), "--timeout", "5", GOVC_PASSWORD=str(pipe))
    assert reply.fields["source"] == "cache"
