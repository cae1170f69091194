"""What completion offers: what the program takes, and the endpoints and users that it knows. Nothing secret is among it."""

from __future__ import annotations

import json

import pytest

from credential_protocol.dialects import DIALECTS
from support.program import Helper
from vsphere_session.cli import arguments
from vsphere_session.cli.exec_export import FORMATS
from vsphere_session.clock import Clock, Deadline
from vsphere_session.commands.program import COMMANDS
from vsphere_session.configure.change import CALLERS
from vsphere_session.secrets.logins import Logins
from vsphere_session.settings.config_file import CHOICES
from vsphere_session.storage.paths import Paths
from vsphere_session.storage.reading import Reader


def offered(helper: Helper, begun: str, *words: str) -> list[str]:
    """What may stand behind these words and begins so."""
    reply = helper.run("completion", "zsh", "--answer", _VSPHERE_SESSION_WORDS="\n".join([begun, *words]))
    assert (reply.status, reply.stderr) == (0, "")
    rows = [line.split("\t") for line in reply.stdout.decode().splitlines()]
    assert all(len(row) == 3 for row in rows)
    return [word if kind == "plain" else f"any {kind}" for kind, word, _ in rows]


def configure(helper: Helper, text: str) -> None:
    """Write the configuration."""
    file = helper.home / ".config/vsphere-session/config.toml"
    file.parent.mkdir(parents=True)
    file.write_text(text)
    file.chmod(0o600)


def test_every_option_of_the_parser_and_none_that_it_does_not_know(helper: Helper) -> None:
    assert set(offered(helper, "-")) == {*arguments._WITH_VALUE, *arguments._FLAGS}


@pytest.mark.parametrize(
    ("option", "values"),
    [
        ("--secret-store", list(CHOICES["secret_store"])),
        ("--protocol", list(DIALECTS)),
        ("--format", list(FORMATS)),
        ("--config", ["any file"]),
        ("--timeout", []),
        ("--field", []),
    ],
)
def test_the_values_of_an_option_are_those_that_it_may_have(helper: Helper, option: str, values: list[str]) -> None:
    """Behind it, and behind an equals sign."""
    assert offered(helper, "", option) == values
    joined = [value if value == "any file" else f"{option}={value}" for value in values]
    assert offered(helper, f"{option}=") == joined


def test_a_verb_comes_once_and_behind_any_options(helper: Helper) -> None:
    verbs = offered(helper, "")
    assert {*COMMANDS, "get", "store", "erase", "exec", "export", "serve-tickets"} < set(verbs)
    assert offered(helper, "", "--timeout", "5", "-v") == verbs
    assert offered(helper, "", "get") == []
    assert offered(helper, "", "configure") == list(CALLERS)
    assert offered(helper, "", "configure", "git") == []


def test_options_of_a_verb_with_its_own(helper: Helper) -> None:
    """`serve-tickets` reads them itself, and the common ones as well."""
    assert {"--listen", "--timeout"} <= set(offered(helper, "--", "serve-tickets"))
    assert offered(helper, "", "serve-tickets", "--certificate") == ["any file"]
    assert "--listen" not in offered(helper, "--", "get")


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_for_people_has_its_options(helper: Helper, name: str) -> None:
    """Those of its own `--help`, or of the command that it is where none of its own is named, and no other."""
    found = offered(helper, "--", name)
    assert "--help" in found
    shown = helper.run(name, "--help").stdout + helper.run(name, "list", "--help").stdout
    assert all(option in shown.decode() for option in found)


def test_commands_of_a_command(helper: Helper) -> None:
    """Also where one of them need not be named."""
    assert {"get", "set"} <= set(offered(helper, "", "config"))
    assert offered(helper, "p", "sessions") == ["prune"]


def test_endpoints_and_users_are_those_of_the_configuration_and_of_logins_that_are_kept(helper: Helper) -> None:
    """A login may be kept for an endpoint that is not configured."""
    configure(
        helper,
        'secret_store = "file"\nurl = "https://root:top-secret@vc-3.example.com/sdk"\n'
        '[endpoint."vc-1.example.com"]\nusername = "me@vsphere.local"\n',
    )
    login = {"url": "vc-2.example.com:8989", "username": "CORP\\you", "password": "top-secret"}
    assert helper.run("store", stdin=json.dumps(login).encode()).status == 0
    hosts = ["vc-1.example.com", "vc-2.example.com:8989", "vc-3.example.com"]
    for words in (["cert"], ["get", "--url"], ["configure", "git", "--host"]):
        assert offered(helper, "", *words) == hosts
    assert offered(helper, "", "get", "--url", "VC-1.example.com:443", "--username") == ["me@vsphere.local"]
    assert offered(helper, "C", "cert", "https://vc-2.example.com:8989/sdk", "--username") == ["CORP\\you"]
    assert offered(helper, "", "get", "--username") == ["CORP\\you", "me@vsphere.local"]


@pytest.mark.parametrize("text", ["not TOML", '[endpoint."vc\\u0007.example.com"]\n', '[endpoint."a\\tb"]\n'])
def test_what_cannot_be_read_or_shown_is_not_offered_and_nothing_is_said(helper: Helper, text: str) -> None:
    """A person at a prompt has not asked for an error."""
    configure(helper, text)
    assert offered(helper, "", "cert") == []


def test_a_shell_that_there_is_no_script_for_is_refused(helper: Helper) -> None:
    reply = helper.run("completion", "csh")
    assert reply.status == 2
    assert "vsphere-session completion --help" in reply.stderr


def test_a_refresh_token_that_is_kept_is_no_host_of_its_own(helper: Helper) -> None:
    """Its server and its user are completed, as those of a password."""
    state, clock = Paths(helper.environment).state, Clock()
    stored = Logins(state, "file", clock, Deadline(60, clock), Reader())
    stored.set("vc.example.com", "me@example.com", "a password")
    stored.set("vc-2.example.com#login", "alice@example.com: oidc", "a token")
    assert offered(helper, "", "cert") == ["vc-2.example.com", "vc.example.com"]
    assert offered(helper, "", "cert", "vc-2.example.com", "--username") == ["alice@example.com"]
