"""The first page: what there is, what is under way, what is new."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from apps.core.admin.base import list_url
from apps.core.counting import RowCount, count_rows
from apps.jobs.choices import AT_WORK
from apps.jobs.models import Job
from apps.jobs.pages import job_views
from apps.jobs.pages.alarms import alarms
from apps.jobs.pages.own import bell
from apps.jobs.services.clusters import clusters
from apps.library.forms import LibraryForm
from apps.library.models import File, Library, Performer, Studio, Tag, Video
from apps.library.pages.cards import cards, with_card_facts
from apps.library.pages.libraries import library_views, with_counts
from apps.machines.pages.panel import machines_now
from apps.transcodes.pages.live import standing
from mediahub.pinned import dashboard_items

_COVERS = 12
_JOBS = 6
_LIBRARIES = 20


@dataclass(frozen=True, slots=True)
class Number:
    """A count that leads to the rows that it counts."""

    label: str
    count: RowCount
    url: str
    icon: str
    variant: str = ""


def home(request: HttpRequest) -> dict[str, Any]:
    """The context of the first page; each part only for those who may see it."""
    now = timezone.now()
    libraries = Library.objects.order_by("name", "pk") if _sees(request, "library") else None
    sees_jobs = _sees(request, "job")
    videos = Video.objects.order_by("-added_at", "-pk")
    return {
        "numbers": _numbers(request),
        "cards": cards(with_card_facts(videos)[:_COVERS]) if _sees(request, "video") else [],
        "jobs": job_views(_under_way(), now=now) if sees_jobs else [],
        "alarms": alarms(clusters(), now=now) if sees_jobs else [],
        "held": [view for view in machines_now(request, now=now) if view.holds],
        "transcodes": standing(request),
        "libraries": []
        if libraries is None
        else library_views(with_counts(libraries)[:_LIBRARIES], now=now),
        "may_add_library": request.user.has_perm("library.add_library"),
        "bell": bell(request),
        "may_control": request.user.has_perm("jobs.control_job"),
        "pinned": dashboard_items(request),
        "form": LibraryForm(initial={"scan_now": True}),
    }


def _under_way() -> list[Job]:
    """What runs, then what comes next; not the parts of batches."""
    roots = Job.objects.roots()
    running = roots.filter(state__in=AT_WORK).order_by("pk")
    return [*running[:_JOBS], *roots.waiting()[:_JOBS]][:_JOBS]


def _numbers(request: HttpRequest) -> list[Number]:
    files: Any = File.objects
    browse, listed = reverse("admin:library_video_browse"), list_url
    shown: list[tuple[type[Model], str, QuerySet[Any], str, str, str]] = [
        (Video, "Videos", Video.objects.all(), browse, "movie", ""),
        (Performer, "Performers", Performer.objects.all(), listed(Performer), "group", ""),
        (Studio, "Studios", Studio.objects.all(), listed(Studio), "apartment", ""),
        (Tag, "Tags", Tag.objects.all(), listed(Tag), "sell", ""),
        (
            File,
            "Missing",
            files.missing(),
            listed(File, presence="missing"),
            "cloud_off",
            "warning",
        ),
        (
            File,
            "Failed",
            files.exclude(probe_error=""),
            listed(File, probe_state__exact="failed"),
            "broken_image",
            "danger",
        ),
    ]
    counted = [
        Number(label, count_rows(rows), url, icon, variant)
        for model, label, rows, url, icon, variant in shown
        if _sees(request, str(model._meta.model_name))
    ]
    # Trouble is shown only where there is some.
    return [number for number in counted if number.count.rows or not number.variant]


def _sees(request: HttpRequest, model: str) -> bool:
    app = "jobs" if model == "job" else "library"
    return request.user.has_perm(f"{app}.view_{model}")
