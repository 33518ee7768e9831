"""What can be undone at all."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.db import models

from apps.core.changes import column_of, model_of
from apps.core.errors import Conflict
from apps.core.models import AuditAction, AuditEntry

Related = Mapping[str, Iterable[models.Model]]
Check = Callable[[Any, Mapping[str, Any], Related], None]


class NotUndoable(Conflict):
    """The change can't be taken back, by force or otherwise; nothing was written."""

    code = "not_undoable"


class AsBefore(NotUndoable):
    """All is as it was before the change; somebody undid it already."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What ``allow`` was given."""

    model: type[models.Model]
    fields: frozenset[str]
    restores: bool
    lost: tuple[str, ...]
    check: Check
    lock: Callable[[], None]
    takes: tuple[str, ...]


_allowed: dict[str, Rules] = {}
_of_many: set[str] = set()
_noticed: dict[str, list[Callable[[AuditEntry], None]]] = {}


def _unchecked(_row: Any, _values: Mapping[str, Any], _related: Related) -> None:
    """Nothing but the database's own rules."""


def _unlocked() -> None:
    """The row alone is locked."""


def allow(
    model: type[models.Model],
    *,
    fields: Iterable[str],
    restores: bool = False,
    lost: tuple[str, ...] = (),
    check: Check = _unchecked,
    lock: Callable[[], None] = _unlocked,
    takes: tuple[str, ...] = (),
) -> None:
    """Let people undo changes of these fields and, with ``restores``, deletions of rows.

    ``lost`` names what a deletion took along for good. ``check`` gets the row with its new values,
    the columns and the sets that are about to be written, and raises what the app's own service
    would; ``lock`` is called before the row is locked; ``takes`` are further permissions, to change
    what else an undo changes.
    """
    rules = Rules(model, frozenset(fields), restores, lost, check, lock, takes)
    _allowed[model._meta.label_lower] = rules


def also_lost(model: type[models.Model], what: str) -> None:
    """What an app above keeps of rows that ``allow`` lets be restored goes for good as well."""
    rules = _allowed[model._meta.label_lower]
    _allowed[model._meta.label_lower] = replace(rules, lost=(*rules.lost, what))


def offer_many(model: type[models.Model]) -> None:
    """Changes of many rows of the model can be undone, too (see ``many``)."""
    _of_many.add(model._meta.label_lower)


def notice(model: type[models.Model], callback: Callable[[AuditEntry], None]) -> None:
    """Call back with an entry of the model, in the transaction in which it is undone: for what
    apps keep of it beside the row."""
    callbacks = _noticed.setdefault(model._meta.label_lower, [])
    if callback not in callbacks:
        callbacks.append(callback)


def tell_of(entry: AuditEntry) -> None:
    """Call back whoever asked for it."""
    for callback in _noticed.get(entry.object_type, ()):
        callback(entry)


def is_offered(entry: AuditEntry) -> bool:
    """Whether it looks undoable, asked without a query: what happened since may still forbid it."""
    try:
        rules_of(entry)
    except NotUndoable:
        return False
    return True


def permissions(entry: AuditEntry) -> tuple[str, ...]:
    """What an undo of the entry takes, beside the right to see the audit."""
    app, _, model = entry.object_type.partition(".")
    verb = "add" if entry.action == AuditAction.DELETED else "change"
    rules = _allowed.get(entry.object_type)
    return f"{app}.{verb}_{model}", *(rules.takes if rules else ())


def rules_of(entry: AuditEntry) -> Rules:
    """Raises NotUndoable, saying why."""
    if model_of(entry.object_type) is None:
        raise NotUndoable(f"Nothing knows {entry.object_type}: is its plug-in still installed?")
    rules = _allowed.get(entry.object_type)
    if rules is None:
        raise NotUndoable(f"Changes of {entry.object_type} can't be undone.")
    if entry.action == AuditAction.CREATED:
        raise NotUndoable("What was created isn't undone, but deleted.")
    if entry.action == AuditAction.DELETED:
        if not rules.restores:
            raise NotUndoable(f"A deleted {rules.model._meta.verbose_name} can't be brought back.")
        return rules
    _check_changed(entry, rules)
    return rules


def _check_changed(entry: AuditEntry, rules: Rules) -> None:
    if entry.row_count and entry.object_type not in _of_many:
        raise NotUndoable(f"A change of many rows of {entry.object_type} can't be undone.")
    for name in entry.changes.keys() - {"provenance"}:  # which an undo gives back, too
        if name not in rules.fields or column_of(entry.object_type, name) is None:
            raise NotUndoable(f"A change of {name} can't be undone.")
