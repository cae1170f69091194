"""What a Python caller sees of a session's life: lines of the standard `logging`, without secrets."""

from __future__ import annotations

import logging

import pytest

from cache.bench import Bench
from support.program import PASSWORD


def test_the_logger_vsphere_session_says_why_a_login_was_made_and_where_it_went(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    """And of the second call that it found a good session; never the password, and never a session's id."""
    with caplog.at_level(logging.DEBUG, "vsphere_session"):
        made = bench.soap(bench.session())
        bench.soap(bench.session())
    lines = [record.getMessage() for record in caplog.records if record.name == "vsphere_session"]
    assert [line.partition(f" {bench.vcenter.authority}")[0] for line in lines[:1]] == ["logging in to"]
    assert str(bench.file("soap")) in lines[1]
    assert "is good" in lines[2]
    assert len(lines) == 3
    assert not any(secret in line for line in lines for secret in (PASSWORD, made.session_id))
