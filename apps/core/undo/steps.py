"""What an undo would do to a row: the value before, the value after and the value now, compared."""

from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models

from apps.core import audit
from apps.core.changes import Change, changes_of, column_of
from apps.core.models import AuditAction, AuditEntry
from apps.core.undo.rules import AsBefore, NotUndoable, Rules, rules_of


@dataclass(frozen=True, slots=True)
class Step:
    """A field that gets another value; ``contested`` if it was changed again since the entry.

    ``gone`` are the ids that a set can't get back.
    """

    field: str
    now: Any
    back: Any
    contested: bool = False
    gone: tuple[int, ...] = ()


def steps(entry: AuditEntry) -> list[Step]:
    """What an undo would do to the fields of the row as it is now. Raises NotUndoable."""
    rules = rules_of(entry)
    if entry.action == AuditAction.DELETED:
        refuse_if_there(entry, rules)
        return [
            Step(change.field, None, change.old)
            for change in changes_of(entry)
            if change.field in rules.fields and change.old not in (None, "", [], {}, False)
        ]
    return steps_of(row_of(entry, rules, lock=False), entry)


def row_of(entry: AuditEntry, rules: Rules, *, lock: bool) -> models.Model:
    """The row as it is now. Raises NotUndoable."""
    rows = rules.model._default_manager.all()
    row = (rows.select_for_update() if lock else rows).filter(pk=entry.object_id).first()
    if row is None:
        raise NotUndoable(f"{entry.object_name} was deleted since: bring it back first.")
    return row


def refuse_if_there(entry: AuditEntry, rules: Rules) -> None:
    """Raises NotUndoable if what was deleted exists."""
    if rules.model._default_manager.filter(pk=entry.object_id).exists():
        raise NotUndoable(f"{entry.object_name} is there again.")


def steps_of(row: models.Model, entry: AuditEntry) -> list[Step]:
    """Raises NotUndoable if there is nothing to do."""
    wanted = [step for step in (_step(row, change) for change in changes_of(entry)) if step]
    if not wanted:
        raise AsBefore(f"There is nothing to undo: {entry.object_name} is as it was before.")
    return wanted


def _step(row: models.Model, change: Change) -> Step | None:
    column = column_of(change.object_type, change.field)
    if column.many_to_many:
        step = _set_step(row, column, change)
    else:
        now = audit.plain(getattr(row, column.attname))
        back, contested = _merged(now, change, column)
        step = Step(change.field, now, back, contested)
    return None if _same(column, step.now, step.back) and not step.gone else step


def _set_step(row: models.Model, column: Any, change: Change) -> Step:
    now = {linked.pk for linked in getattr(row, column.name).all()}
    old, new = set(change.old or []), set(change.new or [])
    missing = old - new - now
    there = set(
        column.related_model._default_manager.filter(pk__in=missing).values_list("pk", flat=True)
    )
    back = (now - (new - old)) | there
    return Step(change.field, sorted(now), sorted(back), gone=tuple(sorted(missing - there)))


def _merged(now: Any, change: Change, column: Any) -> tuple[Any, bool]:
    """The value that a column would get, and whether somebody has changed it since.

    Objects (JSON) key by key.
    """
    if not all(isinstance(value, dict) for value in (now, change.old, change.new)):
        as_before = _same(column, now, change.old)
        return change.old, not as_before and not _same(column, now, change.new)
    back, contested = dict(now), False
    for key in {*change.old, *change.new}:
        old, new = change.old.get(key), change.new.get(key)
        if old != new:
            contested |= now.get(key) not in (old, new)
            back[key] = old
    return {key: value for key, value in back.items() if value is not None}, contested


def _same(column: Any, one: Any, other: Any) -> bool:
    """Whether two plain values mean the same: times in any zone, say."""
    if one == other or column.is_relation:
        return bool(one == other)
    try:
        return bool(column.to_python(one) == column.to_python(other))
    except (ValidationError, TypeError):
        return False
