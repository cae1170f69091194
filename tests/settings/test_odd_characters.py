"""Control characters, marks and quotes in what people bring: the message says where, which one, and where it comes from."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from simulated_vcenter import SimulatedVCenter
from support.program import PASSWORD, USER, Helper, Reply, request

ODD = {
    "CR at the end": ("%s\r", "CR", "Windows"),
    "CR LF at the end": ("%s\r\n", "CR", "Windows"),
    "LF at the end": ("%s\n", "LF", "newline"),
    "TAB": ("%s\tx", "TAB", "remove"),
    "ESC": ("%s\x1b[0m", "ESC", "remove"),
    "DEL": ("%s\x7f", "DEL", "remove"),
    "C1": ("%s\x85", "U+0085", "remove"),
}
of_any_kind = pytest.mark.parametrize(("text", "name", "cause"), ODD.values(), ids=ODD)
NEVER_SHOWN = "Zq7Kx9Wv3Jp5"


def refused(reply: Reply, *said: str) -> None:
    assert reply.kind == "invalid-request", reply
    for word in said:
        assert word in reply.stderr, reply
    assert NEVER_SHOWN not in reply.stderr
    assert reply.stderr.rstrip("\n").isprintable()


@pytest.fixture
def ready(vcenter: SimulatedVCenter, helper: Helper) -> Helper:
    """The program with a good environment, in which one thing is then wrong."""
    helper.environment |= {
        "GOVC_URL": vcenter.authority,
        "GOVC_USERNAME": USER,
        "GOVC_PASSWORD": PASSWORD,
        "GOVC_TLS_CA_CERTS": str(vcenter.ca_file),
    }
    return helper


@of_any_kind
@pytest.mark.parametrize("field", ["url", "username", "password", "ca_file", "thumbprint", "api"])
@pytest.mark.parametrize("verb", ["get", "store", "erase", ""])
def test_in_a_field_of_a_request(helper: Helper, verb: str, field: str, text: str, name: str, cause: str) -> None:
    fields = {"url": "vc", field: text % NEVER_SHOWN} | ({} if verb else {"action": "get"})
    reply = helper.run(*([verb] if verb else []), stdin=json.dumps(fields).encode())
    said = reply.stderr if verb else reply.stdout.decode()
    assert f'the value of \\"{field}\\"' in said.replace('"', '\\"').replace("\\\\", "\\")
    assert name in said
    assert cause in said
    assert NEVER_SHOWN not in said


@of_any_kind
@pytest.mark.parametrize(
    "variable",
    [
        "GOVC_URL", "GOVC_USERNAME", "GOVC_PASSWORD", "GOVC_INSECURE", "GOVC_PERSIST_SESSION", "GOVC_TLS_CA_CERTS",
        "GOVC_TLS_KNOWN_HOSTS", "GOVMOMI_HOME", "VSPHERE_SESSION_CONFIG", "VSPHERE_VIM_SESSION_PATH", "VSPHERE_REST_SESSION_PATH",
    ],
)  # fmt: skip
def test_in_a_variable(
    vcenter: SimulatedVCenter, ready: Helper, variable: str, text: str, name: str, cause: str
) -> None:
    value = "true%s" if variable in ("GOVC_INSECURE", "GOVC_PERSIST_SESSION") else f"/{NEVER_SHOWN}%s"
    if name in ("CR", "LF", "U+0085") and value == "true%s":
        return  # white space around a boolean is nothing
    reply = ready.call("get", {}, **{variable: value % text.replace("%s", "")})
    refused(reply, variable, name, cause)
    assert vcenter.login_attempts == 0


@of_any_kind
@pytest.mark.parametrize(
    "family",
    [
        ("VSPHERE_SERVER", "VSPHERE_USER", "VSPHERE_PASSWORD"),
        ("VMWARE_HOST", "VMWARE_USER", "VMWARE_PASSWORD"),
        ("VMWARE_SERVER", "VMWARE_USERNAME", "VMWARE_PASSWORD"),
    ],
)
def test_in_the_other_families(
    vcenter: SimulatedVCenter, helper: Helper, family: tuple[str, str, str], text: str, name: str, cause: str
) -> None:
    good = dict(zip(family, (vcenter.authority, USER, PASSWORD), strict=True))
    for variable in family:
        reply = helper.call("get", {"ca_file": str(vcenter.ca_file)}, **good | {variable: text % NEVER_SHOWN})
        refused(reply, variable, name, cause)
    refused(helper.call("get", {}, VMWARE_HOST="vc", VMWARE_PORT=text % "443"), "VMWARE_PORT", name, cause)


def test_in_a_file_that_a_variable_names(vcenter: SimulatedVCenter, ready: Helper, tmp_path: Path) -> None:
    """Two lines are no password, and what is in the file is not shown."""
    for variable in ("GOVC_USERNAME", "GOVC_PASSWORD"):
        file = tmp_path / variable
        file.write_text(f"{NEVER_SHOWN}\nanother\n")
        refused(
            ready.call("get", {}, **{variable: str(file)}),
            f"the file that {variable} names",
            "LF",
            "more than one line",
        )
    assert vcenter.login_attempts == 0


def test_bytes_that_are_no_utf_8(vcenter: SimulatedVCenter, ready: Helper) -> None:
    for variable in ("GOVC_USERNAME", "GOVC_PASSWORD", "GOVC_URL"):
        refused(ready.call("get", {}, **{variable: f"{NEVER_SHOWN}\udce9"}), variable, "0xE9", "no UTF-8")
    assert vcenter.login_attempts == 0


def test_in_the_configuration(helper: Helper, tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text(f'username = "{NEVER_SHOWN}\\u001b"\n')
    refused(helper.call("get", {"url": "vc"}, "--config", str(file)), str(file), "line 1", "username", "ESC")
    file.write_text("url = \"'vc.example.com'\"\n")
    refused(helper.call("get", {}, "--config", str(file)), str(file), "url", "quote")


# ---- quotes and marks


QUOTED = ['"%s"', "'%s'"]


@pytest.mark.parametrize("quotes", QUOTED)
@pytest.mark.parametrize(
    "variable",
    [
        "GOVC_URL",
        "VSPHERE_SERVER",
        "VMWARE_HOST",
        "GOVC_INSECURE",
        "VSPHERE_ALLOW_UNVERIFIED_SSL",
        "VMWARE_VALIDATE_CERTS",
    ],
)
def test_quotes_around_what_can_have_none(helper: Helper, variable: str, quotes: str) -> None:
    """As `docker --env-file` and systemd's older ones keep them."""
    server = variable.endswith(("URL", "SERVER", "HOST"))
    given = {} if server else {"url": "vc"}
    reply = helper.call("get", given, **{variable: quotes % ("vc.example.com" if server else "true")})
    refused(reply, variable, "begins and ends with a quote", "without quotes")


@pytest.mark.parametrize("quotes", QUOTED)
def test_quotes_around_a_url_in_the_request(helper: Helper, quotes: str) -> None:
    refused(helper.call("get", {"url": quotes % "vc.example.com"}), "the url begins and ends with a quote")


@pytest.mark.parametrize("variable", ["GOVMOMI_HOME", "VSPHERE_SESSION_CONFIG", "VSPHERE_VIM_SESSION_PATH"])
def test_quotes_around_a_directory_make_none_of_that_name(ready: Helper, tmp_path: Path, variable: str) -> None:
    refused(ready.call("get", {}, **{variable: f'"{tmp_path}/x"'}), variable, "begins and ends with a quote")


def test_a_mark_and_a_space_in_a_url_are_named(helper: Helper) -> None:
    refused(helper.call("get", {}, GOVC_URL="\ufeffvc.example.com"), "GOVC_URL", "U+FEFF")
    refused(helper.call("get", {}, VSPHERE_SERVER="vc.example.com\xa0"), "VSPHERE_SERVER", "U+00A0")
    refused(helper.call("get", {"url": "vc example"}), "the url", "a space")


def test_a_password_may_have_quotes_and_spaces(vcenter: SimulatedVCenter, ready: Helper) -> None:
    vcenter.set_password(USER, '"quoted" ')
    assert ready.ok("get", {}, GOVC_PASSWORD='"quoted" ')["source"] == "login"


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("GOVC_PASSWORD", f'"{PASSWORD}"', "the password from GOVC_PASSWORD begins and ends with a quote"),
        ("GOVC_PASSWORD", f"\ufeff{PASSWORD}", "the password from GOVC_PASSWORD begins with U+FEFF"),
        ("GOVC_PASSWORD", f"{PASSWORD} ", "the password from GOVC_PASSWORD begins or ends with a space"),
        (
            "GOVC_PASSWORD",
            "/run/secrets/none",
            "GOVC_PASSWORD looks like the path of a file, and there is none that can be read",
        ),
        ("GOVC_USERNAME", f"'{USER}'", "the user name from GOVC_USERNAME begins and ends with a quote"),
    ],
)
def test_what_is_odd_in_a_login_is_told_when_the_server_has_refused_it(
    ready: Helper, variable: str, value: str, said: str
) -> None:
    """And again while it is not sent a second time."""
    for _ in range(2):
        reply = ready.call("get", {}, **{variable: value})
        assert reply.kind == "login-refused"
        assert said in reply.stderr
        assert value not in reply.stderr.replace(USER, "")


def test_a_quoted_password_of_a_request_or_of_the_store(vcenter: SimulatedVCenter, helper: Helper) -> None:
    reply = helper.call("get", request(vcenter, password=f'"{PASSWORD}"'))
    assert "the password from the request begins and ends with a quote" in reply.stderr
    helper.ok("store", request(vcenter, password=f"'{PASSWORD}'"), "--secret-store", "file")
    assert (
        "the password from the secret store begins and ends with a quote" in helper.call("get", request(vcenter)).stderr
    )


def test_a_login_that_is_just_wrong_has_no_such_hint(vcenter: SimulatedVCenter, helper: Helper) -> None:
    assert "quote" not in helper.call("get", request(vcenter, password="wrong")).stderr


# ---- in the words of other callers


def test_git_is_told_the_name_of_the_attribute(helper: Helper) -> None:
    for name, byte in (("password", b"\r"), ("username", b"\0")):
        asked = b"protocol=https\nhost=vc\n%s=%s%sx\n\n" % (name.encode(), NEVER_SHOWN.encode(), byte)
        reply = helper.run("--protocol", "git", "store", stdin=asked)
        assert f'the value of "{name}" has {"CR" if byte == bytes([13]) else "NUL"}' in reply.stderr
        assert NEVER_SHOWN not in reply.stderr


def test_a_line_of_git_without_a_name_is_not_shown(helper: Helper) -> None:
    reply = helper.run("--protocol", "git", "store", stdin=f"{NEVER_SHOWN}\rx\n".encode())
    assert reply.status == 2
    assert NEVER_SHOWN not in reply.stderr


@of_any_kind
@pytest.mark.parametrize("field", ["ServerURL", "Username"])
def test_docker_is_told_the_name_of_its_field(helper: Helper, field: str, text: str, name: str, cause: str) -> None:
    given = {"ServerURL": "r.example.com", "Username": "me", "Secret": "x"} | {field: text % NEVER_SHOWN}
    reply = helper.run("--protocol", "docker", "store", stdin=json.dumps(given).encode())
    assert reply.status == 1
    for word in (field, name, cause):
        assert word in reply.stdout.decode()
    assert NEVER_SHOWN not in reply.stdout.decode()


def test_a_secret_with_lines_is_no_password_of_a_vcenter(vcenter: SimulatedVCenter, ready: Helper) -> None:
    """Docker's may be a key file; for a host that is no vSphere it is kept as it is."""
    for server, status in ((vcenter.authority, 1), ("r.example.com", 0)):
        given = {"ServerURL": server, "Username": USER, "Secret": f"{NEVER_SHOWN}\r\n"}
        reply = ready.run("--protocol", "docker", "--secret-store", "file", "store", stdin=json.dumps(given).encode())
        assert reply.status == status, reply
        assert ("Windows" in reply.stdout.decode()) == bool(status)


@pytest.mark.parametrize("dialect", ["bazel", "kubernetes", "kubernetes with a host"])
@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("GOVC_URL", '"vc.example.com"', "GOVC_URL begins and ends with a quote"),
        ("VSPHERE_SERVER", "vc.example.com\r", "VSPHERE_SERVER ends with CR"),
        ("VSPHERE_HOST", "vc.example.com", "VSPHERE_HOST is set and not read"),
    ],
)
def test_callers_that_want_a_vcenter_are_told_why_none_is_named(
    helper: Helper, dialect: str, variable: str, value: str, said: str
) -> None:
    name, _, host = dialect.partition(" ")
    info = '{"kind": "ExecCredential", "apiVersion": "client.authentication.k8s.io/v1"}'
    words = ["get"] if name == "bazel" else ["vc.example.com"] if host else []
    helper.environment |= {"KUBERNETES_EXEC_INFO": info, variable: value}
    reply = helper.run("--protocol", name, *words, stdin=b'{"uri": "https://vc.example.com/api"}')
    assert reply.status in (2, 10), reply
    assert said in reply.stderr
