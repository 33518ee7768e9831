"""The audit, to read, to search and to undo."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import (
    ChoicesDropdownFilter,
    RelatedDropdownFilter,
)

from apps.core.admin import filters
from apps.core.admin.base import ReadOnlyAdmin, column, list_url
from apps.core.admin.lists import StableChangeList
from apps.core.admin.shown import Shown, show, show_rows
from apps.core.admin.undo_page import UndoPage
from apps.core.models import AuditAction, AuditEntry

_FIELDS_IN_LISTS = 3
_MOST_OTHERS = 50
_ROWS = 50


class _EntryList(StableChangeList):
    """Gives each entry of the page its ``shown``."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.result_list = list(self.result_list)
        shown = show(self.result_list, user=request.user, most_fields=_FIELDS_IN_LISTS)
        for one in shown:
            one.entry.shown = one  # type: ignore[attr-defined]


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    """Who changed what, and when."""

    pages = (UndoPage,)
    list_display = ["at", "who", "deed", "thing", "what", "back"]
    list_display_links = ["at"]
    list_filter = [
        ("user", RelatedDropdownFilter), filters.ByJobFilter, filters.ObjectTypeFilter,
        filters.ObjectFilter,
        ("action", ChoicesDropdownFilter), ("at", filters.DaysFilter), filters.FieldFilter,
        filters.ValueFilter, filters.JobFilter, filters.RequestFilter,
    ]  # fmt: skip
    search_fields = ["object_name"]
    search_help_text = "Name of the thing"
    ordering = ["-pk"]
    list_select_related = ["user"]
    change_form_template = "admin/core/entry.html"
    empty_title = "Nothing has been changed yet"
    empty_text = "Every edit by a person or a job is written down here, with old and new values."

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).readable_by(request.user)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        return []  # the page says it better

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return _EntryList

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        entry: AuditEntry = context["original"]
        [shown] = show([entry], user=request.user)
        label, others = _others(entry, request.user)
        context |= {
            "shown": shown, "others": show(others[:_MOST_OTHERS], user=request.user, most_fields=3),
            "others_label": label, "others_url": _others_url(entry), "subtitle": None,
            "title": entry.object_name if entry.row_count else f"{shown.kind} {entry.object_name}",
            **(_rows(entry, request) if entry.row_count else _history(entry)),
        }  # fmt: skip
        response: HttpResponse = super().render_change_form(request, context, *args, **kwargs)
        return response

    @column("by")
    def who(self, entry: AuditEntry) -> SafeString | str:
        return who_did(_shown(entry))

    @column(
        "action",
        labels={
            AuditAction.CREATED.label: "success",
            AuditAction.CHANGED.label: "info",
            AuditAction.DELETED.label: "danger",
        },
    )
    def deed(self, entry: AuditEntry) -> str:
        return AuditAction(entry.action).label

    @column("what")
    def thing(self, entry: AuditEntry) -> SafeString:
        shown = _shown(entry)
        if entry.row_count:
            return format_html('<span class="mh-many">{}</span>', entry.object_name)
        name = _link(shown.object_url, entry.object_name)
        return format_html(
            '{} <span class="mh-quiet">{} {}</span>', name, shown.kind, entry.object_id
        )

    @column("changes")
    def what(self, entry: AuditEntry) -> SafeString:
        return render_to_string("admin/core/_changes.html", {"shown": _shown(entry)})

    @column("")
    def back(self, entry: AuditEntry) -> SafeString | str:
        return _link(_shown(entry).undo_url, "undo") if _shown(entry).undo_url else ""


def who_did(shown: Shown) -> SafeString | str:
    """The person, the job, or both."""
    entry = shown.entry
    if not entry.job_id:
        return str(entry.user or "the system")
    job = _link(shown.job_url, f"job {entry.job_id}")
    return format_html("{} ({})", entry.user, job) if entry.user else job


def _shown(entry: AuditEntry) -> Shown:
    shown: Shown = entry.shown  # type: ignore[attr-defined]
    return shown


def _link(url: str, text: str) -> SafeString | str:
    return format_html('<a class="mh-link" href="{}">{}</a>', url, text) if url else text


def _history(entry: AuditEntry) -> dict[str, Any]:
    """Where the other changes of the same thing are."""
    parameters = {"object_type": entry.object_type, "object_id": entry.object_id}
    return {"history_url": list_url(AuditEntry, **parameters)}


def _rows(entry: AuditEntry, request: HttpRequest) -> dict[str, Any]:
    """A page of the rows that a change of many is about."""
    text = request.GET.get("after", "")
    after = int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0
    rows = show_rows(entry, user=request.user, after=after, limit=_ROWS + 1)
    return {"rows": rows[:_ROWS], "after": rows[_ROWS - 1].pk if len(rows) > _ROWS else 0}


def _others(entry: AuditEntry, user: Any) -> tuple[str, Any]:
    """What else was changed in the same go."""
    entries = AuditEntry.objects.readable_by(user).select_related("user")
    rows = entries.exclude(pk=entry.pk).order_by("-pk")
    if entry.job_id:
        return f"Also by job {entry.job_id}", rows.filter(job_id=entry.job_id)
    if entry.request_id:
        return "In the same request", rows.filter(request_id=entry.request_id)
    return "", rows.none()


def _others_url(entry: AuditEntry) -> str:
    if entry.job_id:
        return list_url(AuditEntry, job_id=entry.job_id)
    return list_url(AuditEntry, request_id=entry.request_id) if entry.request_id else ""
