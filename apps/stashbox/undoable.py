"""What follows when people undo changes that candidates made."""

from apps.core import undo
from apps.library.models import Video
from apps.stashbox.services.decided import undone


def notice_undo() -> None:
    """Called once, when all models are loaded."""
    undo.notice(Video, undone)
