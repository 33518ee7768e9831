"""Who was put on videos for their face, and what people say of that."""

from typing import Any

from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.api.filters import AnyOfFilter, FilterSet, FlagFilter
from apps.core.api.views import ListedViewSet
from apps.faces.api.reading import need_sight
from apps.faces.api.shapes import PersonShape, person_of
from apps.faces.choices import Ground
from apps.faces.models import Appearance
from apps.faces.services import applying

_CHANGE = "library.change_video"


class AppearanceSerializer(serializers.Serializer):
    """That a video has a performer by a face."""

    id = serializers.IntegerField()
    video = serializers.IntegerField()
    performer = PersonShape()
    linked = serializers.BooleanField(help_text="the performer was put on the video for this")
    confirmed = serializers.BooleanField(help_text="a person said that it is so")
    refused = serializers.BooleanField(help_text="a person said that it is not so")
    similarity = serializers.FloatField(allow_null=True)
    ground = serializers.ChoiceField(choices=Ground.choices, allow_blank=True)
    at = serializers.DateTimeField()

    def to_representation(self, instance: Appearance) -> dict[str, Any]:
        return {
            "id": instance.pk,
            "video": instance.video_id,
            "performer": person_of(instance.performer),
            "linked": instance.linked,
            "confirmed": instance.confirmed,
            "refused": instance.refused,
            "similarity": instance.similarity,
            "ground": instance.ground,
            "at": instance.at,
        }


class AppearanceFilter(FilterSet):
    video = AnyOfFilter(field_name="video")
    performer = AnyOfFilter(field_name="performer")
    confirmed = FlagFilter(field_name="confirmed")
    refused = FlagFilter(field_name="refused")
    ground = filters.ChoiceFilter(choices=Ground.choices)

    class Meta:
        model = Appearance
        fields: list[str] = []


class AppearanceViewSet(ListedViewSet):
    """Performers whom the machine put on videos, or would have: to be looked over."""

    queryset = Appearance.objects.select_related("performer")
    serializer_class = AppearanceSerializer
    filterset_class = AppearanceFilter
    ordering_fields = {"id": "id", "similarity": "similarity", "at": "at"}
    permission = "faces.view_identity"

    @extend_schema(request=None, responses=AppearanceSerializer)
    @action(detail=True, methods=["post"], permission=_CHANGE)
    def confirm(self, request: Request, **_kwargs: Any) -> Response:
        """Say that it is so: the performer stays, whatever becomes of the face."""
        need_sight(request)
        return Response(self.represent(applying.confirm_appearance(self.get_object())))

    @extend_schema(request=None, responses=AppearanceSerializer)
    @action(detail=True, methods=["post"], permission=_CHANGE)
    def refuse(self, request: Request, **_kwargs: Any) -> Response:
        """Say that it is not so: the performer is taken off, and not put there again."""
        need_sight(request)
        return Response(self.represent(applying.refuse_appearance(self.get_object())))
