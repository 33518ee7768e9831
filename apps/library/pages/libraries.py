"""What is in a library, what its scans found, and two scans compared."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.paginator import Paginator
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.expressions import RawSQL
from django.shortcuts import get_object_or_404
from django.utils import timezone

from apps.core.counting import COUNT_CAP, Precision, RowCount
from apps.core.pages import AdminPage
from apps.core.units import say_ago, say_bytes, say_seconds
from apps.jobs.models import Job
from apps.jobs.pages import JobView, job_views
from apps.library.choices import LibraryState
from apps.library.models import File, Library, Scan
from apps.library.pages.panels import Badge

# As people read them: what came, what went, what stayed, what went wrong.
_COUNTS = ("added", "changed", "moved", "missing", "returned", "unchanged", "failed", "skipped")
_SIZES = ("bytes", "grew_bytes", "shrank_bytes")
_SIZE_NAMES = {"bytes": "in all", "grew_bytes": "grown", "shrank_bytes": "shrunk"}
_VARIANTS = {
    LibraryState.UNKNOWN: "default",
    LibraryState.ONLINE: "success",
    LibraryState.OFFLINE: "danger",
}
_SCANS = 20
_FINDINGS = 50

# A capped count for each row of a list, in the list's own query.
_CAPPED = """(SELECT count(*) FROM (
    SELECT FROM library_{table} inside WHERE inside.library_id = library_library.id {extra}
    LIMIT %s) capped)"""


@dataclass(frozen=True, slots=True)
class ScanView:
    """A scan, ready to print."""

    pk: int
    scope: str
    when: str
    took: str
    speed: str
    complete: bool
    counts: list[tuple[str, str]]
    sizes: list[tuple[str, str]]
    told: str


@dataclass(frozen=True, slots=True)
class LibraryView:
    """A library, ready to print; ``jobs`` are those under way."""

    pk: int
    name: str
    root: str
    state: Badge
    detail: str
    videos: RowCount
    missing: RowCount
    failed: RowCount
    last_scan: ScanView | None
    jobs: list[JobView]

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
            videos=count_shown(one.videos_counted),
            missing=count_shown(one.missing_counted),
            failed=count_shown(one.failed_counted),
            last_scan=scan_view(scans[one.last_scan_id], now=now) if one.last_scan_id else None,
            jobs=jobs.get(one.pk, []),
        )
        for one in listed
    ]


def scan_view(scan: Scan, *, now: datetime) -> ScanView:
    counts = scan.counts
    end = scan.finished_at or now
    seconds = (end - scan.started_at).total_seconds()
    done = sum(_number(counts, name) for name in _COUNTS[:6] if name != "missing")
    told = [f"{_number(counts, name):,} {name}" for name in _COUNTS if _number(counts, name)]
    return ScanView(
        pk=scan.pk,
        scope=", ".join(scan.paths) or ("everything anew" if scan.rescan else "everything"),
        when=say_ago(scan.started_at, now=now),
        took=say_seconds(seconds),
        speed=f"{done / seconds:,.0f} files a second" if seconds >= 1 else "",
        complete=scan.walked,
        counts=[(name, f"{_number(counts, name):,}") for name in _COUNTS],
        sizes=[(_SIZE_NAMES[name], say_bytes(_number(counts, name))) for name in _SIZES],
        told=", ".join(told) or "no files",
    )


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
            scans=[scan_view(scan, now=now) for scan in _scans_of(library)],
            reasons=_reasons(library),
            may_scan=self.request.user.has_perm("library.scan_library"),
            may_change=self.request.user.has_perm("library.change_library"),
            may_control=self.request.user.has_perm("jobs.control_job"),
            **kwargs,
        )


class ScanPage(AdminPage):
    """One scan: counts, findings by reason, and the difference to another scan."""

    title = "Scan"
    name = "library_scan"
    route = "scans/<int:pk>/"
    permission_required = "library.view_library"
    template_name = "admin/library/scan.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        now = timezone.now()
        scan = get_object_or_404(Scan.objects.select_related("library"), pk=kwargs.pop("pk"))
        others = [other for other in _scans_of(scan.library) if other.pk != scan.pk]
        other = self._other(scan, others)
        reason = self.request.GET.get("reason", "")
        findings = scan.findings.order_by("pk")
        shown = findings.filter(reason=reason) if reason else findings
        page = Paginator(shown, _FINDINGS).get_page(self.request.GET.get("p"))
        return super().get_context_data(
            title=f"Scan of {scan.library}",
            scan=scan,
            view=scan_view(scan, now=now),
            others=[scan_view(one, now=now) for one in others],
            other=other and scan_view(other, now=now),
            compared=compare(scan, other) if other else [],
            reasons=_by_reason(scan.findings.values_list("reason").annotate(n=Count("pk"))),
            reason=reason,
            findings=page,
            **kwargs,
        )

    def _other(self, scan: Scan, others: Sequence[Scan]) -> Scan | None:
        """The scan asked for, else the one before this one."""
        asked = self.request.GET.get("with", "")
        chosen = [other for other in others if str(other.pk) == asked]
        before = [other for other in others if other.pk < scan.pk]
        return next(iter([*chosen, *before]), None)


def compare(scan: Scan, other: Scan) -> list[tuple[str, str, str, str]]:
    """Name, then, now and difference of every count."""
    rows = []
    for name in (*_COUNTS, *_SIZES):
        then, now = _number(other.counts, name), _number(scan.counts, name)
        say = say_bytes if name in _SIZES else "{:,}".format
        sign = "+" if now > then else "-" if now < then else ""
        difference = f"{sign}{say(abs(now - then))}" if sign else "same"
        label = _SIZE_NAMES.get(name, name)
        rows.append((f"size {label}" if name in _SIZES else label, say(then), say(now), difference))
    return rows


def _capped(table: str, extra: str = "") -> RawSQL:
    return RawSQL(_CAPPED.format(table=table, extra=extra), [COUNT_CAP + 1])  # noqa: S611 - names from above only


def count_shown(counted: int) -> RowCount:
    """A number that was counted up to the cap."""
    if counted > COUNT_CAP:
        return RowCount(COUNT_CAP, Precision.AT_LEAST)
    return RowCount(counted)


def _number(counts: dict[str, Any], name: str) -> int:
    value = counts.get(name, 0)
    return value if isinstance(value, int) else 0


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


def _scans_of(library: Library) -> QuerySet[Scan]:
    return Scan.objects.filter(library=library).order_by("-pk")[:_SCANS]


def _reasons(library: Library) -> list[tuple[str, int]]:
    failed = File.objects.failed().filter(library=library)
    return _by_reason(failed.values_list("probe_error").annotate(n=Count("pk")))


def _by_reason(pairs: Iterable[tuple[str, int]]) -> list[tuple[str, int]]:
    return sorted(((reason, n) for reason, n in pairs if reason), key=lambda pair: -pair[1])
