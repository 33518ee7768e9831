"""Stash-boxes, what they know of videos, and the buttons that ask them."""

from apps.stashbox.admin import added
from apps.stashbox.admin.boxes import StashBoxAdmin
from apps.stashbox.admin.matches import StashMatchAdmin

__all__ = ["StashBoxAdmin", "StashMatchAdmin", "added"]
