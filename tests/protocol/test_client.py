"""The caller's half: a Python program runs a helper and reads its answer, and both halves understand each other."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from credential_protocol import Failure
from credential_protocol.client import call, read_answer
from simulated_vcenter import SimulatedVCenter
from support.program import PASSWORD, Helper, request


def test_a_caller_gets_the_helpers_answer(vcenter: SimulatedVCenter, helper: Helper) -> None:
    """The round trip through the real program."""
    fields = {name: str(value) for name, value in request(vcenter, password=PASSWORD).items()}
    answer = call(helper.program, "get", fields, environ=helper.environment)
    assert answer.fields["source"] == "login"
    assert answer.fields["soap_session_id"] in helper.sessions_in_files


def test_a_caller_gets_the_helpers_failure(helper: Helper) -> None:
    """With the kind and the message that the helper gave."""
    with pytest.raises(Failure, match="the request names no endpoint") as caught:
        call(helper.program, "get", {}, environ=helper.environment)
    assert caught.value.kind == "invalid-request"
    assert caught.value.status == 2


def test_a_program_that_is_no_helper_is_an_internal_failure(tmp_path: Path) -> None:
    """What it wrote is not repeated."""
    script = tmp_path / "noise.py"
    script.write_text("print('canary')")
    with pytest.raises(Failure, match="wrote no JSON") as caught:
        call([sys.executable, str(script)], "get", {})
    assert caught.value.kind == "internal"
    assert "canary" not in caught.value.message


def test_a_helper_that_hangs_is_given_up(tmp_path: Path) -> None:
    """The caller decides how long it waits."""
    script = tmp_path / "hang.py"
    script.write_text("import threading; threading.Event().wait()")
    with pytest.raises(Failure, match=r"within 0\.2 s") as caught:
        call([sys.executable, str(script)], "get", {}, timeout=0.2)
    assert caught.value.kind == "busy"


@pytest.mark.parametrize("stdout", [b"[]", b'{"a": 1}', b'{"a": null}', b"3"])
def test_an_answer_that_is_not_an_object_of_strings_is_refused(stdout: bytes) -> None:
    """Every value is a string."""
    with pytest.raises(Failure, match="not a JSON object of strings"):
        read_answer(stdout, 0)


def test_an_unknown_kind_is_an_internal_failure() -> None:
    """A helper of another version may know more."""
    with pytest.raises(Failure, match="too hot") as caught:
        read_answer(b'{"error": "overheated", "message": "too hot"}', 99)
    assert caught.value.kind == "internal"
