"""`vsphere-session doctor`: what it prints, in a terminal and in a pipe, as JSON and as a report; and that it changes nothing."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from commands.at_a_terminal import plain, terminal
from commands.doctors import Patient
from simulated_vcenter import SimulatedVCenter, faults
from support import file_keyring
from support.program import PASSWORD, USER, Helper, request
from vsphere_session.commands.examining import order
from vsphere_session.commands.examining.case import Case
from vsphere_session.commands.examining.finding import Finding, ok, problem
from vsphere_session.commands.invocation import Common

AREAS = [
    *("build", "configuration", "environment", "endpoint", "settings", "secret store", "directories", "cache"),
    *("DNS", "proxy", "TCP", "TLS", "service", "clock", "REST", "one id"),
    *("login method", "refusals", "login", "session limit"),
    *(f"caller {caller}" for caller in ("git", "docker", "terraform-cli", "kubernetes", "bazel")),
]
CANARY = "canary-Secret-4711"


@pytest.fixture
def patient(helper: Helper, vcenter: SimulatedVCenter) -> Patient:
    """All is well."""
    return Patient(helper, vcenter)


def test_the_areas_and_their_order_are_always_the_same(patient: Patient) -> None:
    assert list(dict.fromkeys(line.area for line in patient.diagnosis().lines)) == AREAS
    patient.general.append("nonsense")
    with patient.vcenter.offline():
        assert list(dict.fromkeys(line.area for line in patient.diagnosis(GOVC_INSECURE="x").lines)) == AREAS


def test_json_has_the_same_members_in_every_finding(patient: Patient) -> None:
    patient.configure()
    reply = patient.helper.run("doctor", patient.host, "--json")
    value = json.loads(reply.stdout)
    assert list(value) == ["status", "findings"]
    assert {tuple(finding) for finding in value["findings"]} == {("area", "state", "what", "do", "kind")}
    assert {finding["state"] for finding in value["findings"]} <= {"ok", "warning", "problem", "skipped"}
    again = json.loads(patient.helper.run("doctor", patient.host, "--json").stdout)
    for one, other in zip(value["findings"], again["findings"], strict=True):
        assert one == other or one["area"] == "clock"


def test_a_pipe_gets_a_line_each_and_nothing_on_stderr(patient: Patient) -> None:
    patient.configure()
    reply = patient.helper.run("doctor", patient.host)
    assert (reply.status, reply.stderr) == (0, "")
    lines = reply.stdout.decode().splitlines()
    assert [re.split(r" +", line, maxsplit=1)[1].partition(":")[0] for line in lines[:-2]][:3] == AREAS[:3]
    assert {line.partition(" ")[0] for line in lines[:-2]} <= {"ok", "skipped"}
    assert lines[-2:] == ["", "nothing is wrong; a report for a bug: --report"]
    assert "\x1b" not in reply.stdout.decode()


def test_the_status_is_that_of_the_first_problem(patient: Patient) -> None:
    del patient.helper.environment["VSPHERE_PASSWORD"]
    assert patient.diagnosis().status == 3
    patient.own[0] = ""
    assert patient.diagnosis().status == 6
    with patient.vcenter.offline():
        assert patient.diagnosis().status == 5
    patient.general.append("nonsense = 1")
    assert patient.diagnosis().status == 2


@pytest.mark.parametrize("columns", [20, 40, 200])
@pytest.mark.parametrize("colours", [True, False])
def test_in_a_terminal(patient: Patient, columns: int, colours: bool) -> None:
    """No line is wider than the window, every state is a word, and colours only come on top."""
    patient.vcenter.clock.advance(900)
    patient.own[0] = ""
    patient.configure()
    more = {} if colours else {"NO_COLOR": "1"}
    with terminal(patient.helper, "doctor", patient.host, columns=columns, **more) as screen:
        screen.wait_for("looking")
        status = screen.end()
    assert status == 6
    shown = screen.seen.split("\x1b[?25h")[-1]  # what stays: the cursor comes back when the waiting is over
    assert ("\x1b[32m" in shown) == colours
    lines = plain(shown).split("\n")
    assert max(map(len, lines)) <= columns
    words = " ".join(" ".join(lines).split())
    for said in ("ok build:", "problem TLS:", "to do: if the server's console", "skipped clock:"):
        assert said in words, words
    assert "the authority that issued it is not trusted here" in words


def test_a_dumb_terminal_gets_text_alone(patient: Patient) -> None:
    patient.configure()
    with terminal(patient.helper, "doctor", patient.host, TERM="dumb") as screen:
        assert screen.end() == 0
    assert "\x1b" not in screen.seen
    assert "nothing is wrong" in screen.seen


def test_nothing_is_changed(patient: Patient) -> None:
    """Not a mode, not a file, no session; of a long configuration nothing is kept either."""
    patient.general += [f'[endpoint."h{number}.example.com"]\nusername = "me"' for number in range(500)]
    patient.configure()
    patient.helper.ok("store", request(patient.vcenter, password=PASSWORD))
    patient.helper.ok("get", request(patient.vcenter))
    for path in patient.helper.home.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)
    before = patient.files()
    seen = len(patient.vcenter.requests)
    reply = patient.helper.run("doctor", patient.host)
    assert reply.status == 0, reply
    assert b"others may look into" in reply.stdout
    assert patient.files() == before
    assert {each.operation for each in patient.vcenter.requests[seen:]} == {
        "RetrieveServiceContent",
        "GET /api/session",
    }
    assert patient.vcenter.session_count == 2


def test_nothing_is_made_in_an_empty_home(patient: Patient) -> None:
    patient.configure()
    before = patient.files()
    assert patient.helper.run("doctor", patient.host).status == 0
    assert patient.files() == before


# ---- the report


def canaries(patient: Patient) -> None:
    """Secrets wherever there can be some."""
    patient.helper.environment |= {
        "VSPHERE_PASSWORD": CANARY,
        "GOVC_URL": f"https://someone:{CANARY}-url@other.example.com/sdk",
        "GOVC_PASSWORD": f"{CANARY}-govc",
        "VSPHERE_SESSION_TOKEN": "",
        "HTTPS_PROXY": f"http://me:{CANARY}-proxy@proxy.example.com:1",
        "UNRELATED_TOKEN": f"{CANARY}-unrelated",
    }
    (patient.helper.home / ".gitconfig").write_text(
        f'[credential "https://me:{CANARY}@{patient.host}"]\n\thelper = "!f() {{ echo password={CANARY}; }}; f"\n'
    )
    (patient.helper.home / ".docker").mkdir()
    auths = {"auths": {patient.host: {"auth": CANARY}}, "credHelpers": {patient.host: "pass"}}
    (patient.helper.home / ".docker" / "config.json").write_text(json.dumps(auths))


@pytest.mark.parametrize("words", [(), ("--login",), ("--with-names",), ("--login", "--with-names")])
def test_the_report_holds_no_secret(patient: Patient, words: tuple[str, ...]) -> None:
    patient.vcenter.set_password(USER, CANARY)
    patient.helper.environment["VSPHERE_PASSWORD"] = CANARY
    file_keyring.install(patient.helper)
    patient.general = []
    patient.configure()
    patient.helper.ok("store", request(patient.vcenter, password=CANARY))
    got = patient.helper.ok("get", request(patient.vcenter))
    canaries(patient)
    for output in (("--report", *words), ("--json", *(word for word in words if word != "--with-names"))):
        reply = patient.helper.run("doctor", patient.host, *output)
        for secret in (CANARY, got["soap_session_id"], got["rest_session_id"]):
            assert secret not in reply.stdout.decode(), reply
            assert secret not in reply.stderr


@pytest.mark.parametrize("fault", [faults.status(500, CANARY.encode()), faults.invalid_login()])
def test_the_report_shows_nothing_that_a_server_repeats(patient: Patient, fault: faults.Fault) -> None:
    patient.vcenter.set_password(USER, CANARY)
    patient.helper.environment["VSPHERE_PASSWORD"] = CANARY
    patient.vcenter.faults.add("Login", fault)
    patient.configure()
    reply = patient.helper.run("doctor", patient.host, "--report", "--login")
    assert reply.status != 0
    assert CANARY not in reply.stdout.decode()


def test_the_report_replaces_names_always_by_the_same_words(patient: Patient) -> None:
    patient.host = "vc.corp.invalid:8443"
    patient.own += ['method = "impersonate"', 'impersonate = "dora"']
    patient.configure()
    patient.helper.environment |= {
        "GOVC_URL": "other.corp.invalid",
        "GOVC_USERNAME": "CORP\\bob",
        "HTTPS_PROXY": "http://carl@proxy.corp.invalid:1",
    }
    text = patient.helper.run("doctor", patient.host, "--report").stdout.decode()
    for name in ("invalid", "corp", "carl", "dora", "bob", "administrator", "vsphere.local", str(patient.helper.home)):
        assert name not in text.lower(), text
    host, user = re.findall(r"https://(host-\d+):8443/sdk from the command line, as (user-\d+)", text)[0]
    assert text.count(host) > 2
    assert f"the host name {re.findall(r'through the proxy (host-[0-9]+):1', text)[0]} cannot be found" in text
    named = patient.helper.run("doctor", patient.host, "--report", "--with-names").stdout.decode()
    assert "https://vc.corp.invalid:8443/sdk from the command line, as dora" in named
    assert text.count(user) == named.lower().count("dora")


def test_the_report_can_be_pasted(patient: Patient) -> None:
    patient.configure()
    reply = patient.helper.run("doctor", patient.host, "--report", GOVC_PASS="x")
    text = reply.stdout.decode()
    version = patient.helper.run("--version").stdout.decode().removeprefix("vsphere-session ").strip()
    assert text.startswith(f"### vsphere-session doctor\n\n- version: {version}\n- platform: ")
    assert "- variables set (names only): GOVC_PASS, HOME, VSPHERE_PASSWORD, VSPHERE_USER\n" in text
    assert "- settings in the configuration (names only): secret_store, endpoint.ca_file, endpoint.username\n" in text
    before, fence, rest = text.partition("```text\n")
    inside, end, after = rest.partition("```\n")
    assert (fence, end, after) == ("```text\n", "```\n", "")
    assert inside.count("\n") >= len(AREAS)
    assert "API 8.0.2.0" in inside
    assert before


def test_a_bug_in_one_check_hides_no_other_one(patient: Patient, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_case: Case) -> Iterator[Finding]:
        yield ok("begun")
        raise ZeroDivisionError(CANARY)

    checks = [replace(check, look=broken) if check.area == "proxy" else check for check in order.CHECKS]
    monkeypatch.setattr(order, "CHECKS", checks)
    environ = {"HOME": str(patient.helper.home), "PATH": os.defpath}
    found = list(order.examine(Case(environ, Common(), fields={"url": patient.host}, build=""), lambda _area: None))
    assert [each for area, each in found if area == "proxy"] == [
        ok("begun"),
        problem(
            "this check has failed itself (ZeroDivisionError)",
            "report it: see vsphere-session doctor --report",
            "internal",
        ),
    ]
    assert {area: each.state for area, each in found}["TCP"] == "skipped"
    assert {area: each.state for area, each in found}["caller git"] == "ok"


def test_the_cache_is_not_looked_into_where_it_is_not_used(patient: Patient) -> None:
    found = patient.diagnosis(GOVC_PERSIST_SESSION="false")
    assert (found.problems, found.warnings) == ([], [])
    assert found.the("cache", "ok").what == "it is not used (passthrough): each call logs in"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--with-names",), "--with-names goes with --report"),
        (("--report", "--json"), "choose one"),
        (("u:hunter2@vc.example.com",), "a password does not belong on the command line"),
        (("vc.example.com", "another"), "doctor --help"),
    ],
)
def test_what_cannot_be_asked(helper: Helper, words: tuple[str, ...], said: str) -> None:
    reply = helper.run("doctor", *words)
    assert (reply.status, reply.stdout) == (2, b""), reply
    assert said in reply.stderr
    assert "hunter2" not in reply.stderr


def test_without_a_host_it_is_about_the_one_that_calls_would_use(patient: Patient) -> None:
    patient.configure()
    reply = patient.helper.run("doctor", VSPHERE_SERVER=patient.host)
    assert reply.status == 0, reply
    assert f"{patient.host}/sdk from VSPHERE_SERVER, as {USER} from VSPHERE_USER" in reply.stdout.decode()


def test_no_check_reads_the_working_directory(patient: Patient, tmp_path: Path) -> None:
    """Nor leaves anything in it."""
    patient.configure()
    assert patient.helper.run("doctor", patient.host).status == 0
    assert [path.name for path in tmp_path.iterdir()] == ["home"]
