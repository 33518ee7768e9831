"""Changing many videos at once: seen beforehand, all or nothing, undone as a whole."""

from apps.editing.services.bulk.changes import Changes, ChangesRefused, Links, Replacement
from apps.editing.services.bulk.edit import Outcome, Sample, apply, check, preview
from apps.editing.services.bulk.selection import Selection, SelectionChanged
from apps.editing.services.bulk.titles import PatternRefused, TitleRefused
from apps.editing.services.bulk.undo import foresee_undo, undo_bulk

MOST_AT_ONCE = 500  # videos that are changed while the caller waits; more are a job

__all__ = [
    "MOST_AT_ONCE",
    "Changes",
    "ChangesRefused",
    "Links",
    "Outcome",
    "PatternRefused",
    "Replacement",
    "Sample",
    "Selection",
    "SelectionChanged",
    "TitleRefused",
    "apply",
    "check",
    "foresee_undo",
    "preview",
    "undo_bulk",
]
