"""Bulk edits, mounted on the list of videos."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html

from apps.core.admin.base import change_url
from apps.core.errors import MediaHubError
from apps.core.models import AuditEntry
from apps.editing.services.bulk import MOST_AT_ONCE, Changes, Selection, apply
from apps.editing.tasks import request_bulk
from apps.jobs.models import Job
from apps.library.admin.video import VideoAdmin
from apps.library.models import Video


@admin.action(description="Mark as favorite", permissions=["change"])
def mark_favorite(_admin: VideoAdmin, request: HttpRequest, videos: QuerySet[Video]) -> None:
    _edit(request, videos, {"favorite": True})


@admin.action(description="No longer a favorite", permissions=["change"])
def unmark_favorite(_admin: VideoAdmin, request: HttpRequest, videos: QuerySet[Video]) -> None:
    _edit(request, videos, {"favorite": False})


def _edit(request: HttpRequest, videos: QuerySet[Video], changes: dict[str, Any]) -> None:
    """Change the chosen videos under one entry of the audit, or ask a job to."""
    ids = list(videos.order_by().values_list("pk", flat=True))
    if len(ids) > MOST_AT_ONCE:
        job = request_bulk(changes, now=timezone.localtime(), ids=ids)
        text = '<a class="mh-link" href="{}">Job {}</a> changes {} videos.'
        messages.success(request, format_html(text, change_url(Job, job.pk), job.pk, len(ids)))
        return
    try:
        outcome = apply(Selection.of_ids(ids), Changes.read(changes))
    except MediaHubError as error:
        messages.error(request, str(error))
        return
    said = f"{outcome.changed} videos changed."
    if outcome.entry is None:
        messages.success(request, said)
        return
    url = change_url(AuditEntry, outcome.entry.pk)
    text = '{} <a class="mh-link" href="{}">See what was changed, or undo it</a>'
    messages.success(request, format_html(text, said, url))


# The catalogue's admin knows nothing of bulk edits: they are added from here.
VideoAdmin.actions = [mark_favorite, unmark_favorite, *VideoAdmin.actions]
