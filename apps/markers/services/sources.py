"""The file of a video that is cut or copied, and the files that come beside it."""

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from apps.core.errors import Conflict, MediaHubError
from apps.core.progress import Progress, silent
from apps.ffmpeg.cutting.orders import CutFailed
from apps.ffmpeg.cutting.runner import ask
from apps.library.models import File, Video
from apps.library.services.libraries import find_library
from apps.library.services.paths import shown

_MEMORY_BYTES = 4 * 1024**3
_LONGEST_NAME = 255
_RESERVE_BYTES = 64 * 1024**2


class NoFile(Conflict):
    """The video's file is missing, or isn't what the catalogue knows; nothing was written."""

    code = "no_file"


class NoVideo(MediaHubError):
    """No video has this id or path."""

    code = "no_video"
    status = 404


class NoSpace(Conflict):
    """There is too little space on the disk; nothing was written."""

    code = "no_space"


class NameTaken(Conflict):
    """There is a file of that name already; it was left as it is."""

    code = "name_taken"


@dataclass(frozen=True, slots=True)
class Beside:
    """What is on disk beside a source: the mark of each path, None where nothing is."""

    marks: dict[bytes, dict[str, int] | None]
    free_bytes: int


def cutting(
    deed: str, *, report: Progress = silent, base_ms: int = 0, total_ms: int = 0, **arguments: Any
) -> dict[str, Any]:
    """Have a cutting child do a deed; ``report`` hears of seconds of the video.

    Raises CutFailed, and what ``report`` raises.
    """

    def told(done_ms: int, _total_ms: int) -> None:
        if total_ms:
            report((base_ms + done_ms) // 1_000, total_ms // 1_000)

    silence_s = settings.MEDIAHUB_ARTIFACT_TIMEOUT_SECONDS
    return ask(deed, silence_s=silence_s, memory_bytes=_MEMORY_BYTES, told=told, **arguments)


def source_of(video: Video) -> File:
    """The video's primary file with its folder and library. Raises NoFile."""
    files = File.objects.select_related("folder", "library")
    present = files.filter(pk=video.primary_file_id, missing_since__isnull=True)
    file: File | None = present.first()
    if file is None:
        raise NoFile(f"{video} has no file on disk at the moment.")
    return file


def find_video(named: str) -> Video:
    """The video of an id, or of the file at a path. Raises NoVideo."""
    videos = Video.objects.select_related("library")
    video: Video | None = None
    if named.isascii() and named.isdecimal() and len(named) < 19:
        video = videos.filter(pk=int(named)).first()
    elif found := find_library(os.path.abspath(os.fsencode(named))):
        file = File.objects.at(*found).first()
        video = videos.filter(pk=file.video_id).first() if file else None
    if video is None:
        raise NoVideo(f"No video has the id or the path {named!r}.")
    return video


def look_beside(file: File, targets: list[bytes]) -> Beside:
    """What is at paths beside a file. Raises NoFile if the file isn't as the catalogue knows it."""
    paths = [file.location, *targets]
    folder = os.path.dirname(file.location)
    seen = cutting("look", paths=paths, folder=folder)
    marks = {bytes.fromhex(path): mark for path, mark in seen["marks"].items()}
    mark = marks[file.location]
    if mark is None or (mark["size"], mark["mtime_ns"]) != (file.size_bytes, file.mtime_ns):
        raise NoFile(f"{file.path} is not as the last scan saw it: scan again first.")
    return Beside(marks, seen["free_bytes"])


def check_free(beside: Beside, targets: list[bytes], *, needed: int) -> None:
    """Raises NameTaken, NoSpace."""
    for target in targets:
        if beside.marks.get(target) is not None:
            name = shown(os.path.basename(target))
            raise NameTaken(f"There is a file {name} already: rename or move it first.")
    if beside.free_bytes < needed + _RESERVE_BYTES:
        raise NoSpace(
            f"This takes {needed // 1_000_000:,} MB, but only "
            f"{beside.free_bytes // 1_000_000:,} MB are free on that disk."
        )


def named_beside(file: File, suffix: str) -> bytes:
    """The path beside a file that has its name and a suffix before the extension.

    Where that would be too long for a file system, the name is cut.
    """
    stem, dot, extension = bytes(file.name).rpartition(b".")
    tail = suffix.encode() + dot + extension
    stem = stem[: _LONGEST_NAME - len(tail)]
    try:
        bytes(file.name).decode()
        stem = stem.decode("utf-8", "ignore").encode()  # no half character at the end
    except UnicodeDecodeError:
        pass  # the name is no text, whatever is cut off
    return os.path.join(os.path.dirname(file.location), stem + tail)


def unfinished(target: bytes) -> bytes:
    """Where a file is written until it is done: no scan takes it in.

    It follows from the name, so that the next attempt finds and replaces what one has left.
    """
    name = hashlib.blake2b(target, digest_size=12).hexdigest()
    return os.path.join(os.path.dirname(target), f".mediahub-{name}.part".encode())


@contextmanager
def draft(target: bytes) -> Iterator[bytes]:
    """Where a file is written until it is done; after a failure nothing of it is left there."""
    part = unfinished(target)
    try:
        yield part
    except BaseException:
        with suppress(CutFailed):
            cutting("remove", path=part)
        raise


def extension_of(file: File) -> str:
    return os.fsdecode(bytes(file.name)).rpartition(".")[2].lower()
