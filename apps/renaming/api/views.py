"""Renaming files: a dry run, the deed, its history and its undoing."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.api.views import ListedViewSet
from apps.jobs.api.serializers import JobSerializer
from apps.jobs.api.views import started
from apps.jobs.models import Job
from apps.library.search import Asker, Question
from apps.renaming.api.shapes import (
    BatchShape,
    LinesShape,
    PlanShape,
    RenameSerializer,
    RenameUndoSerializer,
    represent,
    represent_line,
)
from apps.renaming.choices import RenameState
from apps.renaming.models import RenameBatch
from apps.renaming.services.history import lines_of, samples_of, with_counts
from apps.renaming.services.plan import chosen, new_batch, new_undo
from apps.renaming.tasks import propose, request_run

_LINES = 500
_SAMPLES = 20


class RenameViewSet(ListedViewSet):
    """Files that were or will be renamed by a template."""

    queryset = with_counts(RenameBatch.objects.all())
    serializer_class = BatchShape
    ordering_fields = {"id": "id", "created_at": "created_at"}
    permission = "library.change_video"

    def represent_all(self, rows: list[Any]) -> list[dict[str, Any]]:
        return [represent(row) for row in rows]

    @extend_schema(request=RenameSerializer, responses={200: PlanShape, 202: JobSerializer})
    def create(self, request: Request) -> Response:
        """Plan new names and, unless it is a dry run, give them.

        A dry run of up to 500 files answers with what would come of it; a larger one with a job
        whose summary names the renaming. `POST {id}/run/` does what was planned.
        """
        body = RenameSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        asked = body.validated_data
        if "q" in asked:
            Question.read(asked["q"], asker=Asker.of(request.user))
        else:
            _check_known(asked["ids"])
        batch = new_batch(
            asked["template"], windows=asked["windows"], sidecars=asked["sidecars"],
            query=asked.get("q", ""),
        )  # fmt: skip
        job = propose(batch, ids=asked.get("ids"), start=not asked["dry_run"])
        return self._answer(batch, job, request)

    @extend_schema(request=None, responses={202: JobSerializer})
    @action(detail=True, methods=["post"])
    def run(self, request: Request, **_kwargs: Any) -> Response:
        """Do what was planned, or go on with it after it was stopped."""
        return started(request_run(self.get_object()), request)

    @extend_schema(request=RenameUndoSerializer, responses={200: PlanShape, 202: JobSerializer})
    @action(detail=True, methods=["post"])
    def undo(self, request: Request, **_kwargs: Any) -> Response:
        """Give files their old names back where nothing is in the way.

        It is a renaming of its own: what is in the way of which file is in its lines.
        """
        body = RenameUndoSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        batch = new_undo(self.get_object())
        job = propose(batch, start=not body.validated_data["dry_run"])
        return self._answer(batch, job, request)

    @extend_schema(
        parameters=[
            OpenApiParameter("state", OpenApiTypes.STR, enum=RenameState.values),
            OpenApiParameter("after", OpenApiTypes.INT, description="goes on after this line's id"),
        ],
        responses=LinesShape,
    )
    @action(detail=True, parameters=("state", "after"))
    def lines(self, request: Request, **_kwargs: Any) -> Response:
        """The files of a renaming, 500 at a time."""
        state, after = request.query_params.get("state", ""), request.query_params.get("after", "0")
        if state and state not in RenameState.values:
            raise ValidationError({"state": [f"Known: {', '.join(RenameState.values)}."]})
        if not (after.isascii() and after.isdigit() and len(after) < 19):
            raise ValidationError({"after": ["Give the id of a line."]})
        found = lines_of(self.get_object(), state=state, after=int(after), limit=_LINES + 1)
        shown = found[:_LINES]
        return Response(
            {
                "results": [represent_line(line) for line in shown],
                "next": shown[-1].pk if len(found) > _LINES else None,
            }
        )

    def _answer(self, batch: RenameBatch, job: Job | None, request: Request) -> Response:
        if job:
            return started(job, request)
        samples = samples_of(batch, limit=_SAMPLES)
        plan = self.represent(batch)
        return Response({**plan, "samples": [represent_line(line) for line in samples]})


def _check_known(ids: list[int]) -> None:
    """Raises ValidationError."""
    known = set(chosen(ids).values_list("pk", flat=True))
    if unknown := sorted(set(ids) - known):
        named = ", ".join(map(str, unknown[:20]))
        raise ValidationError({"ids": [f"There is nothing with the id {named}."]})
