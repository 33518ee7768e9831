"""What the audit calls to take bulk edits back."""

from apps.core import undo
from apps.editing.services.bulk import MOST_AT_ONCE, foresee_undo, undo_bulk
from apps.editing.tasks import request_undo
from apps.library.models import Video


def allow_undo() -> None:
    """Called once, when all models are loaded."""
    many = undo.Many(foresee_undo, undo_bulk, request_undo, MOST_AT_ONCE)
    undo.allow_many(Video, many)
