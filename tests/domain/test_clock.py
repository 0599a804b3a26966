"""Custody carries the minute in UTC, wherever the machine stands."""

from datetime import UTC, datetime, timedelta, timezone

from daylight.domain.clock import coarse, system_clock


def test_the_minute_in_utc():
    tbilisi = timezone(timedelta(hours=4))
    assert coarse(datetime(2026, 1, 1, 2, 30, 59, 999999, tzinfo=tbilisi)) == "2025-12-31T22:30Z"


def test_the_system_clock_knows_its_zone():
    assert system_clock().tzinfo is UTC
