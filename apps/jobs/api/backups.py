"""``jobs/backup/`` and ``jobs/restore/``: the queue as a file."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import IO, Any

from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from apps.core.api.streaming import streamed
from apps.jobs.api.control import OPERATORS
from apps.jobs.services.backup import MOST_BYTES, BadBackup, TooLargeBackup, backup, restore

_NAME = "mediahub-jobs.json"


class _AsItComes(BaseParser):
    """The body unread: it is parsed a line at a time."""

    media_type = "application/json"

    def parse(
        self,
        stream: IO[bytes],
        _media_type: str | None = None,
        _context: Mapping[str, Any] | None = None,
    ) -> dict[str, IO[bytes]]:
        return {"stream": stream}


class RestoredSerializer(serializers.Serializer):
    """How much came back."""

    jobs = serializers.IntegerField()
    already_there = serializers.IntegerField(help_text="jobs that were left alone")
    skipped = serializers.IntegerField(help_text="jobs whose work another does by now")
    withheld = serializers.IntegerField(
        help_text="jobs of kinds that can't be scheduled, which only a superuser may restore"
    )
    schedules = serializers.IntegerField()
    holds = serializers.IntegerField()


class JobBackups(GenericViewSet):
    """The part of the jobs' views that writes and reads backups."""

    @extend_schema(responses={(200, "application/json"): OpenApiTypes.OBJECT}, filters=False)
    @action(detail=False, pagination_class=None, **OPERATORS)
    def backup(self, request: Request, **_kwargs: Any) -> StreamingHttpResponse:
        """All that is waiting, held or at work, the schedules and the holds, as one object."""
        return streamed(request, backup(), "application/json", name=_NAME)

    @extend_schema(request=OpenApiTypes.OBJECT, responses=RestoredSerializer)
    @action(detail=False, methods=["post"], parser_classes=[_AsItComes], **OPERATORS)
    def restore(self, request: Request, **_kwargs: Any) -> Response:
        """Bring back what a backup holds and isn't here; all of it or nothing, at most 200 MB.

        What can't be scheduled, such as the removal of a library, only a superuser may restore.
        """
        if int(request.META.get("CONTENT_LENGTH") or 0) > MOST_BYTES:
            raise TooLargeBackup(f"The backup exceeds {MOST_BYTES:,} bytes.")
        stream = request.data.get("stream") if isinstance(request.data, dict) else None
        if stream is None:
            raise BadBackup("Send the backup as the body, with its length.")
        return Response(asdict(restore(stream, every_kind=request.user.is_superuser)))
