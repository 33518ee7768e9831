"""Filters of the audit's list."""

from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from unfold.contrib.filters.admin import DropdownFilter, RangeDateFilter, TextFilter
from unfold.utils import parse_date_str

from apps.core.changes import model_of
from apps.core.models import AuditEntry

Entries = QuerySet[AuditEntry]


class ObjectTypeFilter(DropdownFilter):  # type: ignore[misc]
    """Kinds that have entries, those of plug-ins that are gone included."""

    title = "kind of thing"
    parameter_name = "object_type"

    def lookups(self, _request: HttpRequest, _model_admin: Any) -> list[tuple[str, str]]:
        named = {
            kind: str(model._meta.verbose_name) if (model := model_of(kind)) else kind
            for kind in AuditEntry.objects.kinds()
        }
        return sorted(named.items(), key=lambda item: item[1])

    def queryset(self, _request: HttpRequest, entries: Entries) -> Entries:
        return entries.filter(object_type=self.value()) if self.value() else entries


class ByJobFilter(DropdownFilter):  # type: ignore[misc]
    title = "person or job"
    parameter_name = "how"

    def lookups(self, _request: HttpRequest, _model_admin: Any) -> list[tuple[str, str]]:
        return [("direct", "By people themselves"), ("job", "By jobs")]

    def queryset(self, _request: HttpRequest, entries: Entries) -> Entries:
        if self.value() not in {"direct", "job"}:
            return entries
        return entries.filter(job_id__isnull=self.value() == "direct")


class _Words(TextFilter):  # type: ignore[misc]
    def text(self) -> str:
        return (self.value() or "").replace("\0", "").strip()


class ObjectFilter(_Words):
    """Everything that happened to the things of a number, alone or among many."""

    title = "number of the thing"
    parameter_name = "object_id"

    def queryset(self, _request: HttpRequest, entries: Any) -> Entries:
        if text := self.text():
            known = text.isascii() and text.isdigit() and len(text) < 19
            entries = entries.concerning([int(text) if known else -1])
        concerning: Entries = entries
        return concerning


class JobFilter(_Words):
    """Everything that one job did."""

    title = "job number"
    parameter_name = "job_id"

    def queryset(self, _request: HttpRequest, entries: Entries) -> Entries:
        text = self.text()
        if not text:
            return entries
        known = text.isascii() and text.isdigit() and len(text) < 19
        return entries.filter(job_id=int(text) if known else -1)


class RequestFilter(_Words):
    """Everything that one request did."""

    title = "request"
    parameter_name = "request_id"

    def queryset(self, _request: HttpRequest, entries: Entries) -> Entries:
        return entries.filter(request_id=self.text()) if self.text() else entries


class FieldFilter(_Words):
    title = "changed field"
    parameter_name = "field"

    def queryset(self, _request: HttpRequest, entries: Any) -> Entries:
        text = self.text().lower().replace(" ", "_")
        changing: Entries = entries.changing(text) if text else entries
        return changing


class ValueFilter(_Words):
    title = "exact value, old or new"
    parameter_name = "value"

    def queryset(self, _request: HttpRequest, entries: Any) -> Entries:
        found: Entries = entries.with_value(self.text()) if self.text() else entries
        return found


class DaysFilter(RangeDateFilter):  # type: ignore[misc]
    """Whole days of the admin's time zone, both included."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.title = "day"

    def queryset(self, _request: HttpRequest, entries: Entries) -> Entries:
        if first := self._day("from"):
            entries = entries.filter(at__gte=_midnight(first))
        if last := self._day("to"):
            entries = entries.filter(at__lt=_midnight(last + timedelta(days=1)))
        return entries

    def _day(self, end: str) -> date | None:
        text = self.used_parameters.get(f"{self.parameter_name}_{end}")
        day: date | None = parse_date_str(text) if isinstance(text, str) else None
        return day if day and day.year < date.max.year else None


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time()))
