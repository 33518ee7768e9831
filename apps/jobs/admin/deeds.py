"""What people do to jobs and queues: to one, to a selection, to all that match."""

from collections.abc import Callable, Sequence
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.exceptions import PermissionDenied
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.views.decorators.http import require_POST

from apps.core.admin.base import back_to
from apps.core.errors import MediaHubError
from apps.jobs.choices import JobState
from apps.jobs.models import Job
from apps.jobs.pages.views import STATE_WORDS
from apps.jobs.services import batches, holds, lifecycle, many

_ONE: dict[str, Callable[[Job], Job]] = {
    "cancel": lifecycle.cancel,
    "pause": lifecycle.pause,
    "resume": lifecycle.resume,
    "retry": lifecycle.retry,
    "hurry": lifecycle.hurry,
}
_MANY = {
    "cancel": ("Cancel", "cancelled"),
    "pause": ("Pause", "paused"),
    "resume": ("Resume", "resumed"),
    "retry": ("Run again", "asked for again"),
    "hurry": ("Hurry", "put first"),
}
# Asked before, however few there are: it can't be taken back.
_ALWAYS_ASKED = ("cancel",)


@require_POST
def control(request: HttpRequest, pk: int, deed: str) -> HttpResponse:
    """Do something to one job; answers with the page it was asked from, or with the new batch."""
    _check_permission(request)
    job = get_object_or_404(Job, pk=pk)
    if deed not in _ONE:
        messages.error(request, f"Jobs know no {deed}.")
        return redirect("admin:jobs_job_change", pk)
    return _answer(request, job, lambda: _ONE[deed](job))


@require_POST
def retry_failed(request: HttpRequest, pk: int) -> HttpResponse:
    """Make a new batch of what failed in one, for one reason if ``reason`` is given."""
    _check_permission(request)
    job = get_object_or_404(Job, pk=pk)
    reason = request.POST.get("reason", "")
    return _answer(request, job, lambda: batches.retry_failed(job, reason=reason))


@require_POST
def hold(request: HttpRequest, deed: str) -> HttpResponse:
    """Pause or resume a queue or a kind."""
    _check_permission(request)
    named = {name: request.POST.get(name, "") for name in ("queue", "kind")}
    try:
        if deed == "pause":
            holds.hold(**named, reason=request.POST.get("reason", ""))
        else:
            holds.release(**named)
    except MediaHubError as error:
        messages.error(request, str(error))
    return back_to(request, "admin:jobs_job_board")


def list_actions() -> Sequence[Any]:
    """The deeds as actions of the list."""
    return [_list_action(deed, label) for deed, (label, _done) in _MANY.items()]


def _check_permission(request: HttpRequest) -> None:
    if not request.user.has_perm("jobs.control_job"):
        raise PermissionDenied


def _answer(request: HttpRequest, job: Job, do: Callable[[], Job]) -> HttpResponse:
    try:
        result = do()
    except MediaHubError as error:
        messages.error(request, str(error))
        return back_to(request, "admin:jobs_job_change", job.pk)
    if result.pk != job.pk:
        messages.success(request, f"Job {result.pk} does again what failed in job {job.pk}.")
        return redirect("admin:jobs_job_change", result.pk)
    return back_to(request, "admin:jobs_job_change", job.pk)


def _list_action(deed: str, label: str) -> Any:
    @admin.action(description=label, permissions=["control"])
    def act(model_admin: Any, request: HttpRequest, queryset: QuerySet[Job]) -> Any:
        return _act(model_admin, request, queryset, deed=deed)

    act.__name__ = f"{deed}_jobs"
    return act


def _act(
    model_admin: Any, request: HttpRequest, queryset: QuerySet[Job], *, deed: str
) -> TemplateResponse | None:
    """Do it to a selection, or ask first whether it is meant."""
    across = request.POST.get("select_across") == "1"
    if (across or deed in _ALWAYS_ASKED) and not request.POST.get("sure"):
        return _ask(model_admin, request, queryset, deed=deed, across=across)
    changed = many.control(deed, queryset)
    done = _MANY[deed][1]
    if changed:
        messages.success(request, f"{changed:,} job{'' if changed == 1 else 's'} {done}.")
    else:
        messages.warning(request, f"None of these jobs could be {done}: they aren't in that state.")
    return None


def _ask(
    model_admin: Any, request: HttpRequest, queryset: QuerySet[Job], *, deed: str, across: bool
) -> TemplateResponse:
    """How many jobs it is about, by state."""
    counted = dict(queryset.order_by().values_list("state").annotate(number=Count("pk")))
    label, done = _MANY[deed]
    context = {
        **model_admin.admin_site.each_context(request),
        "title": f"{label} {sum(counted.values()):,} jobs?",
        "counts": [(STATE_WORDS[s], f"{counted[s]:,}") for s in JobState if counted.get(s)],
        "deed": label,
        "done": done,
        "action": f"{deed}_jobs",
        "is_cancel": deed == "cancel",
        "across": int(across),
        "chosen": [] if across else request.POST.getlist(ACTION_CHECKBOX_NAME),
        "one": request.POST.getlist(ACTION_CHECKBOX_NAME)[:1],
        "back": request.get_full_path(),
    }
    return TemplateResponse(request, "admin/jobs/sure.html", context)
