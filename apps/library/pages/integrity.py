"""What checks of a library's content found, and how far they are."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from apps.core.admin.base import list_url
from apps.core.counting import COUNT_CAP, Precision, RowCount
from apps.core.units import say_ago
from apps.library.choices import Integrity
from apps.library.models import File, Library

_UNSOUND = [one for one in Integrity if one not in (Integrity.UNKNOWN, Integrity.GOOD)]
_DEFAULT_PERIOD = timedelta(days=90)  # to say "lately" of libraries without one

# Each part reads the cap at most, from an index; the oldest check is that index's first entry.
_QUERY = """
    SELECT
        ARRAY(
            SELECT (SELECT count(*) FROM (
                SELECT FROM library_file
                WHERE library_id = %(library)s AND integrity = state
                    AND NOT (integrity IN ('', 'good'))  -- what its index holds
                LIMIT %(cap)s
            ) capped)
            FROM unnest(%(states)s::text[]) WITH ORDINALITY AS asked(state, place) ORDER BY place
        ),
        (SELECT count(*) FROM (
            SELECT FROM library_file WHERE library_id = %(library)s AND missing_since IS NULL
                AND verified_at >= %(since)s LIMIT %(cap)s
        ) capped),
        (SELECT count(*) FROM (
            SELECT FROM library_file WHERE library_id = %(library)s AND missing_since IS NULL
                AND verified_at IS NULL LIMIT %(cap)s
        ) capped) + (SELECT count(*) FROM (
            SELECT FROM library_file WHERE library_id = %(library)s AND missing_since IS NULL
                AND verified_at < %(since)s LIMIT %(cap)s
        ) capped),
        (SELECT verified_at FROM library_file
            WHERE library_id = %(library)s AND missing_since IS NULL AND verified_at IS NOT NULL
            ORDER BY library_id, verified_at NULLS FIRST, id LIMIT 1)
"""


@dataclass(frozen=True, slots=True)
class Found:
    """How many files are in an unsound state; ``url`` lists them."""

    label: str
    files: RowCount
    url: str


@dataclass(frozen=True, slots=True)
class IntegrityView:
    """``lately`` is the period: the library's own or a quarter of a year."""

    unsound: list[Found]
    lately: str
    checked: RowCount
    waiting: RowCount
    share: str
    oldest: str
    period: str


def integrity_view(library: Library, *, now: datetime) -> IntegrityView:
    """In one query that reads a bounded number of rows."""
    days = library.verify_every_days
    period = timedelta(days=days) if days else _DEFAULT_PERIOD
    arguments: dict[str, Any] = {
        "library": library.pk,
        "states": [one.value for one in _UNSOUND],
        "since": now - period,
        "cap": COUNT_CAP + 1,
    }
    with connection.cursor() as cursor:
        cursor.execute(_QUERY, arguments)
        (unsound, checked, waiting, oldest) = cursor.fetchone()
    return IntegrityView(
        unsound=[
            _found(library, state, number) for state, number in zip(_UNSOUND, unsound, strict=True)
        ],
        lately=f"the last {period.days:,} days" if period.days > 1 else "the last day",
        checked=_counted(checked),
        waiting=_counted(waiting),
        share=_share(checked, waiting),
        oldest=say_ago(oldest, now=now) if oldest else "",
        period=f"Every file is read whole once in {days:,} days." if days else "",
    )


def _found(library: Library, state: Integrity, number: int) -> Found:
    url = list_url(File, library__id__exact=library.pk, integrity=state.value)
    return Found(label=state.value, files=_counted(number), url=url)


def _share(checked: int, waiting: int) -> str:
    """How much of the library was checked lately, where it was counted to the end."""
    known = max(checked, waiting) <= COUNT_CAP and checked + waiting > 0
    return f"{100 * checked // (checked + waiting)} %" if known else ""


def _counted(number: int) -> RowCount:
    if number > COUNT_CAP:
        return RowCount(COUNT_CAP, Precision.AT_LEAST)
    return RowCount(number)
