"""What is in a library, and how it is."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.expressions import RawSQL
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone

from apps.core.counting import COUNT_CAP, Precision, RowCount
from apps.core.pages import AdminPage
from apps.core.units import say_ago
from apps.jobs.models import Job
from apps.jobs.pages import JobView, job_views
from apps.library.choices import LibraryState, Question, WatchState
from apps.library.models import File, Library, Scan
from apps.library.pages.integrity import integrity_view
from apps.library.pages.panels import Badge
from apps.library.pages.questions import question_of
from apps.library.pages.scans import ScanView, by_reason, recent_scans, scan_view, watched_today
from apps.query import Term, Value, show

_VARIANTS = {
    LibraryState.UNKNOWN: "default",
    LibraryState.ONLINE: "success",
    LibraryState.OFFLINE: "danger",
}
_WATCHES: dict[str, str] = {
    WatchState.OFF: "default",
    WatchState.STARTING: "info",
    WatchState.WATCHING: "success",
    WatchState.NO_EVENTS: "default",
}

# A capped count for each row of a list, in the list's own query.
_CAPPED = """(SELECT count(*) FROM (
    SELECT FROM library_{table} inside WHERE inside.library_id = library_library.id {extra}
    LIMIT %s) capped)"""


@dataclass(frozen=True, slots=True)
class LibraryView:
    """A library, ready to print; ``jobs`` are those under way."""

    pk: int
    name: str
    root: str
    state: Badge
    detail: str
    question: str
    watch: Badge
    watch_detail: str
    watch_seen: str
    videos: RowCount
    missing: RowCount
    failed: RowCount
    last_scan: ScanView | None
    jobs: list[JobView]

    @property
    def videos_url(self) -> str:
        named = show(Term("library", ":", (Value(self.name, quoted=True),)))
        return reverse("admin:library_video_browse", query={"q": named})

    @property
    def moving(self) -> bool:
        return any(job.moving for job in self.jobs)


def with_counts(libraries: QuerySet[Library]) -> QuerySet[Library]:
    """Videos, missing and failed files of each library, counted up to a cap; its last scan."""
    last = Scan.objects.filter(library=OuterRef("pk")).order_by("-pk").values("pk")[:1]
    return libraries.annotate(
        videos_counted=_capped("video"),
        missing_counted=_capped("file", "AND inside.missing_since IS NOT NULL"),
        failed_counted=_capped("file", "AND inside.probe_error <> ''"),
        last_scan_id=Subquery(last),
    )


def library_views(libraries: Iterable[Any], *, now: datetime) -> list[LibraryView]:
    """Views of libraries that were read ``with_counts``, in three queries for all of them."""
    listed = list(libraries)
    scans = Scan.objects.in_bulk([one.last_scan_id for one in listed if one.last_scan_id])
    jobs = _active_jobs([one.pk for one in listed], now=now)
    return [
        LibraryView(
            pk=one.pk,
            name=one.name,
            root=one.root,
            state=Badge(str(one.get_state_display()), _VARIANTS[LibraryState(one.state)]),
            detail=one.state_detail,
            question=Question(one.question).label if one.question else "",
            watch=Badge(
                str(WatchState(one.watch_state).label), _WATCHES.get(one.watch_state, "warning")
            ),
            watch_detail=one.watch_detail,
            watch_seen=say_ago(one.watch_seen_at, now=now),
            videos=count_shown(one.videos_counted),
            missing=count_shown(one.missing_counted),
            failed=count_shown(one.failed_counted),
            last_scan=scan_view(scans[one.last_scan_id], now=now) if one.last_scan_id else None,
            jobs=jobs.get(one.pk, []),
        )
        for one in listed
    ]


class LibrariesLive(AdminPage):
    """The libraries that a page shows, as they are now: ``?id=1&id=2``."""

    title = "Libraries"
    name = "library_library_live"
    route = "live/"
    permission_required = "library.view_library"
    template_name = "admin/library/_libraries_live.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        ids = [int(pk) for pk in self.request.GET.getlist("id") if pk.isdecimal()][:100]
        found = with_counts(Library.objects.filter(pk__in=ids)).order_by("name", "pk")
        return {"libraries": library_views(found, now=timezone.now()), **kwargs}


class LibraryPage(AdminPage):
    """A library with its state, its scans and what went wrong in it."""

    title = "Library"
    name = "library_library_overview"
    route = "<int:pk>/"
    permission_required = "library.view_library"
    template_name = "admin/library/library.html"
    fragments = {"live": "admin/library/_library_live.html"}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        now = timezone.now()
        library = get_object_or_404(with_counts(Library.objects.all()), pk=kwargs.pop("pk"))
        (view,) = library_views([library], now=now)
        return super().get_context_data(
            title=library.name,
            library=library,
            view=view,
            scans=[scan_view(scan, now=now) for scan in recent_scans(library)],
            watched_today=watched_today(library, now=now),
            question=question_of(library),
            reasons=_reasons(library),
            integrity=integrity_view(library, now=now),
            may_scan=self.request.user.has_perm("library.scan_library"),
            may_change=self.request.user.has_perm("library.change_library"),
            may_forget=self.request.user.has_perm("library.delete_video"),
            may_control=self.request.user.has_perm("jobs.control_job"),
            **kwargs,
        )


def _capped(table: str, extra: str = "") -> RawSQL:
    return RawSQL(_CAPPED.format(table=table, extra=extra), [COUNT_CAP + 1])  # noqa: S611 - names from above only


def count_shown(counted: int) -> RowCount:
    """A number that was counted up to the cap."""
    if counted > COUNT_CAP:
        return RowCount(COUNT_CAP, Precision.AT_LEAST)
    return RowCount(counted)


def _active_jobs(ids: Sequence[int], *, now: datetime) -> dict[int, list[JobView]]:
    jobs = list(
        Job.objects.active()
        .filter(target_type=Library._meta.label_lower, target_id__in=list(ids))
        .order_by("pk")
    )
    by_library: dict[int, list[JobView]] = {}
    for job, view in zip(jobs, job_views(jobs, now=now), strict=True):
        by_library.setdefault(job.target_id or 0, []).append(view)
    return by_library


def _reasons(library: Library) -> list[tuple[str, int]]:
    failed = File.objects.failed().filter(library=library)
    return by_reason(failed.values_list("probe_error").annotate(n=Count("pk")))
