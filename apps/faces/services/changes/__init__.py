"""Every change of who is who: one transaction, one entry of the audit, undone as a whole."""

from apps.faces.services.changes.apply import apply
from apps.faces.services.changes.clashes import Clash, SameMoment, clashes, refuse_clashes
from apps.faces.services.changes.undo import MOST_AT_ONCE, foresee, undo, undo_entry
from apps.faces.services.changes.wanted import (
    ANYWHERE,
    MoveWanted,
    NothingToChange,
    NotToBeFound,
    RejectedBefore,
    Stale,
    StaleFaces,
)

__all__ = [
    "ANYWHERE",
    "MOST_AT_ONCE",
    "Clash",
    "MoveWanted",
    "NotToBeFound",
    "NothingToChange",
    "RejectedBefore",
    "SameMoment",
    "Stale",
    "StaleFaces",
    "apply",
    "clashes",
    "foresee",
    "refuse_clashes",
    "undo",
    "undo_entry",
]
