"""Times of day at which work may begin."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Self


@dataclass(frozen=True, slots=True)
class Hours:
    """From one time of day to another, also over midnight, on some weekdays (0 is Monday; empty:
    on all); the hours after midnight belong to the day before. Without times: the whole day."""

    start: time | None = None
    end: time | None = None
    weekdays: frozenset[int] = frozenset()

    @classmethod
    def of(cls, start: time | None, end: time | None, weekdays: Sequence[int]) -> Self:
        return cls(start, end, frozenset(weekdays))

    def opens_after(self, now: datetime) -> datetime | None:
        """When work may begin next; None if it may now. ``now`` and the answer are local."""
        if self._holds(now):
            return None
        for days in range(8):
            day = now + timedelta(days=days)
            start = self.start or time(0)
            opens = day.replace(
                hour=start.hour, minute=start.minute, second=start.second, microsecond=0
            )
            if opens > now and self._is_on(opens):
                return opens
        return None  # no weekday that there is: checked where rules are written

    def _holds(self, now: datetime) -> bool:
        if self.start is None or self.end is None:
            return self._is_on(now)
        clock = now.time()
        if self.start < self.end:
            return self.start <= clock < self.end and self._is_on(now)
        if clock >= self.start:
            return self._is_on(now)
        return clock < self.end and self._is_on(now - timedelta(days=1))

    def _is_on(self, day: datetime) -> bool:
        return not self.weekdays or day.weekday() in self.weekdays
