"""How one's own jobs ended: what the bell leads to."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.functional import SimpleLazyObject

from apps.core.pages import AdminPage
from apps.jobs.models import Job
from apps.jobs.pages.views import job_views
from apps.jobs.services.notices import mark_seen, unseen

_SHOWN = 50
_MOST_COUNTED = 99


def bell(request: HttpRequest) -> Any:
    """How many of one's own jobs ended since one looked, up to ``99+``; nothing if none did.

    It is counted when it is printed: who makes a page's context doesn't know whether it will be.
    """
    return SimpleLazyObject(lambda: _count_unseen(request.user))


def _count_unseen(user: Any) -> str:
    if not user.has_perm("jobs.view_job"):
        return ""
    number = unseen(user)[: _MOST_COUNTED + 1].count()
    return f"{_MOST_COUNTED}+" if number > _MOST_COUNTED else str(number or "")


class OwnJobsPage(AdminPage):
    """One's own jobs that ended, those not seen yet first told apart; a button marks all seen."""

    title = "Your jobs"
    name = "jobs_job_own"
    route = "own/"
    permission_required = "jobs.view_job"
    template_name = "admin/jobs/own.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        now = timezone.now()
        user: Any = self.request.user
        new = set(unseen(user).values_list("pk", flat=True)[:_SHOWN])
        # as the index says it
        own = Job.objects.roots().filter(requested_by=user.pk, finished_at__isnull=False)
        views = job_views(own.order_by("-finished_at")[:_SHOWN], now=now)
        return super().get_context_data(
            jobs=[(view, view.pk in new) for view in views],
            are_new=bool(new),
            read_at=now.isoformat(),
            may_control=user.has_perm("jobs.control_job"),
            **kwargs,
        )

    def post(self, request: HttpRequest) -> HttpResponse:
        read_at = parse_datetime(request.POST.get("until", "")[:40])
        user: Any = request.user
        mark_seen(user, now=read_at if read_at and read_at.tzinfo else timezone.now())
        return redirect("admin:jobs_job_own")
