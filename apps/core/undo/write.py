"""Writing an undo, by the audit."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, transaction

from apps.core import audit
from apps.core.changes import Change, changes_of, column_of, name_rows, tell
from apps.core.errors import Conflict
from apps.core.models import AuditAction, AuditEntry, Versioned
from apps.core.undo.rules import NotUndoable, Rules, rules_of, tell_of
from apps.core.undo.steps import Step, refuse_if_there, row_of, steps_of

_COMES_BACK = {"created_at", "locked_fields", "provenance"}
_MOST_TOLD = 5


class ChangedSince(Conflict):
    """Fields were changed again since; nothing was written. ``field`` is the first of them."""

    code = "changed_since"

    def __init__(self, text: str, *, field: str, details: Mapping[str, Any] | None = None) -> None:
        super().__init__(text)
        self.field = field
        self.details = details or {}


@dataclass(frozen=True, slots=True)
class Undone:
    """``entry`` is that of the undo; ``lost`` names what doesn't come back."""

    entry: AuditEntry
    lost: list[str]


@dataclass(slots=True)
class _Values:
    """Plain values as the row takes them, and the names of rows that are gone."""

    columns: dict[str, Any] = field(default_factory=dict)
    related: dict[str, list[models.Model]] = field(default_factory=dict)
    lost: list[str] = field(default_factory=list)


def undo(entry: AuditEntry, *, force: bool = False) -> Undone:
    """Give fields that still have the entry's new value its old one, or a deleted row back.

    Of sets just what was added is taken and what was removed is added again. With ``force``
    what was changed since is overwritten, too. Raises NotUndoable, ChangedSince, and what the
    model's check raises.
    """
    rules = rules_of(entry)
    try:
        with transaction.atomic():
            rules.lock()
            if entry.action == AuditAction.DELETED:
                return _restore(entry, rules)
            return _take_back(entry, rules, force=force)
    except IntegrityError as error:
        raise NotUndoable("The old values contradict what is there now.") from error


def _take_back(entry: AuditEntry, rules: Rules, *, force: bool) -> Undone:
    row = row_of(entry, rules, lock=True)
    wanted = steps_of(row, entry)
    contested = [step for step in wanted if step.contested]
    if contested and not force:
        raise ChangedSince(_say(entry, contested), field=contested[0].field)
    values = _read(entry, {step.field: step.back for step in wanted})
    if values.lost:
        raise NotUndoable(f"What it would get is gone: {', '.join(values.lost)}.")
    lost = [_name(column_of(entry.object_type, s.field), s.gone) for s in wanted if s.gone]
    if all(step.now == step.back for step in wanted):
        raise NotUndoable(f"What it would get is gone: {', '.join(lost)}.")
    _fill(row, values.columns)
    rules.check(row, values.columns, values.related)
    marks = _marks(row, entry, wanted)
    audit.update(row, values.columns, related=values.related, marks=marks)
    tell_of(entry)
    return Undone(_newest(row), lost)


def _marks(row: models.Model, entry: AuditEntry, wanted: list[Step]) -> dict[str, Any] | None:
    """Who had given the values before, if the entry knows.

    Of a set or an object that somebody else changed since, in part, that one's mark stays.
    """
    kept = entry.changes.get("provenance")
    if not kept or not isinstance(row, Versioned):
        return None
    old, new = kept
    marks = {}
    for step in wanted:
        now = row.provenance.get(step.field)
        column = column_of(entry.object_type, step.field)
        whole = not (column.many_to_many or isinstance(step.now, dict))
        marks[step.field] = old.get(step.field) if whole or now == new.get(step.field) else now
    return marks


def _restore(entry: AuditEntry, rules: Rules) -> Undone:
    """The row as it was, under its old id, with what is still there of its own links."""
    refuse_if_there(entry, rules)
    kept = {
        change.field: change.old
        for change in changes_of(entry)
        if change.field in rules.fields | _COMES_BACK
        and column_of(entry.object_type, change.field) is not None
    }
    values = _read(entry, kept)
    row = rules.model(pk=entry.object_id)
    if isinstance(row, Versioned):
        row.version = int(entry.changes.get("version", [0])[0] or 0) + 1
    _fill(row, values.columns)
    rules.check(row, values.columns, values.related)
    audit.create(row, related=values.related)
    own = {name: values.columns[name] for name in _COMES_BACK & values.columns.keys()}
    if own:  # ``create`` has written its own
        rules.model._default_manager.filter(pk=row.pk).update(**own)
    return Undone(_newest(row), [*values.lost, *rules.lost])


def _read(entry: AuditEntry, plain: Mapping[str, Any]) -> _Values:
    """Raises NotUndoable for what the fields of today can't hold."""
    values = _Values()
    for name, value in plain.items():
        column = column_of(entry.object_type, name)
        if not column.is_relation:
            values.columns[name] = _python(column, value)
            continue
        ids = value or [] if column.many_to_many else [] if value is None else [value]
        found = list(column.related_model._default_manager.filter(pk__in=ids))
        if column.many_to_many:
            values.related[name] = found
        else:
            values.columns[name] = found[0] if found else None
        if len(found) < len(ids):
            gone = _name(column, set(ids) - {row.pk for row in found})
            if not column.null and not column.many_to_many:
                raise NotUndoable(f"What it belongs to is gone: {gone}.")
            values.lost.append(gone)
    return values


def _python(column: Any, value: Any) -> Any:
    try:
        if isinstance(column, models.BinaryField) and value is not None:
            return bytes.fromhex(value)
        return column.to_python(value)
    except (ValidationError, TypeError, ValueError) as error:
        raise NotUndoable(f"{column.verbose_name} can't hold its old value any more.") from error


def _fill(row: models.Model, columns: Mapping[str, Any]) -> None:
    """Put values into the row and ask its constraints: they say in words what stands against it."""
    for name, value in columns.items():
        setattr(row, name, value)
    try:
        row.validate_unique()
        row.validate_constraints()
    except ValidationError as error:
        raise NotUndoable(" ".join(error.messages)) from error


def _newest(row: models.Model) -> AuditEntry:
    entry: AuditEntry = AuditEntry.objects.about(row)[0]
    return entry


def _name(column: Any, ids: Iterable[int]) -> str:
    return f"{column.verbose_name} {', '.join(name_rows(column.related_model, ids))}"


def _say(entry: AuditEntry, contested: list[Step]) -> str:
    told = tell([Change(entry.object_type, s.field, s.now, s.back) for s in contested[:_MOST_TOLD]])
    each = ", ".join(f"{t.label} (“{t.old}” now, would become “{t.new}”)" for t in told)
    return f"Changed again since: {each}. Undo that first, or force it."
