"""How one wants the Browse page."""

from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.browse.choices import Layout, Paging, Zoom
from apps.browse.services.settings import change_settings, settings_of
from apps.browse.services.table import LEAST_WIDTH_PX, MOST_WIDTH_PX
from apps.browse.state import LEAST_PER_PAGE, MOST_PER_PAGE
from apps.core.api.serializers import StrictSerializer
from apps.core.api.views import StrictView

_MOST_COLUMNS = 60


class ColumnSerializer(StrictSerializer):
    """A column of the table; without a width it has its usual one."""

    name = serializers.CharField(max_length=50)
    width = serializers.IntegerField(
        required=False, min_value=LEAST_WIDTH_PX, max_value=MOST_WIDTH_PX, help_text="in pixels"
    )


class BrowseSettingsSerializer(StrictSerializer):
    """What one chose. ``columns`` are the table's, in their order; none: the usual ones."""

    columns = ColumnSerializer(  # type: ignore[call-arg]
        many=True, required=False, max_length=_MOST_COLUMNS
    )
    open_panels = serializers.ListField(
        child=serializers.CharField(max_length=40), required=False, max_length=100
    )
    layout = serializers.ChoiceField(choices=Layout.choices, required=False)
    zoom = serializers.ChoiceField(choices=Zoom.choices, required=False)
    page_size = serializers.IntegerField(
        required=False, min_value=LEAST_PER_PAGE, max_value=MOST_PER_PAGE
    )
    paging = serializers.ChoiceField(
        choices=Paging.choices, required=False, help_text="what follows comes by scrolling, or not"
    )


class BrowseSettingsView(StrictView):
    """How you want the Browse page."""

    permission = "library.view_video"

    @extend_schema(operation_id="browse_settings", responses=BrowseSettingsSerializer)
    def get(self, request: Request) -> Response:
        return Response(BrowseSettingsSerializer(settings_of(_user(request))).data)

    @extend_schema(
        operation_id="browse_settings_change",
        request=BrowseSettingsSerializer,
        responses=BrowseSettingsSerializer,
    )
    def patch(self, request: Request) -> Response:
        """Change what is named."""
        body = BrowseSettingsSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        values: dict[str, Any] = body.validated_data
        return Response(BrowseSettingsSerializer(change_settings(_user(request), values)).data)


def _user(request: Request) -> AbstractBaseUser:
    assert isinstance(request.user, AbstractBaseUser)  # the permission lets nobody else in
    return request.user
