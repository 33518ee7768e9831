"""The audit, to read and to search."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from apps.core.admin.base import ReadOnlyAdmin, column
from apps.core.models import AuditAction, AuditEntry

_LONGEST = 120


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    """Who changed what, and when."""

    list_display = ["at", "who", "deed", "thing", "what"]
    list_display_links = ["at"]
    list_filter = ["action"]
    search_fields = ["object_name", "user__username", "=request_id"]
    search_help_text = "Name of the thing, or of the user"
    ordering = ["-pk"]
    list_select_related = ["user"]
    fields = ["at", "who", "deed", "thing", "job_id", "request_id", "every_change"]
    empty_title = "Nothing has been changed yet"
    empty_text = "Every edit by a person or a job is written down here, with old and new values."

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        return lookup in {"object_type", "object_id", "job_id"} or super().lookup_allowed(
            lookup, value, request
        )

    @column("by")
    def who(self, entry: AuditEntry) -> str:
        if entry.job_id:
            return f"{entry.user} (job {entry.job_id})" if entry.user else f"job {entry.job_id}"
        return str(entry.user or "the system")

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
        kind = entry.object_type.rpartition(".")[2]
        return format_html(
            '{} <span class="mh-quiet">{} {}</span>', entry.object_name, kind, entry.object_id
        )

    @column("changes")
    def what(self, entry: AuditEntry) -> SafeString:
        return changes_as_html(dict(list(entry.changes.items())[:3]))

    @column("changes")
    def every_change(self, entry: AuditEntry) -> SafeString:
        return changes_as_html(entry.changes)


def changes_as_html(changes: dict[str, list[Any]]) -> SafeString:
    """Field: old → new, a line each, long values cut."""
    return format_html_join(
        "",
        '<div class="mh-change"><b>{}</b> <del>{}</del> <span aria-hidden="true">→</span> '
        "<ins>{}</ins></div>",
        (
            (name.replace("_", " "), _short(old), _short(new))
            for name, (old, new) in changes.items()
        ),
    )


def _short(value: Any) -> str:
    text = "-" if value in (None, "", [], {}) else str(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def recent_entries(row: Any, *, limit: int = 20) -> QuerySet[AuditEntry]:
    """The newest entries about a row, for a panel beside its form."""
    return AuditEntry.objects.about(row).select_related("user")[:limit]
