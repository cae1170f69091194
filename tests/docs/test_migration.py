"""The pages for those who come from elsewhere, and the page of questions: their lines, run as they stand there."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
import yaml  # type: ignore[import-untyped]

import peers
from support.example_com import HOST, USER, ExampleCom, example_com
from support.pages import calls, snippet
from support.program import PASSWORD, Helper

VAULT = f"[ \"$*\" = 'kv get -field=password secret/vsphere' ] && echo '{PASSWORD}'"
"""It has the one secret that the page asks for."""


@pytest.fixture
def place(helper: Helper) -> Iterator[ExampleCom]:
    with example_com(helper) as found:
        yield found


def test_from_govc(place: ExampleCom) -> None:
    """The session that the real govc has made is used, and govc uses what comes after it; nobody has the password then."""
    place.put("govc", f'exec {peers.build().govc} "$@"')
    govc = {"GOVC_URL": HOST, "GOVC_USERNAME": USER, "GOVC_PASSWORD": PASSWORD}
    trusting = {"GOVC_TLS_CA_CERTS": str(place.company_pem)}
    assert place.shell("govc session.login", **govc, **trusting).status == 0
    done = place.shell(snippet("migration/govc", "steps"), **govc, **trusting)
    assert (done.status, done.stderr) == (0, ""), done
    assert b"govc/" in done.stdout
    assert len(place.vcenter.logins) == 2
    for call in calls(snippet("migration/govc", "check")):
        place.answers(call)


def test_from_terraform(place: ExampleCom) -> None:
    """With the real provider, and the same two lines: tests/interop/test_first_steps.py."""
    place.put("terraform", "env")
    place.log_in("--secret-store", "file")
    done = place.shell(snippet("migration/terraform", "steps"))
    assert (done.status, done.stderr) == (0, ""), done
    assert b"VSPHERE_PERSIST_SESSION=true\n" in done.stdout
    checked = place.shell(snippet("migration/terraform", "check"))
    assert checked.status == 0, checked
    assert PASSWORD.encode() not in done.stdout + checked.stdout
    assert b"alive" in checked.stdout
    assert place.vcenter.session_count == 2


def test_from_a_variable_of_the_ci_system(place: ExampleCom) -> None:
    place.put("terraform", "env")
    done = place.shell(snippet("migration/ci", "job", place.names), VCENTER_PASSWORD=PASSWORD)
    assert (done.status, done.stderr) == (0, ""), done
    assert b"VSPHERE_REST_SESSION_ID=" in done.stdout
    assert PASSWORD.encode() not in done.stdout
    assert len(place.vcenter.logins) == 2
    assert place.vcenter.session_count == 0


def test_from_ansibles_turbo_server(place: ExampleCom) -> None:
    """The lookup's command, run as ansible does: by a shell, with an empty stdin; twice it is one login."""
    (task,) = yaml.safe_load(snippet("migration/ansible", "task"))
    (header,) = task["ansible.builtin.uri"]["headers"].items()
    assert header[0] == "vmware-api-session-id"
    found = re.search(r"lookup\('ansible\.builtin\.pipe', '([^']*)'\)", header[1])
    assert found is not None
    place.log_in("--no-store")
    ids = {place.shell(found[1]).stdout.decode().strip() for _ in range(2)}
    assert ids == {session.id for session in place.vcenter.sessions if session.kind == "rest"}
    assert task["no_log"] is True


def test_from_a_script_around_vault(place: ExampleCom) -> None:
    """The command is run for the login, and by no call after that."""
    place.put("vault", f"echo >>~/asked; {VAULT}")
    place.put("terraform", "env")
    done = place.shell(snippet("migration/vault", "steps", place.names), VSPHERE_PASSWORD="old")
    assert (done.status, done.stderr) == (0, ""), done
    assert PASSWORD.encode() not in done.stdout
    for call in calls(snippet("migration/vault", "check")):
        place.answers(call)
    assert len(place.vcenter.logins) == 2
    (place.home / "asked").unlink()
    assert place.shell("vsphere-session exec -- terraform apply").status == 0
    assert not (place.home / "asked").exists()


def test_why_insecure_changes_the_name_of_the_file(place: ExampleCom) -> None:
    place.log_in("--secret-store", "file")
    for call in calls(snippet("docs/why", "insecure")):
        place.answers(call)


def test_why_a_variable_is_ignored(place: ExampleCom) -> None:
    for call in calls(snippet("docs/why", "another-server")):
        place.shows(call)
