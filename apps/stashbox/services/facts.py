"""What is known of videos here that candidates are compared with."""

import hashlib
from collections import defaultdict
from collections.abc import Collection
from typing import Any

from apps.artifacts.choices import Grade
from apps.artifacts.models import Fingerprint
from apps.library.models import File, Video
from apps.stashbox.matching import LocalPrint, VideoFacts

_MOST_FILES = 20  # of one video: copies beyond them say nothing new
_MOST_TEXT = 4_000


def facts_of(video_ids: Collection[int]) -> dict[int, VideoFacts]:
    """The videos' facts, of those that are there; three statements for however many.

    All files count, also those that are missing now. Perceptual hashes that tell nothing, or that
    nobody else computes, are left out.
    """
    videos = Video.objects.filter(pk__in=video_ids).values("pk", "title", "duration_ms", "path")
    files = defaultdict(list)
    rows = File.objects.filter(video__in=video_ids).order_by("pk")
    for row in rows.values("video", "path", "oshash", "duration_ms", "content"):
        files[row["video"]].append(row)
    pictures = _pictures({row["content"] for some in files.values() for row in some} - {""})
    return {video["pk"]: _facts(video, files[video["pk"]], pictures) for video in videos}


def digest_of(facts: VideoFacts) -> str:
    """Changes when other fingerprints would be asked, or be compared with other durations."""
    told = sorted((each.algorithm, each.hash, each.duration_ms or 0) for each in facts.prints)
    return hashlib.blake2b(repr(told).encode(), digest_size=16).hexdigest()


def _pictures(contents: set[str]) -> dict[str, str]:
    """Perceptual hashes as boxes know them, by content."""
    rows = Fingerprint.objects.filter(content__in=contents, grade=Grade.STANDARD)
    return {row.content: row.hex for row in rows.exclude(phash=0)}


def _facts(
    video: dict[str, Any], files: list[dict[str, Any]], pictures: dict[str, str]
) -> VideoFacts:
    prints = {
        LocalPrint(algorithm, told, file["duration_ms"]): None  # in order, each once
        for file in files[:_MOST_FILES]
        for algorithm, told in (
            ("OSHASH", file["oshash"]), ("PHASH", pictures.get(file["content"], "")),
        ) if told
    }  # fmt: skip
    texts = dict.fromkeys((video["title"], video["path"], *(f["path"] for f in files)))
    return VideoFacts(tuple(prints), video["duration_ms"], "\n".join(texts)[:_MOST_TEXT])
