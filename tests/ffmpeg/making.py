"""Makes artifacts in this process; the pool has tests of its own."""

from pathlib import Path
from typing import Any

from apps.ffmpeg.binaries import find_binaries
from apps.ffmpeg.frames.run import make_pictures
from apps.ffmpeg.messages import Made
from apps.ffmpeg.reader import Programs
from apps.ffmpeg.work import Work
from tests.media import ffmpeg

PROGRAMS = Programs(
    ffmpeg(), found.path if (found := find_binaries().ffprobe) else None, timeout_s=30
)


def make(
    path: Path, folder: Path, *, programs: Programs = PROGRAMS, **wishes: dict[str, Any]
) -> list[Made]:
    """What is made of the video for the wishes, written into ``folder``."""
    with path.open("rb") as file:
        head = file.read(4096)
    work = Work(bytes(path), head, bytes(folder), wishes, programs, lambda: None)
    return list(make_pictures(work))
