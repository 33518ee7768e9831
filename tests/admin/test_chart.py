"""The board's chart: sums that stay within their box."""

from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from apps.jobs.pages.chart import HEIGHT, WIDTH, Chart, draw
from apps.jobs.services.statistics import Point
from tests.factories import NOON

numbers = st.integers(0, 10**6)
depths = st.none() | st.floats(0, 10**6)


def point(minute: int, **values: float | None) -> Point:
    found = {"waiting": 0, "running": 0, "succeeded": 0, "failed": 0, "cancelled": 0, **values}
    return Point(at=NOON + timedelta(minutes=minute), **found)  # type: ignore[arg-type]


@given(
    st.lists(st.tuples(depths, depths, numbers, numbers, numbers), min_size=1, max_size=60),
    st.sampled_from([1, 24, 168]),
)
def test_nothing_leaves_the_box(rows: list[tuple[float | None, ...]], hours: int) -> None:
    names = ("waiting", "running", "succeeded", "failed", "cancelled")
    points = [
        point(minute, **dict(zip(names, row, strict=True))) for minute, row in enumerate(rows)
    ]

    chart = draw(points, hours=hours)

    for bar in chart.bars:
        assert 0 <= bar.x <= bar.x + bar.width <= WIDTH + 0.2
        assert 0 <= bar.y <= HEIGHT
        assert bar.height >= 1.5
    for line in [*chart.waiting, *chart.running]:
        for pair in line.top.split():
            x, y = map(float, pair.split(","))
            assert 0 <= x <= WIDTH + 0.1
            assert 0 <= y <= HEIGHT
    assert len(chart.columns) == len(points)


def test_the_line_has_a_gap_where_nobody_measured() -> None:
    chart = draw([point(0), point(1, waiting=None), point(2)], hours=1)

    assert len(chart.waiting) == 2
    assert len(chart.running) == 1


def test_failures_stand_at_the_bottom() -> None:
    chart = draw([point(0, succeeded=99, failed=1)], hours=1)

    failed, succeeded = chart.bars
    assert (failed.kind, succeeded.kind) == ("failed", "succeeded")
    assert failed.y > succeeded.y


def test_tells_each_step_and_the_whole() -> None:
    chart: Chart = draw(
        [point(0, succeeded=1_200, cancelled=1), point(1, waiting=5, failed=2)], hours=1
    )

    assert chart.columns[0].told == (
        "12:00 to 12:01: 1,200 succeeded, 1 cancelled; 0 waiting, 0 running"
    )
    assert chart.told == (
        "In the last hour: 1,200 succeeded, 2 failed, 1 cancelled. At most 5 waited, at 12:01."
    )


def test_a_wait_too_short_to_count_is_told_as_none() -> None:
    chart = draw([point(0, succeeded=1, waiting=0.4)], hours=1)

    assert chart.told == "In the last hour: 1 succeeded, 0 failed. Hardly any had to wait."


def test_no_points_are_no_error() -> None:
    assert draw([], hours=24).told == "In the last 24 hours nothing was done."


def test_days_are_named_beyond_one() -> None:
    at: datetime = NOON
    assert draw([point(0), point(60)], hours=168).ticks[0] == f"{at:%a %H:%M}"
