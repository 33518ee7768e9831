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
    face_cover,
    make_avatar,
)

__all__ = [
    "AppearanceLocked",
    "Named",
    "NoShot",
    "NobodyNamed",
    "apply_names",
    "confirm_appearance",
    "face_cover",
    "make_avatar",
    "name_videos",
    "refuse_appearance",
]
