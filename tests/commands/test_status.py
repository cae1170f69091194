"""`vsphere-session status`: what is cached, by whomever; what its servers say, where they are asked."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path
from typing import Any

import pytest

from commands.at_a_terminal import plain, terminal
from peers import VcSim
from simulated_vcenter import SimulatedVCenter, faults
from support.encrypted_files import encrypt
from support.file_keyring import install
from support.program import PASSWORD, USER, Helper, request

HEADINGS = ["ENDPOINT", "USER", "KINDS", "AGE", "CONFIRMED", "GOOD UNTIL", "MADE BY"]


def shown(helper: Helper, *words: str, **environment: str) -> str:
    reply = helper.run("status", *words, stdin=b"", timeout=60.0, **environment)
    assert (reply.status, reply.stderr) == (0, ""), reply
    return reply.stdout.decode()


def table(text: str) -> list[dict[str, str]]:
    """The rows, by the headings under which they stand."""
    head, *lines = text.splitlines()
    names = [name for name in [*HEADINGS, "SERVER SAYS", "SESSION IDS"] if name in head]
    starts = [head.index(name) for name in names]
    ends = [*starts[1:], None]
    rows = lines[: lines.index("")] if "" in lines else lines
    return [{n: row[a:b].strip() for n, a, b in zip(names, starts, ends, strict=True)} for row in rows]


def document(helper: Helper, *words: str, **environment: str) -> dict[str, Any]:
    value = json.loads(shown(helper, *words, "--json", **environment))
    assert isinstance(value, dict)
    return value


def log_in(helper: Helper, vcenter: SimulatedVCenter, **more: object) -> dict[str, str]:
    return helper.ok("get", request(vcenter, password=PASSWORD, **more))


def everything(directory: Path) -> dict[str, tuple[int, int, bytes]]:
    """Mode, time and content of whatever is in a directory."""
    found = {}
    for path in sorted(directory.rglob("*")):
        state = path.lstat()
        content = path.read_bytes() if path.is_file() and not path.is_symlink() else b""
        found[str(path)] = (state.st_mode, state.st_mtime_ns, content)
    return found


def test_nothing_is_cached_and_what_to_type(helper: Helper) -> None:
    assert shown(helper) == "nothing is cached; log in once: vsphere-session login HOST\n"
    named = "nothing is cached for vc.example.com; log in once: vsphere-session login vc.example.com\n"
    assert shown(helper, "vc.example.com") == named
    assert document(helper) == {"sessions": [], "unusable": []}
    assert not any(helper.home.iterdir())


def test_both_kinds_of_a_login_are_one_row(helper: Helper, vcenter: SimulatedVCenter) -> None:
    log_in(helper, vcenter)
    (row,) = table(shown(helper))
    assert (row["ENDPOINT"], row["USER"], row["KINDS"]) == (vcenter.authority, USER, "soap, rest")
    assert row["MADE BY"] == "us, by password"
    assert row["GOOD UNTIL"] in ("in 24 min", "in 25 min")
    assert row["CONFIRMED"] == "now" or row["CONFIRMED"].endswith("s ago")


def test_programs_get_moments_and_no_session_id(helper: Helper, vcenter: SimulatedVCenter) -> None:
    got = log_in(helper, vcenter)
    soap, rest = document(helper)["sessions"]
    assert (soap["kind"], rest["kind"]) == ("soap", "rest")
    assert (soap["username"], soap["identity"]) == (USER, r"VSPHERE.LOCAL\administrator")
    assert (soap["made_by"], soap["method"]) == ("vsphere-session", "password")
    assert min(soap["good_until"], rest["good_until"]) == got["expires_at"]
    assert soap["file"] == got["soap_session_file"]
    assert soap["logged_in_at"].endswith("Z")


def test_a_session_id_is_shown_to_who_typed_that(helper: Helper, vcenter: SimulatedVCenter) -> None:
    got = log_in(helper, vcenter)
    secrets = got["soap_session_id"], got["rest_session_id"]
    for words in ((), ("--json",), ("--check",), ("-v",)):
        said = helper.run("status", *words)
        assert not any(secret in said.stdout.decode() + said.stderr for secret in secrets)
    (row,) = table(shown(helper, "--show-secret"))
    assert row["SESSION IDS"].split() == list(secrets)
    assert [one["session_id"] for one in document(helper, "--show-secret")["sessions"]] == list(secrets)


def test_govcs_sessions_are_govcs(helper: Helper, vcsim: VcSim) -> None:
    """Until the helper hands them out; that they are good is known then, and they are govc's still."""
    govc = vcsim.govc(helper.home / ".govmomi")
    govc.ok("about")
    (row,) = table(shown(helper))
    assert (row["ENDPOINT"], row["USER"], row["MADE BY"]) == (vcsim.authority, USER, "govc or Terraform")
    assert (row["CONFIRMED"], row["GOOD UNTIL"]) == ("never by us", "asked at the next use")
    (soap,) = document(helper, "--check", GOVC_TLS_CA_CERTS=str(vcsim.ca_file))["sessions"]
    assert (soap["state"], soap["method"]) == ("alive", None)
    helper.ok("get", request(vcsim, api="soap"))
    (row,) = table(shown(helper))
    assert (row["MADE BY"], row["CONFIRMED"] == "never by us") == ("govc or Terraform", False)
    assert vcsim.session_count() == 1


def test_of_a_user_whom_nobody_knows_the_servers_word_is_shown(helper: Helper, vcenter: SimulatedVCenter) -> None:
    """The file's name is a digest; as soon as the user is named, it tells."""
    vcenter.set_password("zoe@corp.example.com", PASSWORD)
    got = log_in(helper, vcenter, username="zoe@corp.example.com", api="soap")
    for record in (helper.home / ".local/state/vsphere-session/records").iterdir():
        record.unlink()
    (row,) = table(shown(helper))
    assert (row["USER"], row["MADE BY"]) == ("not known", "govc or Terraform")
    trusted = {"GOVC_TLS_CA_CERTS": str(vcenter.ca_file)}
    (soap,) = document(helper, "--check", **trusted)["sessions"]
    assert (soap["username"], soap["identity"]) == (None, r"CORP.EXAMPLE.COM\zoe")
    (row,) = table(shown(helper, "--username", "zoe@corp.example.com"))
    assert row["USER"] == "zoe@corp.example.com"
    assert got["soap_session_file"] == soap["file"]


def test_the_servers_are_asked_and_nobody_logs_in(helper: Helper, vcenter: SimulatedVCenter) -> None:
    log_in(helper, vcenter)
    trusted = {"GOVC_TLS_CA_CERTS": str(vcenter.ca_file)}
    attempts = vcenter.login_attempts
    assert [row["SERVER SAYS"] for row in table(shown(helper, "--check", **trusted))] == ["alive"]
    with vcenter.offline():
        text = shown(helper, "--check", **trusted)
        assert [row["SERVER SAYS"] for row in table(text)] == ["unreachable"]
        assert f"{vcenter.authority} is unreachable: " in text
    assert [row["SERVER SAYS"] for row in table(shown(helper, "--check"))] == ["untrusted"]
    vcenter.end_all()
    before = everything(helper.home)
    assert [row["SERVER SAYS"] for row in table(shown(helper, "--check", **trusted))] == ["dead"]
    assert vcenter.login_attempts == attempts
    assert everything(helper.home) == before


def test_a_pinned_servers_session_is_not_sent_to_who_may_be_another(helper: Helper, vcenter: SimulatedVCenter) -> None:
    helper.ok("get", request(vcenter, password=PASSWORD, ca_file="", insecure=True, thumbprint=vcenter.thumbprint))
    before = len(vcenter.requests)
    (row,) = table(shown(helper, "--check"))
    assert (row["ENDPOINT"], row["SERVER SAYS"]) == (f"{vcenter.authority} (insecure)", "untrusted")
    assert len(vcenter.requests) == before
    config = helper.home / ".config/vsphere-session/config.toml"
    config.parent.mkdir(parents=True)
    config.write_text(f'[endpoint."{vcenter.authority}"]\nthumbprint = "{vcenter.thumbprint}"\n')
    assert [row["SERVER SAYS"] for row in table(shown(helper, "--check"))] == ["alive"]


def test_one_kind_may_be_dead(helper: Helper, vcenter: SimulatedVCenter) -> None:
    got = log_in(helper, vcenter)
    vcenter.end(got["rest_session_id"])
    rows = table(shown(helper, "--check", GOVC_TLS_CA_CERTS=str(vcenter.ca_file)))
    assert [(row["KINDS"], row["SERVER SAYS"]) for row in rows] == [("soap", "alive"), ("rest", "dead")]


def test_servers_are_asked_side_by_side(helper: Helper, vcenter: SimulatedVCenter) -> None:
    """No answer comes before each of them has been asked."""
    with SimulatedVCenter() as other:
        release, held = threading.Event(), []
        config = helper.home / ".config/vsphere-session/config.toml"
        config.parent.mkdir(parents=True)
        servers = (vcenter, other)
        config.write_text("".join(f'[endpoint."{one.authority}"]\nca_file = "{one.ca_file}"\n' for one in servers))
        for server in servers:
            log_in(helper, server, api="soap")
            held.append(faults.wait_for(release))
            server.faults.add("RetrievePropertiesEx", held[-1])
        process = helper.start("status", "--check", "--json")
        assert all(one.reached.wait(30) for one in held)
        release.set()
        said, _ = process.communicate()
        assert [one["state"] for one in json.loads(said)["sessions"]] == ["alive", "alive"]


def test_files_that_are_no_sessions_are_named_with_what_is_wrong(helper: Helper, vcenter: SimulatedVCenter) -> None:
    got = log_in(helper, vcenter)
    directory = Path(got["soap_session_file"]).parent
    names = {
        what: directory / (f"{number}" * 64) for number, what in enumerate(("cut", "fifo", "link", "folder", "big"))
    }
    names["cut"].write_bytes(Path(got["soap_session_file"]).read_bytes()[:100])
    os.mkfifo(names["fifo"])
    names["link"].symlink_to(got["soap_session_file"])
    names["folder"].mkdir()
    with names["big"].open("wb") as file:
        file.truncate(2_000_000)
    (directory / "README").write_text("mine")
    record = next((helper.home / ".local/state/vsphere-session/records").iterdir()).with_name("d" * 40)
    record.write_text("{")
    before = everything(helper.home)
    text = shown(helper)
    assert len(table(text)) == 1
    said = {one["file"]: one["what"] for one in document(helper)["unusable"]}
    assert everything(helper.home) == before
    expected = {
        names["cut"]: "holds no session",
        names["fifo"]: "is a FIFO",
        names["link"]: "is a symbolic link",
        names["folder"]: "is a directory",
        names["big"]: "is longer than",
        directory / "README": "is no session's file",
        record: "is damaged",
    }
    assert set(said) == set(map(str, expected))
    for path, what in expected.items():
        assert said[str(path)].startswith(what)
        assert f"{path}: {what}" in text


def test_a_file_of_somebody_else(helper: Helper, vcenter: SimulatedVCenter) -> None:
    got = log_in(helper, vcenter, api="soap")
    if os.geteuid():  # nobody else can give files away
        Path(got["soap_session_file"]).chmod(0)
        (one,) = document(helper)["unusable"]
        assert one["what"].startswith("cannot read")
        Path(got["soap_session_file"]).chmod(0o600)
        return
    os.chown(got["soap_session_file"], 12345, -1)
    (one,) = document(helper)["unusable"]
    assert one["what"].startswith("belongs to somebody else (uid 12345)")
    os.chown(got["soap_session_file"], 0, -1)


def test_a_file_that_others_can_read_is_told_and_left(helper: Helper, vcenter: SimulatedVCenter) -> None:
    file = Path(log_in(helper, vcenter, api="soap")["soap_session_file"])
    file.chmod(0o644)
    assert f"{file}: others can read the file" in shown(helper)
    assert file.stat().st_mode & 0o777 == 0o644


def test_terraforms_directories_are_looked_into(helper: Helper, vcenter: SimulatedVCenter, tmp_path: Path) -> None:
    named = {kind: str(tmp_path / kind) for kind in ("VSPHERE_VIM_SESSION_PATH", "VSPHERE_REST_SESSION_PATH")}
    helper.ok("get", request(vcenter, password=PASSWORD), **named)
    (row,) = table(shown(helper, **named))
    assert (row["USER"], row["KINDS"], row["MADE BY"]) == (USER, "soap, rest", "us, by password")
    assert shown(helper).startswith("nothing is cached")


def test_encrypted_sessions_are_shown_without_opening_them(helper: Helper, vcenter: SimulatedVCenter) -> None:
    install(helper)
    encrypt(helper.home, f'[endpoint."{vcenter.authority}"]\nca_file = "{vcenter.ca_file}"\n')
    got = log_in(helper, vcenter)
    (row,) = table(shown(helper, KEYRING_DOES="locked"))
    assert (row["ENDPOINT"], row["USER"]) == (f"{vcenter.authority} (encrypted)", USER)
    assert row["MADE BY"] == "us, by password"
    assert [row["SERVER SAYS"] for row in table(shown(helper, "--check"))] == ["alive"]
    (row,) = table(shown(helper, "--show-secret"))
    assert row["SESSION IDS"].split() == [got["soap_session_id"], got["rest_session_id"]]
    erased = helper.ok("erase", request(vcenter, scope="session"))
    assert erased == {"erased": "soap,rest"}


def test_only_what_is_asked_for(helper: Helper, vcenter: SimulatedVCenter) -> None:
    vcenter.set_password("zoe@vsphere.local", PASSWORD)
    with SimulatedVCenter() as other:
        log_in(helper, vcenter)
        log_in(helper, vcenter, username="zoe@vsphere.local")
        log_in(helper, other)
        assert len(table(shown(helper))) == 3
        assert [row["USER"] for row in table(shown(helper, vcenter.authority))] == [USER, "zoe@vsphere.local"]
        assert len(table(shown(helper, "--username", USER))) == 2
        named = "zoe%40vsphere.local@" + vcenter.authority
        assert [row["USER"] for row in table(shown(helper, named))] == ["zoe@vsphere.local"]


@pytest.mark.parametrize("kind", ["dumb", "xterm-256color"])
@pytest.mark.parametrize("columns", [20, 40, 80, 200])
def test_nothing_is_wider_than_the_window(helper: Helper, vcenter: SimulatedVCenter, columns: int, kind: str) -> None:
    log_in(helper, vcenter)
    (helper.home / ".govmomi/sessions" / ("f" * 64)).write_text("{")
    with terminal(helper, "status", "--check", columns=columns, TERM=kind) as screen:
        assert screen.end() == 0, screen.seen
    lines = plain(screen.seen).splitlines()
    if columns >= 40:
        assert max(map(len, lines)) <= columns
    assert "administrator" in "".join(lines)
    assert ("\x1b" in screen.seen) == (kind != "dumb")


@pytest.mark.parametrize("environment", [{"NO_COLOR": "1"}, {"TERM": "dumb"}, {"TERM": "dumb", "LANG": "C"}])
def test_colour_is_left_out_where_nobody_wants_it(
    helper: Helper, vcenter: SimulatedVCenter, environment: dict[str, str]
) -> None:
    log_in(helper, vcenter)
    with terminal(helper, "status", columns=120, **environment) as screen:
        assert screen.end() == 0
    assert "\x1b[3" not in screen.seen
    assert "us, by password" in screen.seen
    assert "\x1b" not in shown(helper, **environment)


def test_given_up_while_a_server_is_asked(helper: Helper, vcenter: SimulatedVCenter) -> None:
    log_in(helper, vcenter, api="soap")
    held = faults.wait_for(threading.Event())
    vcenter.faults.add("RetrievePropertiesEx", held)
    before = everything(helper.home)
    with terminal(helper, "status", "--check", GOVC_TLS_CA_CERTS=str(vcenter.ca_file)) as screen:
        screen.wait_for("asking the servers")
        assert held.reached.wait(30)
        screen.press("c")
        assert screen.end() == 130, screen.seen
    assert everything(helper.home) == before
