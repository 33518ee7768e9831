"""Times as our back end reads them: as Django's does, only faster."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import DataError, connection

pytestmark = pytest.mark.django_db


def _read(text: str) -> Any:
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s::timestamptz", [text])
        return cursor.fetchone()[0]


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2026-11-22 12:00:00+00", datetime(2026, 11, 22, 12, tzinfo=UTC)),
        ("2026-11-22 12:00:00.5+02", datetime(2026, 11, 22, 10, 0, 0, 500_000, UTC)),
        ("0001-01-01 00:00:00+00", datetime(1, 1, 1, tzinfo=UTC)),
        ("9999-12-31 23:59:59.999999+00", datetime.max.replace(tzinfo=UTC)),
    ],
)
def test_times_are_read_in_utc(text: str, time: datetime) -> None:
    assert (_read(text), _read(text).tzinfo) == (time, UTC)


@pytest.mark.parametrize("text", ["infinity", "0044-03-15 00:00:00+00 BC", "10000-01-01 00:00+00"])
def test_times_that_python_has_not_are_refused(text: str) -> None:
    with pytest.raises(DataError):
        _read(text)


def test_times_are_read_by_our_loader() -> None:
    """A Django that hands its adapters over otherwise would only be slow."""
    with connection.cursor() as cursor:
        loader = cursor.connection.adapters.get_loader(1184, 0)  # timestamptz, as text

    assert loader.__module__ == "mediahub.postgres.backend.base"
