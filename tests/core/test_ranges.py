"""The Range header."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.core.ranges import NotSatisfiable, Span, parse_range

_HUGE = 5 * 1024**4


@pytest.mark.parametrize(
    ("header", "span"),
    [
        ("bytes=0-", Span(0, 1000)),
        ("bytes=0-0", Span(0, 1)),
        ("bytes=999-", Span(999, 1000)),
        ("bytes=10-5000", Span(10, 1000)),
        ("bytes=-10", Span(990, 1000)),
        ("bytes=-5000", Span(0, 1000)),
        ("Bytes = 5-6", Span(5, 7)),
        ("bytes=2000-3000, 5-6", Span(5, 7)),
        ("bytes=,5-6,,7-8", Span(5, 7)),
    ],
)
def test_answers_the_first_range_that_there_is(header: str, span: Span) -> None:
    assert parse_range(header, size=1000) == span


@pytest.mark.parametrize(
    "header",
    [
        "",
        "bytes",
        "bytes=",
        "bytes=-",
        "bytes=6-5",
        "bytes=a-b",
        "bytes=1",
        "lines=1-2",
        "bytes=٣-٤",
        "bytes=+1-2",
        "bytes=1-2,x",
        "bytes=" + "9" * 30 + "-",
        "bytes=" + "1-2," * 200,
    ],
)
def test_passes_over_what_it_does_not_understand(header: str) -> None:
    assert parse_range(header, size=1000) is None


@pytest.mark.parametrize("header", ["bytes=1000-", "bytes=-0", "bytes=5000-6000,7000-"])
def test_refuses_what_is_not_there(header: str) -> None:
    with pytest.raises(NotSatisfiable):
        parse_range(header, size=1000)


def test_reaches_beyond_gigabytes() -> None:
    assert parse_range(f"bytes={_HUGE - 5}-", size=_HUGE) == Span(_HUGE - 5, _HUGE)


def test_an_empty_file_has_no_range() -> None:
    with pytest.raises(NotSatisfiable):
        parse_range("bytes=0-", size=0)


@settings(deadline=None)
@given(st.integers(0, 10**15), st.integers(0, 10**15), st.integers(0, 10**15))
def test_a_range_lies_in_the_file(size: int, first: int, length: int) -> None:
    try:
        span = parse_range(f"bytes={first}-{first + length}", size=size)
    except NotSatisfiable:
        assert first >= size
    else:
        assert span == Span(first, min(first + length + 1, size))


@settings(deadline=None)
@given(st.text(alphabet="bytes=0123456789-, x", max_size=40), st.integers(0, 10**12))
def test_any_header_gives_a_part_of_the_file_or_a_refusal(header: str, size: int) -> None:
    try:
        span = parse_range(header, size=size)
    except NotSatisfiable:
        return
    assert span is None or 0 <= span.start < span.end <= size
