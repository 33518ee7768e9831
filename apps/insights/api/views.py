"""``statistics/``."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.api.views import StrictView
from apps.insights.services import largest
from apps.insights.services.statistics import Statistics, statistics
from apps.insights.services.statistics.charts import Bar, Sum
from apps.library.search import Asker, Question

_Q = OpenApiParameter("q", description="only the videos that a query finds")


class VideoSumShape(serializers.Serializer):
    count = serializers.IntegerField()
    bytes = serializers.IntegerField(allow_null=True)
    duration = serializers.FloatField(allow_null=True, help_text="seconds")


class StatisticsBarShape(VideoSumShape):
    label = serializers.CharField()  # type: ignore[assignment]
    query = serializers.CharField(help_text="finds exactly these videos")
    rest_query = serializers.CharField(help_text="of shares: finds the others")


class StatisticsChartShape(serializers.Serializer):
    name = serializers.CharField()
    title = serializers.CharField()
    kind = serializers.ChoiceField(["bars", "rows", "parts", "growth", "shares"])
    bars = StatisticsBarShape(many=True)


class TopVideoShape(serializers.Serializer):
    id = serializers.IntegerField()
    title = serializers.CharField()
    size = serializers.IntegerField()
    duration = serializers.FloatField(allow_null=True)


class StatisticsShape(serializers.Serializer):
    """What the videos are, in numbers that are some minutes old at most."""

    as_of = serializers.DateTimeField()
    q = serializers.CharField(help_text="the query in its plainest form")
    total = VideoSumShape()
    charts = StatisticsChartShape(many=True)
    largest = serializers.DictField(
        child=TopVideoShape(many=True), help_text="by orientation: largest files first"
    )
    longest = TopVideoShape(many=True)


class StatisticsView(StrictView):
    """What the library is made of."""

    permission = "library.view_video"
    parameters = ("q", "top", "refresh")

    @extend_schema(
        operation_id="statistics",
        parameters=[
            _Q,
            OpenApiParameter("top", int, enum=largest.TOPS, description="how many of the largest"),
            OpenApiParameter("refresh", OpenApiTypes.BOOL, description="count anew"),
        ],
        responses=StatisticsShape,
    )
    def get(self, request: Request) -> Response:
        given = request.query_params
        question = Question.read(given.get("q", ""), asker=Asker.of(request.user))
        top = choose(request, "top", largest.TOPS, largest.DEFAULT_TOP)
        refresh = given.get("refresh", "false")
        if refresh not in ("true", "false"):
            raise ValidationError({"refresh": ["Give true or false."]})
        found = statistics(question, refresh=refresh == "true")
        return Response({**represent(found), **_tops(question, top)})


def choose(request: Request, name: str, known: tuple[int, ...], default: int) -> int:
    """Raises ValidationError."""
    text = request.query_params.get(name, str(default))
    if text not in map(str, known):
        raise ValidationError({name: [f"Give one of {', '.join(map(str, known))}."]})
    return int(text)


def represent(found: Statistics) -> dict[str, Any]:
    """As StatisticsShape says, but for the videos."""
    return {
        "as_of": found.as_of,
        "q": found.query,
        "total": _sum(found.total),
        "charts": [
            {
                "name": chart.name, "title": chart.title, "kind": chart.kind,
                "bars": [_bar(bar) for bar in chart.bars],
            }
            for chart in found.charts
        ],
    }  # fmt: skip


def _bar(bar: Bar) -> dict[str, Any]:
    return {
        "label": bar.label, "query": bar.query, "rest_query": bar.rest_query, **_sum(bar.sum),
    }  # fmt: skip


def _sum(total: Sum) -> dict[str, Any]:
    ms = total.duration_ms
    return {
        "count": total.count, "bytes": total.bytes, "duration": None if ms is None else ms / 1_000,
    }  # fmt: skip


def _tops(question: Question, top: int) -> dict[str, Any]:
    return {
        "largest": {
            shape.value: [_video(one) for one in largest.largest(question, shape, top=top)]
            for shape in largest.SHAPES
        },
        "longest": [_video(one) for one in largest.longest(question, top=top)],
    }


def _video(video: Any) -> dict[str, Any]:
    ms = video.duration_ms
    return {
        "id": video.pk, "title": video.title, "size": video.size_bytes,
        "duration": None if ms is None else ms / 1_000,
    }  # fmt: skip
