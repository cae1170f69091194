"""Every variable that names a file or a directory, with every value that makes none of one: the contract's kinds, never a bug.

As a conversation, which must go on, and as a call of each verb.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from hostile.surroundings import ORDINARY, within
from simulated_vcenter import SimulatedVCenter
from support.program import PASSWORD, USER, Helper, request

VARIABLES = [
    "HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME", "GOVMOMI_HOME", "VSPHERE_SESSION_CONFIG", "GOVC_USERNAME", "GOVC_PASSWORD",
    "GOVC_TLS_CA_CERTS", "GOVC_TLS_KNOWN_HOSTS", "VSPHERE_VIM_SESSION_PATH", "VSPHERE_REST_SESSION_PATH", "SSL_CERT_FILE",
    "SSL_CERT_DIR", "TMPDIR", "the option --config", "the field ca_file",
]  # fmt: skip
KINDS_OF_A_VALUE = {"login-refused"}
"""GOVC_PASSWORD is the password itself where there is no such file, as in govc."""
KINDS = {"invalid-request", "not-found", "storage", "unsupported", "untrusted"}
GONE = "os.mkdir('gone'); os.chdir('gone'); os.rmdir(os.getcwd())"


def _loop(place: Path) -> str:
    (place / "loop").symlink_to(place / "loop")
    return str(place / "loop")


def _closed(place: Path) -> str:
    """A directory that nobody may look into."""
    (place / "closed" / "inner").mkdir(parents=True)
    (place / "closed").chmod(0)
    return str(place / "closed" / "inner" / "file")


def _file(place: Path) -> str:
    (place / "file").write_text("x")
    return str(place / "file" / "below")


VALUES: dict[str, Callable[[Path], str]] = {
    "over PATH_MAX": lambda place: str(place) + "/x" * 3000,
    "a name over NAME_MAX": lambda place: str(place / ("x" * 300)),
    "100,000 characters": lambda _: "/" + "x" * 100_000,
    "bytes that are no UTF-8": lambda place: f"{place}/caf\udce9\udcff",
    "a link to itself": _loop,
    "below a link to itself": lambda place: f"{_loop(place)}/x",
    "below a directory that is closed": _closed,
    "below a file": _file,
    "a directory": str,
    "a device": lambda _: "/dev/null",
    "relative": lambda _: "some/place",
    "a tilde": lambda _: "~nobody/x",
    "dots": lambda _: "../../..//.",
    "a control character": lambda place: f"{place}/\x01",
    "a list": lambda place: os.pathsep.join(["", str(place), "", "\udcff"]),
    "a home of the system's": lambda _: "/proc/self",
}


def talk(
    vcenter: SimulatedVCenter, helper: Helper, variable: str, value: str, **environment: str
) -> dict[str, dict[str, str]]:
    """The replies of a conversation in which each verb is asked once, by verb."""
    fields = request(vcenter, password=PASSWORD, api="soap")
    options = []
    if variable.startswith("the option"):
        options = ["--config", value]
    elif variable.startswith("the field"):
        fields["ca_file"] = value
    else:
        environment[variable] = value
    if variable in ("GOVC_USERNAME", "GOVC_PASSWORD"):
        del fields["password"]
        environment = {"GOVC_URL": vcenter.authority, "GOVC_USERNAME": USER, **environment}
        if variable == "GOVC_USERNAME":
            del fields["username"]
    if variable == "GOVC_TLS_CA_CERTS":
        del fields["ca_file"]
    verbs = ("get", "get", "store", "erase") if "password" in fields else ("get", "get", "erase")
    lines = [{"action": verb, **fields} for verb in verbs]
    stdin = b"".join(json.dumps(line).encode("ascii") + b"\n" for line in lines)
    reply = helper.run("--secret-store", "file", "--timeout", "5", *options, stdin=stdin, timeout=60.0, **environment)
    found = [json.loads(line) for line in reply.stdout.splitlines()]
    if len(found) == 1 and reply.status:  # not even begun
        assert reply.status in (2, 9), reply
        return {"": found[0]}
    assert reply.status == 0, reply
    assert len(found) == len(lines), reply
    return {str(line["action"]): one for line, one in zip(lines, found, strict=True)}


@pytest.mark.parametrize(
    ("value", "deleted"),
    [
        *(pytest.param(value, True, id=f"{name}, in a directory that is gone") for name, value in VALUES.items()),
        *(pytest.param(VALUES[name], False, id=name) for name in ("relative", "a tilde", "dots", "a list")),
    ],
)
@pytest.mark.parametrize("variable", VARIABLES)
def test_a_conversation_answers_or_says_what_is_wrong(
    vcenter: SimulatedVCenter,
    helper: Helper,
    tmp_path: Path,
    variable: str,
    value: Callable[[Path], str],
    deleted: bool,
) -> None:
    place = tmp_path / "place"
    place.mkdir()
    here = tmp_path / "here"
    here.mkdir()
    odd = within(helper, f"os.chdir({str(here)!r})\n{GONE if deleted else ''}\n{ORDINARY}")
    replies = talk(vcenter, odd, variable, value(place))
    (place / "closed").chmod(0o700) if (place / "closed").exists() else None
    for reply in replies.values():
        kinds = KINDS | (KINDS_OF_A_VALUE if variable in ("GOVC_PASSWORD", "GOVC_USERNAME") else set())
        assert reply.get("error", "storage") in kinds, replies
    assert vcenter.session_count == 0 or "error" in replies["erase"]
    vcenter.end_all()


@pytest.mark.parametrize("verb", ["get", "store", "erase"])
def test_a_good_request_in_a_directory_that_is_gone_is_answered(
    vcenter: SimulatedVCenter, helper: Helper, tmp_path: Path, verb: str
) -> None:
    """Nothing relative is named, so nothing depends on it."""
    odd = within(helper, f"os.chdir({str(tmp_path)!r})\n{GONE}")
    asked = {"action": verb, **request(vcenter, password=PASSWORD)}
    single = odd.call(verb, request(vcenter, password=PASSWORD), "--secret-store", "file")
    assert single.status == 0, single
    talked = json.loads(odd.run("--secret-store", "file", stdin=json.dumps(asked).encode()).stdout)
    assert "error" not in talked
    odd.ok("erase", request(vcenter))


@pytest.mark.parametrize("dialect", ["git", "docker", "terraform-cli", "bazel", "kubernetes"])
@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
@pytest.mark.parametrize("variable", ["XDG_STATE_HOME", "GOVMOMI_HOME"])
def test_other_callers_get_an_error_of_their_own(
    vcenter: SimulatedVCenter, helper: Helper, tmp_path: Path, variable: str, value: Callable[[Path], str], dialect: str
) -> None:
    """For a vCenter, and for a host that is none."""
    odd = within(helper, f"os.chdir({str(tmp_path)!r})\n{GONE}\n{ORDINARY}")
    odd.environment |= {"GOVC_URL": vcenter.authority, "GOVC_USERNAME": USER, "GOVC_PASSWORD": PASSWORD}
    odd.environment["GOVC_TLS_CA_CERTS"] = str(vcenter.ca_file)
    odd.environment["KUBERNETES_EXEC_INFO"] = (
        '{"kind": "ExecCredential", "apiVersion": "client.authentication.k8s.io/v1"}'
    )
    place = value(tmp_path)
    for host in (vcenter.authority, "h.example.com"):
        stdin = {
            "git": f"protocol=https\nhost={host}\n\n",
            "docker": host,
            "bazel": json.dumps({"uri": f"https://{host}/api"}),
        }.get(dialect, "")
        words = {"terraform-cli": ["get", host], "kubernetes": [host]}.get(dialect, ["get"])
        options = ["--timeout", "5", "--secret-store", "file", "--protocol", dialect]
        reply = odd.run(*options, *words, stdin=stdin.encode(), timeout=60.0, **{variable: place})
        assert reply.status in (0, 1, 2, 3, 9, 10), reply
        assert "a bug" not in reply.stderr + reply.stdout.decode("utf-8", "replace")
    (tmp_path / "closed").chmod(0o700) if (tmp_path / "closed").exists() else None
    vcenter.end_all()


@pytest.mark.parametrize(
    "words", [["exec", "--", "true"], ["export"], ["configure", "docker", "--host", "vc", "--dry-run"]]
)
def test_commands_work_in_a_directory_that_is_gone(
    vcenter: SimulatedVCenter, helper: Helper, tmp_path: Path, words: list[str]
) -> None:
    odd = within(helper, f"os.chdir({str(tmp_path)!r})\n{GONE}")
    odd.environment |= {"GOVC_URL": vcenter.authority, "GOVC_USERNAME": USER, "GOVC_PASSWORD": PASSWORD}
    odd.environment |= {"GOVC_TLS_CA_CERTS": str(vcenter.ca_file), "PATH": f"bin:{os.environ['PATH']}"}
    done = odd.run(*words)
    assert (done.status, done.stderr) == (0, "")


@pytest.mark.parametrize("what", ["closed", "a file"])
def test_an_index_that_cannot_be_listed_is_a_storage_error(helper: Helper, home: Path, what: str) -> None:
    """Git asks for a host without a path, so all of them are looked through."""
    logins = home / ".local" / "state" / "vsphere-session" / "logins"
    logins.parent.mkdir(parents=True)
    logins.write_text("") if what == "a file" else logins.mkdir(mode=0)
    asked = b"protocol=https\nhost=h.example.com\n\n"
    reply = within(helper, ORDINARY).run("--secret-store", "file", "--protocol", "git", "get", stdin=asked)
    assert reply.status == 9, reply
    assert str(logins) in reply.stderr
    logins.chmod(0o700)
