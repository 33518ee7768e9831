"""Pictures of faces, for whoever may see them."""

from apps.faces.models import Shot, Track

TYPE = "image/webp"
FRESH_SECONDS = 300  # short: what is wiped is to be gone from browsers as well


def portrait_of(track: Track) -> tuple[bytes, str] | None:
    """Its best shot with its surroundings, and the type of that; None if it has none."""
    return _told(bytes(track.portrait))


def crop_of(shot: Shot) -> tuple[bytes, str] | None:
    """The aligned face, 160 pixels wide, and the type of that."""
    return _told(bytes(shot.crop))


def _told(data: bytes) -> tuple[bytes, str] | None:
    return (data, TYPE) if data else None
