"""Tags, performers, studios, markers and invented fields."""

from collections.abc import Callable
from typing import Any

from django.db import models
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.api.media import stored_file
from apps.core.api.views import EditableViewSet, expected_version
from apps.library.api import filters, serializers
from apps.library.models import CustomField, Marker, Performer, Studio, Tag
from apps.library.services import merge, pictures, studios, tags

_ORDERS = {
    "id": "id",
    "name": "name",
    "video_count": "video_count",
    "created_at": "created_at",
    "updated_at": "updated_at",
}


class LabelViewSet(EditableViewSet):
    """A label can also be merged into another of its kind."""

    ordering_fields = _ORDERS
    default_ordering = "name"
    merge_service: Callable[..., models.Model]

    @extend_schema(request=serializers.MergeSerializer)
    @action(detail=True, methods=["post"], verb="delete")
    def merge(self, request: Request, **_kwargs: Any) -> Response:
        """Move everything from this row to another, then delete this one; answers with that."""
        body = serializers.MergeSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        source, into_id = self.get_object(), body.validated_data["into"]
        into = self.get_queryset().filter(pk=into_id).first()
        if into is None:
            raise ValidationError({"into": [f"There is nothing with the id {into_id}."]})
        service = type(self).merge_service
        merged = service(source, into=into, expected_version=expected_version(request))
        return Response(self.represent(merged))


class TagViewSet(LabelViewSet):
    """Tags. A tag includes those whose parent it is."""

    queryset = Tag.objects.prefetch_related("parents")
    serializer_class = serializers.TagSerializer
    filterset_class = filters.TagFilter
    merge_service = staticmethod(merge.merge_tags)

    def make(self, values: dict[str, Any]) -> models.Model:
        parents = values.pop("parents", [])
        return tags.create_tag(Tag(**values), parents=parents)

    def change(self, row: Any, values: dict[str, Any], version: int | None) -> models.Model:
        parents = values.pop("parents", None)
        return tags.edit_tag(row, values, parents=parents, expected_version=version)


class StudioViewSet(LabelViewSet):
    """Studios, which may belong to larger ones."""

    queryset = Studio.objects.select_related("parent")
    serializer_class = serializers.StudioSerializer
    filterset_class = filters.StudioFilter
    merge_service = staticmethod(merge.merge_studios)

    def change(self, row: Any, values: dict[str, Any], version: int | None) -> models.Model:
        return studios.edit_studio(row, values, expected_version=version)


class PerformerViewSet(LabelViewSet):
    """The people in the videos."""

    queryset = Performer.objects.prefetch_related("images")
    serializer_class = serializers.PerformerSerializer
    filterset_class = filters.PerformerFilter
    ordering_fields = {**_ORDERS, "rating": "rating", "birth_date": "birth_date"}
    merge_service = staticmethod(merge.merge_performers)

    @extend_schema(
        parameters=[OpenApiParameter("image", OpenApiTypes.INT, OpenApiParameter.PATH)],
        responses={(200, "image/webp"): OpenApiTypes.BINARY},
    )
    @action(detail=True, url_path="images/(?P<image>[0-9]+)")
    def image(self, request: Request, image: str, **_kwargs: Any) -> HttpResponse:
        """A picture of a performer."""
        row = get_object_or_404(self.get_object().images, pk=image)
        return stored_file(request, row.image.name, tag=f"{row.pk}-{row.image.name}")

    @extend_schema(
        parameters=[OpenApiParameter("image", OpenApiTypes.INT, OpenApiParameter.PATH)],
        responses={204: None},
    )
    @image.mapping.delete
    def remove_image(self, _request: Request, image: str, **_kwargs: Any) -> Response:
        """Forget a picture of a performer."""
        pictures.remove_picture(get_object_or_404(self.get_object().images, pk=image))
        return Response(status=204)

    @extend_schema(
        request=serializers.PictureSerializer, responses={201: serializers.PerformerSerializer}
    )
    @action(detail=True, methods=["post"], verb="change")
    def images(self, request: Request, **_kwargs: Any) -> Response:
        """Add a picture of a performer: JPEG, PNG or WebP, up to 20 MB and 50 megapixels."""
        body = serializers.PictureSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        pictures.add_picture(self.get_object(), **body.validated_data)
        return Response(self.represent(self.get_object()), status=201)


class MarkerViewSet(EditableViewSet):
    """Points and ranges in videos."""

    queryset = Marker.objects.select_related("tag")
    serializer_class = serializers.MarkerSerializer
    filterset_class = filters.MarkerFilter
    ordering_fields = {
        "id": "id",
        "video": "video",
        "start": "start_ms",
        "created_at": "created_at",
    }
    default_ordering = "id"


class CustomFieldViewSet(EditableViewSet):
    """Fields that people added to videos."""

    queryset = CustomField.objects.all()
    serializer_class = serializers.CustomFieldSerializer
    ordering_fields = {"id": "id", "key": "key", "label": "label"}
    default_ordering = "label"
    write_scope = "ops"

    def get_serializer_class(self) -> Any:
        if self.action == "partial_update":
            return serializers.CustomFieldEditSerializer
        return super().get_serializer_class()
