"""Performers at boxes: searched, linked, brought up to date, looked for again after a while."""

from apps.stashbox.services.linking import unlink as unlink_performer
from apps.stashbox.services.performers.filling import fill, foresee
from apps.stashbox.services.performers.finding import (
    AGAIN_AFTER,
    MOST_AT_ONCE,
    Checked,
    NotOffered,
    check_unlinked,
    confirm,
    due,
    reject,
    to_review,
)
from apps.stashbox.services.performers.likeness import Likeness, compare
from apps.stashbox.services.performers.linking import (
    Hit,
    NoSuchPerformer,
    Refreshed,
    link_performer,
    refresh,
    search,
)

__all__ = [
    "AGAIN_AFTER",
    "MOST_AT_ONCE",
    "Checked",
    "Hit",
    "Likeness",
    "NoSuchPerformer",
    "NotOffered",
    "Refreshed",
    "check_unlinked",
    "compare",
    "confirm",
    "due",
    "fill",
    "foresee",
    "link_performer",
    "refresh",
    "reject",
    "search",
    "to_review",
    "unlink_performer",
]
