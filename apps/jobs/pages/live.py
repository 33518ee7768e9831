"""The jobs that any page shows, as they are now."""

from typing import Any

from django.utils import timezone

from apps.core.pages import AdminPage
from apps.jobs.models import Job
from apps.jobs.pages.views import job_views


class JobsLive(AdminPage):
    """The jobs that a page shows, as they are now: ``?id=1&id=2``."""

    title = "Jobs"
    name = "jobs_job_live"
    route = "live/"
    permission_required = "jobs.view_job"
    template_name = "admin/jobs/_live.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        ids = [int(pk) for pk in self.request.GET.getlist("id") if pk.isdecimal()][:100]
        jobs = Job.objects.filter(pk__in=ids).order_by("-pk")
        return {"jobs": job_views(jobs, now=timezone.now()), **kwargs}
