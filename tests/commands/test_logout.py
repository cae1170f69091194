"""`vsphere-session logout`: sessions end on the server, then their files; nobody is logged in for that."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from commands.at_a_terminal import plain, terminal
from contract.processes import killed_in
from peers import VcSim
from simulated_vcenter import SimulatedVCenter, faults
from support.encrypted_files import encrypt
from support.file_keyring import install
from support.program import PASSWORD, USER, Helper, Reply, request

ZOE = "zoe@corp.example.com"


@pytest.fixture
def trusting(helper: Helper, vcenter: SimulatedVCenter) -> Helper:
    """The program, to which the server's certificate is configured."""
    vcenter.set_password(ZOE, PASSWORD)
    config(helper, vcenter)
    return helper


def config(helper: Helper, *servers: SimulatedVCenter | VcSim) -> None:
    file = helper.home / ".config/vsphere-session/config.toml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("".join(f'[endpoint."{one.authority}"]\nca_file = "{one.ca_file}"\n' for one in servers))


def log_in(helper: Helper, server: SimulatedVCenter, username: str = USER, **more: object) -> dict[str, str]:
    return helper.ok("get", request(server, username=username, password=PASSWORD, **more))


def logout(helper: Helper, *words: str) -> str:
    reply = helper.run("logout", *words)
    assert (reply.status, reply.stderr) == (0, ""), reply
    return reply.stdout.decode()


def session_files(helper: Helper) -> list[Path]:
    return [path for path in (helper.home / ".govmomi").rglob("*") if path.is_file()]


def test_the_sessions_end_and_their_files_are_gone(trusting: Helper, vcenter: SimulatedVCenter) -> None:
    log_in(trusting, vcenter)
    attempts = vcenter.login_attempts
    assert logout(trusting, vcenter.authority) == f"logged out of {vcenter.authority}: {USER} (soap, rest)\n"
    assert (vcenter.session_count, session_files(trusting)) == (0, [])
    assert vcenter.login_attempts == attempts


def test_a_second_time_there_is_nothing_to_do(trusting: Helper, vcenter: SimulatedVCenter) -> None:
    log_in(trusting, vcenter)
    logout(trusting, vcenter.authority)
    assert logout(trusting, vcenter.authority) == f"nothing was cached for {vcenter.authority}\n"
    assert logout(trusting, "--all") == "nothing was cached\n"
    assert vcenter.session_count == 0


def test_all_users_of_a_host_or_the_one_that_is_named(trusting: Helper, vcenter: SimulatedVCenter) -> None:
    log_in(trusting, vcenter)
    log_in(trusting, vcenter, ZOE)
    nobody = logout(trusting, vcenter.authority, "--username", "nobody")
    assert nobody == f"nothing was cached for {vcenter.authority} of nobody; there are sessions of {USER}, {ZOE}\n"
    assert vcenter.session_count == 4
    assert ZOE in logout(trusting, "zoe%40corp.example.com@" + vcenter.authority)
    assert {session.user for session in vcenter.sessions} == {USER}
    log_in(trusting, vcenter, ZOE)
    said = logout(trusting, vcenter.authority)
    assert all(f"{vcenter.authority}: {user} (soap, rest)" in said for user in (USER, ZOE))
    assert vcenter.session_count == 0


def test_other_servers_are_left_alone(trusting: Helper, vcenter: SimulatedVCenter) -> None:
    with SimulatedVCenter() as other:
        log_in(trusting, vcenter)
        log_in(trusting, other)
        logout(trusting, vcenter.authority)
        assert (vcenter.session_count, other.session_count) == (0, 2)


def test_the_host_is_the_one_that_is_set_where_none_is_typed(trusting: Helper, vcenter: SimulatedVCenter) -> None:
    log_in(trusting, vcenter)
    reply = trusting.run("logout", GOVC_URL=vcenter.authority)
    assert reply.stdout.startswith(b"logged out of ")
    reply = trusting.run("logout")
    assert (reply.status, reply.stdout) == (2, b"")
    assert "say which HOST is meant, or --all" in reply.stderr


def test_one_session_for_both_kinds(helper: Helper) -> None:
    """As of vCenter 8.0 U3: to end one kind ends the other."""
    with SimulatedVCenter(unified=True) as server:
        config(helper, server)
        log_in(helper, server)
        assert logout(helper, server.authority) == f"logged out of {server.authority}: {USER} (soap, rest)\n"
        assert (server.session_count, session_files(helper)) == (0, [])


def test_govcs_own_session_is_ended_without_a_login(helper: Helper, vcsim: VcSim) -> None:
    """Govc itself would log in first, and leave the file."""
    config(helper, vcsim)
    govc = vcsim.govc(helper.home / ".govmomi")
    govc.ok("about")
    assert vcsim.session_count() == 1
    logout(helper, vcsim.authority)
    assert vcsim.session_count() == 0
    assert (govc.soap_files(), govc.rest_files()) == ([], [])


def test_a_session_of_a_user_whom_nobody_here_knows(trusting: Helper, vcenter: SimulatedVCenter) -> None:
    log_in(trusting, vcenter, ZOE)
    for record in (trusting.home / ".local/state/vsphere-session/records").iterdir():
        record.unlink()
    assert logout(trusting, vcenter.authority) == f"logged out of {vcenter.authority}: not known (soap, rest)\n"
    assert (vcenter.session_count, session_files(trusting)) == (0, [])


def test_a_server_that_is_away_keeps_no_file(trusting: Helper, vcenter: SimulatedVCenter) -> None:
    got = log_in(trusting, vcenter)
    with vcenter.offline():
        reply = trusting.run("logout", vcenter.authority)
    assert reply.status == 0, reply
    assert reply.stderr.startswith(
        f"vsphere-session: {vcenter.authority}: {USER}: the file is gone, but the session may"
    )
    assert session_files(trusting) == []
    for kind in ("soap", "rest"):
        vcenter.end(got[f"{kind}_session_id"])


def test_a_certificate_that_is_not_trusted_keeps_the_file(helper: Helper, vcenter: SimulatedVCenter) -> None:
    """Nothing is sent to who may be somebody else; the session can be ended once that is mended."""
    log_in(helper, vcenter)
    reply = helper.run("logout", vcenter.authority)
    assert (reply.status, reply.stdout) == (6, b"")
    assert reply.stderr.startswith("vsphere-session: the certificate of")
    assert len(session_files(helper)) == vcenter.session_count == 2


def test_one_server_does_not_keep_the_others(trusting: Helper, vcenter: SimulatedVCenter) -> None:
    """The status is of what could not be done."""
    with SimulatedVCenter() as untrusted:
        log_in(trusting, vcenter)
        log_in(trusting, untrusted)
        reply = trusting.run("logout", "--all", "--yes")
        assert reply.status == 6, reply
        assert reply.stdout == f"logged out of {vcenter.authority}: {USER} (soap, rest)\n".encode()
        assert f"vsphere-session: {untrusted.authority}: {USER}: the certificate of" in reply.stderr
        assert (vcenter.session_count, untrusted.session_count) == (0, 2)


def test_encrypted_sessions(trusting: Helper, vcenter: SimulatedVCenter) -> None:
    install(trusting)
    encrypt(trusting.home, f'[endpoint."{vcenter.authority}"]\nca_file = "{vcenter.ca_file}"\n')
    log_in(trusting, vcenter)
    assert f"{USER} (soap, rest)" in logout(trusting, vcenter.authority)
    assert vcenter.session_count == 0
    assert not list((trusting.home / ".local/state/vsphere-session/encrypted").rglob("?" * 64))


def test_terraforms_directories(trusting: Helper, vcenter: SimulatedVCenter, tmp_path: Path) -> None:
    named = {kind: str(tmp_path / kind) for kind in ("VSPHERE_VIM_SESSION_PATH", "VSPHERE_REST_SESSION_PATH")}
    trusting.environment |= named
    log_in(trusting, vcenter)
    trusting.environment |= {"VSPHERE_SERVER": "elsewhere.example.com"}
    assert f"{USER} (soap, rest)" in logout(trusting, vcenter.authority)
    assert vcenter.session_count == 0


def test_no_answer_is_given_again(trusting: Helper, vcenter: SimulatedVCenter) -> None:
    log_in(trusting, vcenter)
    logout(trusting, vcenter.authority)
    assert trusting.call("get", request(vcenter)).kind == "not-found"


# ---- all of them, after a look


def test_all_of_them_need_a_yes_without_a_terminal(trusting: Helper, vcenter: SimulatedVCenter) -> None:
    log_in(trusting, vcenter)
    reply = trusting.run("logout", "--all")
    assert (reply.status, reply.stdout) == (2, b"")
    assert "say it by --yes" in reply.stderr
    assert vcenter.session_count == 2
    assert trusting.run("logout", "--all", vcenter.authority).status == 2
    logout(trusting, "--all", "--yes")
    assert vcenter.session_count == 0


@pytest.mark.parametrize("answer", ["", "n", "y"])
def test_all_of_them_are_shown_before_the_question(trusting: Helper, vcenter: SimulatedVCenter, answer: str) -> None:
    log_in(trusting, vcenter)
    log_in(trusting, vcenter, ZOE)
    with terminal(trusting, "logout", "--all", columns=100) as screen:
        screen.wait_for(ZOE)
        screen.answer("End 4 sessions [y/N]: ", answer)
        assert screen.end() == 0, screen.seen
    shown = plain(screen.seen)
    assert [word in shown for word in ("ENDPOINT", USER, "us, by password")] == [True] * 3
    assert ("logged out of" in shown, "nothing was ended" in shown) == (answer == "y", answer != "y")
    assert vcenter.session_count == (0 if answer == "y" else 4)


@pytest.mark.parametrize("key", ["c", "d"])
def test_given_up_at_the_question(trusting: Helper, vcenter: SimulatedVCenter, key: str) -> None:
    log_in(trusting, vcenter)
    with terminal(trusting, "logout", "--all") as screen:
        screen.wait_for("End 2 sessions")
        screen.press(key)
        assert screen.end() == 130, screen.seen
    assert vcenter.session_count == len(session_files(trusting)) == 2


def test_given_up_while_the_server_is_asked(trusting: Helper, vcenter: SimulatedVCenter) -> None:
    """The file stays, and what becomes of its session is found out the next time."""
    log_in(trusting, vcenter, api="soap")
    held = faults.wait_for(threading.Event())
    vcenter.faults.add("Logout", held, times=1)
    with terminal(trusting, "logout", vcenter.authority) as screen:
        assert held.reached.wait(30)
        screen.press("c")
        assert screen.end() == 130, screen.seen
    assert len(session_files(trusting)) == 1
    vcenter.settle()
    assert f"{USER} (soap)" in logout(trusting, vcenter.authority)
    assert (vcenter.session_count, session_files(trusting)) == (0, [])


def test_what_a_killed_login_has_left_is_ended(trusting: Helper, vcenter: SimulatedVCenter) -> None:
    """It is shown as what it is before that."""
    held = faults.wait_for(threading.Event())
    vcenter.faults.add("GET /api/session", held, times=1)
    killed_in(trusting, held, request(vcenter, password=PASSWORD, api="rest"))
    vcenter.settle()
    assert vcenter.session_count == 1
    said = trusting.run("status").stdout.decode()
    assert "that a call has set aside which was killed" in said
    assert f"{USER} (rest)" in logout(trusting, vcenter.authority)
    assert (vcenter.session_count, session_files(trusting)) == (0, [])


@pytest.mark.parametrize("columns", [20, 40, 80, 200])
def test_the_look_fits_into_the_window(trusting: Helper, vcenter: SimulatedVCenter, columns: int) -> None:
    log_in(trusting, vcenter)
    with terminal(trusting, "logout", "--all", columns=columns, TERM="dumb") as screen:
        screen.answer("[y/N]: ", "n")
        assert screen.end() == 0, screen.seen
    assert "\x1b" not in screen.seen
    if columns >= 40:
        assert max(map(len, plain(screen.seen).splitlines())) <= columns


# ---- the login that is kept


def keep(helper: Helper, vcenter: SimulatedVCenter, username: str = USER) -> None:
    helper.ok("store", request(vcenter, username=username, password=PASSWORD), "--secret-store", "file")


def is_kept(helper: Helper, vcenter: SimulatedVCenter, username: str = USER) -> bool:
    reply: Reply = helper.call("get", request(vcenter, username=username, api="soap"))
    return reply.status == 0


def test_the_login_stays_unless_somebody_says_otherwise(trusting: Helper, vcenter: SimulatedVCenter) -> None:
    keep(trusting, vcenter)
    for words in ((), ("--yes",), ("--keep-login",)):
        log_in(trusting, vcenter)
        logout(trusting, vcenter.authority, *words)
    assert is_kept(trusting, vcenter)
    said = logout(trusting, vcenter.authority, "--forget-login")
    assert f"the login of {USER} at {vcenter.authority} is forgotten" in said
    assert not is_kept(trusting, vcenter)
    assert logout(trusting, vcenter.authority, "--forget-login") == f"nothing was cached for {vcenter.authority}\n"


def test_only_the_login_that_is_meant_is_forgotten(trusting: Helper, vcenter: SimulatedVCenter) -> None:
    keep(trusting, vcenter)
    keep(trusting, vcenter, ZOE)
    logout(trusting, vcenter.authority, "--username", ZOE, "--forget-login")
    assert (is_kept(trusting, vcenter, ZOE), is_kept(trusting, vcenter)) == (False, True)


@pytest.mark.parametrize(("answer", "stays"), [("", True), ("y", False)])
def test_on_a_terminal_it_is_asked(trusting: Helper, vcenter: SimulatedVCenter, answer: str, stays: bool) -> None:
    keep(trusting, vcenter)
    log_in(trusting, vcenter)
    with terminal(trusting, "logout", vcenter.authority, columns=200) as screen:
        screen.answer(f"Forget what is kept to log in with, too ({USER} at {vcenter.authority}) [y/N]: ", answer)
        assert screen.end() == 0, screen.seen
    assert vcenter.session_count == 0
    assert is_kept(trusting, vcenter) == stays
