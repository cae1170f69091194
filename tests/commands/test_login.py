"""`vsphere-session login` in a real terminal, and without one: from nothing to an endpoint that every program can use."""

from __future__ import annotations

import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest

from commands.at_a_terminal import terminal
from simulated_vcenter import SimulatedVCenter
from support.program import PASSWORD, USER, Helper


def configuration(helper: Helper) -> dict[str, Any]:
    return tomllib.loads((helper.home / ".config/vsphere-session/config.toml").read_text())


def get(helper: Helper, verify: str = "auto") -> dict[str, str]:
    """A request that says next to nothing."""
    return helper.ok("get", {"verify": verify})


def ids(vcenter: SimulatedVCenter) -> set[str]:
    return {session.id for session in vcenter.sessions}


def set_up(helper: Helper, vcenter: SimulatedVCenter, *options: str) -> None:
    """By options alone."""
    reply = helper.run(*without_a_terminal(vcenter), *options, stdin=f"{PASSWORD}\n".encode())
    assert (reply.status, reply.stderr) == (0, ""), reply


def without_a_terminal(vcenter: SimulatedVCenter) -> list[str]:
    options = ["--username", USER, "--ca-file", str(vcenter.ca_file), "--password-stdin", "--secret-store", "file"]
    return ["login", vcenter.authority, *options]


def test_from_nothing_by_what_the_screen_asks(helper: Helper, vcenter: SimulatedVCenter) -> None:
    """Host, certificate, method, user, password, store; then any request without a word is answered from the cache."""
    with terminal(helper, "login") as screen:
        screen.answer("vCenter or ESXi host: ", vcenter.authority)
        screen.wait_for("Compare it with the server's console")
        screen.answer("Pin this certificate [y/N]: ", "y")
        screen.answer("Number or name [password]: ", "")
        screen.answer("User name [administrator@vsphere.local]: ", "")
        screen.answer(f"Password of {USER}: ", PASSWORD)
        screen.answer("Where is the password to be kept?", "file")
        assert screen.end() == 0, screen.seen
    assert PASSWORD not in screen.seen
    assert "next: vsphere-session exec -- terraform apply" in screen.seen
    assert get(helper)["source"] == "cache"
    assert vcenter.session_count == 2
    own = configuration(helper)
    assert own["url"] == vcenter.authority
    assert set(own["endpoint"][vcenter.authority]) == {"username", "thumbprint", "secret_store"}
    vcenter.end_all()
    assert get(helper, "always")["source"] == "login"


def test_the_password_comes_from_stdin(helper: Helper, vcenter: SimulatedVCenter) -> None:
    set_up(helper, vcenter)
    assert get(helper)["source"] == "cache"
    assert vcenter.session_count == 2


def test_what_is_written_keeps_comments_and_order(helper: Helper, vcenter: SimulatedVCenter) -> None:
    file = helper.home / ".config/vsphere-session/config.toml"
    file.parent.mkdir(parents=True)
    file.write_text(
        '# ours\nverify = "always"  # we are careful\n\n# the old one\n[endpoint."old.example.com"]\ninsecure = true\n'
    )
    set_up(helper, vcenter)
    text = file.read_text()
    assert text.startswith(
        f'# ours\nverify = "always"  # we are careful\nurl = "{vcenter.authority}"\n\n# the old one\n[endpoint."old.example.com"]\n'
    )
    assert get(helper)["source"] == "cache"


def test_a_second_time_changes_nothing(helper: Helper, vcenter: SimulatedVCenter) -> None:
    """The session that is good stays, the password is tried all the same, and the file is the same to the byte."""
    set_up(helper, vcenter)
    file = helper.home / ".config/vsphere-session/config.toml"
    before, sessions = file.read_bytes(), ids(vcenter)
    set_up(helper, vcenter)
    assert file.read_bytes() == before
    assert ids(vcenter) == sessions
    wrong = helper.run(*without_a_terminal(vcenter), stdin=b"wrong")
    assert wrong.status == 4, wrong
    assert ids(vcenter) == sessions
    assert get(helper)["source"] == "cache"
    vcenter.end_all()
    assert get(helper, "always")["source"] == "login"


def test_a_wrong_password_is_asked_for_again(helper: Helper, vcenter: SimulatedVCenter) -> None:
    with terminal(
        helper, "login", vcenter.authority, "--username", USER, "--ca-file", str(vcenter.ca_file), "--no-store"
    ) as screen:
        screen.answer(f"Password of {USER}: ", "wrong")
        screen.answer(f"Password of {USER}: ", PASSWORD)
        assert screen.end() == 0, screen.seen
    assert not list(helper.home.rglob("secrets.json"))
    assert vcenter.session_count == 2


ANSWERS = {"Pin this": "y", "Number or name": "", "User name": USER, "Password of": PASSWORD, "Where is": "file"}


def left_behind(helper: Helper) -> list[Path]:
    """Configuration, logins, sessions, certificates."""
    return [path for path in helper.home.rglob("*") if path.is_file() and path.suffix in (".toml", ".json", ".pem")]


@pytest.mark.parametrize("step", ANSWERS)
@pytest.mark.parametrize("key", ["c", "d"])
def test_given_up_in_between_leaves_nothing(helper: Helper, vcenter: SimulatedVCenter, step: str, key: str) -> None:
    """Control-C, or the end of the terminal."""
    with terminal(helper, "login", vcenter.authority) as screen:
        for question, answer in ANSWERS.items():
            if question == step:
                break
            screen.answer(question, answer)
        screen.wait_for(step)
        screen.press(key)
        assert screen.end() == 130, screen.seen
    assert vcenter.session_count == 0
    assert not left_behind(helper)


@pytest.mark.parametrize("step", ANSWERS)
@pytest.mark.parametrize("ignored", [True, False])
def test_a_terminal_that_goes_away(helper: Helper, vcenter: SimulatedVCenter, step: str, *, ignored: bool) -> None:
    """It is as if somebody had given up, also where the signal that tells of it is ignored, as under nohup."""
    status = helper.home / "status"
    trap = "trap '' HUP; " if ignored else "trap : HUP; "
    helper.program = ["/bin/sh", "-c", f'{trap}{helper.program[0]} "$@"; echo $? >{status}', "sh"]
    with terminal(helper, "login", vcenter.authority) as screen:
        for question, answer in ANSWERS.items():
            if question == step:
                break
            screen.answer(question, answer)
        screen.wait_for(step)
        screen.hang_up()
    assert int(status.read_text()) in ((130,) if ignored else (129, 130))
    assert vcenter.session_count == 0
    assert not left_behind(helper)


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ((), "HOST"),
        (("{host}",), "--thumbprint"),
        (("{host}", "--ca-file", "{ca}"), "--username"),
        (("{host}", "--ca-file", "{ca}", "--username", USER), "--password-stdin"),
        (("{host}", "--ca-file", "{ca}", "--method", "certificate"), "--certificate"),
        (("{host}", "--ca-file", "{ca}", "--method", "oidc"), "--client-id"),
    ],
)
def test_without_a_terminal_it_says_which_option_to_give(
    helper: Helper, vcenter: SimulatedVCenter, options: tuple[str, ...], named: str
) -> None:
    words = [word.format(host=vcenter.authority, ca=vcenter.ca_file) for word in options]
    reply = helper.run("login", *words)
    assert reply.status in (2, 6), reply
    assert reply.stdout == b""
    assert named in reply.stderr
    assert reply.stderr.count("\n") == 1


def test_without_a_keyring_somebody_has_to_say_where(helper: Helper, vcenter: SimulatedVCenter) -> None:
    words = [word for word in without_a_terminal(vcenter) if word not in ("--secret-store", "file")]
    reply = helper.run(*words, stdin=PASSWORD.encode())
    assert reply.status == 10, reply
    assert "--secret-store file or --no-store" in reply.stderr
    assert vcenter.session_count == 0


def test_another_certificate_than_the_pinned_one_is_never_taken_silently(
    helper: Helper, vcenter: SimulatedVCenter
) -> None:
    file = helper.home / ".config/vsphere-session/config.toml"
    file.parent.mkdir(parents=True)
    pinned = ":".join(["AB"] * 32)
    file.write_text(f'[endpoint."{vcenter.authority}"]\nthumbprint = "{pinned}"\n')
    with terminal(helper, "login", vcenter.authority) as screen:
        screen.wait_for("is not the one that is pinned")
        screen.wait_for(f"Pinned: {pinned}")
        screen.answer("Pin this certificate [y/N]: ", "")
        assert screen.end() == 6, screen.seen
    assert pinned in file.read_text()
    assert vcenter.session_count == 0


def test_a_login_that_is_refused_leaves_nothing_pinned_or_written(helper: Helper, vcenter: SimulatedVCenter) -> None:
    with terminal(helper, "login", vcenter.authority, "--username", USER, "--secret-store", "file") as screen:
        screen.answer("Pin this certificate [y/N]: ", "y")
        for _ in range(3):
            screen.answer(f"Password of {USER}: ", f"wrong {_}")
        assert screen.end() == 4, screen.seen
    assert not [path for path in helper.home.rglob("*") if path.suffix in (".toml", ".json", ".pem")]
    assert vcenter.session_count == 0


def test_a_broken_configuration_is_told_before_anything_is_done(helper: Helper, vcenter: SimulatedVCenter) -> None:
    file = helper.home / ".config/vsphere-session/config.toml"
    file.parent.mkdir(parents=True)
    file.write_text("verify = \n")
    reply = helper.run(*without_a_terminal(vcenter), stdin=PASSWORD.encode())
    assert reply.status == 2, reply
    assert (file.read_text(), vcenter.session_count) == ("verify = \n", 0)


def test_the_configuration_may_be_left_alone(helper: Helper, vcenter: SimulatedVCenter) -> None:
    set_up(helper, vcenter, "--no-config")
    assert not (helper.home / ".config/vsphere-session/config.toml").exists()
    assert vcenter.session_count == 2


def test_a_password_in_the_url_is_refused(helper: Helper, vcenter: SimulatedVCenter) -> None:
    reply = helper.run("login", f"{USER.replace('@', '%40')}:{PASSWORD}@{vcenter.authority}")
    assert reply.status == 2, reply
    assert PASSWORD not in reply.stderr


def test_a_configuration_of_symbolic_link_stays_one(helper: Helper, vcenter: SimulatedVCenter, tmp_path: Path) -> None:
    dotfiles = tmp_path / "dotfiles.toml"
    dotfiles.write_text("# mine\n")
    file = helper.home / ".config/vsphere-session/config.toml"
    file.parent.mkdir(parents=True)
    file.symlink_to(dotfiles)
    set_up(helper, vcenter)
    assert file.is_symlink()
    assert vcenter.authority in dotfiles.read_text()


def test_what_is_set_up_already_asks_for_nothing(helper: Helper, vcenter: SimulatedVCenter) -> None:
    set_up(helper, vcenter)
    with terminal(helper, "login") as screen:
        assert screen.end() == 0, screen.seen
    assert "there is a good session already: " in screen.seen
    assert vcenter.session_count == 2
    vcenter.end_all()
    with terminal(helper, "login", vcenter.authority) as screen:
        screen.wait_for("logged in: ")
        assert screen.end() == 0, screen.seen


def test_a_password_that_was_changed_is_asked_for_and_kept(helper: Helper, vcenter: SimulatedVCenter) -> None:
    """The stored one is refused once, and never tried again."""
    set_up(helper, vcenter)
    vcenter.end_all()
    vcenter.set_password(USER, "another one")
    with terminal(helper, "login", vcenter.authority) as screen:
        screen.answer(f"Password of {USER}: ", "another one")
        assert screen.end() == 0, screen.seen
    vcenter.end_all()
    assert get(helper, "always")["source"] == "login"


def test_an_esxi_host(helper: Helper) -> None:
    with SimulatedVCenter(esxi=True) as esxi:
        set_up(helper, esxi)
        assert "rest_session_id" not in get(helper)
        assert esxi.session_count == 1


@pytest.mark.parametrize("columns", [20, 40, 80])
def test_narrow_windows(helper: Helper, vcenter: SimulatedVCenter, columns: int) -> None:
    """All that is to be compared is there."""
    with terminal(helper, "login", vcenter.authority, "--username", USER, "--no-store", columns=columns) as screen:
        screen.answer("[y/N]: ", "y")
        screen.answer(": ", PASSWORD)
        assert screen.end() == 0, screen.seen
    assert vcenter.thumbprint in "".join(screen.seen.split())
    assert vcenter.session_count == 2


def test_paths_are_written_as_they_are_seen_from_anywhere(helper: Helper, vcenter: SimulatedVCenter) -> None:
    """Relative ones are those of the directory in which `login` was typed."""
    (helper.home / "company.pem").write_bytes(Path(vcenter.ca_file).read_bytes())
    words = " ".join(without_a_terminal(vcenter)).replace(str(vcenter.ca_file), "company.pem")
    done = subprocess.run(
        ["/bin/sh", "-c", f"cd && exec {helper.program[0]} {words}"],
        input=PASSWORD.encode(),
        env=helper.environment,
        capture_output=True,
        check=True,
    )
    assert done.stderr == b""
    assert configuration(helper)["endpoint"][vcenter.authority]["ca_file"] == str(helper.home / "company.pem")
    assert get(helper, "always")["source"] == "cache"


def test_a_command_that_prints_the_password_is_run_once(helper: Helper, vcenter: SimulatedVCenter) -> None:
    """And stands in the configuration: it is run again when the session is over."""
    script = helper.home / "pass"
    script.write_text(f"#!/bin/sh\necho run >>{helper.home}/runs\necho '{PASSWORD}'\n")
    script.chmod(0o700)
    reply = helper.run(
        *("login", vcenter.authority, "--username", USER, "--ca-file", str(vcenter.ca_file)),
        *("--password-command", str(script)),
    )
    assert (reply.status, reply.stderr) == (0, ""), reply
    assert (helper.home / "runs").read_text() == "run\n"
    vcenter.end_all()
    assert get(helper, "always")["source"] == "login"
    assert not list(helper.home.rglob("secrets.json"))


@pytest.mark.parametrize(
    ("method", "variable", "option", "said"),
    [
        ("certificate", "GOVC_CERTIFICATE", "--certificate", "there is no certificate in PEM form"),
        ("token", "VSPHERE_SESSION_TOKEN", "--token-file", "token"),
        ("api-token", "VSPHERE_SESSION_API_TOKEN", "--api-token-file", ""),
    ],
)
def test_what_the_environment_says_of_a_method_is_not_asked_for(
    helper: Helper, vcenter: SimulatedVCenter, method: str, variable: str, option: str, said: str
) -> None:
    """What goes wrong then is what it says."""
    (helper.home / "robot.pem").write_text("nothing\n")
    reply = helper.run(
        *("login", vcenter.authority, "--ca-file", str(vcenter.ca_file), "--method", method),
        stdin=b"",
        timeout=60.0,
        **{variable: str(helper.home / "robot.pem")},
    )
    assert reply.status, reply
    assert f"say it by {option}" not in reply.stderr
    assert said in reply.stderr
