"""What scans found, to be read and compared."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.api.views import ListedViewSet
from apps.library.api import filters, serializers
from apps.library.api.comparison import ComparisonQuery, ComparisonShape, represent_comparison
from apps.library.models import Scan, ScanFinding
from apps.library.services.compare import Fate, compare_scans


class ScanViewSet(ListedViewSet):
    """Scans with their counts. Two of a library can be compared by them."""

    queryset = Scan.objects.all()
    serializer_class = serializers.ScanSerializer
    filterset_class = filters.ScanFilter
    permission = "library.view_library"

    @extend_schema(
        parameters=[
            OpenApiParameter("with", OpenApiTypes.INT, required=True, description="a scan's id"),
            OpenApiParameter("fate", OpenApiTypes.STR, enum=Fate.values),
            OpenApiParameter("offset", OpenApiTypes.INT),
            OpenApiParameter("limit", OpenApiTypes.INT, description="files listed, 1 to 500"),
        ],
        responses=ComparisonShape,
        filters=False,
    )
    @action(detail=True, parameters=tuple(ComparisonQuery().fields), pagination_class=None)
    def compare(self, request: Request, **_kwargs: Any) -> Response:
        """Which files came, went, moved, grew and shrank between this scan and another."""
        query = ComparisonQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        asked = query.validated_data
        other = self.get_queryset().filter(pk=asked["with"]).first()
        if other is None:
            raise ValidationError({"with": [f"There is no scan {asked['with']}."]})
        comparison = compare_scans(self.get_object(), other)
        return Response(represent_comparison(comparison, asked))


class ScanFindingViewSet(ListedViewSet):
    """Files that a scan had to tell of, with the reason; the first ten thousand of each scan."""

    queryset = ScanFinding.objects.all()
    serializer_class = serializers.ScanFindingSerializer
    filterset_class = filters.ScanFindingFilter
    permission = "library.view_library"
