"""`internal`, and a signal in the middle of a write: what no caller can provoke from outside."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from credential_protocol.messages import Answer, Failure, Output
from simulated_vcenter import SimulatedVCenter
from support.program import PASSWORD, request
from vsphere_session.cli import main as entry
from vsphere_session.cli import native
from vsphere_session.cli.signals import Interrupted
from vsphere_session.service import verbs as service

SECRET = "wr0ng-Omega"
Run = Callable[..., int]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, home: Path) -> Iterator[Run]:
    """The program inside this process: its command line, and the request as keywords."""
    monkeypatch.setenv("HOME", str(home))
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def call(*arguments: str, **fields: object) -> int:
        monkeypatch.setattr(native, "read_stdin", lambda *_: json.dumps(fields).encode())
        return entry.run(list(arguments))

    yield call
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture
def bug(monkeypatch: pytest.MonkeyPatch) -> None:
    """Something goes wrong in `get`, in a way that nobody thought of and with a secret in its text."""

    def broken(*_arguments: object) -> Answer:
        raise ZeroDivisionError(f"with the password {SECRET} in its text")

    monkeypatch.setitem(service.VERBS, "get", broken)


@pytest.mark.usefixtures("bug")
@pytest.mark.parametrize("option", ["--timeout=1", "-v"])
def test_internal_is_70_and_one_line_that_says_how_to_report_it(
    run: Run, capfd: pytest.CaptureFixture[str], option: str
) -> None:
    status = run(option, "get", url="vc", username="u")
    out, err = capfd.readouterr()
    assert (status, out.count("\n"), err.count("\n")) == (70, 1, 1)
    assert json.loads(out)["error"] == "internal"
    assert err == f"vsphere-session: {json.loads(out)['message']}\n"
    assert "report" in err
    assert SECRET not in out + err


@pytest.mark.usefixtures("bug")
def test_internal_shows_the_traceback_with_vv_and_still_no_secret(run: Run, capfd: pytest.CaptureFixture[str]) -> None:
    status = run("-vv", "get", url="vc", username="u")
    out, err = capfd.readouterr()
    assert (status, out.count("\n")) == (70, 1)
    assert 'File "' in err
    assert SECRET not in out + err


@pytest.mark.usefixtures("bug")
def test_internal_in_a_conversation_is_one_line_and_the_next_request_is_answered(
    run: Run, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    lines = tmp_path / "lines"
    lines.write_text('{"action": "get", "url": "vc", "id": 1}\n{"action": "erase", "url": "vc", "id": 2}\n')
    with lines.open("rb") as stdin:
        monkeypatch.setattr(native, "open", lambda *_given, **_named: stdin, raising=False)
        assert run() == 0
    first, second = map(json.loads, capfd.readouterr().out.splitlines())
    assert (first["id"], first["error"]) == ("1", "internal")
    assert second == {"id": "2", "erased": ""}


def test_internal_is_what_a_kind_that_the_contract_does_not_know_ends_as() -> None:
    assert Failure("x", kind="no such kind").status == 70


@pytest.mark.parametrize("passthrough", [True, False])
def test_a_signal_while_the_answer_is_written_ends_a_session_that_is_in_no_file(
    run: Run, monkeypatch: pytest.MonkeyPatch, vcenter: SimulatedVCenter, passthrough: bool
) -> None:
    def interrupted(_output: Output) -> int:
        raise Interrupted(signal.SIGTERM)

    monkeypatch.setattr(native, "write", interrupted)
    assert run("get", **request(vcenter, password=PASSWORD, passthrough=passthrough)) == 143
    assert len(vcenter.logins) == 2
    assert vcenter.session_count == (0 if passthrough else 2)
