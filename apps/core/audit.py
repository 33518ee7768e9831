"""Writing down changes, and making them: the one way in which an edit by a person is saved."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, time
from typing import Any, TypeVar

from django.db import models, transaction
from django.utils import timezone

from apps.core import context
from apps.core.errors import MediaHubError
from apps.core.models import AuditAction, AuditEntry, Timestamped, Versioned

Row = TypeVar("Row", bound=models.Model)
Changes = Mapping[str, tuple[Any, Any]]


class StaleEdit(MediaHubError):
    """Somebody else changed the row since it was read; nothing was written."""

    code = "stale_edit"
    status = 412


class RowGone(MediaHubError):
    """Somebody else deleted the row since it was read; nothing was written."""

    code = "row_gone"
    status = 404


def entry(instance: models.Model, action: AuditAction, changes: Changes) -> AuditEntry:
    """An unsaved audit row about ``instance``, in the name of whoever acts now."""
    actor = context.current()
    return AuditEntry(
        action=action,
        object_type=instance._meta.label_lower,
        object_id=instance.pk,
        object_name=str(instance)[:300],
        changes={field: [plain(old), plain(new)] for field, (old, new) in changes.items()},
        user_id=actor.user_id,
        job_id=actor.job_id,
        request_id=actor.request_id,
    )


def record(entries: Iterable[AuditEntry]) -> None:
    """Write audit rows in batches."""
    AuditEntry.objects.bulk_create(entries, batch_size=1_000)


@transaction.atomic
def create(instance: Row, *, related: Mapping[str, Iterable[models.Model]] | None = None) -> Row:
    """Save a new row that a person made, with its many-to-many sets and its audit entry."""
    if isinstance(instance, Versioned):
        own = [f for f in instance._meta.concrete_fields if not f.generated]
        _mark_provenance(instance, [f.name for f in own if getattr(instance, f.attname)])
    instance.save(force_insert=True)
    changes = _set_related(instance, related or {})
    record([entry(instance, AuditAction.CREATED, changes)])
    return instance


@transaction.atomic
def update(
    instance: Row,
    values: Mapping[str, Any],
    *,
    related: Mapping[str, Iterable[models.Model]] | None = None,
    expected_version: int | None = None,
    marks: Mapping[str, Any] | None = None,
) -> Row:
    """Change fields (and, by ``related``, many-to-many sets) of a row and write down what changed.

    Locks the row, refuses when its version isn't ``expected_version``, raises the version once.
    Values equal to those there already change nothing; columns not named are not written, for
    triggers keep some of them. ``marks`` says who gave values, if not who acts now (None: nobody);
    then the entry keeps that, too. Raises StaleEdit, RowGone.
    """
    stored = _lock(instance, expected_version)
    changes = {
        name: (getattr(stored, name), value)
        for name, value in values.items()
        if getattr(stored, name) != value
    }
    for name, (_old, new) in changes.items():
        setattr(stored, name, new)
    columns = set(changes)
    changes |= _set_related(stored, related or {})
    if not changes:
        return stored
    if isinstance(stored, Versioned):
        stored.version += 1
        before = stored.provenance
        _mark_provenance(stored, list(changes), marks=marks)
        columns |= {"version", "provenance"}
        if marks is not None:
            changes["provenance"] = marks_of(before, stored.provenance, list(changes))
    if isinstance(stored, Timestamped):
        columns.add("updated_at")
    stored.save(update_fields=columns)
    record([entry(stored, AuditAction.CHANGED, changes)])
    return stored


@transaction.atomic
def delete(instance: models.Model, *, expected_version: int | None = None) -> None:
    """Delete a row; its audit entry keeps the values and many-to-many sets that it had.

    Raises StaleEdit, RowGone.
    """
    stored = _lock(instance, expected_version)
    fields = [field for field in stored._meta.concrete_fields if not field.generated]
    had: dict[str, Any] = {f.name: (getattr(stored, f.attname), None) for f in fields}
    for relation in stored._meta.many_to_many:
        if linked := [row.pk for row in getattr(stored, relation.name).all()]:
            had[relation.name] = (sorted(linked), [])
    last = entry(stored, AuditAction.DELETED, had)
    stored.delete()
    record([last])


def check_version(row: models.Model, expected_version: int | None) -> None:
    """Raises StaleEdit if a version is expected and the row has another."""
    version = getattr(row, "version", None)
    if expected_version is not None and version not in (None, expected_version):
        raise StaleEdit(
            f"{row} was changed meanwhile (version {version}, yours {expected_version}). "
            "Read it again and repeat your change."
        )


def _lock(instance: Row, expected_version: int | None) -> Row:
    """The row as it is now, held until the transaction ends."""
    model = type(instance)
    stored = model._default_manager.select_for_update().filter(pk=instance.pk).first()
    if stored is None:
        raise RowGone(f"{instance} was deleted meanwhile.")
    check_version(stored, expected_version)
    return stored


def _set_related(
    stored: models.Model, related: Mapping[str, Iterable[models.Model]]
) -> dict[str, tuple[Any, Any]]:
    changes: dict[str, tuple[Any, Any]] = {}
    for name, wanted in related.items():
        manager = getattr(stored, name)
        before, after = {row.pk for row in manager.all()}, {row.pk for row in wanted}
        if before != after:
            manager.set(after)
            changes[name] = (sorted(before), sorted(after))
    return changes


def mark(*, now: datetime | None = None) -> dict[str, Any]:
    """What a row's provenance says of a value that whoever acts now gives it."""
    actor = context.current()
    source = "job" if actor.job_id else "person"
    return {"source": source, "by": actor.user_id, "at": (now or timezone.now()).isoformat()}


def marks_of(
    before: Mapping[str, Any], after: Mapping[str, Any], fields: Iterable[str]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Of two provenances what an entry keeps as its change of ``provenance``, so that an undo gives
    it back."""
    wanted = list(fields)
    one, other = ({f: each[f] for f in wanted if f in each} for each in (before, after))
    return one, other


def _mark_provenance(
    row: Versioned, fields: list[str], *, marks: Mapping[str, Any] | None = None
) -> None:
    given, chosen = mark(), marks or {}
    skipped = {"id", "version", "provenance", "created_at", "updated_at"}
    new = {field: chosen.get(field, given) for field in fields if field not in skipped}
    marked = {**row.provenance, **new}
    row.provenance = {field: each for field, each in marked.items() if each is not None}


def plain(value: Any) -> Any:
    """What JSON can hold, for any value that a field can have."""
    if isinstance(value, models.Model):
        return value.pk
    if isinstance(value, bytes | memoryview):
        return bytes(value).hex()
    if isinstance(value, date | time):  # a datetime is a date
        return value.isoformat()
    if value is None or isinstance(value, bool | int | float | str | list | dict):
        return value
    return str(value)
