"""Session files changed by hand, place by place: at worst a login, never a crash, an error that stays, or a leak."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hostile.inside import Inside
from simulated_vcenter import SimulatedVCenter

WRONG: list[Any] = [None, True, 7, -1.5, "", "x", "\ud800", "a\nb", "<&\"'>", [], {}, [[]], {"type": "x", "value": "y"}]
LOOKED_AT = {
    *("SoapClient", "cookies", 0, "Name", "Value", "Quoted", "url", "Scheme", "Host", "insecure", "version"),
    *("ServiceContent", "sessionManager", "propertyCollector", "type", "value", "about", "apiType", "apiVersion"),
    "SessionID",
}


@pytest.fixture
def inside(vcenter: SimulatedVCenter, home: Path) -> Inside:
    return Inside(home, vcenter)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to every part of a JSON value."""
    yield path
    for key, child in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from places(child, (*path, key))


def changed(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    """The JSON value with something else at that place."""
    if not path:
        return new
    copy = value.copy()
    copy[path[0]] = changed(value[path[0]], path[1:], new)
    return copy


def matters(path: tuple[Any, ...]) -> bool:
    """Whether the helper looks at that place; all else is only carried along."""
    return LOOKED_AT.issuperset(path)


@pytest.mark.sessions_counted_by_hand
@pytest.mark.parametrize("wrong", WRONG, ids=repr)
@pytest.mark.parametrize("kind", ["soap", "rest"])
def test_something_wrong_at_any_place_costs_at_most_a_login(inside: Inside, kind: str, wrong: Any) -> None:
    file = Path(inside.get(api=kind)[f"{kind}_session_file"])
    whole = json.loads(file.read_bytes())
    lost = 0
    for path in filter(matters, list(places(whole))):
        file.write_text(json.dumps(changed(whole, path, wrong)), encoding="utf-8")
        logins = len(inside.vcenter.logins)
        reply = inside.get(api=kind, verify="always")
        assert reply["source"] == ("cache" if len(inside.vcenter.logins) == logins else "login"), path
        assert inside.get(api=kind, verify="always")["source"] == "cache", path
        lost += reply["source"] == "login"
        whole = json.loads(file.read_bytes()) if reply["source"] == "login" else whole
    assert inside.vcenter.session_count <= 1 + lost, "more is left than what a changed file had"


@pytest.mark.parametrize("version", ["9" * 5000, "8." + "0" * 5000, "8.\u00b2", "\u0668", ".", "8..3", "-8.0"], ids=len)
def test_an_odd_version_in_a_file_is_carried_along(inside: Inside, version: str) -> None:
    """It decides whether the SOAP session is tried for REST, too."""
    file = Path(inside.get(api="soap")["soap_session_file"])
    whole = json.loads(file.read_bytes())
    place = ("ServiceContent", "about", "apiVersion")
    file.write_text(json.dumps(changed(whole, place, version)), encoding="utf-8")
    assert inside.get(verify="always")["rest_session_id"]
    assert len(inside.vcenter.logins) == 2


@pytest.mark.sessions_counted_by_hand
@pytest.mark.parametrize("kind", ["soap", "rest"])
def test_a_place_that_is_left_out_costs_at_most_a_login(inside: Inside, kind: str) -> None:
    file = Path(inside.get(api=kind)[f"{kind}_session_file"])
    whole = json.loads(file.read_bytes())
    lost = 0
    for path in filter(matters, list(places(whole))):
        if not path or isinstance(path[-1], int):
            continue
        parent = whole
        for key in path[:-1]:
            parent = parent[key]
        rest = {key: value for key, value in parent.items() if key != path[-1]}
        file.write_text(json.dumps(changed(whole, path[:-1], rest)), encoding="utf-8")
        lost += inside.get(api=kind, verify="always")["source"] == "login"
        assert inside.get(api=kind, verify="always")["source"] == "cache", path
        inside.get(api=kind, reauth=True)
        whole = json.loads(file.read_bytes())
    assert inside.vcenter.session_count <= 1 + lost, "more is left than what a changed file had"
