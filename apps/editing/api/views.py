"""Editing many videos at once."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.api.views import StrictView
from apps.editing.api.shapes import BulkSerializer, BulkShape, as_json, represent
from apps.editing.services.bulk import MOST_AT_ONCE, Changes, Selection, apply, check, preview
from apps.editing.tasks import request_bulk
from apps.jobs.api.serializers import JobSerializer
from apps.jobs.api.views import started
from apps.library.models import Video
from apps.library.search import Asker, Question

_MOST_NAMED = 20


class BulkView(StrictView):
    """Changes many videos, all or none."""

    permission = "library.change_video"

    @extend_schema(
        operation_id="videos_bulk",
        request=BulkSerializer,
        responses={200: BulkShape, 202: JobSerializer},
    )
    def post(self, request: Request) -> Response:
        """Change videos that are named by their ids, or all that a query finds.

        It is one entry of the audit, which can be undone as a whole. More than 500 videos are
        changed by a job (202), whose summary says what this answers otherwise. A dry run says
        how many videos would change, with samples.
        """
        body = BulkSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        asked = body.validated_data
        changes = Changes.read(asked["changes"])
        asker = Asker.of(request.user)
        selection = _selection(asked, asker)
        if asked["dry_run"]:
            return Response(represent(preview(selection, changes)))
        if check(selection, changes) > MOST_AT_ONCE:
            chosen = {name: asked[name] for name in ("ids", "q", "but", "count") if name in asked}
            return started(
                request_bulk(as_json(asked["changes"]), now=asker.now, **chosen), request
            )
        return Response(represent(apply(selection, changes)))


def _selection(asked: dict[str, Any], asker: Asker) -> Selection:
    """Raises ValidationError for ids that don't exist, QueryError."""
    if "q" in asked:
        question = Question.read(asked["q"], asker=asker)
        return Selection.of_question(question, but=asked.get("but", ()), count=asked.get("count"))
    wanted = set(asked["ids"])
    found = set(Video.objects.filter(pk__in=wanted).values_list("pk", flat=True))
    if unknown := sorted(wanted - found):
        named = ", ".join(map(str, unknown[:_MOST_NAMED]))
        raise ValidationError({"ids": [f"There is nothing with the id {named}."]})
    return Selection.of_ids(sorted(wanted))
