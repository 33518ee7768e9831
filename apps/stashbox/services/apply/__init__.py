"""Applying candidates to videos, field by field, and foreseeing what that would change."""

from apps.stashbox.services.apply.apply import MOST_AT_ONCE, apply_matches
from apps.stashbox.services.apply.fields import FIELDS, LISTS, OUTCOMES, FieldChange
from apps.stashbox.services.apply.plan import plan

__all__ = [
    "FIELDS", "LISTS", "MOST_AT_ONCE", "OUTCOMES", "FieldChange", "apply_matches", "plan",
]  # fmt: skip
