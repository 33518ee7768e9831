"""What follows when people undo changes that candidates made, and when they merge labels."""

from apps.core import undo
from apps.library.models import Performer, Studio, Tag, Video
from apps.library.services.merge import carry_along
from apps.stashbox.services.carrying import carry_links
from apps.stashbox.services.decided import undone


def notice_undo() -> None:
    """Called once, when all models are loaded."""
    undo.notice(Video, undone)


def notice_merges() -> None:
    """Called once, when all models are loaded: whoever was merged stays so for boxes, even if
    their row is brought back."""
    carry_along(carry_links)
    for model in (Performer, Studio, Tag):
        undo.also_lost(model, "its links to stash-boxes")
