"""Rows k to n of what govmomi's cache gets wrong: tampered files, no HOME, ESXi, VI/JSON."""

from __future__ import annotations

import os
import pwd
import subprocess
import sys
from pathlib import Path

import pytest

from cache.bench import Bench
from simulated_vcenter import SimulatedVCenter
from support.program import PASSWORD, Helper, request
from vsphere_session import Session, SessionError

BOTH = pytest.mark.parametrize("kind", ["soap", "rest"])


# ---- k: a file that sends the session elsewhere


@BOTH
@pytest.mark.parametrize(
    "url",
    [
        {"Host": "127.0.0.1:9"},
        {"Host": "attacker.example"},
        {"Scheme": "http"},
        {"Scheme": "file", "Host": ""},
        {"Host": ""},
        {"Host": None},
    ],
    ids=str,
)
def test_k_a_file_whose_url_leads_elsewhere_is_not_used_and_its_session_sent_to_nobody(
    bench: Bench, kind: str, url: dict[str, str]
) -> None:
    bench.session().login(bench.client(kind))
    bench.change(lambda value: value["SoapClient"]["url"].update(url), kind)
    asked = len(bench.vcenter.requests)
    client = bench.client(kind)
    assert not bench.asking().load(client)
    assert not client.valid()
    assert len(bench.vcenter.requests) == asked
    bench.vcenter.end_all()


@BOTH
def test_k_a_file_that_switches_verification_off_is_not_used(bench: Bench, kind: str) -> None:
    bench.session().login(bench.client(kind))
    bench.change(lambda value: value["SoapClient"].update(insecure=True), kind)
    assert not bench.asking().load(bench.client(kind))
    bench.vcenter.new_certificate()
    with pytest.raises(SessionError) as refused:
        bench.session(password="x", ca_file=bench.vcenter.ca_file.replace("ca-2", "ca-1")).login(bench.client(kind))
    assert refused.value.kind == "untrusted"
    bench.vcenter.end_all()


@BOTH
def test_k_a_file_of_somebody_else_is_refused(bench: Bench, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.session().login(bench.client(kind))
    monkeypatch.setattr(os, "geteuid", lambda: bench.file(kind).stat().st_uid + 1)
    with pytest.raises(SessionError, match="belongs to somebody else") as refused:
        bench.session().login(bench.client(kind))
    assert refused.value.kind == "storage"


# ---- l: no HOME


def test_l_without_home_nothing_is_put_into_the_current_directory(tmp_path: Path) -> None:
    """The user database says where home is; govmomi's default became `./.govmomi`."""
    here = tmp_path / "here"
    here.mkdir()
    code = "import vsphere_session as v; s = v.Session('vc.example'); print(s.dir_soap); print(s.dir_rest)"
    for environ in ({}, {"HOME": ""}, {"HOME": "relative"}):
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=here, env=environ, capture_output=True, text=True, check=True
        )
        home = Path(pwd.getpwuid(os.getuid()).pw_dir)
        assert done.stdout.splitlines() == [str(home / ".govmomi" / name) for name in ("sessions", "rest_sessions")]
    assert list(here.iterdir()) == []


def test_l_without_any_home_the_error_says_what_to_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def unknown(uid: int) -> None:
        raise KeyError(uid)

    monkeypatch.setattr(pwd, "getpwuid", unknown)
    environ: dict[str, str] = {}
    for name in ("GOVMOMI_HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME"):
        with pytest.raises(SessionError, match=f"set HOME, or each of .*{name}") as refused:
            Session("vc.example.com", environ=environ)
        assert refused.value.kind == "storage"
        environ[name] = str(tmp_path / name)
    assert Session("vc.example.com", environ=environ).dir_soap == str(tmp_path / "GOVMOMI_HOME" / "sessions")


# ---- m: an ESXi host has no REST sessions


def test_m_on_an_esxi_host_a_rest_login_is_unsupported_and_soap_works(home: Path) -> None:
    with SimulatedVCenter({"root": "VMware1!"}, esxi=True) as host:
        bench = Bench(host, home)
        soap = bench.soap(bench.session("root"))
        with pytest.raises(SessionError) as refused:
            bench.rest(bench.session("root"))
        assert refused.value.kind == "unsupported"
        assert not bench.file("rest", "root").exists()
        assert bench.soap(bench.asking(username="root")).session_id == soap.session_id
        assert bench.live == {soap.session_id}
        bench.close()


@pytest.mark.parametrize("api", ["rest", "both"])
def test_m_a_user_name_with_a_colon_has_soap_alone_and_no_half_of_it_is_sent_to_rest(home: Path, api: str) -> None:
    """Basic authentication ends the name at the colon: the server would count a failed login of user `a`."""
    with SimulatedVCenter({"a:b": PASSWORD}) as vcenter:
        helper, fields = Helper(home), request(vcenter, username="a:b", password=PASSWORD, api=api)
        if api == "rest":
            assert helper.call("get", fields).kind == "unsupported"
        else:
            reply = helper.ok("get", fields)
            assert reply["soap_session_id"] == vcenter.sessions[0].id
            assert "rest_session_id" not in reply
        assert vcenter.login_attempts == len(vcenter.logins)


# ---- n: VI/JSON


def test_n_a_file_of_a_vi_json_client_is_used_if_it_has_a_session(bench: Bench) -> None:
    """From govmomi, which saves the cookies alone; with GOVC_VI_JSON the session id is in no cookie, so nothing was cached."""
    first = bench.soap(bench.session())
    bench.change(lambda value: value["SoapClient"].update(useJSON=True))
    assert bench.soap(bench.asking()).session_id == first.session_id
    bench.change(lambda value: value["SoapClient"].update(cookies=None))
    assert not bench.asking().load(bench.client("soap"))
    bench.vcenter.end_all()
