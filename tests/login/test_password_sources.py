"""A login by password: where the password comes from, in which language the server speaks, and what a command may do."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

import peers
from hostile.canary import CANARY, silent
from login.way import Way, words
from simulated_vcenter import SimulatedVCenter
from support.program import PASSWORD, USER, Helper

WRONG = "wr0ng-Omega"
NAMED = f'username = "{USER}"'


@pytest.fixture
def vc() -> Iterator[SimulatedVCenter]:
    with SimulatedVCenter({USER: PASSWORD, "canary@vsphere.local": CANARY}) as server:
        yield server


@pytest.fixture
def way(helper: Helper, vc: SimulatedVCenter) -> Way:
    return Way(helper, vc)


def printing(way: Way, password: str = PASSWORD, more: str = "") -> str:
    """The configuration of a command that prints a password."""
    path = way.program("given-command", f"printf '%s\\n' '{password}'\n{more}")
    return f"password_command = {words(path)}"


# ---- the language of the server's texts


@pytest.mark.parametrize(
    ("configured", "field", "variable", "expected"),
    [
        ("", "", "", ""),
        ("de_DE", "", "", "de_DE"),
        ("", "ja", "", "ja"),
        ("", "", "fr_FR", "fr_FR"),
        ("de_DE", "ja", "fr_FR", "ja"),
        ("de_DE", "", "fr_FR", "de_DE"),
        ("", "", "_", ""),
        ("de_DE", "_", "fr_FR", ""),
        ("_", "", "fr_FR", ""),
    ],
)
def test_the_locale_is_sent_if_somebody_says_one(
    way: Way, configured: str, field: str, variable: str, expected: str
) -> None:
    """The request, then the configuration, then govmomi's variable; `_` is the server's own, as in govmomi."""
    way.configure(NAMED, *([f'locale = "{configured}"'] if configured else []))
    if variable:
        way.helper.environment["GOVMOMI_LOCALE"] = variable
    way.ok(password=PASSWORD, api="soap", **({"locale": field} if field else {}))
    (login,) = [seen.body.decode() for seen in way.server.requests if seen.operation == "Login"]
    assert (f"<locale>{expected}</locale>" in login) is bool(expected)
    assert ("<locale>" in login) is bool(expected)


@pytest.mark.parametrize("source", ["field", "GOVMOMI_LOCALE"])
def test_a_locale_that_the_server_does_not_know_is_said(way: Way, source: str) -> None:
    way.configure(NAMED)
    fields = {"locale": "klingon"} if source == "field" else {}
    if source != "field":
        way.helper.environment["GOVMOMI_LOCALE"] = "klingon"
    message = way.error("invalid-request", password=PASSWORD, api="soap", **fields)
    assert "does not know the locale" in message
    assert "(The locale name is invalid or unknown to the server.)" in message
    assert "GOVMOMI_LOCALE" in message
    assert way.server.session_count == 0


def test_vcsim_takes_a_locale(helper: Helper) -> None:
    with peers.VcSim(user=USER, password=PASSWORD) as vcsim:
        way = Way(helper, vcsim)  # type: ignore[arg-type]  # what is used of both is the same
        way.configure(NAMED, 'locale = "de_DE"')
        assert way.ok(password=PASSWORD, api="soap")["source"] == "login"


# ---- a command: how it is written, and when it runs


def test_a_command_in_the_configuration_as_a_list_and_as_text(way: Way) -> None:
    path = way.program("given command", f"echo '{PASSWORD}'; test \"$1\" = 'two words'")
    way.configure(NAMED, f"password_command = {words(path, 'two words')}")
    way.ok()
    way.configure(NAMED, f"""password_command = "'{path}' 'two words'" """)
    way.ok(reauth=True)
    assert way.runs("given command") == 2


@pytest.mark.parametrize("form", ["list", "text"])
def test_a_command_in_a_request(way: Way, form: str) -> None:
    way.configure()
    path = way.program("given-command", f"echo '{PASSWORD}'")
    way.ok(username=USER, password_command=words(path) if form == "list" else str(path))
    assert way.owners() == [(USER, "soap"), (USER, "rest")]


@pytest.mark.parametrize("api", ["soap", "rest", "both"])
@pytest.mark.parametrize("method", ["password", "saml"])
def test_it_runs_only_when_a_login_is_due_and_once_for_each_call(helper: Helper, api: str, method: str) -> None:
    from simulated_vcenter.sts import Sts

    with SimulatedVCenter(sts=Sts()) as vc:
        way = Way(helper, vc)
        way.configure(NAMED, printing(way), f'method = "{method}"')
        way.ok(api=api)
        assert way.runs("given-command") == 1
        way.ok(api=api)
        way.ok(api=api, verify="always")
        assert way.runs("given-command") == 1
        way.ok(api=api, reauth=True)
        assert way.runs("given-command") == 2


def test_the_request_then_the_environment_then_the_command_then_the_secret_store(way: Way) -> None:
    way.general += ['secret_store = "file"']
    way.configure(NAMED, printing(way))
    way.helper.ok("store", {"url": way.server.authority, "username": USER, "password": "stored"})
    before = way.runs("given-command")
    way.ok(password=PASSWORD)
    way.helper.environment |= {"GOVC_USERNAME": USER, "GOVC_PASSWORD": PASSWORD}
    way.ok(reauth=True)
    assert way.runs("given-command") == before
    del way.helper.environment["GOVC_PASSWORD"]
    way.ok(reauth=True)
    assert way.runs("given-command") == before + 1
    assert not way.server.refusals


def test_a_wrong_password_of_a_command_is_refused_remembered_and_not_sent_again(way: Way) -> None:
    way.configure(NAMED, printing(way, WRONG))
    for _ in range(3):
        way.error("login-refused")
    assert way.server.login_attempts == 1
    way.configure(NAMED, printing(way))
    way.ok()


def test_a_refusal_says_that_passwords_do_not_work_with_a_federated_identity_provider(way: Way) -> None:
    """Such a vCenter gives the same answer as for a wrong password."""
    way.configure(NAMED, printing(way, WRONG))
    assert "With a federated identity provider or MFA a password never works here" in way.error("login-refused")


# ---- a command that is no good


@pytest.mark.parametrize(
    ("script", "kind", "said"),
    [
        (f"echo {CANARY}; echo {CANARY}", "invalid-request", "prints more than one line"),
        ("true", "not-found", "prints nothing"),
        ("echo", "not-found", "prints nothing"),
        (f"yes {CANARY} | head -c 1000000", "invalid-request", "prints more than 65536 bytes"),
        (f"echo {CANARY}; exit 1", "not-found", "ended with status 1"),
        (f"echo {CANARY}; echo {CANARY} is locked >&2; exit 3", "not-found", "ended with status 3"),
        ("echo vault is sealed >&2; exit 2", "not-found", "vault is sealed"),
        ("read answer </dev/tty && echo $answer", "not-found", "ended with status"),
        ("read answer; echo $answer", "not-found", "prints nothing"),
        ("printf '\\303\\050\\n'", "invalid-request", "not UTF-8"),
    ],
)
def test_what_a_command_does_wrong_is_said_and_nothing_that_it_prints_is_shown(
    way: Way, script: str, kind: str, said: str
) -> None:
    way.configure(NAMED, f"password_command = {words(way.program('given-command', script))}")
    reply = silent(way.get("-vv"))
    assert reply.fields["error"] == kind
    assert "password_command" in reply.fields["message"]
    assert said in reply.fields["message"]
    way.remembered_nowhere(CANARY)
    assert way.server.login_attempts == 0


def test_one_that_takes_too_long_is_ended(way: Way) -> None:
    way.configure(NAMED, f"password_command = {words(way.program('given-command', f'echo {CANARY}; sleep 600'))}")
    reply = silent(way.get("--timeout", "1"))
    assert reply.kind == "busy"
    assert "password_command has not come to its end within 1 s" in reply.stderr


def test_one_that_leaves_something_running_is_not_waited_for(way: Way) -> None:
    way.configure(NAMED, printing(way, more="sleep 20 &"))
    assert way.ok()["source"] == "login"


def test_a_program_that_is_not_there_is_named(way: Way) -> None:
    way.configure(NAMED, 'password_command = ["no-such-program", "show"]')
    assert "password_command: no-such-program cannot be found" in way.error("invalid-request")


@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666])
def test_a_command_in_a_configuration_that_others_may_write_is_not_run(way: Way, mode: int) -> None:
    way.configure(NAMED, printing(way))
    way.configuration.chmod(mode)
    message = way.error("storage")
    assert f"{way.configuration} can be written by others" in message
    assert way.runs("given-command") == 0
    way.configuration.chmod(0o600)
    way.ok()


def test_a_command_has_no_secret_of_ours_in_its_arguments_or_environment(way: Way) -> None:
    """And nobody sees what it prints: not with -vv, not in a file."""
    seen = way.helper.home / "given-seen"
    script = f"(cat /proc/$$/environ; cat /proc/$PPID/cmdline /proc/$PPID/environ) > '{seen}'; echo '{CANARY}'"
    way.configure(
        'username = "canary@vsphere.local"', f"password_command = {words(way.program('given-command', script))}"
    )
    reply = way.get("-vv")
    assert reply.status == 0, reply
    assert CANARY not in reply.stderr
    assert CANARY.encode() not in reply.stdout
    assert CANARY.encode() not in seen.read_bytes().replace(script.encode(), b"")
    assert json.loads(reply.stdout)["source"] == "login"
