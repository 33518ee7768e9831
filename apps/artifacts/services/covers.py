"""Making covers: one frame of each video, as WebP in card and full size."""

import hashlib
import json
import os
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

from django.conf import settings
from django.core.files.base import File as StoredFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from apps.artifacts.choices import ArtifactKind, ArtifactState
from apps.artifacts.models import Artifact
from apps.core.progress import Progress, silent
from apps.ffmpeg.messages import CoverRequest, CoverResult, Picture
from apps.ffmpeg.pool import MediaPool
from apps.library.models import Video
from apps.library.services.media import media_pool
from apps.library.services.scan.compare import PASSING_REASONS

# Grows when covers are made in another way, so that the old ones count as stale.
_VERSION = 1
_BATCH = 24
_RECOUNT = 10
_PASSING = (*PASSING_REASONS, "not_written", "out_of_memory")
_TRY_AGAIN_AFTER = timedelta(hours=1)

Guard = Callable[[], AbstractContextManager[Any]]


def cover_sizes() -> dict[str, tuple[int, int]]:
    """Greatest width in pixels and WebP quality of each size."""
    return {
        "card": (settings.MEDIAHUB_COVER_CARD_PX, 72),
        "full": (settings.MEDIAHUB_COVER_FULL_PX, 82),
    }


def cover_parameters() -> str:
    """A hash of how covers are made today."""
    made = json.dumps([_VERSION, cover_sizes()])
    return hashlib.blake2b(made.encode(), digest_size=8).hexdigest()


def videos_lacking_covers(*, now: datetime) -> QuerySet[Video]:
    """Videos of which a cover should be made, or tried again."""
    return Artifact.objects.videos_lacking(
        ArtifactKind.COVER, parameters=cover_parameters(), passing=_PASSING,
        tried_before=now - _TRY_AGAIN_AFTER,
    )  # fmt: skip


def make_covers(
    *,
    library_id: int | None = None,
    report: Progress = silent,
    guard: Guard = transaction.atomic,
) -> dict[str, int]:
    """Make the covers that are missing, of one library or of all; return how many, and failures.

    A video whose cover can't be made gets a row that says why, and isn't tried again until its
    content changes, or for an hour if the reason may pass (a disk that is away).
    Stopped anywhere and called again it goes on where it was.
    """
    lacking = videos_lacking_covers(now=timezone.now())
    if library_id is not None:
        lacking = lacking.filter(library_id=library_id)
    lacking = lacking.select_related("primary_file__folder", "primary_file__library").order_by("pk")
    total, counts, last = 0, Counter[str](), 0
    with media_pool(children=1) as pool:
        while videos := list(lacking.filter(pk__gt=last)[:_BATCH]):
            if counts.total() % (_RECOUNT * _BATCH) == 0:  # a scan under way adds to them
                total = counts.total() + lacking.filter(pk__gt=last).count()
            last = videos[-1].pk
            artifacts = list(_make(pool, videos))
            with guard():
                artifacts = _save(artifacts)
            counts.update(artifact.state for artifact in artifacts)
            report(counts.total(), max(total, counts.total()), **_summary(counts))
    return _summary(counts)


def _summary(counts: Counter[str]) -> dict[str, int]:
    return {"made": counts[ArtifactState.MADE], "failed": counts[ArtifactState.FAILED]}


def _make(pool: MediaPool, videos: Sequence[Video]) -> Iterator[Artifact]:
    """Have the pictures made in the child, in a folder that goes away, and store them."""
    by_id = {video.pk: video for video in videos}
    workshop = settings.MEDIAHUB_DATA_DIR / "tmp"
    workshop.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=workshop, prefix="covers-") as folder:
        began = time.monotonic()
        for result in pool.run([_request(video, Path(folder)) for video in videos]):
            artifact = _artifact(by_id[result.key], cast("CoverResult", result))
            artifact.ms = round(1_000 * (time.monotonic() - began))
            began = time.monotonic()
            yield artifact


def _request(video: Video, folder: Path) -> CoverRequest:
    assert video.primary_file
    return CoverRequest(
        key=video.pk,
        path=video.primary_file.location,
        outputs=tuple(
            Picture(os.fsencode(folder / f"{video.pk}-{size}.webp"), width, quality)
            for size, (width, quality) in cover_sizes().items()
        ),
    )


def _artifact(video: Video, result: CoverResult) -> Artifact:
    """The unsaved row for a result, whose pictures are in the storage by then."""
    assert video.primary_file
    artifact = Artifact(
        video=video, kind=ArtifactKind.COVER, state=ArtifactState.FAILED,
        source=video.primary_file.content, parameters=cover_parameters(),
        error=result.error, message=result.message,
    )  # fmt: skip
    if not result.error:
        artifact.state, artifact.made_at = ArtifactState.MADE, timezone.now()
        for size, picture in zip(cover_sizes(), result.files, strict=True):
            path = _store(artifact, size, os.fsdecode(picture.path))
            artifact.files[size] = {
                "path": path, "width": picture.width, "height": picture.height,
                "bytes": picture.size_bytes,
            }  # fmt: skip
            artifact.size_bytes += picture.size_bytes
    return artifact


def _store(artifact: Artifact, size: str, made: str) -> str:
    """The name says what the picture was made from and how: another picture has another name."""
    name = f"{artifact.video_id}-{artifact.source[:12]}-{artifact.parameters[:6]}-{size}.webp"
    with open(made, "rb") as file:
        return default_storage.save(
            f"covers/{artifact.video_id % 1000:03}/{name}", StoredFile(file)
        )


def _save(artifacts: Sequence[Artifact]) -> list[Artifact]:
    """Write the rows, but those of videos that were removed meanwhile; return them."""
    videos = Video.objects.filter(pk__in=[artifact.video_id for artifact in artifacts])
    there = set(videos.select_for_update(no_key=True).values_list("pk", flat=True))
    artifacts = [artifact for artifact in artifacts if artifact.video_id in there]
    kept = {"id", "video", "kind", "created_at"}
    Artifact.objects.bulk_create(
        artifacts, update_conflicts=True, unique_fields=["video", "kind"],
        update_fields=[f.name for f in Artifact._meta.concrete_fields if f.name not in kept],
    )  # fmt: skip
    return artifacts
