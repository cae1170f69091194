"""`vsphere-session doctor` names the cause of each of these faults, says what to do, and finds nothing else wrong.

Without `--login` nobody is logged in, whatever is wrong: the fixture counts.
"""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from commands.doctors import Diagnosis, Patient
from simulated_vcenter import SimulatedVCenter, faults
from support import file_keyring
from support.certificates import self_signed
from support.connect_proxy import ConnectProxy
from support.program import PASSWORD, USER, Helper, request
from vsphere_session.commands.examining.case import Case
from vsphere_session.commands.examining.directories import directories
from vsphere_session.commands.invocation import Common

WRONG = "wr0ng-Omega"
NOBODY = 12345


@pytest.fixture
def patient(helper: Helper, vcenter: SimulatedVCenter) -> Iterator[Patient]:
    """All is well but for what the test does. At the end the server has seen no login by the doctor, and no session."""
    yield (found := Patient(helper, vcenter))
    assert (found.vcenter.login_attempts, found.vcenter.session_count) == (0, 0)


def only(found: Diagnosis, area: str, status: int) -> str:
    """There is one problem and no warning; what is said of it and what is to be done."""
    assert (found.problems, found.warnings, found.status) == ([area], [], status), found
    line = found.of(area, "problem")[0]
    assert line.do, line
    return f"{line.what}; {line.do}"


def warned(found: Diagnosis, area: str) -> str:
    """There is one warning and no problem."""
    assert (found.problems, found.warnings, found.status) == ([], [area], 0), found
    line = found.of(area, "warning")[0]
    assert line.do, line
    return f"{line.what}; {line.do}"


def test_where_all_is_well_nothing_is_a_problem(patient: Patient) -> None:
    found = patient.diagnosis()
    assert (found.status, found.problems, found.warnings) == (0, [], [])
    assert [line.area for line in found.lines if line.state == "skipped"] == ["login", "session limit"]


# ---- on this machine


def test_an_unknown_key_in_the_configuration(patient: Patient) -> None:
    """What does not need the configuration is looked at all the same."""
    patient.general.append("verifi = true")
    found = patient.diagnosis()
    assert '"verifi" is not known; did you mean "verify"?' in only(found, "configuration", 2)
    assert ", line 2" in found.the("configuration", "problem").what
    assert [found.state(area) for area in ("environment", "DNS", "proxy", "TCP")] == ["ok"] * 4
    assert [found.state(area) for area in ("settings", "TLS", "login method")] == ["skipped"] * 3


def test_a_configuration_that_is_no_toml(patient: Patient) -> None:
    patient.own.append("username = ")
    assert "is not TOML" in only(patient.diagnosis(), "configuration", 2)


def test_a_configuration_that_others_may_write(patient: Patient) -> None:
    patient.configure()
    patient.config.chmod(0o666)
    said = warned(patient.diagnosis(), "configuration")
    assert "mode 0666" in said
    assert "chmod go-w" in said
    assert patient.config.stat().st_mode & 0o777 == 0o666


def test_a_configuration_that_is_not_there(patient: Patient) -> None:
    found = patient.diagnosis("--config", str(patient.helper.home / "other.toml"))
    assert "there is no configuration file" in only(found, "configuration", 9)


def test_a_variable_that_has_no_meaning(patient: Patient) -> None:
    found = patient.diagnosis(GOVC_INSECURE="perhaps")
    assert found.problems == ["environment", "settings"]
    assert found.status == 2
    assert "GOVC_INSECURE is neither true nor false" in found.the("environment", "problem").what
    assert found.state("TCP") == "ok"


def test_a_password_that_is_nobodys(patient: Patient) -> None:
    """Half a family of variables."""
    del patient.helper.environment["VSPHERE_USER"]
    patient.own = patient.own[:1]
    found = patient.diagnosis()
    assert found.problems == ["login method"]
    line = found.the("environment", "warning")
    assert line.what == "VSPHERE_PASSWORD is set, and nothing says whose password it is"
    assert line.do == "set VSPHERE_USER, too"


def test_variables_of_another_server(patient: Patient) -> None:
    said = warned(patient.diagnosis(GOVC_URL="other.example.com", GOVC_USERNAME="me"), "environment")
    assert "GOVC_URL names another server, other.example.com, so nothing of GOVC_URL, GOVC_USERNAME counts" in said


def test_a_variable_with_another_name(patient: Patient) -> None:
    said = warned(patient.diagnosis(GOVC_PASS="x"), "environment")
    assert said == "GOVC_PASS is set and not read; the name that is read is GOVC_PASSWORD"


def test_no_server_is_named(patient: Patient) -> None:
    patient.host = ""
    patient.own = []
    patient.config.parent.mkdir(parents=True)
    patient.config.write_text('secret_store = "file"\n')
    reply = patient.helper.run("doctor")
    assert reply.status == 2
    assert b"problem  endpoint: the request names no endpoint" in reply.stdout


def test_no_home_directory(patient: Patient) -> None:
    """As with `sudo` without -H. The way to the server is looked at all the same."""
    patient.configure()
    patient.helper.environment["VSPHERE_SESSION_CONFIG"] = str(patient.config)
    if os.geteuid() == 0:
        os.chown(patient.helper.home, NOBODY, -1)
        found = patient.diagnosis(SUDO_UID=str(NOBODY))
    else:
        found = patient.diagnosis(HOME="/usr", SUDO_UID="0")
    assert "which belongs to the user who called sudo" in found.the("directories", "problem").what
    assert (
        found.the("directories", "problem").do
        == "use sudo -H, or set each of GOVMOMI_HOME, XDG_STATE_HOME and XDG_CONFIG_HOME"
    )
    assert found.state("TLS") == "skipped"
    assert found.state("TCP") == "ok"


def test_something_else_in_the_place_of_a_directory(patient: Patient) -> None:
    patient.state.parent.mkdir(parents=True)
    patient.state.write_text("")
    found = patient.diagnosis()
    assert f"{patient.state}, for the helper's state, cannot be used (not a directory)" in only(found, "directories", 9)
    assert found.state("service") == "ok"


def test_a_directory_of_somebody_else(patient: Patient) -> None:
    sessions = Path("/usr")
    if os.geteuid() == 0:
        sessions = patient.helper.home / "sessions"
        sessions.mkdir()
        os.chown(sessions, NOBODY, -1)
    found = patient.diagnosis(VSPHERE_VIM_SESSION_PATH=str(sessions))
    assert f"the directory {sessions} belongs to somebody else" in only(found, "directories", 9)


def test_files_that_others_may_read(patient: Patient) -> None:
    """They are named, and stay as they are."""
    patient.state.mkdir(parents=True, mode=0o700)
    (patient.state / "logins").mkdir(mode=0o755)
    (patient.state / "logins" / "x").write_text("null")
    (patient.state / "logins" / "x").chmod(0o644)
    before = patient.diagnosis() and patient.files()
    said = warned(patient.diagnosis(), "directories")
    assert f"others may look into {patient.state}/logins" in said
    assert patient.files() == before


def test_no_space_left(patient: Patient, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_path: str) -> os.statvfs_result:
        return os.statvfs_result((4096, 4096, 1000, 0, 0, 100, 50, 50, 0, 255))

    monkeypatch.setattr(os, "statvfs", full)
    case = Case({"HOME": str(patient.helper.home)}, Common(), fields={}, build="")
    found = list(directories(case))
    assert {each.kind for each in found} == {"storage"}
    assert {each.what.partition(" for ")[0] for each in found} == {"there is no space left"}


def test_a_host_without_a_keyring(patient: Patient) -> None:
    patient.general = []
    said = warned(patient.diagnosis(), "secret store")
    assert "there is no keyring on this host; choose the file store" in said


@pytest.mark.parametrize(("does", "said"), [("locked", "is locked"), ("unusable", "no keyring")])
def test_a_login_in_a_keyring_that_does_not_answer(patient: Patient, does: str, said: str) -> None:
    patient.general = []
    file_keyring.install(patient.helper)
    patient.configure()
    patient.helper.ok("store", request(patient.vcenter, password=PASSWORD))
    found = patient.diagnosis(KEYRING_DOES=does)
    assert found.problems == ["secret store"]
    assert said in found.the("secret store", "problem").what


def test_a_keyring_that_never_answers_takes_no_time_from_the_others(patient: Patient) -> None:
    patient.general = []
    file_keyring.install(patient.helper)
    found = patient.diagnosis("--timeout", "2", KEYRING_DOES="block")
    assert "did not answer within 2 s" in warned(found, "secret store")
    assert found.state("service") == "ok"


def test_a_login_that_has_gone_from_the_keyring(patient: Patient) -> None:
    patient.general = []
    keyring = file_keyring.install(patient.helper)
    patient.configure()
    patient.helper.ok("store", request(patient.vcenter, password=PASSWORD))
    keyring.unlink()
    said = only(patient.diagnosis(), "secret store", 3)
    assert f"the login of {USER} for {patient.host} is not where it was kept" in said


def test_a_damaged_store(patient: Patient) -> None:
    patient.state.mkdir(parents=True, mode=0o700)
    (patient.state / "secrets.json").write_text("{")
    (patient.state / "secrets.json").chmod(0o600)
    found = patient.diagnosis()
    assert "secrets.json is damaged" in warned(found, "secret store")


# ---- the way to the server


def test_a_name_that_does_not_exist(patient: Patient) -> None:
    patient.host = "vcenter.invalid"
    found = patient.diagnosis()
    assert "the host name vcenter.invalid cannot be found" in only(found, "DNS", 5)
    assert [found.state(area) for area in ("TCP", "TLS", "service", "clock")] == ["skipped"] * 4
    assert [found.state(area) for area in ("login method", "refusals", "caller git")] == ["ok"] * 3


def test_a_port_that_is_closed(patient: Patient) -> None:
    with patient.vcenter.offline():
        found = patient.diagnosis()
    assert "connection refused" in only(found, "TCP", 5)
    assert found.state("DNS") == "ok"


def test_a_proxy_that_is_down(patient: Patient) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    patient.host = "vc.example.com"
    found = patient.diagnosis(HTTPS_PROXY=f"http://me:{WRONG}@127.0.0.1:{port}")
    assert f"the proxy 127.0.0.1:{port} (HTTPS_PROXY)" in only(found, "proxy", 5)
    assert WRONG not in str(found)


@pytest.mark.parametrize("status", ["403 Forbidden", "407 Proxy Authentication Required"])
def test_a_proxy_that_refuses(patient: Patient, status: str) -> None:
    patient.host = "vc.example.com"
    with ConnectProxy(("127.0.0.1", 1), status=status) as proxy:
        found = patient.diagnosis(HTTPS_PROXY=proxy.url)
    assert status[:3] in only(found, "proxy", 5)


def test_a_server_that_the_proxy_cannot_reach(patient: Patient) -> None:
    patient.host = "vc.example.com"
    with ConnectProxy(("127.0.0.1", 1), status="502 Bad Gateway") as proxy:
        found = patient.diagnosis(HTTPS_PROXY=proxy.url)
    assert "which cannot reach it (502)" in only(found, "TCP", 5)
    assert found.state("proxy") == "ok"


def test_a_variable_that_names_no_proxy(patient: Patient) -> None:
    patient.host = "vc.example.com"
    found = patient.diagnosis(HTTPS_PROXY="ftp://proxy")
    assert "HTTPS_PROXY is no proxy's URL" in found.the("proxy", "problem").what
    assert found.the("proxy", "problem").kind == "invalid-request"


def test_the_way_through_a_proxy(patient: Patient) -> None:
    """Nothing is wrong with it."""
    patient.vcenter.new_certificate("vc.example.com")
    patient.own[0] = f'ca_file = "{patient.vcenter.ca_file}"'
    host, port = patient.vcenter.authority.split(":")
    patient.host = "vc.example.com"
    with ConnectProxy((host, int(port))) as proxy:
        found = patient.diagnosis(HTTPS_PROXY=proxy.url)
    assert (found.status, found.problems, found.warnings) == (0, [], []), found
    assert found.the("proxy", "ok").what == f"127.0.0.1:{proxy.port}, which HTTPS_PROXY names, is there"
    assert found.the("DNS", "ok").what == "vc.example.com is looked up behind the proxy"


def test_the_way_through_a_proxy_that_is_given_whole_requests(patient: Patient) -> None:
    with SimulatedVCenter(tls=False) as plain:
        host, port = plain.authority.split(":")
        patient.host = "http://vc.example.com"
        with ConnectProxy((host, int(port))) as proxy:
            found = patient.diagnosis(HTTP_PROXY=proxy.url)
    assert (found.problems, found.warnings) == ([], ["TLS"]), found
    assert found.state("service") == "ok"


# ---- its certificate


def test_a_file_of_authorities_that_is_not_there(patient: Patient) -> None:
    patient.own[0] = 'ca_file = "gone.pem"'
    assert "gone.pem: no such file or directory" in only(patient.diagnosis(), "TLS", 9).lower()


def test_a_certificate_of_an_unknown_authority(patient: Patient) -> None:
    patient.own = patient.own[1:]
    said = only(patient.diagnosis(), "TLS", 6)
    assert "the authority that issued it is not trusted here" in said
    assert patient.vcenter.thumbprint in said


def test_a_certificate_that_has_expired(patient: Patient) -> None:
    patient.vcenter.new_certificate(expired=True)
    patient.own[0] = f'ca_file = "{patient.vcenter.ca_file}"'
    said = only(patient.diagnosis(), "TLS", 6)
    assert "it has expired" in said
    assert "have it renewed" in said


def test_a_certificate_for_another_name(patient: Patient) -> None:
    patient.vcenter.new_certificate("vc.example.com")
    patient.own[0] = f'ca_file = "{patient.vcenter.ca_file}"'
    found = patient.diagnosis()
    assert "it is not made for this" in only(found, "TLS", 6)
    assert "for vc.example.com" in found.the("TLS", "ok").what


def test_another_certificate_than_the_one_that_is_pinned(patient: Patient) -> None:
    patient.own.append(f'thumbprint = "{patient.vcenter.thumbprint}"')
    patient.vcenter.new_certificate()
    said = only(patient.diagnosis(), "TLS", 6)
    assert f"expected {patient.own[-1].split(chr(34))[1]}, actual {patient.vcenter.thumbprint}" in said


def test_a_certificate_that_ends_soon(patient: Patient) -> None:
    pem = self_signed(patient.vcenter.tls, "127.0.0.1", ends=timedelta(days=3))
    authority = patient.helper.home / "own.pem"
    authority.write_bytes(pem)
    patient.own[0] = f'ca_file = "{authority}"'
    assert "in 3 days; have it renewed" in warned(patient.diagnosis(), "TLS")


def test_verification_that_is_switched_off(patient: Patient) -> None:
    patient.own.append("insecure = true")
    said = warned(patient.diagnosis(), "TLS")
    assert "is verified by nothing (insecure)" in said
    assert f"vsphere-session cert {patient.host}" in said


def test_a_server_without_tls(patient: Patient) -> None:
    with SimulatedVCenter(tls=False) as plain:
        patient.host = plain.authority
        found = patient.diagnosis()
        assert "it answers without TLS" in only(found, "TLS", 5)
        patient.host = f"http://{plain.authority}"
        assert "without TLS (http)" in warned(patient.diagnosis(), "TLS")


# ---- what answers there


def test_a_server_that_is_starting(patient: Patient) -> None:
    patient.vcenter.faults.add("*", faults.status(503))
    found = patient.diagnosis()
    assert "is not available (503)" in only(found, "service", 5)
    assert [found.state(area) for area in ("clock", "REST", "one id", "login")] == ["skipped"] * 4


def test_a_server_without_sessions_for_anybody(patient: Patient) -> None:
    patient.vcenter.faults.add("*", faults.status(503, b"Out of HTTP sessions"))
    assert "has no session left" in only(patient.diagnosis(), "service", 7)


@pytest.mark.parametrize("fault", [faults.html(), faults.html(404), faults.redirect("https://elsewhere.example.com/")])
def test_a_web_server_that_is_no_vsphere(patient: Patient, fault: faults.Fault) -> None:
    patient.vcenter.faults.add("*", fault)
    found = patient.diagnosis()
    assert found.problems == ["service"]
    assert found.status in (5, 10)
    assert "url" in found.the("service", "problem").do


def test_a_server_that_never_answers(patient: Patient) -> None:
    patient.vcenter.faults.add("*", faults.stall())
    found = patient.diagnosis("--timeout", "1")
    assert "did not answer within 1 s" in only(found, "service", 5)
    assert found.state("caller git") == "ok"


def test_a_server_that_is_too_old(patient: Patient) -> None:
    patient.vcenter._state.content.about["apiVersion"] = "6.0"
    assert "its API 6.0 is older than 6.5" in warned(patient.diagnosis(), "service")


@pytest.mark.parametrize("shift", [-4000, 4000])
def test_clocks_that_differ(patient: Patient, shift: int) -> None:
    patient.vcenter.clock.advance(shift)
    said = warned(patient.diagnosis(), "clock")
    assert f"{'behind' if shift > 0 else 'ahead of'} the server's" in said
    assert "NTP" in said


def test_clocks_that_differ_where_logins_are_by_tokens(patient: Patient) -> None:
    patient.vcenter.clock.advance(4000)
    patient.own.append('method = "saml"')
    assert "tokens are refused then" in only(patient.diagnosis(), "clock", 4)


def test_rest_is_asked_for_and_not_there(patient: Patient) -> None:
    with SimulatedVCenter(esxi=True) as esxi:
        patient.host = esxi.authority
        patient.own = [f'ca_file = "{esxi.ca_file}"', f'username = "{USER}"']
        assert patient.diagnosis().problems == []
        patient.own.append('api = "rest"')
        assert "has no REST sessions" in only(patient.diagnosis(), "REST", 10)


def test_a_way_to_log_in_that_makes_no_rest_session_there(patient: Patient) -> None:
    patient.own += ['method = "impersonate"', 'impersonate = "somebody"', 'api = "rest"']
    assert "from vCenter 8.0.3 on" in only(patient.diagnosis(), "one id", 10)


# ---- logging in


def test_nothing_to_log_in_with(patient: Patient) -> None:
    del patient.helper.environment["VSPHERE_PASSWORD"]
    said = only(patient.diagnosis(), "login method", 3)
    assert f"there is no password of {USER}" in said
    assert "vsphere-session login" in said


def test_a_login_that_is_kept_for_another_user(patient: Patient) -> None:
    del patient.helper.environment["VSPHERE_PASSWORD"]
    patient.configure()
    patient.helper.ok("store", request(patient.vcenter, username="other@vsphere.local", password=PASSWORD))
    said = only(patient.diagnosis(), "login method", 3)
    assert f"there is no password of {USER}, and the secret store has logins of other@vsphere.local" in said


def test_a_login_that_needs_somebody(patient: Patient) -> None:
    patient.own += ['method = "oidc"', 'client_id = "me"']
    said = only(patient.diagnosis(), "login method", 11)
    assert f"run: vsphere-session login {patient.host}" in said


def test_a_command_for_the_password_that_is_not_installed(patient: Patient) -> None:
    del patient.helper.environment["VSPHERE_PASSWORD"]
    patient.own.append('password_command = ["no-such-program", "show"]')
    said = only(patient.diagnosis(), "login method", 3)
    assert "password_command names no-such-program, which cannot be found" in said


def test_a_command_for_the_password_is_not_run(patient: Patient) -> None:
    del patient.helper.environment["VSPHERE_PASSWORD"]
    ran = patient.helper.home / "ran"
    patient.own.append(f'password_command = ["/bin/sh", "-c", "touch {ran}; echo x"]')
    assert patient.diagnosis().status == 0
    assert not ran.exists()


def test_a_file_of_the_login_that_is_not_there(patient: Patient) -> None:
    patient.own += ['token_file = "gone.saml"']
    del patient.helper.environment["VSPHERE_PASSWORD"]
    found = patient.diagnosis()
    assert found.status == 9
    assert "gone.saml" in found.lines[[line.state for line in found.lines].index("problem")].what


def test_sessions_that_need_a_keyring_without_one(patient: Patient) -> None:
    patient.general.append('session_store = "encrypted"')
    said = only(patient.diagnosis(), "cache", 10)
    assert 'there is no keyring on this host; have the sessions in clear: session_store = "files"' in said


def test_no_key_is_made_for_encrypted_sessions(patient: Patient) -> None:
    keyring = file_keyring.install(patient.helper)
    patient.general.append('session_store = "encrypted"')
    assert patient.diagnosis().status == 0
    assert not keyring.exists()


def test_a_password_for_another_user_than_the_one_who_is_meant(patient: Patient) -> None:
    found = patient.diagnosis("--username", "other@vsphere.local")
    said = found.the("environment", "warning").what
    assert said == "VSPHERE_PASSWORD is for another user, whom VSPHERE_USER names, than other@vsphere.local"
    assert found.problems == ["login method"]


# ---- its callers


def test_docker_has_another_helper_for_the_server(patient: Patient) -> None:
    (patient.helper.home / ".docker").mkdir()
    (patient.helper.home / ".docker" / "config.json").write_text(f'{{"credHelpers": {{"{patient.host}": "pass"}}}}')
    said = warned(patient.diagnosis(), "caller docker")
    assert f"credHelpers.{patient.host} runs another program, docker-credential-pass" in said


def test_docker_has_a_helper_that_is_not_on_path(patient: Patient) -> None:
    (patient.helper.home / ".docker").mkdir()
    (patient.helper.home / ".docker" / "config.json").write_text('{"credsStore": "vsphere"}')
    said = only(patient.diagnosis(), "caller docker", 3)
    assert "credsStore names docker-credential-vsphere, which is not there" in said


def test_docker_has_a_configuration_that_is_no_json(patient: Patient) -> None:
    (patient.helper.home / ".docker").mkdir()
    (patient.helper.home / ".docker" / "config.json").write_text("{")
    assert "is not JSON as docker writes it" in only(patient.diagnosis(), "caller docker", 9)


def test_git_has_a_link_that_leads_nowhere(patient: Patient) -> None:
    link = patient.helper.home / "git-credential-vsphere"
    link.symlink_to("/nowhere/vsphere-session")
    (patient.helper.home / ".gitconfig").write_text(f'[credential "https://{patient.host}"]\n\thelper = {link}\n')
    said = only(patient.diagnosis(), "caller git", 3)
    assert f"names {link} (a link to /nowhere/vsphere-session), which is not there" in said
    assert "configure git" in said


def test_git_runs_another_copy_of_the_program(patient: Patient) -> None:
    other = patient.helper.home / "git-credential-vsphere"
    shutil.copy("/bin/true", other)
    (patient.helper.home / ".gitconfig").write_text(f'[credential "https://{patient.host}"]\n\thelper = {other}\n')
    assert f"runs another copy of this program, {other}" in warned(patient.diagnosis(), "caller git")


def test_terraform_has_a_helper_that_is_not_there(patient: Patient) -> None:
    (patient.helper.home / ".terraformrc").write_text('credentials_helper "vsphere" {\n}\n')
    assert "terraform-credentials-vsphere, which is not there" in only(patient.diagnosis(), "caller terraform-cli", 3)


def test_bazel_has_another_helper_for_the_server(patient: Patient) -> None:
    (patient.helper.home / ".bazelrc").write_text("common --credential_helper=127.0.0.1=/bin/true\n")
    assert "runs another program, /bin/true" in warned(patient.diagnosis(), "caller bazel")
