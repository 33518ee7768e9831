"""What the audit calls to take changes of faces back."""

from apps.core import undo
from apps.faces.models import Identity


def allow_undo() -> None:
    """Called once, when all models are loaded."""
    from apps.faces.services.changes import MOST_AT_ONCE, foresee, undo_entry
    from apps.faces.tasks.naming import request_undo

    fields = ("performer", "ignored", "settled", "merged_into", "track_count")
    undo.allow(Identity, fields=fields)
    undo.allow_many(Identity, undo.Many(foresee, undo_entry, request_undo, MOST_AT_ONCE))
