"""What is in a library and what its scans came to."""

from typing import Any

from django.db.models import Sum
from rest_framework import serializers

from apps.core.api.serializers import AnyObject
from apps.core.counting import count_rows
from apps.jobs.api.serializers import JobSerializer, represent_jobs
from apps.jobs.services.lifecycle import active_for
from apps.library.choices import LibraryState, Question, WatchState
from apps.library.models import File, Library, Scan


class CountShape(serializers.Serializer):
    count = serializers.IntegerField()
    count_is_estimate = serializers.BooleanField()


class ScanShape(serializers.Serializer):
    id = serializers.IntegerField()
    started_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)
    complete = serializers.BooleanField(help_text="whether the walk reached its end")
    paths = serializers.ListField(child=serializers.CharField())
    rescan = serializers.BooleanField()
    counts = AnyObject(help_text="files by what became of them")


class LibraryStatusShape(serializers.Serializer):
    """What is in a library, and what its last scan and those under way came to."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    state = serializers.ChoiceField(choices=LibraryState.choices)
    state_detail = serializers.CharField()
    scanned_at = serializers.DateTimeField(allow_null=True)
    question = serializers.ChoiceField(
        choices=Question.choices, help_text="what a scan stopped at: answer it by `accept`"
    )
    watch_state = serializers.ChoiceField(choices=WatchState.choices)
    watch_detail = serializers.CharField()
    watch_seen_at = serializers.DateTimeField(allow_null=True)
    videos = CountShape()
    missing_files = CountShape()
    failed_files = CountShape()
    present_files = serializers.IntegerField(help_text="at the last scan of each folder")
    present_bytes = serializers.IntegerField(help_text="at the last scan of each folder")
    last_scan = ScanShape(allow_null=True)
    jobs = JobSerializer(many=True)


def library_status(library: Library) -> dict[str, Any]:
    folders = library.folders.aggregate(files=Sum("file_count"), size=Sum("size_bytes"))
    files = File.objects.filter(library=library)
    return {
        "id": library.pk,
        "name": library.name,
        "state": library.state,
        "state_detail": library.state_detail,
        "scanned_at": library.scanned_at,
        "question": library.question,
        "watch_state": library.watch_state,
        "watch_detail": library.watch_detail,
        "watch_seen_at": library.watch_seen_at,
        "videos": _count(library.videos.all()),
        "missing_files": _count(files.missing()),
        "failed_files": _count(files.failed()),
        "present_files": folders["files"] or 0,
        "present_bytes": folders["size"] or 0,
        "last_scan": _represent_scan(library.scans.order_by("-pk").first()),
        "jobs": represent_jobs(list(active_for(library))),
    }


def _count(rows: Any) -> dict[str, Any]:
    counted = count_rows(rows, planned=True)
    return {"count": counted.rows, "count_is_estimate": not counted.is_exact}


def _represent_scan(scan: Scan | None) -> dict[str, Any] | None:
    if scan is None:
        return None
    return {
        "id": scan.pk,
        "started_at": scan.started_at,
        "finished_at": scan.finished_at,
        "complete": scan.walked,
        "paths": scan.paths,
        "rescan": scan.rescan,
        "counts": scan.counts,
    }
