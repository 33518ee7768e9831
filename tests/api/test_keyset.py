"""Pages by position: together they are the whole list, in its order, each row once."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.core.api.keyset import Cursor, Keyset, read_cursor
from apps.core.api.pagination import parse_ordering
from apps.library.models import Video
from tests.factories import make_library

COLUMNS = {
    "id": "id", "rating": "rating", "duration": "duration_ms", "title": "title", "date": "date",
    "favorite": "favorite",
}  # fmt: skip

rows = st.lists(
    st.fixed_dictionaries(
        {
            "rating": st.none() | st.integers(1, 3),
            "duration_ms": st.none() | st.integers(0, 2),
            "title": st.sampled_from(["a", "b", "ä\\'%"]),
            "date": st.none() | st.dates(),
            "favorite": st.booleans(),
        }
    ),
    max_size=25,
)
keys = st.tuples(st.sampled_from(["", "-"]), st.sampled_from(sorted(COLUMNS))).map("".join)
orderings = st.lists(keys, min_size=1, max_size=4).map(",".join)


def pages(order: Keyset, size: int) -> Iterator[list[Video]]:
    """All pages from the first on, through cursors as clients send them."""
    page = list(Video.objects.order_by(*order.order_by())[:size])
    while page:
        yield page
        text = Cursor(order.position(page[-1]), backwards=False).text(order)
        position = read_cursor(text, order).position
        page = list(order.rows_after(Video.objects.all(), position, limit=size))


def expected(order: Keyset) -> list[int]:
    """By Python's own stable sort, a null smaller than everything."""
    found = list(Video.objects.all())
    for key in reversed(order.keys):

        def rank(video: Video, name: str = key.field.attname) -> Any:
            value = getattr(video, name)
            return (value is not None, value if value is not None else 0)

        found.sort(key=rank, reverse=key.descending)
    return [video.pk for video in found]


def fill(values: list[dict[str, Any]]) -> None:
    Video.objects.all().delete()
    library = make_library()
    Video.objects.bulk_create(Video(library=library, **each) for each in values)


@pytest.mark.django_db
@settings(
    max_examples=40, deadline=None, derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)  # fmt: skip
@given(rows, orderings, st.integers(1, 7))
def test_union_of_pages_is_the_sorted_list(
    values: list[dict[str, Any]], ordering: str, size: int
) -> None:
    fill(values)
    order = parse_ordering(ordering, COLUMNS, Video)

    found = [video.pk for page in pages(order, size) for video in page]

    assert found == expected(order)


@pytest.mark.django_db
@settings(
    max_examples=40, deadline=None, derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)  # fmt: skip
@given(rows, orderings, st.integers(1, 7))
def test_pages_backwards_mirror_those_forwards(
    values: list[dict[str, Any]], ordering: str, size: int
) -> None:
    fill(values)
    order = parse_ordering(ordering, COLUMNS, Video)

    found = [video.pk for page in pages(order.reversed(), size) for video in page]

    assert found == list(reversed(expected(order)))


@pytest.mark.django_db
@settings(
    max_examples=40, deadline=None, derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)  # fmt: skip
@given(rows, rows, orderings, st.integers(1, 5))
def test_rows_that_come_meanwhile_disturb_no_other(
    values: list[dict[str, Any]], later: list[dict[str, Any]], ordering: str, size: int
) -> None:
    fill(values)
    order = parse_ordering(ordering, COLUMNS, Video)
    before = expected(order)
    library = make_library()

    found = []
    for page in pages(order, size):
        found += [video.pk for video in page]
        if later:
            Video.objects.create(library=library, **later.pop())

    assert len(found) == len(set(found))
    assert [pk for pk in found if pk in set(before)] == before


def test_order_ends_in_the_primary_key_in_the_direction_of_the_last_key() -> None:
    order = parse_ordering("-rating,title,-duration", COLUMNS, Video)

    assert [(key.name, key.descending) for key in order.keys] == [
        ("rating", True), ("title", False), ("duration", True), ("id", True),
    ]  # fmt: skip


def test_equal_directions_without_nulls_are_one_comparison() -> None:
    order = parse_ordering("-title", COLUMNS, Video)

    query = str(order.rows_after(Video.objects.all(), ["b", 7], limit=3).query)

    assert '("library_video"."title", "library_video"."id") < (b, 7)' in query
    assert "UNION" not in query


def test_nullable_key_takes_a_page_for_each_side_of_the_nulls() -> None:
    order = parse_ordering("-rating", COLUMNS, Video)

    query = str(order.rows_after(Video.objects.all(), [50, 7], limit=3).query)

    assert '(U0."rating", U0."id") < (50, 7)' in query
    assert "UNION ALL" in query


@pytest.mark.parametrize("text", ["", "x", "abc:def", "W10:" + "a" * 43])
def test_cursor_that_we_did_not_make_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no cursor of ours"):
        read_cursor(text, parse_ordering("id", COLUMNS, Video))


def test_cursor_of_another_order_is_refused() -> None:
    text = Cursor((3, 4), backwards=False).text(parse_ordering("rating", COLUMNS, Video))

    with pytest.raises(ValueError, match="another ordering"):
        read_cursor(text, parse_ordering("-rating", COLUMNS, Video))
