"""The page on commands for people, and README's first steps: each call says what they show, in a terminal."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from commands.fleets import Machine
from fleet.servers import redis_server
from support.example_com import FIRST_TIME, ExampleCom, example_com
from support.file_keyring import install
from support.pages import Call, calls, page_file, snippet
from support.program import PASSWORD, Helper
from vsphere_session.commands.program import COMMANDS


@pytest.fixture
def place(helper: Helper) -> Iterator[ExampleCom]:
    """A host with a keyring."""
    install(helper)
    with example_com(helper) as found:
        yield found


def test_each_section_is_a_command() -> None:
    """In the order of --help, by which it is listed."""
    sections = re.findall(r"^## (.*)$", page_file("docs/commands").read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert set(sections) <= set(COMMANDS)
    assert len(sections) == len(set(sections))


def test_login_asks_as_the_page_shows(place: ExampleCom) -> None:
    (login,) = calls(snippet("docs/commands", "login"))
    place.shows(login, FIRST_TIME)
    assert len(place.vcenter.logins) == 2


def test_login_in_a_script(place: ExampleCom) -> None:
    place.put("pass", f"echo '{PASSWORD}'")
    done = place.shell(snippet("docs/commands", "login-in-a-script", place.names))
    assert (done.status, done.stderr) == (0, ""), done
    assert (place.home / ".local/state/vsphere-session/secrets.json").exists()
    assert len(place.vcenter.logins) == 2


def test_status_shows_what_is_cached(place: ExampleCom) -> None:
    place.log_in("--no-store")
    (status,) = calls(snippet("docs/commands", "status"))
    place.shows(status)
    (check,) = calls(snippet("docs/commands", "status-check"))
    place.answers(check)


def test_logout_ends_what_was_cached(place: ExampleCom) -> None:
    place.log_in("--no-store")
    for call in calls(snippet("docs/commands", "logout")):
        place.answers(call)
    assert place.vcenter.session_count == 0


def test_sessions_shows_the_servers_list(place: ExampleCom) -> None:
    place.log_in("--no-store")
    for call in calls(snippet("docs/commands", "sessions")):
        place.answers(call)


def test_doctor_looks_at_all_in_turn(place: ExampleCom) -> None:
    place.log_in("--no-store")
    (doctor,) = calls(snippet("docs/commands", "doctor"))
    place.answers(doctor)


def test_explain_says_which_variable_wins(place: ExampleCom) -> None:
    place.log_in("--no-store")
    (explain,) = calls(snippet("docs/commands", "explain"))
    place.shows(explain)


def test_cert_shows_the_certificate(place: ExampleCom) -> None:
    for call in calls(snippet("docs/commands", "cert")):
        place.shows(call)


def test_config_and_version(place: ExampleCom) -> None:
    for call in [*calls(snippet("docs/commands", "config")), *calls(snippet("docs/commands", "version"))]:
        place.shows(call)


def test_fleet_says_what_is_shared_and_what_is_wrong(place: ExampleCom) -> None:
    with redis_server() as server:
        Machine(place.helper, server)
        place.log_in("--no-store")
        place.helper.ok("get", {}, VSPHERE_PASSWORD=PASSWORD)
        for page in (snippet("docs/commands", "fleet-status"), snippet("docs/commands", "fleet-doctor")):
            (call,) = calls(page)
            place.answers(call)


def test_fleet_makes_a_key(place: ExampleCom) -> None:
    done = place.shell(snippet("docs/commands", "fleet").replace("$ ", ""))
    assert (done.status, done.stdout, done.stderr) == (0, b"", ""), done
    text = (place.home / "fleet-key").read_text(encoding="ascii")
    assert re.fullmatch(r"\d{4}-\d\d:[\w+/]{43}=\nci-2:[\w+/]{43}=\n", text)


def test_a_program_does_the_same_in_json(place: ExampleCom) -> None:
    """README's: stored once; the first `get` logs in, for both kinds, the second one finds the sessions."""
    place.helper.environment["GOVC_TLS_CA_CERTS"] = str(place.company_pem)
    (block,) = re.findall(
        r"^```console\n(.*?)^```$", page_file("README").read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
    )
    for call in calls(block):
        place.answers(Call(call.command.replace('"…"', f'"{PASSWORD}"'), call.shown))
    assert len(place.vcenter.logins) == 2


def test_the_first_steps(place: ExampleCom) -> None:
    """`login` shows what README shows; then a program has the session and no password. With the real Terraform: tests/interop."""
    login, apply = snippet("README", "first-steps").splitlines()
    place.shows(Call(login, snippet("README", "first-login")), FIRST_TIME)
    place.put("terraform", 'echo "$@" && env')
    done = place.shell(apply)
    assert done.status == 0, done
    assert done.stdout.startswith(b"apply\n")
    assert PASSWORD.encode() not in done.stdout
    assert all(session.id.encode() in done.stdout for session in place.vcenter.sessions)
    assert len(place.vcenter.logins) == 2
