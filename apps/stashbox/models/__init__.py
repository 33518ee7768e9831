"""Stash-boxes, what they know of videos here, and which rows here are which of theirs."""

from apps.stashbox.models.box import IdentifySettings, StashBox
from apps.stashbox.models.link import MOST_ID, PerformerLookup, RemoteLink
from apps.stashbox.models.match import Lookup, StashMatch
from apps.stashbox.models.submission import Submission

__all__ = [
    "MOST_ID",
    "IdentifySettings",
    "Lookup",
    "PerformerLookup",
    "RemoteLink",
    "StashBox",
    "StashMatch",
    "Submission",
]
