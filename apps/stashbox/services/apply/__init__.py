"""Applying candidates to videos, field by field, and foreseeing what that would change."""

from apps.stashbox.services.apply.apply import MOST_AT_ONCE, apply_matches
from apps.stashbox.services.apply.fields import FIELDS, FieldChange
from apps.stashbox.services.apply.plan import plan

__all__ = ["FIELDS", "MOST_AT_ONCE", "FieldChange", "apply_matches", "plan"]
