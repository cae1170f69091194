"""`vsphere-session sessions`: the server's own list, and the end of those that nobody needs."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from commands.at_a_terminal import plain, terminal
from peers import VcSim
from simulated_vcenter import SimulatedVCenter, faults
from support.encrypted_files import encrypt
from support.file_keyring import install
from support.program import PASSWORD, USER, Helper, request

PRIVILEGE = 'lacks the privilege Sessions.TerminateSession ("View and stop sessions" in the vSphere Client)'


@pytest.fixture
def at(helper: Helper, vcenter: SimulatedVCenter) -> Helper:
    """The program with an endpoint and its user."""
    helper.environment |= {"GOVC_URL": vcenter.url, "GOVC_USERNAME": USER, "GOVC_TLS_CA_CERTS": str(vcenter.ca_file)}
    return helper


def log_in(helper: Helper, server: SimulatedVCenter | VcSim, **more: object) -> dict[str, str]:
    return helper.ok("get", request(server, **{"password": PASSWORD, "api": "soap", **more}))


def shown(helper: Helper, *words: str) -> str:
    reply = helper.run("sessions", *words)
    assert (reply.status, reply.stderr) == (0, ""), reply
    return reply.stdout.decode()


def document(helper: Helper, *words: str) -> list[dict[str, Any]]:
    value = json.loads(shown(helper, *words, "--json"))
    assert isinstance(value, list)
    return value


def keys(vcenter: SimulatedVCenter) -> dict[str, str]:
    """The keys in the server's list, by the ids."""
    return {session.id: session.key for session in vcenter.sessions}


# ---- the list


def test_the_longest_idle_first_and_which_are_ours(at: Helper, vcenter: SimulatedVCenter) -> None:
    vcenter.set_password("zoe@vsphere.local", PASSWORD)
    log_in(at, vcenter, username="zoe@vsphere.local")
    got = log_in(at, vcenter)
    vcenter.add_session("leaky@corp.example.com", agent="pyvmomi Python/3.11", idle=1500)
    stranger, *ours = document(at)
    assert stranger["username"] == r"CORP.EXAMPLE.COM\leaky"
    assert (stranger["user_agent"], stranger["address"]) == ("pyvmomi Python/3.11", "192.0.2.1")
    assert 1500 <= stranger["idle_seconds"] < 1560
    assert (stranger["current"], stranger["cached"]) == (False, False)
    assert stranger["logged_in_at"] == stranger["last_active_at"]
    assert {one["key"]: one["current"] for one in ours} == {
        key: session == got["soap_session_id"] for session, key in keys(vcenter).items() if key != stranger["key"]
    }
    assert all(one["cached"] for one in ours)
    vcenter.end(next(session for session, key in keys(vcenter).items() if key == stranger["key"]))


@pytest.mark.sessions_counted_by_hand
def test_in_words(at: Helper, vcenter: SimulatedVCenter) -> None:
    log_in(at, vcenter)
    vcenter.add_session("leaky@corp.example.com", idle=1500)
    head, stranger, own, empty, count = shown(at).splitlines()
    assert head.split() == ["KEY", "IDLE", "AGE", "FROM", "HERE", "USER", "AGENT"]
    assert ["25 min  25 min  192.0.2.1" in stranger, "  in use  " in own] == [True, True]
    assert "vsphere-session/" in own
    assert (empty, count) == ("", f"2 sessions on {vcenter.authority}")
    limited = shown(at, "--limit", "1").splitlines()
    assert limited[1].split() == stranger.split()
    assert limited[-1] == f"2 sessions on {vcenter.authority}; 1 are shown"
    some = shown(at, "--idle", "20m").splitlines()
    assert some[1].split() == stranger.split()
    assert some[-1] == f"2 sessions on {vcenter.authority}; 1 of these are meant"
    assert [len(document(at, *words)) for words in ((vcenter.url,), ("list", vcenter.url))] == [2, 2]


def test_a_stored_login_makes_the_session_that_it_needs(at: Helper, vcenter: SimulatedVCenter) -> None:
    at.ok("store", request(vcenter, password=PASSWORD), "--secret-store", "file")
    (own,) = document(at)
    assert own["current"]
    assert vcenter.session_count == 1
    document(at)
    assert len(vcenter.logins) == 1


def test_without_a_session_and_a_login_it_is_not_found(at: Helper, vcenter: SimulatedVCenter) -> None:
    reply = at.run("sessions")
    assert (reply.status, reply.stdout) == (3, b"")
    assert vcenter.login_attempts == 0


def test_a_dead_session_is_renewed_as_by_get(at: Helper, vcenter: SimulatedVCenter) -> None:
    """Also within the time in which `get` would not ask the server."""
    at.ok("store", request(vcenter, password=PASSWORD), "--secret-store", "file")
    log_in(at, vcenter)
    vcenter.end_all()
    reply = at.run("sessions")
    assert reply.status == 0, reply
    assert vcenter.session_count == 1


@pytest.mark.parametrize("words", [(), ("prune", "--idle", "1h", "--yes"), ("end", "52", "--yes")])
def test_the_privilege_that_is_missing_is_named(at: Helper, vcenter: SimulatedVCenter, words: tuple[str, ...]) -> None:
    log_in(at, vcenter)
    vcenter.faults.missing_permission = True
    reply = at.run("sessions", *words)
    assert (reply.status, reply.stdout) == (10, b"")
    assert PRIVILEGE in reply.stderr
    assert reply.stderr.count("\n") == 1


@pytest.mark.sessions_counted_by_hand
def test_names_do_nothing_to_the_terminal(at: Helper, vcenter: SimulatedVCenter) -> None:
    log_in(at, vcenter)
    vcenter.add_session("ev\u202eil\u009b31m@corp.example.com", agent="x\u2028y\u0085")
    text = shown(at)
    assert "CORP.EXAMPLE.COM\\ev?il?31m" in text
    assert "x?y?" in text
    assert not set(text) & set("\u202e\u009b\u2028\u0085")


@pytest.mark.parametrize("fault", [faults.reset(), faults.status(500), faults.html(), faults.close_mid_answer()])
def test_a_server_that_makes_no_sense_is_unreachable(
    at: Helper, vcenter: SimulatedVCenter, fault: faults.Fault
) -> None:
    log_in(at, vcenter)
    vcenter.faults.add("Fetch", fault)
    reply = at.run("sessions")
    assert (reply.status, reply.stdout) == (5, b""), reply
    assert "a bug" not in reply.stderr


@pytest.mark.parametrize("operation", ["Fetch", "GET /sdk/vimServiceVersions.xml"])
def test_a_server_that_does_not_answer_is_not_waited_for_longer_than_said(
    at: Helper, vcenter: SimulatedVCenter, operation: str
) -> None:
    log_in(at, vcenter)
    vcenter.faults.add(operation, faults.stall())
    reply = at.run("sessions", "--timeout", "1")
    assert (reply.status, reply.stdout) == (5, b""), reply


def test_govcs_own_session_will_do(helper: Helper, vcsim: VcSim) -> None:
    govc = vcsim.govc(helper.home / ".govmomi")
    govc.ok("about")
    helper.environment |= {"GOVC_URL": vcsim.url, "GOVC_USERNAME": USER, "GOVC_TLS_CA_CERTS": str(vcsim.ca_file)}
    (own,) = document(helper)
    assert (own["current"], own["cached"]) == (True, True)
    assert vcsim.session_count() == 1


def test_an_esxi_has_a_list_too(helper: Helper) -> None:
    with SimulatedVCenter(esxi=True) as esxi:
        helper.environment |= {"GOVC_URL": esxi.url, "GOVC_USERNAME": USER, "GOVC_TLS_CA_CERTS": str(esxi.ca_file)}
        log_in(helper, esxi)
        assert [one["current"] for one in document(helper)] == [True]


def test_an_encrypted_session(at: Helper, vcenter: SimulatedVCenter) -> None:
    install(at)
    encrypt(at.home)
    log_in(at, vcenter)
    assert [one["cached"] for one in document(at)] == [True]
    at.ok("erase", request(vcenter, scope="session"))


@pytest.mark.parametrize(
    ("begun", "words", "offered"),
    [
        ("", [], ["end", "list", "prune", "vc.example.com"]),
        ("vc", [], ["vc.example.com"]),
        ("vc", ["prune"], ["vc.example.com"]),
        ("--li", ["vc.example.com"], ["--limit"]),
        ("--al", ["prune"], ["--also-ours"]),
    ],
)
def test_a_shell_completes_what_may_stand_there(
    helper: Helper, begun: str, words: list[str], offered: list[str]
) -> None:
    file = helper.home / ".config/vsphere-session/config.toml"
    file.parent.mkdir(parents=True)
    file.write_text('[endpoint."vc.example.com"]\ninsecure = true\n')
    typed = "\n".join([begun, "sessions", *words])
    reply = helper.run("completion", "zsh", "--answer", _VSPHERE_SESSION_WORDS=typed)
    assert [line.split("\t")[1] for line in reply.stdout.decode().splitlines()] == offered


# ---- end


@pytest.mark.sessions_counted_by_hand
def test_a_session_ends_by_the_beginning_of_its_key(at: Helper, vcenter: SimulatedVCenter) -> None:
    log_in(at, vcenter)
    stranger, other = (vcenter.add_session("x@corp.example.com") for _ in range(2))
    key = keys(vcenter)[stranger]
    assert shown(at, "end", key[:12], "--url", vcenter.url, "--yes") == f"ended {key}: CORP.EXAMPLE.COM\\x\n"
    assert set(keys(vcenter)) & {stranger, other} == {other}
    reply = at.run("sessions", "end", "no-such-key", "--yes")
    assert (reply.status, reply.stdout) == (2, b"")
    assert "no session on the server with the key no-such-key" in reply.stderr
    assert vcenter.session_count == 2


@pytest.mark.sessions_counted_by_hand
def test_a_beginning_that_two_have_ends_neither(at: Helper, vcenter: SimulatedVCenter) -> None:
    log_in(at, vcenter)
    for _ in range(17):
        vcenter.add_session("x@corp.example.com")
    first = [key[0] for key in keys(vcenter).values()]
    twice = next(character for character in first if first.count(character) > 1)
    reply = at.run("sessions", "end", twice, "--yes")
    assert reply.status == 2
    assert "sessions begin with the key" in reply.stderr
    assert vcenter.session_count == 18


def test_the_session_in_use_ends_only_if_it_is_named(at: Helper, vcenter: SimulatedVCenter) -> None:
    """By a logout, since a server lets nobody terminate it; its file goes with it."""
    got = log_in(at, vcenter)
    key = keys(vcenter)[got["soap_session_id"]]
    for idle in ("0", "1h"):
        assert shown(at, "prune", "--idle", idle, "--user", USER, "--yes").startswith("there is no such session")
    assert vcenter.session_count == 1
    assert shown(at, "end", key, "--yes").startswith(f"ended {key}: ")
    assert vcenter.session_count == 0
    assert not Path(got["soap_session_file"]).exists()


# ---- prune


def test_prune_takes_those_that_are_meant_and_no_others(at: Helper, vcenter: SimulatedVCenter) -> None:
    own = log_in(at, vcenter)["soap_session_id"]
    vcenter.add_session("svc-backup@corp.example.com", agent="pyvmomi Python/3.9", idle=1200)
    young = vcenter.add_session("svc-backup@corp.example.com", agent="pyvmomi Python/3.9", idle=60)
    agent = vcenter.add_session("svc-backup@corp.example.com", agent="govc/0.56", idle=1200)
    user = vcenter.add_session("zoe@corp.example.com", agent="pyvmomi Python/3.9", idle=1200)
    words = ("--idle", "10m", "--agent", "PyVmomi", "--user", "svc-*")
    (ended,) = document(at, "prune", *words, "--yes")
    assert ended["username"] == r"CORP.EXAMPLE.COM\svc-backup"
    assert set(keys(vcenter)) == {own, young, agent, user}
    assert document(at, "prune", *words, "--yes") == []
    document(at, "prune", "--agent", "govc/*", "--yes")
    document(at, "prune", "--user", "svc-backup@corp.example.com", "--yes")
    assert set(keys(vcenter)) == {own, user}
    document(at, "prune", "--user", r"corp.example.com\*", "--yes")
    assert set(keys(vcenter)) == {own}


def test_what_is_cached_here_stays_unless_it_is_meant_too(at: Helper, vcenter: SimulatedVCenter) -> None:
    vcenter.set_password("zoe@vsphere.local", PASSWORD)
    files = [Path(log_in(at, vcenter, username=user)["soap_session_file"]) for user in (USER, "zoe@vsphere.local")]
    assert document(at, "prune", "--agent", "vsphere-session", "--yes") == []
    assert vcenter.session_count == 2
    assert len(document(at, "prune", "--agent", "vsphere-session", "--also-ours", "--yes")) == 2
    assert vcenter.session_count == 0
    assert not any(file.exists() for file in files)


def test_a_session_that_is_gone_meanwhile_is_ended(at: Helper, vcenter: SimulatedVCenter) -> None:
    """The server says that it does not know it, and stops; the others are ended all the same."""
    own = log_in(at, vcenter)["soap_session_id"]
    strangers = [vcenter.add_session("x@corp.example.com", idle=100.0 - n) for n in range(3)]
    vcenter.faults.add("TerminateSession", faults.before(lambda: vcenter.end(strangers[0])), times=1)
    assert len(document(at, "prune", "--user", "x@corp.example.com", "--yes")) == 3
    assert set(keys(vcenter)) == {own}


@pytest.mark.parametrize("words", [("prune",), ("prune", "--also-ours", "--yes")])
def test_prune_wants_to_know_which(at: Helper, words: tuple[str, ...]) -> None:
    reply = at.run("sessions", *words)
    assert reply.status == 2, reply
    assert "--idle, --agent or --user" in reply.stderr


@pytest.mark.parametrize("words", [("prune", "--idle", "1h"), ("end", "52")])
def test_without_a_terminal_it_wants_a_yes(at: Helper, vcenter: SimulatedVCenter, words: tuple[str, ...]) -> None:
    reply = at.run("sessions", *words)
    assert (reply.status, reply.stdout) == (2, b""), reply
    assert "--yes" in reply.stderr
    assert not vcenter.requests


@pytest.mark.sessions_counted_by_hand
@pytest.mark.parametrize("answer", ["n", "y", "c"])
def test_they_are_shown_before_the_question(at: Helper, vcenter: SimulatedVCenter, answer: str) -> None:
    log_in(at, vcenter)
    vcenter.add_session("leaky@corp.example.com", idle=1500)
    with terminal(at, "sessions", "prune", "--idle", "20m") as screen:
        screen.wait_for(r"CORP.EXAMPLE.COM\leaky")
        if answer == "c":
            screen.wait_for("End 1 session")
            screen.press("c")
        else:
            screen.answer(f"End 1 session on {vcenter.authority} [y/N]: ", answer)
        assert screen.end() == (130 if answer == "c" else 0), screen.seen
    assert vcenter.session_count == (1 if answer == "y" else 2)


def test_vcsim_lists_and_ends_in_the_same_way(helper: Helper, vcsim: VcSim) -> None:
    """Govc's and pyVmomi's sessions are told apart, and the key is the name under which a session ends."""
    helper.environment |= {"GOVC_URL": vcsim.url, "GOVC_USERNAME": USER, "GOVC_TLS_CA_CERTS": str(vcsim.ca_file)}
    own = log_in(helper, vcsim)["soap_session_id"]
    for name in ("a", "b"):
        vcsim.govc(helper.home / name).ok("about")
    assert [one["current"] for one in document(helper, "--agent", "govc/*")] == [False, False]
    first, second = document(helper, "--agent", "govc")
    shown(helper, "end", first["key"], "--yes")
    assert {one["key"] for one in document(helper)} == {own, second["key"]}
    assert len(document(helper, "prune", "--agent", "govc", "--yes")) == 1
    assert vcsim.session_count() == 1


# ---- many of them, in any window


@pytest.mark.sessions_counted_by_hand
def test_three_thousand(at: Helper, vcenter: SimulatedVCenter) -> None:
    log_in(at, vcenter)
    for number in range(3000):
        vcenter.add_session(f"user{number}@corp.example.com", idle=60 if number % 5 else 1500)
    text = shown(at)
    assert len(text.splitlines()) == 3004
    assert text.splitlines()[-1].startswith("3001 sessions on")
    assert shown(at, "prune", "--idle", "15m", "--yes") == "ended 600 sessions\n"
    assert vcenter.session_count == 2401


@pytest.mark.sessions_counted_by_hand
@pytest.mark.parametrize("kind", ["dumb", "xterm-256color"])
@pytest.mark.parametrize("columns", [20, 40, 80, 200])
def test_nothing_is_wider_than_the_window(at: Helper, vcenter: SimulatedVCenter, columns: int, kind: str) -> None:
    log_in(at, vcenter)
    vcenter.add_session("leaky@corp.example.com", agent="x" * 300, idle=1500)
    with terminal(at, "sessions", columns=columns, TERM=kind) as screen:
        assert screen.end() == 0, screen.seen
    lines = plain(screen.seen).splitlines()
    assert "leaky" in "".join(lines)
    if columns >= 40:
        assert max(map(len, lines)) <= columns
    assert ("\x1b" in screen.seen) == (kind != "dumb")


@pytest.mark.sessions_counted_by_hand
@pytest.mark.parametrize("environment", [{"NO_COLOR": "1"}, {"TERM": "dumb", "LANG": "C"}])
def test_colour_is_left_out_where_nobody_wants_it(
    at: Helper, vcenter: SimulatedVCenter, environment: dict[str, str]
) -> None:
    log_in(at, vcenter)
    with terminal(at, "sessions", columns=120, **environment) as screen:
        assert screen.end() == 0
    assert "in use" in screen.seen
    assert "\x1b[3" not in screen.seen
    assert "\x1b" not in shown(at)


def test_given_up_while_the_server_is_asked(at: Helper, vcenter: SimulatedVCenter) -> None:
    """The session stays what it was: cached, and good."""
    got = log_in(at, vcenter)
    held = vcenter.faults.add("Fetch", faults.stall(), times=1)
    with terminal(at, "sessions") as screen:
        assert held.reached.wait(30)
        screen.press("c")
        assert screen.end() == 130, screen.seen
    again = at.ok("get", request(vcenter, api="soap", verify="always"))
    assert (again["source"], again["soap_session_id"]) == ("cache", got["soap_session_id"])


def test_pyvmomi_is_imported_where_a_server_is_asked_and_nowhere_else() -> None:
    """It takes longer than all else that these commands do."""
    names = [f"vsphere_session.commands.{name}" for name in ("status", "logout", "sessions")]
    code = f"import sys, {', '.join(names)}; print([name for name in sys.modules if name in ('pyVmomi', 'requests')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
