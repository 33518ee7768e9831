"""The list of jobs, and what people may do to one."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.loader import render_to_string
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST
from unfold.contrib.filters.admin import ChoicesDropdownFilter, DropdownFilter

from apps.core.admin import ReadOnlyAdmin, StableChangeList
from apps.core.admin.base import back_to, column
from apps.core.errors import MediaHubError
from apps.jobs.models import Job
from apps.jobs.pages import JobPage, JobsLive, JobView, job_views
from apps.jobs.registry import all_tasks
from apps.jobs.services import lifecycle

_DEEDS: dict[str, Callable[[Job, datetime], Job]] = {
    "cancel": lambda job, now: lifecycle.cancel(job, now=now),
    "pause": lambda job, _now: lifecycle.pause(job),
    "resume": lambda job, now: lifecycle.resume(job, now=now),
    "retry": lambda job, now: lifecycle.retry(job, now=now),
}


class KindFilter(DropdownFilter):  # type: ignore[misc]
    title = "kind"
    parameter_name = "kind"

    def lookups(
        self, request: HttpRequest, model_admin: admin.ModelAdmin
    ) -> Iterator[tuple[str, str]]:
        return ((task.name, task.title) for task in all_tasks())

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(kind=self.value()) if self.value() else queryset


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
    """Only the workers and ``services.lifecycle`` write jobs."""

    pages = (JobsLive, JobPage)
    list_display = ["title", "state_now", "progress", "when"]
    list_display_links = ["title"]
    list_filter = [("state", ChoicesDropdownFilter), KindFilter]
    ordering = ["-pk"]
    sortable_by = ()
    list_before_template = "admin/jobs/_list_live.html"
    empty_title = "No jobs yet"
    empty_text = "Scans, covers and other long work appear here with their progress."

    def get_urls(self) -> list[URLPattern]:
        control = self.admin_site.admin_view(self.control)
        route = path("<int:pk>/do/<slug:deed>/", control, name="jobs_job_control")
        return [route, *super().get_urls()]

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[JobChangeList]:
        return JobChangeList

    @column("job")
    def title(self, job: Any) -> SafeString:
        view: JobView = job.view
        return format_html('<b>{}</b> <span class="mh-quiet">{}</span>', view.title, view.target)

    @column("state")
    def state_now(self, job: Any) -> str:
        return render_to_string("admin/jobs/_state.html", {"view": job.view})

    @column("progress")
    def progress(self, job: Any) -> str:
        return render_to_string("admin/jobs/_progress.html", {"view": job.view})

    @column("when")
    def when(self, job: Any) -> str:
        return render_to_string("admin/jobs/_when.html", {"view": job.view})

    def control(self, request: HttpRequest, pk: int, deed: str) -> HttpResponse:
        """Cancel, pause, resume or run a job again; answers with the page it was asked from."""
        return _control(request, pk=pk, deed=deed)


@require_POST
def _control(request: HttpRequest, *, pk: int, deed: str) -> HttpResponse:
    if not request.user.has_perm("jobs.control_job"):
        raise PermissionDenied
    job = get_object_or_404(Job, pk=pk)
    if deed not in _DEEDS:
        messages.error(request, f"Jobs know no {deed}.")
        return redirect("admin:jobs_job_change", pk)
    try:
        _DEEDS[deed](job, timezone.now())
    except MediaHubError as error:
        messages.error(request, str(error))
    return back_to(request, "admin:jobs_job_change", pk)
