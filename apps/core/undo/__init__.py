"""Taking back what the audit wrote down: what was changed since stays, or is asked about.

Apps name what people may undo by ``allow``; an undo is an edit like any other, with an entry of its
own, so that it can be undone as well.
"""

from apps.core.undo.rules import NotUndoable, Related, allow, is_offered, permission
from apps.core.undo.steps import Step, steps
from apps.core.undo.write import ChangedSince, Undone, undo

__all__ = [
    "ChangedSince",
    "NotUndoable",
    "Related",
    "Step",
    "Undone",
    "allow",
    "is_offered",
    "permission",
    "steps",
    "undo",
]
