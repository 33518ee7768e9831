"""What the audit calls to take changes of faces back; what follows when performers are merged."""

from apps.core import undo
from apps.faces.models import Identity
from apps.library.services.merge import carry_along


def allow_undo() -> None:
    """Called once, when all models are loaded."""
    from apps.faces.services.changes import MOST_AT_ONCE, foresee, undo_entry
    from apps.faces.tasks.naming import request_undo

    fields = ("performer", "ignored", "settled", "merged_into", "track_count")
    undo.allow(Identity, fields=fields, takes=("library.change_video",))  # who is on which
    undo.allow_many(Identity, undo.Many(foresee, undo_entry, request_undo, MOST_AT_ONCE))


def notice_merges() -> None:
    """Called once, when all models are loaded."""
    from apps.faces.services.carrying import carry_faces, come_first

    carry_along(carry_faces, before=come_first)
