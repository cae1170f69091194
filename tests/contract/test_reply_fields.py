"""Every field of the replies to `get`, `store` and `erase`."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from contract.desk import Desk
from credential_protocol.messages import Failure
from simulated_vcenter import SimulatedVCenter
from support.program import PASSWORD, USER, Helper, request

MINUTE, HOUR = 60, 3600


def at(hours: int, minutes: int = 0, seconds: int = 0, day: int = 15) -> str:
    return f"2027-01-{day:02}T{hours:02}:{minutes:02}:{seconds:02}Z"


# ---- the reply as a whole


def test_the_reply_is_one_line_of_json_in_which_every_value_is_a_string(
    vcenter: SimulatedVCenter, helper: Helper
) -> None:
    for verb in ("get", "store", "erase"):
        fields = request(vcenter, password=PASSWORD)
        reply = helper.call(verb, fields, "--secret-store", "file")
        assert reply.status == 0
        assert reply.stdout.endswith(b"}\n")
        assert reply.stdout.count(b"\n") == 1
        assert reply.stdout.isascii()
        assert all(isinstance(value, str) for value in json.loads(reply.stdout).values())
        assert reply.stderr == ""


def test_get_answers_with_these_fields_and_no_others(vcenter: SimulatedVCenter, helper: Helper) -> None:
    assert set(helper.ok("get", request(vcenter, password=PASSWORD))) == {
        "url",
        "username",
        "soap_session_id",
        "rest_session_id",
        "source",
        "soap_session_file",
        "rest_session_file",
        "expires_at",
        "api_version",
    }


def test_a_field_that_does_not_apply_is_left_out(vcenter: SimulatedVCenter, helper: Helper) -> None:
    rest = helper.ok("get", request(vcenter, password=PASSWORD, api="rest"))
    assert set(rest) == {"url", "username", "rest_session_id", "source", "rest_session_file", "expires_at"}


# ---- url, username


def test_url_is_the_endpoint_with_the_user_and_without_the_password(vcenter: SimulatedVCenter, helper: Helper) -> None:
    reply = helper.ok("get", {"url": f"administrator%40vsphere.local:VMware1!@{vcenter.authority}", "insecure": True})
    assert reply["url"] == f"https://administrator%40vsphere.local@{vcenter.authority}/sdk"


@pytest.mark.parametrize("spelling", [USER, "ADMINISTRATOR@VSPHERE.LOCAL", "VSPHERE.LOCAL\\Administrator"])
def test_username_is_the_identity_that_the_server_reports(
    vcenter: SimulatedVCenter, helper: Helper, spelling: str
) -> None:
    for source in ("login", "cache"):
        reply = helper.ok("get", request(vcenter, username=spelling, password=PASSWORD, api="soap"))
        assert (reply["username"], reply["source"]) == (r"VSPHERE.LOCAL\administrator", source)


# ---- soap_session_id, rest_session_id


@pytest.mark.parametrize("quoted", [True, False])
def test_soap_session_id_is_the_value_of_the_cookie_without_quotes(helper: Helper, quoted: bool) -> None:
    with SimulatedVCenter(quoted_cookie=quoted) as vcenter:
        for _ in range(2):
            reply = helper.ok("get", request(vcenter, password=PASSWORD, api="soap"))
            assert [reply["soap_session_id"]] == [session.id for session in vcenter.sessions]


def test_rest_session_id_is_the_value_for_the_header(vcenter: SimulatedVCenter, helper: Helper) -> None:
    reply = helper.ok("get", request(vcenter, password=PASSWORD))
    assert [reply["rest_session_id"]] == [session.id for session in vcenter.sessions if session.kind == "rest"]


# ---- source


def test_source_is_login_where_at_least_one_was_made(vcenter: SimulatedVCenter, helper: Helper) -> None:
    helper.ok("get", request(vcenter, password=PASSWORD, api="soap"))
    before = vcenter.login_attempts
    assert helper.ok("get", request(vcenter, password=PASSWORD, api="both"))["source"] == "login"
    assert vcenter.login_attempts == before + 1


def test_source_is_cache_where_the_server_only_confirmed_the_session(vcenter: SimulatedVCenter, helper: Helper) -> None:
    helper.ok("get", request(vcenter, password=PASSWORD))
    assert helper.ok("get", request(vcenter, verify="always"))["source"] == "cache"


def test_source_is_cache_where_the_soap_session_is_taken_for_rest_too(helper: Helper) -> None:
    """8.0U3 takes one id for both: the REST session is new in the cache, but nobody has logged in for it."""
    with SimulatedVCenter(unified=True) as vcenter:
        soap = helper.ok("get", request(vcenter, password=PASSWORD, api="soap"))
        both = helper.ok("get", request(vcenter, api="both"))
        assert vcenter.login_attempts == 1
        assert both["rest_session_id"] == soap["soap_session_id"]
        assert both["source"] == "cache"


# ---- soap_session_file, rest_session_file


def test_session_files_are_absolute_and_hold_the_sessions(vcenter: SimulatedVCenter, helper: Helper) -> None:
    reply = helper.ok("get", request(vcenter, password=PASSWORD))
    for kind in ("soap", "rest"):
        path = Path(reply[f"{kind}_session_file"])
        assert path.is_absolute()
        assert reply[f"{kind}_session_id"] in path.read_text()


# ---- expires_at


def test_expires_at_is_rfc_3339_in_utc_and_whole_seconds(vcenter: SimulatedVCenter, helper: Helper) -> None:
    reply = helper.ok("get", request(vcenter, password=PASSWORD), TZ="America/New_York")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", reply["expires_at"])


def test_expires_at_is_the_last_confirmation_plus_25_minutes(desk: Desk) -> None:
    assert desk.ask("get", password=PASSWORD)["expires_at"] == at(8, 25)
    desk.vcenter.clock.advance(59)
    assert desk.ask("get")["expires_at"] == at(8, 25), "nobody has asked the server"
    desk.vcenter.clock.advance(1)
    assert desk.ask("get")["expires_at"] == at(8, 26), "the server has confirmed it"


def test_expires_at_is_that_of_the_session_which_ends_first(desk: Desk) -> None:
    desk.ask("get", password=PASSWORD, api="soap")
    desk.vcenter.clock.advance(30)
    assert desk.ask("get", password=PASSWORD)["expires_at"] == at(8, 25)
    assert desk.ask("get", api="rest")["expires_at"] == at(8, 25, 30)


def test_expires_at_is_never_past_24_hours_since_the_login(desk: Desk) -> None:
    desk.ask("get", password=PASSWORD)
    for _ in range(24 * 4 - 1):
        desk.vcenter.clock.advance(15 * MINUTE)
        last = desk.ask("get")
    assert last["expires_at"] == at(8, day=16)


def test_expires_at_of_an_adopted_session_counts_from_its_own_login(desk: Desk) -> None:
    """The server knows since when a session lives; being stored does not make it younger."""
    session_id = desk.vcenter.add_session(USER)
    for _ in range(95):
        desk.vcenter.clock.advance(15 * MINUTE)
        desk.vcenter._state.sessions.touch(session_id)
    desk.ask("store", soap_session_id=session_id)
    assert desk.ask("get", api="soap")["expires_at"] == at(8, day=16)


def test_expires_at_follows_the_configured_idle_limit_and_largest_age(desk: Desk) -> None:
    desk.general.update(idle_limit="10m", max_age="1h")
    assert desk.ask("get", password=PASSWORD)["expires_at"] == at(8, 10)
    for _ in range(6):
        desk.vcenter.clock.advance(9 * MINUTE + 30)
        last = desk.ask("get")
    assert last["expires_at"] == at(9)


def test_a_session_at_its_largest_age_is_replaced(desk: Desk) -> None:
    desk.general.update(max_age="1h")
    first = desk.ask("get", password=PASSWORD)
    desk.vcenter.clock.advance(HOUR)
    second = desk.ask("get", password=PASSWORD)
    assert (second["source"], second["expires_at"]) == ("login", at(9, 25))
    assert first["soap_session_id"] not in {session.id for session in desk.vcenter.sessions}


def test_a_session_at_its_largest_age_is_not_handed_out_without_a_password(desk: Desk) -> None:
    desk.ask("get", password=PASSWORD)
    desk.general.update(max_age="1h")
    desk.vcenter.clock.advance(HOUR)
    with pytest.raises(Failure) as failure:
        desk.ask("get")
    assert failure.value.kind == "not-found"


def test_expires_at_is_told_for_a_passthrough_session_too(desk: Desk) -> None:
    reply = desk.ask("get", password=PASSWORD, passthrough=True)
    assert reply["expires_at"] == at(8, 25)
    ids = {name: value for name, value in reply.items() if name.endswith("_session_id")}
    desk.ask("erase", passthrough=True, **ids)


# ---- api_version


def test_api_version_is_what_the_server_says_of_itself(vcenter: SimulatedVCenter, helper: Helper) -> None:
    for _ in range(2):
        assert helper.ok("get", request(vcenter, password=PASSWORD))["api_version"] == "8.0.2.0"


# ---- stored, erased, warning


def test_stored_lists_what_was_stored(vcenter: SimulatedVCenter, helper: Helper) -> None:
    ids = {f"{kind}_session_id": vcenter.add_session(USER, kind) for kind in ("soap", "rest")}
    fields = request(vcenter, password=PASSWORD) | ids
    assert helper.ok("store", fields, "--secret-store", "file") == {"stored": "password,soap,rest"}
    assert helper.ok("store", request(vcenter, **ids)) == {"stored": "soap,rest"}


def test_erased_lists_what_was_erased_and_is_empty_where_nothing_was(vcenter: SimulatedVCenter, helper: Helper) -> None:
    helper.ok("store", request(vcenter, password=PASSWORD), "--secret-store", "file")
    helper.ok("get", request(vcenter))
    assert helper.ok("erase", request(vcenter)) == {"erased": "password,soap,rest"}
    assert helper.ok("erase", request(vcenter)) == {"erased": ""}


@pytest.mark.sessions_counted_by_hand
def test_warning_says_what_erase_could_not_do(vcenter: SimulatedVCenter, helper: Helper) -> None:
    helper.ok("get", request(vcenter, password=PASSWORD))
    with vcenter.offline():
        reply = helper.ok("erase", request(vcenter))
    assert reply["erased"] == "soap,rest"
    assert vcenter.authority in reply["warning"]
    assert vcenter.session_count == 2
