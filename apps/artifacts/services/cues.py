"""The WebVTT that tells a player which part of a sprite sheet to show when."""

from itertools import pairwise

from apps.artifacts.models import Artifact


def sprite_cues(sprite: Artifact, *, sheet: str) -> str:
    """Cues for the tiles of a sprite that was made; ``sheet`` is the address of its picture."""
    data = sprite.data
    width, height, columns = data["tile_width"], data["tile_height"], data["columns"]
    bounds = [*data["starts_ms"], data["duration_ms"]]
    lines = ["WEBVTT"]
    for tile, (start, end) in enumerate(pairwise(bounds)):
        if end <= start:
            continue
        x, y = tile % columns * width, tile // columns * height
        lines.append(f"\n{_stamp(start)} --> {_stamp(end)}\n{sheet}#xywh={x},{y},{width},{height}")
    return "\n".join(lines) + "\n"


def _stamp(ms: int) -> str:
    seconds, ms = divmod(ms, 1_000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{seconds:02}.{ms:03}"
