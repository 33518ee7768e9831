"""Taking back what the audit wrote down: what was changed since stays, or is asked about.

Apps name what people may undo by ``allow``; an undo is an edit like any other, with an entry of its
own, so that it can be undone as well.
"""

from apps.core.undo.many import (
    Asked,
    Contested,
    Foreseen,
    Many,
    Sample,
    allow_many,
    as_json,
    foresee,
    many_changed_since,
    nothing_to_undo,
    undo_many,
)
from apps.core.undo.rules import (
    AsBefore,
    NotUndoable,
    Related,
    allow,
    also_lost,
    is_offered,
    notice,
    permissions,
)
from apps.core.undo.steps import Step, steps
from apps.core.undo.write import ChangedSince, Undone, undo

__all__ = [
    "AsBefore",
    "Asked",
    "ChangedSince",
    "Contested",
    "Foreseen",
    "Many",
    "NotUndoable",
    "Related",
    "Sample",
    "Step",
    "Undone",
    "allow",
    "allow_many",
    "also_lost",
    "as_json",
    "foresee",
    "is_offered",
    "many_changed_since",
    "nothing_to_undo",
    "notice",
    "permissions",
    "steps",
    "undo",
    "undo_many",
]
