from apps.transcodes.pages.asking import AskPage, TryProfilePage, TryRulePage
from apps.transcodes.pages.live import TranscodesLive
from apps.transcodes.pages.transcode import TranscodePage
from apps.transcodes.pages.versions import VersionsPage

__all__ = [
    "AskPage",
    "TranscodePage",
    "TranscodesLive",
    "TryProfilePage",
    "TryRulePage",
    "VersionsPage",
]
