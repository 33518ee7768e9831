"""Saved views, for programs."""

from typing import Any

from django.db import models
from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from apps.browse.choices import Zoom
from apps.browse.models import SavedView
from apps.browse.services import views
from apps.browse.services.table import all_columns
from apps.browse.state import LEAST_PER_PAGE, MOST_PER_PAGE
from apps.core.api.filters import FilterSet, FlagFilter
from apps.core.api.serializers import RowSerializer
from apps.core.api.views import EditableViewSet

_MOST_COLUMNS = 60


class SavedViewSerializer(RowSerializer):
    """A view. ``may_change`` says whether you may."""

    owner = serializers.CharField(source="owner.username", read_only=True)
    zoom = serializers.ChoiceField(choices=Zoom.choices, required=False)
    page_size = serializers.IntegerField(
        required=False, min_value=LEAST_PER_PAGE, max_value=MOST_PER_PAGE
    )
    columns = serializers.ListField(
        child=serializers.CharField(max_length=40), required=False, max_length=_MOST_COLUMNS
    )
    may_change = serializers.SerializerMethodField()

    class Meta:
        model = SavedView
        fields = [
            "id", "name", "icon", "query", "ordering", "layout", "zoom", "page_size", "columns",
            "shared", "on_dashboard", "in_sidebar", "owner", "may_change", "created_at",
            "updated_at", "version",
        ]  # fmt: skip
        read_only_fields = ["version"]

    def get_may_change(self, view: SavedView) -> bool:
        return views.may_change(view, self.context["request"].user)

    def validate_columns(self, names: list[str]) -> list[str]:
        known = all_columns()
        if unknown := [name for name in names if name not in known]:
            text = f"There is no column named {unknown[0]}. Known: {', '.join(sorted(known))}."
            raise ValidationError(text)
        if len(set(names)) < len(names):
            raise ValidationError("A column is named twice.")
        return names


class SavedViewFilter(FilterSet):
    """Parts of the list of views."""

    shared = FlagFilter(field_name="shared")
    in_sidebar = FlagFilter(field_name="in_sidebar")
    on_dashboard = FlagFilter(field_name="on_dashboard")

    class Meta:
        model = SavedView
        fields: list[str] = []


class SavedViewSet(EditableViewSet):
    """Views of the library that you keep, and those that others share. Who made one changes it."""

    queryset = SavedView.objects.select_related("owner")
    serializer_class = SavedViewSerializer
    filterset_class = SavedViewFilter
    permission = "library.view_video"
    ordering_fields = {
        "id": "id", "name": "name", "created_at": "created_at", "updated_at": "updated_at",
    }  # fmt: skip
    default_ordering = "name"

    def get_queryset(self) -> "QuerySet[SavedView]":
        if getattr(self, "swagger_fake_view", False):
            return super().get_queryset()
        return views.views_for(self.user)

    @property
    def user(self) -> Any:
        return self.request.user

    def make(self, values: dict[str, Any]) -> models.Model:
        return views.create_view(self.user, values, now=timezone.localtime())

    def change(self, row: Any, values: dict[str, Any], version: int | None) -> models.Model:
        return views.change_view(
            row, values, by=self.user, now=timezone.localtime(), expected_version=version
        )

    def remove(self, row: Any, version: int | None) -> None:
        views.delete_view(row, by=self.user, expected_version=version)

    @extend_schema(
        responses={(200, "application/json"): OpenApiTypes.OBJECT}, operation_id="saved_view_counts"
    )
    @action(detail=False, pagination_class=None, filterset_class=None)
    def counts(self, _request: Request) -> Response:
        """How many videos your pinned views show, by id; a minute old at most.

        Each is ``{"count": n, "count_is_estimate": bool, "text": "1,234"}``, or null for a view
        whose query is broken.
        """
        pinned = {
            view.pk: view
            for view in (*views.sidebar_views(self.user), *views.dashboard_views(self.user))
        }
        found = views.counts(pinned.values(), self.user, now=timezone.localtime())
        return Response(
            {
                str(pk): count
                and {
                    "count": count.rows,
                    "count_is_estimate": not count.is_exact,
                    "text": str(count),
                }
                for pk, count in found.items()
            }
        )
