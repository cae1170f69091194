"""A short run of the fuzzer over every parser, and proof that it notices what it is there for."""

from __future__ import annotations

from dataclasses import replace

import pytest

from credential_protocol import Failure
from fuzzing.mutation import make
from fuzzing.running import examine, findings
from fuzzing.targets import TARGETS, Target

SHORT = 2000
SEED = 5


@pytest.mark.parametrize("target", TARGETS.values(), ids=list(TARGETS))
def test_a_parser_gives_a_whole_value_or_refuses_whatever_it_is_given(target: Target) -> None:
    """And what it gives is read as the same value when it is written again. Time is for the long run to measure."""
    found = [finding for finding in findings(target, SEED, 0, SHORT) if "longer than" not in finding.what]
    assert not found, "\n".join(map(str, found))


@pytest.mark.parametrize("target", TARGETS.values(), ids=list(TARGETS))
def test_the_samples_are_sound(target: Target) -> None:
    """Most are values of the language: a fuzzer that starts from nonsense sees nothing but the first refusal."""
    values = 0
    for sample in target.grammar.samples:
        try:
            values += target.parse(sample.encode()) is not None
        except target.refusals:
            pass
    assert values


def _inputs(target: Target) -> list[bytes]:
    return [finding.data for finding in findings(target, SEED, 0, 200)]


def test_the_same_seed_makes_the_same_inputs() -> None:
    """So that a finding can be looked at again."""
    everything = replace(TARGETS["git.parse"], parse=_crash)
    assert _inputs(everything) == _inputs(everything)
    assert len(set(_inputs(everything))) > 100


def _crash(_data: bytes) -> object:
    raise KeyError


def _crash_at_nul(data: bytes) -> object:
    if b"\0" in data:
        raise IndexError
    return None


def _hang(data: bytes) -> object:
    while data:
        pass
    return None


def _unknown_kind(_data: bytes) -> object:
    raise Failure("x", kind="unheard-of")


def _partial(data: bytes, value: object) -> None:
    assert data == value


def test_a_crash_is_found() -> None:
    """With the input, and named after the place in the code."""
    planted = replace(TARGETS["native.parse"], parse=_crash_at_nul, check=lambda _data, _value: None)
    found = list(findings(planted, SEED, 0, SHORT))
    assert found
    assert {finding.what for finding in found} == {"IndexError in _crash_at_nul (raise IndexError)"}
    assert all(b"\0" in finding.data for finding in found)


def test_a_partial_answer_a_kind_outside_the_contract_and_a_hang_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each on its own."""
    monkeypatch.setattr("fuzzing.running._ENDLESS", 0.2)
    target = TARGETS["native.parse"]
    assert "AssertionError in _partial" in examine(replace(target, parse=lambda data: data[:1], check=_partial), b"ab")
    assert "outside the contract" in examine(replace(target, parse=_unknown_kind), b"a")
    assert "EndlessError in _hang" in examine(replace(target, parse=_hang), b"a")


def test_slowness_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where it is there every time, not by chance once."""
    monkeypatch.setattr("fuzzing.running.perf_counter", iter((0.0, 0.2) * 3).__next__)
    target = replace(TARGETS["native.parse"], parse=lambda data: data, check=lambda _data, _value: None)
    assert examine(target, b"a") == "takes longer than 100 ms"
    monkeypatch.setattr("fuzzing.running.perf_counter", iter((0.0, 0.2, 0.0, 0.01)).__next__)
    assert not examine(target, b"a")


def test_inputs_are_of_every_length() -> None:
    """From none to a megabyte."""
    import random

    dice = random.Random(SEED)
    lengths = [len(make(dice, TARGETS["git.parse"].grammar)) for _ in range(SHORT)]
    assert min(lengths) < 10
    assert max(lengths) > 500_000
