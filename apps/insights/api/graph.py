"""``performers/graph/``."""

from typing import Any

from django.urls import reverse
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.api.views import StrictView
from apps.insights.services.network import DEFAULT_NODES, MOST_EDGES, MOST_NODES, Network, network
from apps.library.search import Asker, Question

_MOST_WEIGHT = 1_000_000


class NodeShape(serializers.Serializer):
    """A performer who appears with others."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    label = serializers.CharField(  # type: ignore[assignment]
        help_text="the name with what tells it from others"
    )
    video_count = serializers.IntegerField(help_text="of the videos that were asked for")
    favorite = serializers.BooleanField()
    image = serializers.CharField(allow_null=True)
    community = serializers.IntegerField(help_text="0 is the largest")


class EdgeShape(serializers.Serializer):
    source = serializers.IntegerField()  # type: ignore[assignment]
    target = serializers.IntegerField()
    weight = serializers.IntegerField(help_text="in how many videos they appear together")


class NetworkShape(serializers.Serializer):
    """Who appears with whom, some minutes old at most."""

    as_of = serializers.DateTimeField()
    q = serializers.CharField()
    matching = serializers.IntegerField(help_text="performers in the videos that were asked for")
    alone = serializers.IntegerField(help_text="taken, but with none of the others: no nodes")
    edge_count = serializers.IntegerField(help_text=f"all; at most {MOST_EDGES:,} are shown")
    nodes = NodeShape(many=True)
    edges = EdgeShape(many=True)


class NetworkView(StrictView):
    """Performers, and in how many videos two of them appear together."""

    permission = "library.view_performer"
    parameters = ("q", "min_weight", "limit")

    @extend_schema(
        operation_id="performers_graph",
        parameters=[
            OpenApiParameter("q", description="only the videos that a query finds"),
            OpenApiParameter("min_weight", int, description="least number of videos; 1 by default"),
            OpenApiParameter(
                "limit", int,
                description=f"performers, those in most videos; {DEFAULT_NODES} if not given, "
                f"at most {MOST_NODES:,}",
            ),
        ],
        responses=NetworkShape,
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        question = Question.read(request.query_params.get("q", ""), asker=Asker.of(request.user))
        limit = _whole(request, "limit", default=DEFAULT_NODES, most=MOST_NODES)
        least = _whole(request, "min_weight", default=1, most=_MOST_WEIGHT)
        return Response(represent(network(question, limit=limit, least_weight=least)))


def represent(found: Network) -> dict[str, Any]:
    """As NetworkShape says."""
    performers = reverse("v1:performer-list")
    return {
        "as_of": found.as_of,
        "q": found.query,
        "matching": found.matching,
        "alone": found.alone,
        "edge_count": found.edge_count,
        "nodes": [
            {
                "id": node.id, "name": node.name, "label": node.label,
                "video_count": node.video_count, "favorite": node.favorite,
                "image": f"{performers}{node.id}/images/{node.image}/" if node.image else None,
                "community": node.community,
            }
            for node in found.nodes
        ],
        "edges": [
            {"source": one, "target": other, "weight": weight}
            for one, other, weight in found.edges
        ],
    }  # fmt: skip


def _whole(request: Request, name: str, *, default: int, most: int) -> int:
    text = request.query_params.get(name, str(default))
    # its first digits alone would say nothing: they may be zeros
    known = text.isascii() and text.isdigit() and len(text) < 10
    if not (known and 1 <= int(text) <= most):
        raise ValidationError({name: [f"Give a whole number from 1 to {most:,}."]})
    return int(text)
