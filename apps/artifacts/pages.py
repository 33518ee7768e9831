"""How far artifacts reach, and the buttons that make what is missing."""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from django.contrib import messages
from django.core.cache import cache
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from apps.artifacts.choices import ArtifactKind
from apps.artifacts.forms import CoverageForm
from apps.artifacts.models import Artifact
from apps.artifacts.services.coverage import Cell, Failures, coverage, failures
from apps.artifacts.services.kinds import usual_kinds
from apps.artifacts.tasks import request_again, request_artifacts, request_clean
from apps.core.admin.base import list_url
from apps.core.pages import AdminPage
from apps.core.units import say_bytes
from apps.jobs.choices import AT_WORK
from apps.jobs.models import Job
from apps.jobs.pages import job_views
from apps.library.models import Library

# Counting a million videos takes seconds, and the page asks again while jobs run: what was counted
# is kept for so many times as long as it took.
_KEPT_TIMES = 20
_KEPT = "artifacts.coverage"
_SHARES = ("made", "nothing", "stale", "failed", "missing")
_KINDS = dict(ArtifactKind.choices)


@dataclass(frozen=True, slots=True)
class Row:
    """A kind in a library; ``shares`` are the parts of its bar, in percent."""

    cell: Cell
    kind: str
    shares: list[tuple[str, float]]
    percent: int
    size: str
    failed_url: str

    @property
    def lacking(self) -> int:
        return self.cell.missing + self.cell.stale


@dataclass(frozen=True, slots=True)
class Part:
    """A library's rows; without ``pk`` those of libraries that are gone."""

    pk: int | None
    name: str
    rows: list[Row]

    @property
    def lacking(self) -> int:
        return sum(row.lacking for row in self.rows)


@dataclass(frozen=True, slots=True)
class Reason:
    kind: str
    title: str
    reason: str
    spoken: str
    videos: int
    url: str


class CoveragePage(AdminPage):
    """Each kind in each library: made, missing, failed, stale and orphaned."""

    title = "Artifacts: coverage"
    name = "artifacts_artifact_coverage"
    route = "coverage/"
    permission_required = "artifacts.view_artifact"
    template_name = "admin/artifacts/coverage.html"
    fragments = {"live": "admin/artifacts/_coverage_live.html"}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        cells, failed = _counted()
        may = self.request.user.has_perm
        jobs = Job.objects.roots().filter(kind__startswith="artifacts.", state__in=AT_WORK)
        return super().get_context_data(
            parts=_parts(cells),
            reasons=[_reason(one) for one in failed],
            orphaned=sum(cell.orphaned for cell in cells),
            orphaned_size=say_bytes(sum(cell.orphaned_bytes for cell in cells)),
            jobs=job_views(jobs.order_by("pk"), now=timezone.now()) if may("jobs.view_job") else [],
            may_make=may("artifacts.add_artifact"),
            may_clean=may("artifacts.delete_artifact"),
            **kwargs,
        )

    def post(self, request: HttpRequest) -> HttpResponse:
        form = CoverageForm(request.POST)
        if not form.is_valid():
            messages.error(request, "Nothing was asked for: reload the page and try again.")
        else:
            messages.success(request, _perform(request, **form.cleaned_data))
        return redirect("admin:artifacts_artifact_coverage")


def _counted() -> tuple[list[Cell], list[Failures]]:
    counted: tuple[list[Cell], list[Failures]] | None = cache.get(_KEPT)
    if counted is None:
        began = time.monotonic()
        counted = coverage(), failures()
        cache.set(_KEPT, counted, _KEPT_TIMES * (time.monotonic() - began))
    return counted


def _perform(
    request: HttpRequest, *, deed: str, library: Library | None, kind: str, reason: str
) -> str:
    """Do what a button says; what was done."""
    verb = "delete" if deed in ("clean", "search") else "add"
    if not request.user.has_perm(f"artifacts.{verb}_artifact"):
        raise PermissionDenied
    if verb == "delete":
        return (
            f"Orphaned files are being deleted (job {request_clean(search=deed == 'search').pk})."
        )
    kinds = [kind] if kind else None
    if deed == "retry":
        failed = Artifact.objects.failed(reason or "any", kinds=kinds or usual_kinds())
        again = request_again(failed)
        return f"It is tried again (job {again.pk})." if again else "Nothing failed any more."
    job = request_artifacts(library.pk if library else None, kinds=kinds)
    return f"What is missing is being made (job {job.pk})."


def _parts(cells: Iterable[Cell]) -> list[Part]:
    names = dict(Library.objects.values_list("pk", "name"))
    parts = [
        Part(pk, names.get(pk or 0, "Libraries that are gone"), [_row(cell) for cell in group])
        for pk, group in groupby(cells, key=lambda cell: cell.library_id)
    ]
    return sorted(parts, key=lambda part: (part.pk is None, part.name))


def _row(cell: Cell) -> Row:
    total = max(cell.videos, 1)
    failed_url = list_url(
        Artifact, kind__exact=cell.kind, state__exact="failed", video__library=cell.library_id or ""
    )
    return Row(
        cell=cell,
        kind=_KINDS.get(cell.kind, cell.kind),
        shares=[(name, 100 * getattr(cell, name) / total) for name in _SHARES],
        percent=100 * (cell.made + cell.nothing) // total,
        size=say_bytes(cell.size_bytes) if cell.size_bytes else "",
        failed_url=failed_url,
    )


def _reason(failed: Failures) -> Reason:
    return Reason(
        kind=failed.kind,
        title=_KINDS.get(failed.kind, failed.kind),
        reason=failed.reason,
        spoken=failed.reason.replace("_", " ") or "unknown",
        videos=failed.videos,
        url=list_url(Artifact, kind__exact=failed.kind, state__exact="failed", error=failed.reason),
    )
