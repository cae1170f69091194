"""What the command line of `serve-tickets` may say."""

from __future__ import annotations

from pathlib import Path

import pytest

from commands.serving import TOKEN, Serving
from simulated_vcenter import SimulatedVCenter
from support.program import Helper


def test_its_own_help_has_an_example(helper: Helper) -> None:
    reply = helper.run("serve-tickets", "--help")
    assert (reply.status, reply.stderr) == (0, "")
    assert "example:\n  vsphere-session serve-tickets -v --url" in reply.stdout.decode()
    assert "serve-tickets" in helper.run("--help").stdout.decode()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--listen", "127.0.0.1:1"], "--listen is there twice; leave one out"),
        (["--unknown"], 'the option "--unknown" is not known'),
        (["--path", "x"], "--path is no path"),
        (["--path"], "--path wants a value"),
        (["--audience", "x"], "--audience goes with --token-review; leave it out"),
        (["word"], "serve-tickets takes options alone"),
        (["--", "word"], "serve-tickets takes options alone"),
        (["--url", "https://me:secret@vc"], "a password does not belong on the command line"),
        (["--private-key", "/nowhere"], "cannot read /nowhere"),
    ],
)
def test_what_makes_no_sense_is_said(
    helper: Helper, vcenter: SimulatedVCenter, tmp_path: Path, options: list[str], said: str
) -> None:
    reply = helper.run(*Serving(helper, vcenter, tmp_path, *options).arguments)
    assert reply.status != 0
    assert reply.stdout == b""
    assert said in reply.stderr
    assert reply.stderr.count("\n") == 1
    assert vcenter.login_attempts == 0


@pytest.mark.parametrize("listen", ["8443", "::1:8443", "host:x", "127.0.0.1:65536", "no.such.host.invalid:1"])
def test_where_it_listens_has_to_be_an_address_and_a_port(
    helper: Helper, vcenter: SimulatedVCenter, tmp_path: Path, listen: str
) -> None:
    arguments = [(each == "127.0.0.1:0" and listen) or each for each in Serving(helper, vcenter, tmp_path).arguments]
    reply = helper.run(*arguments, GOVC_URL=vcenter.url, GOVC_USERNAME="u")
    assert (reply.status, reply.stdout) == (2, b"")
    assert "--listen" in reply.stderr


def test_it_listens_nowhere_by_itself(helper: Helper, tmp_path: Path) -> None:
    pem = tmp_path / "tls.pem"
    pem.write_text("", encoding="ascii")
    (tmp_path / "tokens").write_text(TOKEN, encoding="ascii")
    reply = helper.run("serve-tickets", "--certificate", str(pem), "--token-file", str(tmp_path / "tokens"))
    assert reply.status == 2
    assert "serve-tickets --help" in reply.stderr or "--certificate" in reply.stderr


@pytest.mark.parametrize("content", ["", "\n \n"])
def test_a_token_file_without_a_token_is_an_error(
    helper: Helper, vcenter: SimulatedVCenter, tmp_path: Path, content: str
) -> None:
    serving = Serving(helper, vcenter, tmp_path)
    serving.token_file.write_text(content, encoding="ascii")
    reply = helper.run(*serving.arguments)
    assert (reply.status, reply.stdout) == (2, b"")
    assert f"the token file {serving.token_file} has no token" in reply.stderr
