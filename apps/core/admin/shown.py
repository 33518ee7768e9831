"""Audit entries in words, with where they lead: a number of queries that doesn't grow with them."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.urls import NoReverseMatch, reverse

from apps.core import undo
from apps.core.changes import Change, Told, changes_in, changes_of, model_of, present, tell
from apps.core.models import AuditAction, AuditEntry

User = AbstractBaseUser | AnonymousUser
_JOB = "jobs.job"  # known by name alone: the audit stands below the jobs
_MOST_FIELDS = 50
_OWN = {"id", "version", "provenance", "created_at", "updated_at"}  # which say nothing to people


@dataclass(frozen=True, slots=True)
class Shown:
    """An entry as a person may see it; an address is empty where nothing is, or nothing to do."""

    entry: AuditEntry
    told: list[Told]
    more: int
    url: str
    object_url: str
    job_url: str
    undo_url: str

    @property
    def kind(self) -> str:
        model = model_of(self.entry.object_type)
        return str(model._meta.verbose_name) if model else self.entry.object_type

    @property
    def is_deleted(self) -> bool:
        return self.entry.action == AuditAction.DELETED

    @property
    def deed(self) -> str:
        return AuditAction(self.entry.action).label


def show(
    entries: Iterable[AuditEntry], *, user: Any, most_fields: int = _MOST_FIELDS
) -> list[Shown]:
    """What a user may see of entries, at most so many fields of each."""
    rows = list(entries)
    objects = [(entry.object_type, entry.object_id) for entry in rows]
    there = present([*objects, *((_JOB, entry.job_id) for entry in rows if entry.job_id)])
    changes = {entry.pk: _worth_telling(entry) for entry in rows}
    told = iter(tell([each for entry in rows for each in changes[entry.pk][:most_fields]]))
    return [
        Shown(
            entry=entry,
            told=[next(told) for _ in changes[entry.pk][:most_fields]],
            more=max(0, len(changes[entry.pk]) - most_fields),
            url=reverse("admin:core_auditentry_change", args=[entry.pk]),
            object_url=_url(entry.object_type, entry.object_id, there, user),
            job_url=_url(_JOB, entry.job_id, there, user),
            undo_url=_undo_url(entry, there, user),
        )
        for entry in rows
    ]


@dataclass(frozen=True, slots=True)
class ShownRow:
    """One of many rows that an entry changed."""

    pk: int
    name: str
    url: str
    told: list[Told]


def show_rows(entry: AuditEntry, *, user: Any, after: int = 0, limit: int) -> list[ShownRow]:
    """Some of the rows of a change of many, in the order of their ids, after one of them."""
    rows = list(entry.rows.filter(object_id__gt=after).order_by("object_id")[:limit])
    model = model_of(entry.object_type)
    ids = [row.object_id for row in rows]
    found = model._default_manager.in_bulk(ids) if model else {}
    names = {pk: str(one) for pk, one in found.items()}
    there = {(entry.object_type, pk) for pk in names}
    changes = {
        row.pk: [c for c in changes_in(entry.object_type, row.changes) if c.field not in _OWN]
        for row in rows
    }
    told = iter(tell([each for row in rows for each in changes[row.pk]]))
    return [
        ShownRow(
            row.object_id, names.get(row.object_id, f"#{row.object_id} (deleted)"),
            _url(entry.object_type, row.object_id, there, user),
            [next(told) for _ in changes[row.pk]],
        )
        for row in rows
    ]  # fmt: skip


def recent(row: Any, *, user: Any, limit: int = 20) -> list[Shown]:
    """The newest entries about a row, for a panel beside its form; none for who may see none."""
    if not user.has_perm("core.view_auditentry"):
        return []
    return show(AuditEntry.objects.about(row).select_related("user")[:limit], user=user)


def _worth_telling(entry: AuditEntry) -> list[Change]:
    """Of what was deleted, only what it had."""
    changes = changes_of(entry)
    if entry.action != AuditAction.DELETED:
        return changes
    empty: tuple[Any, ...] = (None, "", [], {}, False)
    return [c for c in changes if c.old not in empty and c.field not in _OWN]


def _url(object_type: str, pk: int | None, there: set[tuple[str, int]], user: Any) -> str:
    if pk is None or (object_type, pk) not in there:
        return ""
    app, _, model = object_type.partition(".")
    if not user.has_perm(f"{app}.view_{model}"):
        return ""
    try:
        return reverse(f"admin:{app}_{model}_change", args=[pk])
    except NoReverseMatch:
        return ""


def _undo_url(entry: AuditEntry, there: set[tuple[str, int]], user: Any) -> str:
    is_there = bool(entry.row_count) or (entry.object_type, entry.object_id) in there
    if is_there == (entry.action == AuditAction.DELETED) or not undo.is_offered(entry):
        return ""
    if not user.has_perms(undo.permissions(entry)):
        return ""
    return reverse("admin:core_auditentry_undo", args=[entry.pk])
