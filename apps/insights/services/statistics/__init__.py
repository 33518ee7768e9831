"""What the videos of a question are, in numbers, each with the query behind it."""

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import reduce
from hashlib import blake2b
from typing import TypeVar

from django.core.cache import cache

from apps.insights.services.statistics.charts import Asking, Bar, Chart, Sum
from apps.insights.services.statistics.labels import label_charts
from apps.insights.services.statistics.scan import (
    COMPLETE,
    LINES,
    Facts,
    Times,
    scan_facts,
    scan_times,
)
from apps.library.models import Library
from apps.library.search import Question
from apps.query.values import RESOLUTIONS

KEEP_S = 600
_VERSION = 1
_NAMES = {lines: name for name, lines in RESOLUTIONS.items()}
_MOST_ROWS = 20
_NO_SUM = Sum(0, 0, 0)
_Key = TypeVar("_Key", bound=Hashable)
_Group = TypeVar("_Group", Facts, Times)


@dataclass(frozen=True, slots=True)
class Statistics:
    """``query`` is the question's own, in its plainest form; ``as_of`` when it was answered."""

    as_of: datetime
    query: str
    total: Sum
    charts: list[Chart] = field(default_factory=list)

    def chart(self, name: str) -> Chart:
        return next(chart for chart in self.charts if chart.name == name)


def statistics(question: Question, *, refresh: bool = False) -> Statistics:
    """The numbers, at most KEEP_S old unless they are to be added up anew."""
    key = _cache_key(question)
    kept: Statistics | None = None if refresh else cache.get(key)
    if kept is None:
        kept = add_up(question)
        cache.set(key, kept, KEEP_S)
    return kept


def add_up(question: Question) -> Statistics:
    """The numbers of now, by a few statements whatever the library's size."""
    asking, videos = Asking(question), question.videos()
    facts = scan_facts(videos)
    times, months = scan_times(videos)
    total = reduce(Sum.__add__, (group.sum for group in facts), _NO_SUM)
    charts = [
        *_fact_charts(asking, facts),
        *_time_charts(asking, times, months),
        *label_charts(asking, videos),
        Chart("complete", "What is known", "shares", _complete(asking, facts)),
    ]
    return Statistics(question.asker.now, question.text, total, charts)


def _fact_charts(asking: Asking, facts: Sequence[Facts]) -> list[Chart]:
    return [
        Chart("resolution", "Resolution", "bars", _resolutions(asking, facts)),
        Chart("codec", "Video codec", "parts", _words(asking, facts, "codec", lambda f: f.codec)),
        Chart("container", "Container", "parts",
              _words(asking, facts, "container", lambda f: f.container)),
        Chart("orientation", "Orientation", "parts",
              _words(asking, facts, "orientation", lambda f: f.orientation)),
        Chart("rating", "Rating", "bars", _ratings(asking, facts)),
        Chart("library", "Library", "rows", _libraries(asking, facts)),
    ]  # fmt: skip


def _time_charts(asking: Asking, times: Sequence[Times], months: Sequence[date]) -> list[Chart]:
    by_month = _by(times, lambda group: group.month)
    growth = [
        Bar(f"{day:%b %Y}", asking.term("added", f"{day:%Y-%m}", plain=True),
            by_month.get(number, _NO_SUM))
        for number, day in enumerate(months, start=1)
    ]  # fmt: skip
    first = next((n for n, bar in enumerate(growth) if bar.sum.count), len(growth))
    return [
        Chart("growth", "Added over time", "growth", growth[first:]),
        Chart("year", "Year", "bars", _years(asking, times)),
    ]


def _resolutions(asking: Asking, facts: Sequence[Facts]) -> list[Bar]:
    bars = []
    for bucket, total in sorted(_by(facts, lambda f: -1 if f.lines is None else f.lines).items()):
        if bucket < 0:
            bars.append(Bar("none", asking.term("resolution", "none", plain=True), total))
        elif bucket == 0:
            least = _NAMES[LINES[0]]
            query = asking.term("resolution", least, operator="<", plain=True)
            bars.append(Bar(f"below {least}", query, total))
        else:
            name = _NAMES[LINES[bucket - 1]]
            label = name.upper() if name.endswith("k") else name
            bars.append(Bar(label, asking.term("resolution", name, plain=True), total))
    return bars


def _words(
    asking: Asking, facts: Sequence[Facts], name: str, key: Callable[[Facts], str]
) -> list[Bar]:
    """The largest first."""
    found = sorted(_by(facts, key).items(), key=lambda one: (-one[1].count, one[0]))
    return [
        Bar(word or "none", asking.term(name, word or "none", plain=not word), total)
        for word, total in found
    ]


def _ratings(asking: Asking, facts: Sequence[Facts]) -> list[Bar]:
    """By tens: 1 to 10, 11 to 20…, all between the lowest and the highest."""
    by_ten = _by(facts, lambda f: f.rating)
    bars = []
    if None in by_ten:
        bars.append(Bar("none", asking.term("rating", "none", plain=True), by_ten.pop(None)))
    rated = [ten for ten in by_ten if ten is not None]
    for ten in range(min(rated, default=1), max(rated, default=0) + 1):
        low, high = f"{ten * 10 - 9}", f"{ten * 10}"
        total = by_ten.get(ten, _NO_SUM)
        bars.append(Bar(f"{low}-{high}", asking.span("rating", low, high), total))
    return bars


def _libraries(asking: Asking, facts: Sequence[Facts]) -> list[Bar]:
    """The largest by name, as queries know them: in upper or lower case."""
    names = dict(Library.objects.values_list("pk", "name"))
    spelled = {name.lower(): name for name in names.values()}
    found = _by(facts, lambda f: names.get(f.library_id, "").lower())
    largest = sorted(found.items(), key=lambda one: (-one[1].count, one[0]))[:_MOST_ROWS]
    return [
        Bar(spelled[name], asking.term("library", spelled[name]), total)
        for name, total in largest
        if name in spelled
    ]


def _years(asking: Asking, times: Sequence[Times]) -> list[Bar]:
    by_year = _by(times, lambda group: group.year)
    bars = []
    if None in by_year:
        bars.append(Bar("none", asking.term("date", "none", plain=True), by_year.pop(None)))
    for year in sorted(y for y in by_year if y is not None):
        query = asking.term("date", f"{year:04}", plain=True)
        bars.append(Bar(f"{year}", query, by_year[year]))
    return bars


def _complete(asking: Asking, facts: Iterable[Facts]) -> list[Bar]:
    counts: Counter[int] = Counter()
    for group in facts:
        counts.update(dict(enumerate(group.complete)))
    return [
        Bar(label, asking.term("has", name, plain=True), Sum(counts[number]),
            asking.term("missing", name, plain=True))
        for number, (label, (name, _condition)) in enumerate(COMPLETE.items())
    ]  # fmt: skip


def _by(groups: Iterable[_Group], key: Callable[[_Group], _Key]) -> dict[_Key, Sum]:
    sums: dict[_Key, Sum] = defaultdict(lambda: _NO_SUM)
    for group in groups:
        sums[key(group)] += group.sum
    return dict(sums)


def _cache_key(question: Question) -> str:
    """What one played differs from what others did; everything else is the same for all."""
    whose = question.asker.user_id if question.node else None
    digest = blake2b(question.text.encode(), digest_size=16).hexdigest()
    return f"insights.statistics.{_VERSION}.{whose}.{digest}"
