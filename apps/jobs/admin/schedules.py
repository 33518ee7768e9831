"""Schedules: what is asked for at certain times."""

import inspect
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.loader import render_to_string
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST
from unfold.widgets import (
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from apps.core.admin import AuditedAdmin
from apps.core.admin.base import change_url, column
from apps.core.errors import MediaHubError
from apps.core.forms import AuditedForm, changed_values
from apps.core.units import say_ago
from apps.jobs.models import Schedule
from apps.jobs.pages.board import say_until
from apps.jobs.pages.views import job_title
from apps.jobs.registry import Task
from apps.jobs.services import schedules
from apps.jobs.services.schedules import BadSchedule

PRESETS = (
    ("0 * * * *", "Hourly"),
    ("0 3 * * *", "Daily"),
    ("0 3 * * 1", "Weekly"),
    ("0 3 1 * *", "Monthly"),
)


class CronWidget(UnfoldAdminTextInputWidget):  # type: ignore[misc]
    """A cron text with buttons for the usual ones, and below what it means."""

    def render(self, name: str, value: Any, *args: Any, **kwargs: Any) -> SafeString:
        context = {
            "field": super().render(name, value, *args, **kwargs),
            "presets": PRESETS,
            "told": schedules.describe(Schedule(cron=value)) if value else "",
        }
        return render_to_string("admin/jobs/_cron.html", context)


class ScheduleForm(AuditedForm):
    """The kind is chosen from those that are installed, and says which parameters it takes."""

    kind = forms.ChoiceField(widget=UnfoldAdminSelectWidget(attrs={"data-kind": ""}))
    cron = forms.CharField(
        label="Times",
        max_length=100,
        widget=CronWidget(),
        help_text="minute, hour, day of the month, month, weekday",
    )
    params = forms.JSONField(
        label="Parameters",
        required=False,
        initial=dict,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3, "spellcheck": "false"}),
    )

    class Meta:
        model = Schedule
        fields = ["name", "kind", "params", "cron", "priority", "enabled"]
        help_texts = {"priority": "The higher, the sooner it starts when others wait, too."}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(task.name, f"{task.title} ({task.name})") for task in schedules.kinds()]
        stored = self.instance.kind
        if stored and stored not in dict(choices):
            choices.append((stored, f"{stored}: can't be scheduled any more"))
        kind: Any = self.fields["kind"]
        kind.choices = [("", "Choose one"), *choices]
        self.fields["params"].help_text = _help_on_params()

    def clean_params(self) -> dict[str, Any]:
        params = self.cleaned_data["params"] or {}
        if not isinstance(params, dict):
            raise ValidationError('Give an object, such as {"library_id": 1}.')
        return params

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if {"kind", "params", "cron"} <= cleaned.keys():
            try:
                schedules.next_time(cleaned["cron"], after=timezone.now())
                if cleaned.get("enabled"):
                    schedules.check(cleaned["kind"], cleaned["params"])
            except BadSchedule as error:
                self.add_error(error.field, str(error))
        return cleaned


@admin.register(Schedule)
class ScheduleAdmin(AuditedAdmin):
    """Rows are written by ``services.schedules``, which keeps their next time."""

    form = ScheduleForm
    fields = ["name", "kind", "params", "cron", "priority", "enabled"]
    list_display = ["told_name", "told_times", "told_next", "told_last", "run_button"]
    list_display_links = ["told_name"]
    list_filter = ["enabled"]
    search_fields = ["name", "kind"]
    ordering = ["name", "pk"]
    sortable_by = ()
    list_before_template = "admin/jobs/_tabs.html"
    empty_title = "No schedules yet"
    empty_text = "A schedule asks for a job at certain times, such as a scan each night."

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("<int:pk>/run/", wrap(_run), name="jobs_schedule_run"),
            path("describe/", wrap(_describe), name="jobs_schedule_describe"),
            *super().get_urls(),
        ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Schedule]:
        rows: QuerySet[Schedule] = super().get_queryset(request).select_related("last_job")
        return rows

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if not change:
            schedules.create(obj)
            return
        version = form.cleaned_data.get("version")
        obj.version = schedules.update(obj, changed_values(form), expected_version=version).version

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        schedules.delete(obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Schedule]) -> None:
        for row in queryset:
            schedules.delete(row)

    def consequence(self, _obj: Any) -> str:
        return "its jobs stay as they are"

    @column("name")
    def told_name(self, row: Schedule) -> SafeString:
        return format_html(
            '<b>{}</b> <span class="mh-quiet">{}</span>', row.name, job_title(row.kind)
        )

    @column("times")
    def told_times(self, row: Schedule) -> str:
        return schedules.describe(row)

    @column("next")
    def told_next(self, row: Schedule) -> str:
        return say_until(row.next_at, now=timezone.now()) if row.enabled else "paused"

    @column("last")
    def told_last(self, row: Schedule) -> SafeString:
        if row.last_error:
            return format_html('<span class="mh-error">{}</span>', row.last_error)
        when = say_ago(row.last_at, now=timezone.now())
        if row.last_job is None:
            return format_html('<span class="mh-quiet">{}</span>', when or "never")
        return format_html(
            '<a class="mh-link" href="{}">{}</a>', change_url(row.last_job), when or "by hand"
        )

    @column("by hand")
    def run_button(self, row: Schedule) -> SafeString:
        return format_html(
            '<button class="mh-button mh-small" formaction="{}" formmethod="post" '
            'aria-label="Run {} now">Run now</button>',
            f"{row.pk}/run/",
            row.name,
        )


@require_POST
def _run(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask for a schedule's job at once."""
    if not request.user.has_perm("jobs.change_schedule"):
        raise PermissionDenied
    schedule = get_object_or_404(Schedule, pk=pk)
    try:
        job = schedules.run_now(schedule)
    except MediaHubError as error:
        messages.error(request, str(error))
        return redirect("admin:jobs_schedule_changelist")
    return redirect("admin:jobs_job_change", job.pk)


def _describe(request: HttpRequest) -> JsonResponse:
    """A cron text in words, as somebody types it."""
    cron = request.GET.get("cron", "")[:100]
    try:
        due = schedules.next_time(cron, after=timezone.now())
    except BadSchedule as error:
        return JsonResponse({"told": str(error), "ok": False})
    told = schedules.describe(Schedule(cron=cron))
    next_at = timezone.localtime(due)
    return JsonResponse({"told": f"{told}. Next on {next_at:%A %d %B at %H:%M}.", "ok": True})


def _help_on_params() -> SafeString:
    """The parameters of every kind; the page's script shows those of the chosen one."""
    lines = [
        format_html('<span data-of-kind="{}">{}</span>', t.name, _takes(t))
        for t in schedules.kinds()
    ]
    return format_html("A JSON object. {}", SafeString("".join(lines)))


def _takes(task: Task) -> str:
    """``Covers takes library_id (optional).``"""
    named = list(inspect.signature(task.work).parameters.values())[1:]
    told = [p.name if p.default is p.empty else f"{p.name} (optional)" for p in named]
    return f"{task.title} takes {', '.join(told) or 'none'}. "
