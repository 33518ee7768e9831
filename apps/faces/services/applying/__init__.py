"""Performers on videos for their faces, and pictures made of faces."""

from apps.faces.services.applying.deciding import (
    AppearanceLocked,
    confirm_appearance,
    refuse_appearance,
)
from apps.faces.services.applying.names import Named, apply_names, name_videos
from apps.faces.services.applying.portraits import (
    NobodyNamed,
    NoShot,
    best_moment_ms,
    make_avatar,
)

__all__ = [
    "AppearanceLocked",
    "Named",
    "NoShot",
    "NobodyNamed",
    "apply_names",
    "best_moment_ms",
    "confirm_appearance",
    "make_avatar",
    "name_videos",
    "refuse_appearance",
]
