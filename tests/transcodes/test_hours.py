"""When rules let work begin."""

from datetime import UTC, datetime, time, timedelta

from hypothesis import given
from hypothesis import strategies as st

from apps.transcodes.hours import Hours

_MONDAY = datetime(2026, 11, 23, 12, tzinfo=UTC)
_moments = st.integers(0, 14 * 24 * 60).map(lambda minutes: _MONDAY + timedelta(minutes=minutes))
_hours = st.builds(
    Hours, st.times().map(lambda t: t.replace(microsecond=0)),
    st.times().map(lambda t: t.replace(microsecond=0)), st.frozensets(st.integers(0, 6)),
)  # fmt: skip


def test_over_midnight() -> None:
    night = Hours(time(22), time(6), frozenset({0}))

    assert night.opens_after(_MONDAY) == _MONDAY.replace(hour=22)
    assert night.opens_after(_MONDAY.replace(hour=23)) is None
    assert night.opens_after(_MONDAY.replace(day=24, hour=5)) is None  # Monday's night still
    assert night.opens_after(_MONDAY.replace(day=24, hour=7)) == _MONDAY.replace(day=30, hour=22)


def test_without_hours_always() -> None:
    assert Hours().opens_after(_MONDAY) is None


@given(_hours, _moments)
def test_when_it_opens_it_is_open_and_was_not_a_moment_before(hours: Hours, now: datetime) -> None:
    opens = hours.opens_after(now)

    if opens is not None and hours.start != hours.end:
        assert opens > now
        assert hours.opens_after(opens) is None
        assert hours.opens_after(opens - timedelta(seconds=1)) is not None
