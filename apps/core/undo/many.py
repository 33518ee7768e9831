"""Changes of many rows at once, which the app that made them takes back as a whole."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from django.db import models

from apps.core.models import AuditEntry
from apps.core.undo.rules import NotUndoable, offer_many, rules_of
from apps.core.undo.write import ChangedSince, Undone


class Contested(StrEnum):
    """What happens to values that were changed again since."""

    REFUSE = "refuse"  # then nothing is undone
    OVERWRITE = "overwrite"
    KEEP = "keep"  # the others are undone


@dataclass(frozen=True, slots=True)
class Sample:
    """A row: for each field what it has now and would get back; which were changed since."""

    object_id: int
    object_name: str
    changes: Mapping[str, list[Any]]
    contested: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What an undo would do if it overwrote what was changed since; ``contested`` rows were."""

    changed: int
    contested: int
    samples: list[Sample] = field(default_factory=list)
    conflicts: list[Sample] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Asked:
    """A job that undoes a change of very many rows."""

    job_id: int


@dataclass(frozen=True, slots=True)
class Many:
    """How an app undoes its changes of many rows: ``ask`` enqueues a job and gives its id, and is
    called for those of more than ``at_once`` rows."""

    foresee: Callable[[AuditEntry], Foreseen]
    undo: Callable[[AuditEntry, Contested], Undone]
    ask: Callable[[AuditEntry, Contested], int]
    at_once: int


_allowed: dict[str, Many] = {}


def allow_many(model: type[models.Model], many: Many) -> None:
    """Let people undo changes of many rows of a model, of the fields that ``allow`` names."""
    offer_many(model)
    _allowed[model._meta.label_lower] = many


def foresee(entry: AuditEntry) -> Foreseen:
    """What an undo of a change of many rows would do. Raises NotUndoable."""
    return _many(entry).foresee(entry)


def undo_many(entry: AuditEntry, contested: Contested) -> Undone | Asked:
    """Undo at once or, where they are many, see that nothing stands against it and ask for a job.

    Raises NotUndoable, ChangedSince.
    """
    many = _many(entry)
    if entry.row_count <= many.at_once:
        return many.undo(entry, contested)
    foreseen = many.foresee(entry)
    if foreseen.contested and contested is Contested.REFUSE:
        raise many_changed_since(foreseen.contested, foreseen.conflicts)
    if not foreseen.changed:
        raise nothing_to_undo(foreseen.lost)
    return Asked(many.ask(entry, contested))


def _many(entry: AuditEntry) -> Many:
    """Raises NotUndoable."""
    rules_of(entry)
    return _allowed[entry.object_type]


def many_changed_since(count: int, conflicts: list[Sample]) -> ChangedSince:
    """The error of values that were changed again since, in so many rows."""
    first = conflicts[0]
    rows = "one row" if count == 1 else f"{count:,} rows"
    return ChangedSince(
        f"Changed again since in {rows}, such as “{first.object_name}”: keep that, or force it.",
        field=first.contested[0],
        details={"conflicts": count, "samples": [as_json(sample) for sample in conflicts]},
    )


def nothing_to_undo(lost: list[str]) -> NotUndoable:
    """The error of an undo that would change nothing."""
    if lost:
        return NotUndoable(f"What it would get is gone: {', '.join(lost)}.")
    return NotUndoable("There is nothing to undo: all is as it was before.")


def as_json(sample: Sample) -> dict[str, Any]:
    """As programs are told of a row."""
    return {
        "id": sample.object_id, "name": sample.object_name, "changes": dict(sample.changes),
        "contested": list(sample.contested),
    }  # fmt: skip
