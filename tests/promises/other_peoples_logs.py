"""What other programs write down of us: Terraform's trace, state and plan, and a keyring's labels and attributes."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

from peers import TerraformWorkspace
from promises.canaries import PASSWORD, Canaries
from promises.rows import Progress, Row, Size
from simulated_vcenter import SimulatedVCenter
from smoke.secret_service import SecretService
from support.program import USER, Helper, request

COMMANDS: dict[Size, Sequence[tuple[str, ...]]] = {
    Size.SHORT: [("apply", "-auto-approve")],
    Size.LONG: [("plan", "-out=plan"), ("apply", "plan"), ("show", "-json"), ("show", "-json", "plan")],
}


def row(size: Size, progress: Progress) -> Row:
    """A step is one program."""
    with tempfile.TemporaryDirectory() as place, SimulatedVCenter({USER: PASSWORD}) as vcenter:
        canaries = Canaries(lambda: {session.id for session in vcenter.logins})
        home = Path(place) / "home"
        home.mkdir(mode=0o700)
        helper = Helper(home)
        items = _keyring(Path(place), helper, vcenter, canaries)
        progress(1)
        helper.ok("store", request(vcenter, password=PASSWORD), "--secret-store", "file")
        lines = _terraform(Path(place), helper, vcenter, canaries, COMMANDS[size])
        progress(1)
        assert {session.id for session in vcenter.sessions} == helper.sessions_in_files
        helper.ok("erase", request(vcenter))
        assert vcenter.session_count == 0
    return Row(
        "Terraform's `external` with `output = files` and TF_LOG=TRACE; a keyring's labels, attributes and bus",
        f"in none of {lines} lines of trace, nor in state or plan; in none of {items} texts of the keyring but the secret, which "
        "crosses the bus encrypted",
    )


def _keyring(place: Path, helper: Helper, vcenter: SimulatedVCenter, canaries: Canaries) -> int:
    """How many texts of the item were looked at."""
    with SecretService(place) as service:
        bus = {"DBUS_SESSION_BUS_ADDRESS": service.address}
        for fields in (request(vcenter, password=PASSWORD), request(vcenter)):
            reply = helper.call("store" if "password" in fields else "get", fields, "-vv", **bus)
            assert reply.status == 0, reply
            assert not canaries.found(reply.stderr.encode()), f"keyring: stderr shows a secret: {reply.stderr}"
        ((attributes, secret),) = service.secrets.items()
        assert secret == PASSWORD.encode(), "the keyring has another password"
        texts = [text for pair in attributes for text in pair]
        assert not canaries.found("\n".join(texts).encode()), (
            f"an attribute of the keyring's item shows a secret: {texts}"
        )
        assert b"CreateItem" in service.sent
        assert not canaries.found(service.sent), "a label, or the bus, shows a secret"
        reply = helper.call("erase", request(vcenter), **bus)
        assert reply.fields["erased"] == "password,soap,rest", reply
    return len(texts) + 1


def _terraform(
    place: Path, helper: Helper, vcenter: SimulatedVCenter, canaries: Canaries, commands: Sequence[tuple[str, ...]]
) -> int:
    """How many lines of trace were searched."""
    directory = place / "terraform"
    directory.mkdir()
    query = {"url": vcenter.authority, "username": USER, "ca_file": vcenter.ca_file, "output": "files"}
    environment = {**helper.environment, "TF_LOG": "TRACE", "TF_LOG_PATH": str(directory / "trace.log")}
    workspace = TerraformWorkspace(directory, [*helper.program, "get", "-vv"], query, environment)
    workspace.init()
    for arguments in commands:
        done = workspace.run(*arguments)
        assert done.returncode == 0, f"terraform {arguments}: {done.stderr}"
        assert not canaries.found((done.stdout + done.stderr).encode()), f"terraform {arguments} shows a secret"
    assert vcenter.session_count == 2, "the program has not logged in for Terraform"
    for path, found in canaries.in_files(directory):
        raise AssertionError(f"terraform has written a {found} into {path}")
    trace = (directory / "trace.log").read_text(encoding="utf-8")
    assert "soap_session_file" in trace or "provider.terraform-provider-external" in trace, "there is no trace"
    return len(trace.splitlines())
