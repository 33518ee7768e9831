"""What people know about a video, carried over to files that were made of it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from django.db import transaction

from apps.core import audit
from apps.library.models import File, Video
from apps.markers.services.formats import Cue
from apps.markers.services.transfer import cues_of, import_markers


@dataclass(frozen=True, slots=True)
class Made:
    """A file, absolute, that holds a video from one time to another."""

    path: bytes
    start_ms: int
    end_ms: int


def carry_over(video: Video, made: Sequence[Made]) -> list[Made]:
    """Give the videos of these files the tags, performers, studio and markers of their source.

    What they have already stays; doing it twice changes nothing. Answers with those files that no
    scan has taken in as videos of their own yet.
    """
    waiting = []
    cues = cues_of(video)
    prefix = video.library.root_bytes.rstrip(b"/") + b"/"
    for one in made:
        below = one.path.removeprefix(prefix)
        file: File | None = File.objects.at(video.library, below).select_related("video").first()
        if file is None or file.video is None or file.missing_since is not None:
            waiting.append(one)
        elif file.video_id != video.pk:
            _inherit(file.video, video)
            import_markers(file.video, within(cues, one.start_ms, one.end_ms))
    return waiting


def within(cues: Sequence[Cue], start_ms: int, end_ms: int) -> list[Cue]:
    """The cues that lie in a stretch, from its beginning on; ranges are cut to it."""
    kept = []
    for cue in cues:
        first = max(cue.start_ms, start_ms)
        last = None if cue.end_ms is None else min(cue.end_ms, end_ms)
        if cue.start_ms >= end_ms or (last or cue.start_ms) < start_ms or last == start_ms:
            continue
        shifted = None if last is None else last - start_ms
        kept.append(replace(cue, start_ms=first - start_ms, end_ms=shifted))
    return kept


@transaction.atomic
def _inherit(to: Video, source: Video) -> None:
    values = {"studio": source.studio} if source.studio and not to.studio else {}
    audit.update(
        to, values,
        related={
            "tags": [*to.tags.all(), *source.tags.all()],
            "performers": [*to.performers.all(), *source.performers.all()],
        },
    )  # fmt: skip
