"""What a server says of names, versions and times, however odd: cleaned before it is written anywhere, and never absurd."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from simulated_vcenter import Fault, SimulatedVCenter
from simulated_vcenter.exchange import Exchange
from support.program import PASSWORD, USER, Helper, Reply, request
from vsphere_session.clock import rfc3339
from vsphere_session.vsphere.dates import age, http_date, unix_seconds
from vsphere_session.vsphere.identity import cleaned

NAMES = {
    "a line break": "evil\nvsphere-session: all is well",
    "a carriage return": "evil\rvsphere-session: all is well",
    "a tab": "evil\tname",
    "text turned around": "evil\u202etxt.exe",
    "an isolate": "evil\u2066name\u2069",
    "no width": "evil\u200bname",
    "a line separator": "evil\u2028name",
    "a next line": "evil\x85name",
    "half a pair": "evil\ud800name",
    "an escape": "evil\x1b[2Jname",
    "a private one": "evil\ue000name",
}
IN_XML = {kind: name for kind, name in NAMES.items() if not any(c in name for c in "\ud800\x1b\r")}


def is_clean(text: str) -> bool:
    return all(c.isprintable() or c == "\n" for c in text)


def nothing_is_odd(helper: Helper, *replies: Reply) -> None:
    """Neither in what was written, nor in the files."""
    for reply in replies:
        assert is_clean(reply.fields["username"])
        assert is_clean(reply.stderr)
        assert reply.fields["username"].startswith("VSPHERE.LOCAL\\evil ")
    for path in (helper.home / ".local/state").rglob("*"):
        if path.is_file() and "records" in path.parts:
            members = [part for part in json.loads(path.read_bytes()).values() if isinstance(part, dict)]
            assert any("username" in part for part in members)
            assert all(is_clean(text) for part in members for text in map(str, part.values()))


@pytest.mark.parametrize("api", ["soap", "rest", "both"])
@pytest.mark.parametrize("kind", NAMES)
def test_a_user_s_name_is_one_clean_line_everywhere_and_stays_the_same_user_s(
    helper: Helper, kind: str, api: str
) -> None:
    """In replies, on stderr with -v, in the record; the session is found again by it."""
    if api != "rest" and kind not in IN_XML:
        return
    with SimulatedVCenter(reported_names={USER: f"VSPHERE.LOCAL\\{NAMES[kind]}"}) as vcenter:
        asked = request(vcenter, password=PASSWORD, api=api)
        first = helper.call("get", asked, "-v")
        again = helper.call("get", {**asked, "verify": "always"}, "-v")
        assert (first.status, again.status) == (0, 0)
        assert (first.fields["source"], again.fields["source"]) == ("login", "cache")
        assert first.fields["username"] == again.fields["username"]
        nothing_is_odd(helper, first, again)
        helper.ok("erase", request(vcenter))


@pytest.mark.parametrize("kind", IN_XML)
def test_an_adopted_session_of_such_a_user_says_so_in_one_line(helper: Helper, kind: str) -> None:
    with SimulatedVCenter(reported_names={USER: NAMES[kind]}) as vcenter:
        asked = request(vcenter, username="other", soap_session_id=vcenter.add_session(USER))
        reply = helper.call("store", asked)
        assert reply.kind == "login-refused"
        assert reply.stderr.count("\n") == 1
        assert is_clean(reply.stderr)
        vcenter.end_all()


def rewritten(change: Callable[[bytes], bytes], **headers: str) -> Fault:
    """The right answer, with its body changed, or with further headers."""

    def act(exchange: Exchange) -> None:
        answer = exchange.perform()
        exchange.send(replace(answer, body=change(answer.body), headers={**answer.headers, **headers}))

    return Fault(act, work_first=True)


def test_a_version_is_one_clean_line_also_where_it_comes_from_a_file(vcenter: SimulatedVCenter, helper: Helper) -> None:
    """There it stands as govc writes it, as the server has said it."""
    odd = "<apiVersion>8.0\u202e\n.2</apiVersion>".encode()
    vcenter.faults.add("/sdk", rewritten(lambda body: re.sub(rb"<apiVersion>.*?</apiVersion>", odd, body)))
    reply = helper.ok("get", request(vcenter, password=PASSWORD, api="soap"))
    assert reply["api_version"] == "8.0  .2"
    for record in (helper.home / ".local/state/vsphere-session/records").iterdir():
        record.unlink()
    assert helper.ok("get", request(vcenter, api="soap"))["api_version"] == "8.0  .2"


# ---- times

FAR = ["Fri, 31 Dec 9999 23:59:59 GMT", "Mon, 01 Jan 0001 00:00:00 GMT", "Thu, 01 Jan 1970 00:00:00 GMT", "nonsense"]
TIMES = ["9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z", "0000-01-01T00:00:00Z", "9999-12-31T23:59:59-23:59", "soon"]


def usable(reply: dict[str, str]) -> None:
    """A session that may be used for a while yet, and not for ever."""
    left = (datetime.fromisoformat(reply["expires_at"]) - datetime.now(UTC)).total_seconds()
    assert 0 < left < 86400


@pytest.mark.parametrize("date", FAR)
def test_a_date_of_another_age_is_left_out(vcenter: SimulatedVCenter, helper: Helper, date: str) -> None:
    for where in ("/sdk", "/api"):
        vcenter.faults.add(where, rewritten(lambda body: body, Date=date))
    usable(helper.ok("get", request(vcenter, password=PASSWORD)))
    again = helper.ok("get", request(vcenter, verify="always"))
    usable(again)
    assert again["source"] == "cache"


@pytest.mark.parametrize("name", ["loginTime", "lastActiveTime", "created_time", "last_accessed_time"])
@pytest.mark.parametrize("time", TIMES)
def test_a_time_of_another_age_is_left_out(vcenter: SimulatedVCenter, helper: Helper, name: str, time: str) -> None:
    def change(body: bytes) -> bytes:
        body = re.sub(rf"<{name}>.*?</{name}>".encode(), f"<{name}>{time}</{name}>".encode(), body)
        return re.sub(rf'"{name}": ".*?"'.encode(), f'"{name}": "{time}"'.encode(), body)

    for where in ("/sdk", "/api"):
        vcenter.faults.add(where, rewritten(change))
    usable(helper.ok("get", request(vcenter, password=PASSWORD)))
    again = helper.ok("get", request(vcenter, verify="always"))
    usable(again)
    assert again["source"] == "cache"


def test_an_age_is_by_the_first_moment_that_makes_sense() -> None:
    began = unix_seconds("2026-11-24T05:30:13Z")
    assert age(began, http_date("Fri, 31 Dec 9999 23:59:59 GMT"), unix_seconds("2026-11-24T06:30:13Z")) == 3600
    assert age(began, http_date("Tue, 24 Nov 2026 05:30:00 GMT")) == 0, "a clock that is slow by seconds"
    assert age(began, None) is None
    assert age(None, began) is None


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-1e18, "1970-01-01T00:00:00Z"),
        (1e18, "9999-12-31T23:59:59Z"),
        (float("inf"), "9999-12-31T23:59:59Z"),
        (1e9, "2001-09-09T01:46:40Z"),
    ],
)
def test_every_number_of_seconds_is_a_time_with_a_year_of_four_digits(seconds: float, text: str) -> None:
    assert rfc3339(seconds) == text


def test_a_name_does_not_become_another_one_s_by_being_cleaned() -> None:
    assert cleaned("admin\u202e") != "admin"


def test_names_in_any_alphabet_stay_as_they_are() -> None:
    for name in ("DOM\\Jürgen Müller", "東京　太郎", "علي", "a\xa0b", "🙂"):
        assert cleaned(name) == name
