"""Short videos with known faces in them, made once from the stills and kept in build/test-media."""

import hashlib
import subprocess
from functools import cache
from pathlib import Path

from apps.ffmpeg.display_matrix import turn_mp4
from tests.media import ffmpeg

IMAGES = Path(__file__).parent / "images"
DEV_CLIP = IMAGES / "_video" / "dev_clip.mp4"
_CACHE = Path(__file__).parents[2] / "build" / "test-media"


@cache
def still_clip(
    person: str, picture: str, *, filters: str = "", seconds: float = 1, turn: int = 0,
    encode: tuple[str, ...] = ("-c:v", "libx264", "-preset", "ultrafast", "-crf", "20"),
) -> Path:  # fmt: skip
    """One picture, for as long as that, at 5 frames a second; turned by the display matrix."""
    chain = ",".join(filter(None, ["scale=-2:360", filters, "format=yuv420p"]))
    recipe = repr((person, picture, chain, seconds, turn, encode))
    path = _CACHE / hashlib.sha256(recipe.encode()).hexdigest()[:12] / "still.mp4"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_name("unfinished.mp4")
        command = [
            ffmpeg(), "-v", "error", "-y", "-loop", "1", "-framerate", "5",
            "-i", str(IMAGES / person / picture), "-t", str(seconds), "-vf", chain, "-g", "5",
            *encode, str(unfinished),
        ]  # fmt: skip
        subprocess.run(command, check=True, capture_output=True)
        if turn:
            turn_mp4(unfinished, turn)
        unfinished.rename(path)
    return path
