"""The list of jobs, and the addresses of all that is shown of them."""

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import URLPattern, path
from django.utils import timezone
from unfold.contrib.filters.admin import ChoicesDropdownFilter

from apps.core.admin import ReadOnlyAdmin, StableChangeList
from apps.core.admin.base import column
from apps.jobs.admin import deeds
from apps.jobs.admin.filters import (
    PARENT,
    STATES,
    EndedFilter,
    KindFilter,
    PartsFilter,
    PersonFilter,
    StateFilter,
)
from apps.jobs.models import Job
from apps.jobs.pages import BoardPage, JobPage, JobsLive, OwnJobsPage, job_views
from apps.jobs.pages.job import log_text
from apps.jobs.registry import all_tasks

_LARGEST_ID = 2**63 - 1


class JobChangeList(StableChangeList):
    """Reads the names of the jobs' targets for the whole page at once."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.result_list = list(self.result_list)
        views = job_views(self.result_list, now=timezone.now())
        for job, view in zip(self.result_list, views, strict=True):
            job.view = view


@admin.register(Job)
class JobAdmin(ReadOnlyAdmin):
    """Only the workers and ``services`` write jobs."""

    pages = (BoardPage, OwnJobsPage, JobsLive, JobPage)
    list_display = ["title", "state_now", "progress", "when"]
    list_display_links = None
    list_filter = [
        StateFilter, KindFilter, ("queue", ChoicesDropdownFilter), PersonFilter, EndedFilter,
        PartsFilter,
    ]  # fmt: skip
    search_fields = ["pk"]
    search_help_text = "Number, kind or part"
    ordering = ["-pk"]
    sortable_by = ()
    actions = deeds.list_actions()
    list_before_template = "admin/jobs/_list_live.html"
    states = STATES
    empty_title = "No jobs yet"
    empty_text = "Scans, covers and other long work appear here with their progress."

    def get_urls(self) -> list[URLPattern]:
        routes: dict[str, tuple[str, Any]] = {
            "control": ("<int:pk>/do/<slug:deed>/", deeds.control),
            "retry_failed": ("<int:pk>/retry-failed/", deeds.retry_failed),
            "hold": ("hold/<slug:deed>/", deeds.hold),
        }
        ours = [
            path(route, self.admin_site.admin_view(view), name=f"jobs_job_{name}")
            for name, (route, view) in routes.items()
        ]
        log = self.admin_site.admin_view(log_text)
        return [*ours, path("<int:pk>/log/", log, name="jobs_job_log"), *super().get_urls()]

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[JobChangeList]:
        return JobChangeList

    def has_control_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("jobs.control_job")

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        return lookup == PARENT or super().lookup_allowed(lookup, value, request)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Job], search_term: str
    ) -> tuple[QuerySet[Job], bool]:
        """By number, else by the title of the kind or the name of a part."""
        words = search_term.strip().removeprefix("#")
        if words.isdecimal() and int(words) <= _LARGEST_ID:
            return queryset.filter(pk=int(words)), False
        if not words:
            return queryset, False
        kinds = [task.name for task in all_tasks() if words.lower() in task.title.lower()]
        return queryset.filter(Q(kind__in=kinds) | Q(item__icontains=words)), False

    @column("job")
    def title(self, job: Any) -> str:
        return render_to_string("admin/jobs/_title.html", {"view": job.view})

    @column("state")
    def state_now(self, job: Any) -> str:
        return render_to_string("admin/jobs/_state.html", {"view": job.view})

    @column("progress")
    def progress(self, job: Any) -> str:
        return render_to_string("admin/jobs/_progress.html", {"view": job.view})

    @column("when")
    def when(self, job: Any) -> str:
        return render_to_string("admin/jobs/_when.html", {"view": job.view})
