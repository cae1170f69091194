"""Times as servers write them: read as `datetime` and `email` read them, without their import."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime, parsedate_to_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hostile.strategies import thorough
from vsphere_session.vsphere.dates import http_date, unix_seconds

ZONES = st.integers(-1439, 1439).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@thorough
@given(
    st.datetimes(datetime(2, 1, 1), datetime(9998, 12, 31))
    | st.datetimes(datetime(2, 1, 1), datetime(9998, 12, 31), timezones=ZONES)
)
def test_a_time_in_soap_or_json_is_what_datetime_says_and_utc_without_a_zone(moment: datetime) -> None:
    expected = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    assert unix_seconds(moment.isoformat()) == pytest.approx(expected, abs=1e-4)


@thorough
@given(st.datetimes(datetime(1000, 1, 1), datetime(9998, 12, 31)).map(lambda found: found.replace(tzinfo=UTC)))
def test_the_date_of_an_answer_is_what_email_says(moment: datetime) -> None:
    text = format_datetime(moment, usegmt=True)
    assert http_date(text) == parsedate_to_datetime(text).timestamp()


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1970-01-01T00:00:00Z", 0.0),
        ("2026-11-24T05:30:13.123Z", 1795498213.123),
        ("2026-11-24T05:30:13.123456789Z", 1795498213.123456789),
        ("2026-11-24T05:30:13", 1795498213.0),
        ("2026-11-24T07:30:13+02:00", 1795498213.0),
        ("2026-11-24T00:00:13-0530", 1795498213.0),
        ("2024-02-29T00:00:00Z", 1709164800.0),
    ],
)
def test_servers_write_times_with_fractions_and_zones(text: str, seconds: float) -> None:
    assert unix_seconds(text) == pytest.approx(seconds, abs=1e-6)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "now",
        "2026-11-24",
        "2026-13-24T05:30:13Z",
        "2026-00-24T05:30:13Z",
        "2025-02-29T05:30:13Z",
        "2026-04-31T05:30:13Z",
        "2026-11-24T24:30:13Z",
        "2026-11-24T05:60:13Z",
        "2026-11-24T05:30:60Z",
        "2026-11-24T05:30:13.Z",
        "2026-11-24T05:30:13.1.2Z",
        "2026-11-24T05:30:13z",
        "2026-11-24T05:30:13+24:00",
        "2026-11-24T05:30:13+02:60",
        "2026-11-24T05:30:13+2:000",
        "2026-11-24T05:30:13+",
        "2026-11-24T05:30:131Z",
        "२०२६-11-24T05:30:13Z",
    ],
)
def test_what_is_no_time_is_none(text: str) -> None:
    assert unix_seconds(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Tue, 24 Nov 2026 09:14:37",
        "Tue, 24 Nov 2026 09:14:37 CET",
        "Tue, 24 Nox 2026 09:14:37 GMT",
        "Tue, 31 Nov 2026 09:14:37 GMT",
        "Tue, 24 Nov 2026 25:14:37 GMT",
        "Tuesday, 24-Nov-26 09:14:37 GMT",
        "Tue Nov 24 09:14:37 2026",
    ],
)
def test_a_date_in_another_form_than_servers_must_write_is_none(text: str) -> None:
    assert http_date(text) is None
