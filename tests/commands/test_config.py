"""`vsphere-session config`: the file as a person keeps it, and what is wrong with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from commands.at_a_terminal import terminal
from support.program import Helper, Reply

COMMENTED = '# ours\nverify = "auto"  # as always\n\n# the lab\n[endpoint."lab.example.com"]\nusername = "me"\n'


@pytest.fixture
def file(helper: Helper) -> Path:
    path = helper.home / ".config/vsphere-session/config.toml"
    path.parent.mkdir(parents=True)
    path.write_text(COMMENTED)
    return path


def done(helper: Helper, *words: str, **environment: str) -> str:
    """What a `config` that goes well prints."""
    reply = helper.run("config", *words, stdin=b"", timeout=60.0, **environment)
    assert (reply.status, reply.stderr) == (0, ""), reply
    return reply.stdout.decode()


def refused(helper: Helper, *words: str, **environment: str) -> Reply:
    """One that does not: a line on stderr, nothing on stdout."""
    reply = helper.run("config", *words, stdin=b"", timeout=60.0, **environment)
    assert reply.status, reply
    assert (reply.stdout, reply.stderr.count("\n")) == (b"", 1), reply
    return reply


def editor(helper: Helper, script: str) -> str:
    """An editor that does this to the file in `$1`."""
    path = helper.home / "editor"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o700)
    return str(path)


def test_the_path(helper: Helper, file: Path) -> None:
    assert done(helper, "path") == f"{file}\n"
    assert done(helper, "path", "--config", "/other.toml") == "/other.toml\n"


def test_set_and_get_and_unset_keep_comments_and_order(helper: Helper, file: Path) -> None:
    done(helper, "set", "verify", "always")
    done(helper, "set", "trust_window", "5m")
    done(helper, "set", "insecure", "true", "LAB.example.com")
    done(helper, "set", "password_command", '["pass", "show", "lab"]', "other.example.com:8443")
    assert file.read_text() == (
        '# ours\nverify = "always"  # as always\ntrust_window = "5m"\n\n# the lab\n[endpoint."lab.example.com"]\nusername = "me"\n'
        'insecure = true\n\n[endpoint."other.example.com:8443"]\npassword_command = ["pass", "show", "lab"]\n'
    )
    assert done(helper, "get", "verify") == "always\n"
    assert done(helper, "get", "insecure", "lab.example.com") == "true\n"
    done(helper, "unset", "trust_window")
    done(helper, "unset", "insecure", "lab.example.com")
    done(helper, "unset", "password_command", "other.example.com:8443")
    assert file.read_text().startswith(COMMENTED.replace('"auto"', '"always"'))


def test_a_fleet_is_set_and_got_and_checked_as_a_table_of_its_own(helper: Helper, file: Path) -> None:
    done(helper, "set", "fleet.url", "rediss://ci@cache.example.com:6380")
    assert 'namespace = "vs:ci" under [fleet]' in refused(helper, "check").stderr
    done(helper, "set", "fleet.namespace", "vs:ci")
    done(helper, "set", "fleet.key_command", '["pass", "show", "fleet"]')
    done(helper, "set", "fleet.clear", "false")
    done(helper, "set", "fleet", "false", "lab.example.com")
    assert file.read_text() == (
        f'{COMMENTED}fleet = false\n\n[fleet]\nurl = "rediss://ci@cache.example.com:6380"\nnamespace = "vs:ci"\n'
        'key_command = ["pass", "show", "fleet"]\nclear = false\n'
    )
    assert done(helper, "get", "fleet.namespace") == "vs:ci\n"
    assert done(helper, "check") == f"good: {file}; 1 general setting, 1 endpoint, fleet vs:ci\n"
    done(helper, "unset", "fleet.namespace")
    assert refused(helper, "get", "fleet.namespace").status == 3
    done(helper, "unset", "fleet", "lab.example.com")
    assert file.read_text().startswith(COMMENTED)


def test_show_says_where_what_a_fleet_is_comes_from(helper: Helper, file: Path) -> None:
    file.write_text('[fleet]\nurl = "rediss://ci@cache.example.com/vs:ci"\nengine_down = "login"\n')
    shown = done(helper, "show", "vc", VSPHERE_SESSION_FLEET_KEY="hunter2", VSPHERE_SESSION_FLEET_ENGINE_DOWN="refuse")
    words = " ".join(shown.split())
    assert f"fleet.url rediss://ci@cache.example.com/vs:ci {file}, [fleet]" in words
    assert "fleet.engine_down refuse VSPHERE_SESSION_FLEET_ENGINE_DOWN" in words
    assert "fleet.key (not shown) VSPHERE_SESSION_FLEET_KEY" in words
    assert "hunter2" not in shown


def test_a_file_that_is_not_there_is_made_for_its_owner_alone(helper: Helper) -> None:
    done(helper, "set", "verify", "always")
    file = helper.home / ".config/vsphere-session/config.toml"
    assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert file.read_text() == 'verify = "always"\n'


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("set", "pasword", "x"), "did you mean password_command"),
        (("set", "verify", "sometimes"), "verify is neither auto nor always nor never"),
        (("set", "password", "hunter2"), "is no setting"),
        (("set", "username", "a\nb"), "username"),
        (("set", "url", "vc", "lab.example.com"), "url is for all endpoints"),
        (("set", "hand_out_login", "true"), "hand_out_login is for one endpoint"),
        (("set", "trust_window", "soon"), "trust_window is no duration"),
        (("set", "insecure", "perhaps"), "insecure"),
        (("set", "password_command", "[oops"), "password_command"),
        (("set", "verify", ""), "config unset verify"),
        (("get", "verify", "not a host"), "url"),
        (("set", "verify"), "VALUE"),
        (("get",), "KEY"),
        (("set", "fleet.key", "hunter2"), "key is a secret"),
        (("set", "fleet.url", "rediss://ci:hunter2@cache"), "has a password"),
        (("set", "fleet.namespaze", "x"), 'did you mean "namespace"'),
        (("set", "fleet.namespace", "x", "lab.example.com"), "config set fleet false HOST"),
        (("set", "fleet", "rediss://cache"), "under [fleet]"),
        (("nonsense",), "config --help"),
    ],
)
def test_what_cannot_be_set_changes_nothing(helper: Helper, file: Path, words: tuple[str, ...], said: str) -> None:
    reply = refused(helper, *words)
    assert reply.status == 2, reply
    assert said in reply.stderr
    assert "hunter2" not in reply.stderr
    assert file.read_text() == COMMENTED


def test_what_is_not_set_is_not_found(helper: Helper, file: Path) -> None:
    assert file
    assert refused(helper, "get", "trust_window").status == 3
    assert refused(helper, "get", "username", "elsewhere.example.com").status == 3


def test_an_endpoint_in_other_spellings_of_toml(helper: Helper, file: Path) -> None:
    """Inline tables, dotted keys, an endpoint in capitals: changed where they stand."""
    for text in (
        '[endpoint]\n"lab.example.com" = {username = "x", insecure = true}\n',
        'endpoint."lab.example.com".username = "x"\nendpoint."lab.example.com".insecure = true\n',
        '[endpoint."LAB.example.com"]\r\nusername = "x"\r\ninsecure = true\r\n',
        '\ufeff[endpoint."lab.example.com"]\nusername = "x"\ninsecure = true',
    ):
        file.write_text(text, newline="")
        done(helper, "set", "username", "me", "lab.example.com")
        done(helper, "set", "verify", "never")
        assert done(helper, "get", "username", "lab.example.com") == "me\n"
        assert done(helper, "get", "insecure", "lab.example.com") == "true\n"
        assert done(helper, "get", "verify") == "never\n"


def test_a_broken_file_is_named_and_stays(helper: Helper, file: Path) -> None:
    for broken in ("verify =", "nonsense = 1\n", '[endpoint."a b"]\n', "\0"):
        file.write_text(broken)
        for words in (("check",), ("set", "verify", "auto"), ("get", "verify"), ("show", "vc.example.com")):
            reply = refused(helper, *words)
            assert reply.status == 2, reply
            assert str(file) in reply.stderr
        assert file.read_text() == broken


def test_check_says_what_there_is(helper: Helper, file: Path) -> None:
    assert done(helper, "check") == f"good: {file}; 1 general setting, 1 endpoint\n"
    file.unlink()
    assert "there is no such file" in done(helper, "check")


def test_show_says_where_each_comes_from(helper: Helper, file: Path) -> None:
    shown = " ".join(done(helper, "show", "lab.example.com", GOVC_INSECURE="1").split())
    assert f'username me {file}, [endpoint."lab.example.com"]' in shown
    assert "insecure true GOVC_INSECURE" in shown
    assert "By default: method password" in shown


def test_edit(helper: Helper, file: Path) -> None:
    replacing = editor(helper, 'echo \'verify = "never"\' >"$1"')
    assert done(helper, "edit", EDITOR=replacing) == f"changed: {file}\n"
    assert file.read_text() == 'verify = "never"\n'
    assert done(helper, "edit", EDITOR=editor(helper, "true")) == "nothing was changed\n"
    assert done(helper, "edit", VISUAL=f"{replacing} --wait", EDITOR="false") == "nothing was changed\n"


@pytest.mark.parametrize(
    ("script", "said"),
    [("exit 3", "failed (status 3)"), ('rm "$1"', "left no file"), ("kill -9 $$", "failed (status -9)")],
)
def test_an_editor_that_fails_changes_nothing(helper: Helper, file: Path, script: str, said: str) -> None:
    reply = refused(helper, "edit", EDITOR=editor(helper, script))
    assert said in reply.stderr
    assert file.read_text() == COMMENTED
    assert [path.name for path in file.parent.iterdir()] == ["config.toml"]


def test_no_editor(helper: Helper, file: Path) -> None:
    assert refused(helper, "edit", EDITOR="/nowhere").status == 3
    assert refused(helper, "edit", EDITOR="'").status == 2
    assert file.read_text() == COMMENTED


def test_what_was_written_wrongly_is_kept_beside(helper: Helper, file: Path) -> None:
    reply = refused(helper, "edit", EDITOR=editor(helper, "echo 'verify = 12' >\"$1\""))
    beside = file.parent / "config.toml.edited"
    assert reply.status == 2
    assert str(beside) in reply.stderr
    assert (file.read_text(), beside.read_text()) == (COMMENTED, "verify = 12\n")


def test_a_file_that_was_changed_while_it_was_edited_loses_nothing(helper: Helper, file: Path) -> None:
    reply = refused(
        helper, "edit", EDITOR=editor(helper, f"echo 'verify = \"never\"' >\"$1\"; echo '# theirs' >>{file}")
    )
    beside = file.parent / "config.toml.edited"
    assert reply.status == 9
    assert (file.read_text(), beside.read_text()) == (f"{COMMENTED}# theirs\n", 'verify = "never"\n')


def test_many_at_once_lose_nothing(helper: Helper, file: Path) -> None:
    """Each sets something else."""
    assert file
    running = [helper.start("config", "set", "username", f"u{n}", f"vc{n}.example.com") for n in range(10)]
    for process in running:
        _, said = process.communicate()
        assert process.returncode == 0, said
    for n in range(10):
        assert done(helper, "get", "username", f"vc{n}.example.com") == f"u{n}\n"


@pytest.mark.parametrize("columns", [20, 40, 80, 200])
def test_show_in_windows_of_all_widths(helper: Helper, file: Path, columns: int) -> None:
    """No line is longer than the window, but for a word that is; nothing is lost."""
    assert file
    with terminal(helper, "config", "show", "lab.example.com", columns=columns, NO_COLOR="1") as screen:
        assert screen.end() == 0
    assert "\x1b" not in screen.seen
    for line in screen.seen.splitlines():
        assert len(line) <= columns, line
    assert "lab.example.com" in "".join(screen.seen.split())
