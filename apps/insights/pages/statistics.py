"""What the library is made of, as charts."""

from contextlib import suppress
from typing import Any
from urllib.parse import urlencode

from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone

from apps.core.counting import count_rows
from apps.core.errors import MediaHubError
from apps.core.pages import AdminPage
from apps.core.units import say_ago, say_bytes, say_duration, say_seconds
from apps.insights.services.largest import (
    DEFAULT_TOP,
    SHAPES,
    TOPS,
    largest,
    longest,
    most_played,
)
from apps.insights.services.statistics import Statistics, statistics
from apps.insights.services.statistics.charts import Bar, Chart, Sum
from apps.library.models import File, Video
from apps.library.search import Asker, Question


class StatisticsPage(AdminPage):
    """Sums and charts of all videos, or of those that ``?q=`` finds; each leads to its videos."""

    title = "Statistics"
    name = "insights_statistics"
    route = "statistics/"
    permission_required = "library.view_video"
    template_name = "admin/insights/statistics.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        text = self.request.GET.get("q", "")
        top = self._top()
        shown: dict[str, Any] = {}
        asker = Asker.of(self.request.user)
        try:
            question = Question.read(text, asker=asker)
        except MediaHubError as refused:
            shown["error"] = str(refused)
        else:
            try:
                shown = self._shown(question, top)
            except OperationalError:  # a statement_timeout: no library is too large for a page
                shown["error"] = "This took the database too long: narrow it down, or try later."
        return super().get_context_data(
            q=text, top=top,
            tops=[(one, f"?{urlencode({'q': text, 'top': one})}") for one in TOPS],
            **shown, **kwargs,
        )  # fmt: skip

    def post(self, request: HttpRequest) -> HttpResponse:
        """Count anew."""
        text = request.POST.get("q", "")
        with suppress(MediaHubError, OperationalError):  # the page says what is wrong
            statistics(Question.read(text, asker=Asker.of(request.user)), refresh=True)
        return redirect(reverse("admin:insights_statistics", query={"q": text} if text else None))

    def _top(self) -> int:
        text = self.request.GET.get("top", "")
        return int(text) if text in map(str, TOPS) else DEFAULT_TOP

    def _shown(self, question: Question, top: int) -> dict[str, Any]:
        found = statistics(question)
        charts = [_chart(chart) for chart in found.charts]
        return {
            "as_of": say_ago(found.as_of, now=timezone.now()),
            "totals": _totals(question, found),
            "charts": charts,
            "drawn": {chart["name"]: chart["drawn"] for chart in charts},
            "tables": _tables(question, top),
            "total": found.total.count,
            "is_empty": not found.total.count,
        }


def _chart(chart: Chart) -> dict[str, Any]:
    return {
        "name": chart.name,
        "title": chart.title,
        "kind": chart.kind,
        "has_sizes": chart.has_sizes,
        "rows": [
            {
                "label": bar.label, "url": browse(bar.query), "count": bar.sum.count,
                "size": say_bytes(bar.sum.bytes), "length": _say_length(bar.sum),
                "rest_url": browse(bar.rest_query) if bar.rest_query else "",
            }
            for bar in chart.bars
        ],
        "drawn": [_drawn(bar) for bar in chart.bars],
    }  # fmt: skip


def _drawn(bar: Bar) -> dict[str, Any]:
    return {
        "label": bar.label, "url": browse(bar.query), "count": bar.sum.count,
        "bytes": bar.sum.bytes, "seconds": (bar.sum.duration_ms or 0) // 1_000,
        "rest_url": browse(bar.rest_query) if bar.rest_query else "",
    }  # fmt: skip


def browse(query: str, **parameters: str) -> str:
    """The page of the videos that a query finds."""
    asked = {"q": query, **parameters} if query else parameters
    return reverse("admin:library_video_browse", query=asked or None)


def _totals(question: Question, found: Statistics) -> list[dict[str, str]]:
    files = File.objects.all()
    if question.node is not None:
        files = files.filter(video__in=question.videos())
    total, here = found.total, browse(question.text)
    average = Sum(1, None, (total.duration_ms or 0) // max(1, total.count))
    return [
        {"icon": "movie", "value": f"{total.count:,}", "label": "videos", "url": here},
        {"icon": "draft", "value": str(count_rows(files, planned=True)), "label": "files",
         "url": reverse("admin:library_file_changelist")},
        {"icon": "hard_drive", "value": say_bytes(total.bytes) or "0", "label": "in main files",
         "url": browse(question.text, ordering="-size")},
        {"icon": "schedule", "value": _say_length(total) or "0", "label": "to watch",
         "url": browse(question.text, ordering="-duration")},
        {"icon": "timelapse", "value": say_duration(average.duration_ms), "label": "on average",
         "url": browse(question.text, ordering="duration")},
    ]  # fmt: skip


def _say_length(total: Sum) -> str:
    """Days, where there are many."""
    if total.duration_ms is None:
        return ""
    seconds = total.duration_ms / 1_000
    return f"{seconds / 86_400:,.0f} days" if seconds >= 10 * 86_400 else say_seconds(seconds)


def _tables(question: Question, top: int) -> list[dict[str, Any]]:
    tables = [
        {
            "title": f"Largest, {shape.label.lower()}",
            "rows": [_row(one, say_bytes(one.size_bytes)) for one in found],
            "url": browse(_within(question, f"orientation:{shape.value}"), ordering="-size"),
        }
        for shape in SHAPES
        if (found := list(largest(question, shape, top=top)))
    ]
    long = [_row(one, say_duration(one.duration_ms)) for one in longest(question, top=top)]
    played = [
        _row(one, f"{plays} play{'' if plays == 1 else 's'}")
        for one, plays in most_played(question, top=top)
    ]
    if long:
        url = browse(question.text, ordering="-duration")
        tables.append({"title": "Longest", "rows": long, "url": url})
    if played:
        url = browse(_within(question, "plays>0"))
        tables.append({"title": "Most played by you", "rows": played, "url": url})
    return tables


def _within(question: Question, condition: str) -> str:
    text = question.text
    return f"({text}) {condition}" if text else condition


def _row(video: Video, value: str) -> dict[str, str]:
    return {
        "title": video.title, "value": value,
        "url": reverse("admin:library_video_change", args=[video.pk]),
    }  # fmt: skip
