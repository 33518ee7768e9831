"""What the list of jobs is narrowed by."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.contrib.auth.models import User
from django.http import HttpRequest
from django.utils import timezone
from unfold.contrib.filters.admin import DropdownFilter

from apps.jobs.choices import AT_WORK, JobState
from apps.jobs.pages.views import STATE_WORDS
from apps.jobs.registry import all_tasks

PARENT = "parent__id__exact"
_QUARANTINED = "quarantined"
_SYSTEM = "system"
_MOST_PEOPLE = 200

STATES = (
    *((str(state), word.capitalize()) for state, word in STATE_WORDS.items()),
    (_QUARANTINED, "Quarantined"),
)

Lookups = Iterator[tuple[str, str]]


class StateFilter(DropdownFilter):  # type: ignore[misc]
    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> Lookups:
        yield from STATES

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        value = self.value()
        if value == _QUARANTINED:
            return queryset.filter(state=JobState.FAILED, quarantined=True)
        if value == JobState.RUNNING:
            return queryset.filter(state__in=AT_WORK)
        return queryset.filter(state=value) if value in set(JobState) else queryset


class KindFilter(DropdownFilter):  # type: ignore[misc]
    title = "kind"
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> Lookups:
        return ((task.name, task.title) for task in all_tasks())

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(kind=self.value()) if self.value() else queryset


class PersonFilter(DropdownFilter):  # type: ignore[misc]
    """Who asked for it: oneself, the system, anybody who may log in."""

    title = "who asked"
    parameter_name = "by"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> Lookups:
        yield str(request.user.pk), "You"
        yield _SYSTEM, "The system"
        people = User.objects.exclude(pk=request.user.pk or 0).order_by("username", "pk")
        yield from (
            (str(pk), name) for pk, name in people.values_list("pk", "username")[:_MOST_PEOPLE]
        )

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        value = self.value() or ""
        if value == _SYSTEM:
            return queryset.filter(requested_by__isnull=True)
        return queryset.filter(requested_by=int(value)) if value.isdecimal() else queryset


class PartsFilter(DropdownFilter):  # type: ignore[misc]
    """Parts of batches are left out, unless they or one batch's are asked for."""

    title = "parts of batches"
    parameter_name = "parts"
    all_option = ("", "Left out")

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> Lookups:
        yield "all", "Among the others"
        yield "only", "Only parts"
        yield "batches", "Only batches"

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if PARENT in request.GET or self.value() == "all":
            return queryset
        if self.value() == "only":
            return queryset.filter(parent__isnull=False)
        roots = queryset.filter(parent__isnull=True)
        return roots.filter(is_batch=True) if self.value() == "batches" else roots


class EndedFilter(DropdownFilter):  # type: ignore[misc]
    title = "end"
    parameter_name = "ended"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> Lookups:
        yield "1", "In the last 24 hours"
        yield "7", "In the last 7 days"

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if self.value() not in ("1", "7"):
            return queryset
        since = timezone.now() - timedelta(days=int(self.value() or 1))
        return queryset.filter(finished_at__gte=since)
