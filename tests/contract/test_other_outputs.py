"""What `get` gives in place of a session: a clone ticket, or the stored login. Only to who asks for it by its name."""

from __future__ import annotations

import json

import pytest

from contract.desk import Desk
from credential_protocol.dialects import DIALECTS
from simulated_vcenter import SimulatedVCenter
from simulated_vcenter.selftest.raw import Raw
from support.program import PASSWORD, USER, Helper, request, settle
from vsphere_session.errors import InvalidRequestError

OUTPUTS = ("clone_ticket", "login")


def configure(helper: Helper, text: str) -> None:
    path = helper.home / ".config" / "vsphere-session" / "config.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    path.chmod(0o600)


def handing_out(helper: Helper, server: SimulatedVCenter, more: str = "") -> None:
    """Let the endpoint's configuration say that its login may be given away."""
    configure(helper, f'secret_store = "file"\n[endpoint."{server.authority}"]\nhand_out_login = true\n{more}\n')


def store(helper: Helper, server: SimulatedVCenter) -> None:
    helper.ok("store", request(server, password=PASSWORD), "--secret-store", "file")


# ---- clone_ticket


def test_a_clone_ticket_is_for_one_further_session_of_the_same_user(helper: Helper, vcenter: SimulatedVCenter) -> None:
    asked = request(vcenter, password=PASSWORD, output="clone_ticket")
    first, second = helper.ok("get", asked), helper.ok("get", asked)
    assert set(first) == {"url", "username", "clone_ticket", "source"}
    assert (first["source"], second["source"]) == ("login", "cache")
    assert first["clone_ticket"] != second["clone_ticket"]
    assert vcenter.session_count == 1
    raw = Raw(vcenter.url, vcenter.ca_file)
    arguments = f"<cloneTicket>{second['clone_ticket']}</cloneTicket>"
    cloned = raw.call("CloneSession", "SessionManager", arguments).session_id
    assert raw.whoami(cloned) == "VSPHERE.LOCAL\\administrator"
    raw.logout(cloned)


def test_the_ticket_is_of_the_cached_session_and_in_no_file(helper: Helper, vcenter: SimulatedVCenter) -> None:
    session = helper.ok("get", request(vcenter, password=PASSWORD, api="soap"))
    given = helper.ok("get", request(vcenter, output="clone_ticket"))
    assert len(vcenter.logins) == 1
    assert helper.ok("get", request(vcenter, api="soap"))["soap_session_id"] == session["soap_session_id"]
    for file in (path for path in helper.home.rglob("*") if path.is_file()):
        assert given["clone_ticket"].encode() not in file.read_bytes()


def test_a_session_that_died_within_its_trust_window_is_renewed(desk: Desk) -> None:
    desk.ask("get", api="soap", password=PASSWORD)
    desk.vcenter.end_all()
    given = desk.ask("get", output="clone_ticket", password=PASSWORD)
    assert given["source"] == "login"
    assert desk.vcenter.session_count == 1
    assert desk.ask("get", output="clone_ticket")["source"] == "cache"


def test_a_session_that_died_and_cannot_be_renewed_says_what_is_missing(
    helper: Helper, vcenter: SimulatedVCenter
) -> None:
    helper.ok("get", request(vcenter, password=PASSWORD, api="soap"))
    vcenter.end_all()
    assert helper.call("get", request(vcenter, output="clone_ticket")).kind == "not-found"


def test_no_ticket_of_a_session_that_nobody_keeps(helper: Helper, vcenter: SimulatedVCenter) -> None:
    reply = helper.call("get", request(vcenter, password=PASSWORD, output="clone_ticket", passthrough=True))
    assert reply.kind == "invalid-request"
    assert '"passthrough" keeps no session' in reply.fields["message"]
    assert vcenter.login_attempts == 0


# ---- login


def test_the_stored_login_is_given_where_the_endpoint_says_so(helper: Helper, vcenter: SimulatedVCenter) -> None:
    store(helper, vcenter)
    handing_out(helper, vcenter)
    for fields in (request(vcenter, output="login"), {"url": vcenter.authority, "output": "login"}):
        given = helper.ok("get", fields)
        assert set(given) == {"url", "username", "password"}
        assert (given["username"], given["password"]) == (USER, PASSWORD)
    assert vcenter.requests == []


def test_password_command_is_a_source_of_it_too(helper: Helper, vcenter: SimulatedVCenter) -> None:
    handing_out(helper, vcenter, 'username = "robot@vsphere.local"\npassword_command = ["echo", "from a command"]')
    given = helper.ok("get", {"url": vcenter.authority, "output": "login"})
    assert (given["username"], given["password"]) == ("robot@vsphere.local", "from a command")


def test_one_value_of_it_is_for_a_script(helper: Helper, vcenter: SimulatedVCenter) -> None:
    store(helper, vcenter)
    handing_out(helper, vcenter)
    asked = json.dumps({"url": vcenter.authority, "output": "login"}).encode()
    reply = helper.run("get", "--field", "password", stdin=asked)
    assert (reply.status, reply.stdout) == (0, f"{PASSWORD}\n".encode())


def test_without_a_stored_login_there_is_none_to_give(helper: Helper, vcenter: SimulatedVCenter) -> None:
    handing_out(helper, vcenter)
    for fields in (request(vcenter, output="login"), {"url": vcenter.authority, "output": "login"}):
        reply = helper.call("get", fields)
        assert reply.kind == "not-found"
        assert reply.fields["message"].startswith(f"there is no stored login for {vcenter.authority}; store it once")


@pytest.mark.parametrize(
    "where", ["nowhere", "in general", "another endpoint", "false", "the environment", "the request"]
)
def test_it_is_given_only_where_this_endpoints_own_configuration_says_so(
    helper: Helper, vcenter: SimulatedVCenter, where: str
) -> None:
    store(helper, vcenter)
    own = f'[endpoint."{vcenter.authority}"]\n'
    texts = {
        "another endpoint": f'{own}username = "{USER}"\n[endpoint."other.example.com"]\nhand_out_login = true\n',
        "in general": f"hand_out_login = true\n{own}",
        "false": f"{own}hand_out_login = false\n",
    }
    configure(helper, f'secret_store = "file"\n{texts.get(where, own)}')
    environment = {"VSPHERE_SESSION_HAND_OUT_LOGIN": "true"} if where == "the environment" else {}
    more = {"hand_out_login": "true"} if where == "the request" else {}
    reply = helper.call("get", request(vcenter, output="login", **more), **environment)
    assert reply.kind == "invalid-request"
    assert PASSWORD not in reply.stdout.decode() + reply.stderr
    if where in ("nowhere", "another endpoint", "false", "the environment"):
        assert reply.fields["message"] == (
            f"the password of {vcenter.authority} is not given away: add hand_out_login = true under "
            f'[endpoint."{vcenter.authority}"] in the configuration if it is to be, or ask for a session'
        )


# ---- both


@pytest.mark.parametrize("output", OUTPUTS)
def test_neither_is_configured(helper: Helper, vcenter: SimulatedVCenter, output: str) -> None:
    store(helper, vcenter)
    for text in (
        f'output = "{output}"\nsecret_store = "file"\n',
        f'secret_store = "file"\n[endpoint."{vcenter.authority}"]\noutput = "{output}"\nhand_out_login = true\n',
    ):
        configure(helper, text)
        reply = helper.call("get", request(vcenter))
        assert reply.kind == "invalid-request"
        assert "output" in reply.fields["message"]
        assert PASSWORD not in reply.stdout.decode()


@pytest.mark.parametrize("output", OUTPUTS)
def test_no_variable_asks_for_either(helper: Helper, vcenter: SimulatedVCenter, output: str) -> None:
    store(helper, vcenter)
    handing_out(helper, vcenter)
    names = ("VSPHERE_SESSION_OUTPUT", "GOVC_OUTPUT", "VSPHERE_OUTPUT", "OUTPUT")
    given = helper.ok("get", request(vcenter), **dict.fromkeys(names, output))
    assert "soap_session_id" in given
    assert not {"password", "clone_ticket"} & set(given)


@pytest.mark.parametrize("output", OUTPUTS)
def test_neither_is_remembered(helper: Helper, vcenter: SimulatedVCenter, output: str) -> None:
    """The single file gives answers again without a look at their fields: never these."""
    store(helper, vcenter)
    handing_out(helper, vcenter)
    asked = {"url": vcenter.authority, "output": output, "ca_file": vcenter.ca_file}
    helper.ok("get", asked)
    settle(helper)
    first, second = helper.ok("get", asked), helper.ok("get", asked)
    assert output == "login" or first["clone_ticket"] != second["clone_ticket"]
    secrets = [PASSWORD.encode()] + [
        each["clone_ticket"].encode() for each in (first, second) if "clone_ticket" in each
    ]
    kept = [path for path in helper.home.rglob("*") if path.is_file() and path.name != "secrets.json"]
    assert not [path for path in kept if any(secret in path.read_bytes() for secret in secrets)]
    configure(helper, 'secret_store = "file"\n')
    if output == "login":
        assert helper.call("get", asked).kind == "invalid-request"


@pytest.mark.parametrize("output", OUTPUTS)
def test_a_conversation_gives_it_line_by_line_and_keeps_nothing(
    helper: Helper, vcenter: SimulatedVCenter, output: str
) -> None:
    store(helper, vcenter)
    handing_out(helper, vcenter)
    line = json.dumps({"action": "get", "url": vcenter.authority, "ca_file": vcenter.ca_file, "output": output})
    reply = helper.run(stdin=f"{line}\n{line}\n".encode())
    answers = [json.loads(each) for each in reply.stdout.splitlines()]
    assert [set(each) >= {"url", "username"} for each in answers] == [True, True], reply
    assert output == "login" or answers[0]["clone_ticket"] != answers[1]["clone_ticket"]


@pytest.mark.parametrize("dialect", [name for name in DIALECTS if name != "native"])
def test_no_dialect_reaches_the_login(helper: Helper, vcenter: SimulatedVCenter, dialect: str) -> None:
    """Not even where the endpoint hands it out: those protocols have no field for what is asked."""
    store(helper, vcenter)
    handing_out(helper, vcenter, f'username = "{USER}"\nca_file = "{vcenter.ca_file}"')
    stdin = {
        "git": f"protocol=https\nhost={vcenter.authority}\noutput=login\n\n",
        "docker": f"https://{vcenter.authority}",
        "bazel": json.dumps({"uri": f"https://{vcenter.authority}/api", "output": "login"}),
        "terraform-cli": "",  # which reads none for a get
    }.get(dialect, json.dumps({"output": "login"}))
    words = ["get", vcenter.authority] if dialect == "terraform-cli" else ["get"] if dialect != "kubernetes" else []
    reply = helper.run("--protocol", dialect, *words, stdin=stdin.encode())
    assert PASSWORD not in reply.stdout.decode() + reply.stderr


@pytest.mark.parametrize("verb", ["exec", "export"])
def test_no_program_gets_the_login_in_its_environment(helper: Helper, vcenter: SimulatedVCenter, verb: str) -> None:
    store(helper, vcenter)
    handing_out(helper, vcenter, f'username = "{USER}"\nca_file = "{vcenter.ca_file}"')
    command = ["--", "env"] if verb == "exec" else []
    reply = helper.run(verb, "--url", vcenter.authority, *command)
    assert (reply.status, reply.stderr) == (0, ""), reply
    assert PASSWORD not in reply.stdout.decode()


def test_an_embedding_program_is_held_to_the_same(desk: Desk) -> None:
    with pytest.raises(InvalidRequestError, match="is not given away"):
        desk.ask("get", output="login")


def test_the_log_has_neither(helper: Helper, vcenter: SimulatedVCenter) -> None:
    store(helper, vcenter)
    handing_out(helper, vcenter)
    for output in OUTPUTS:
        reply = helper.call("get", request(vcenter, output=output), "-vv")
        assert reply.status == 0, reply
        secret = json.loads(reply.stdout)["password" if output == "login" else "clone_ticket"]
        assert secret not in reply.stderr
