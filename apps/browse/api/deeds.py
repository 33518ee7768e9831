"""What can be done with videos that were chosen on Browse."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from apps.browse.tasks import request_pictures
from apps.core.api.serializers import StrictSerializer
from apps.core.api.views import StrictView
from apps.jobs.api.serializers import JobSerializer
from apps.jobs.api.views import started
from apps.library.search import Asker, Question

_MOST_NAMED = 10_000


def _ids(**options: Any) -> serializers.ListField:
    one = serializers.IntegerField(min_value=1, max_value=2**63 - 1)
    return serializers.ListField(child=one, max_length=_MOST_NAMED, required=False, **options)


class ChosenSerializer(StrictSerializer):
    """Videos by their ids, or all that a query finds but some."""

    ids = _ids(allow_empty=False)
    q = serializers.CharField(required=False, allow_blank=True, max_length=2_000)
    but = _ids(help_text="with `q`: not these")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("ids" in attrs) == ("q" in attrs):
            raise ValidationError({"ids": ["Give either ids or q."]})
        if "ids" in attrs and "but" in attrs:
            raise ValidationError({"but": ["It belongs to q."]})
        return attrs


class MakeView(StrictView):
    """The pictures of videos."""

    permission = "artifacts.add_artifact"
    write_scope = "ops"

    @extend_schema(
        operation_id="videos_make", request=ChosenSerializer, responses={202: JobSerializer}
    )
    def post(self, request: Request) -> Response:
        """Start making what the videos lack: covers, previews, sprites and the like."""
        body = ChosenSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        chosen = body.validated_data
        if "q" in chosen:
            Question.read(chosen["q"], asker=Asker.of(request.user))  # refuses what is wrong
        return started(request_pictures(user_id=request.user.pk, **chosen), request)
