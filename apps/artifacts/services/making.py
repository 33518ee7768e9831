"""Making what a video lacks: one request to a media helper, whatever the number of kinds."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

from django.db import transaction
from django.db.models import Case, F, QuerySet, Value, When
from django.utils import timezone

from apps.artifacts.choices import ArtifactKind, ArtifactState
from apps.artifacts.models import Artifact, Fingerprint, Leftover
from apps.artifacts.services import storing
from apps.artifacts.services.kinds import options, parameters
from apps.core import audit
from apps.core.progress import Progress, silent
from apps.ffmpeg.messages import FileStat, Made, MakeRequest, MakeResult
from apps.ffmpeg.reasons import MediaRefused, Reason
from apps.ffmpeg.wishes import Wishes
from apps.library.choices import ProbeState
from apps.library.models import File, Video
from apps.library.services.media import artifact_timeout_s, shared_pool
from apps.library.services.scan.compare import PASSING_REASONS

Guard = Callable[[], AbstractContextManager[Any]]

_PASSING = (*PASSING_REASONS, Reason.NOT_WRITTEN, Reason.OUT_OF_MEMORY)
_TRY_AGAIN_AFTER = timedelta(hours=1)
_NOTHING_TO_MAKE = {Reason.NO_PICTURE, Reason.NO_SOUND, Reason.NO_TEXT, Reason.NO_CHAPTERS}
_TAKEN_DOWN = {Reason.CRASHED, Reason.TIMED_OUT, Reason.OUT_OF_MEMORY}


def videos_lacking(kinds: Iterable[str]) -> QuerySet[Video]:
    """Videos of which one of the kinds should be made, or tried again."""
    return Artifact.objects.videos_lacking(
        parameters(kinds), passing=_PASSING, retry_before=timezone.now() - _TRY_AGAIN_AFTER
    )


def make_artifacts(
    video_id: int,
    *,
    kinds: Iterable[str],
    report: Progress = silent,
    guard: Guard = transaction.atomic,
) -> dict[str, int]:
    """Make what a video lacks of these kinds; how many were made, failed, or had nothing in it.

    A kind that can't be made gets a row that says why, and isn't tried again until the content or
    the way of making changes, or for an hour if the reason may pass (a disk that is away). Stopped
    anywhere and called again it goes on where it was.
    """
    video = Video.objects.present().select_related(
        "primary_file__folder", "primary_file__library"
    ).filter(pk=video_id, primary_file__probe_state=ProbeState.DONE).first()  # fmt: skip
    ways = _lacking(video, parameters(kinds)) if video else {}
    if video is None or not ways:
        return {}
    counts = Counter[str]()
    report(0, len(ways))
    making = _Making(video, cast("File", video.primary_file), lambda: report(0, len(ways)))
    with storing.workshop() as folder:
        for made in making.ask({kind: _wish(kind, video) for kind in ways}, folder):
            artifact = making.artifact(made, ways[made.kind])
            with guard():
                _save(artifact)
            counts[artifact.state] += 1
    report(len(ways), len(ways))
    return dict(counts)


@transaction.atomic
def choose_cover(video: Video, at_ms: int | None) -> None:
    """Have a video's cover show the frame of a time, or the best one (None), from now on."""
    audit.update(video, {"cover_at_ms": at_ms})
    make_again(Artifact.objects.filter(video=video, kind=ArtifactKind.COVER))


def make_again(artifacts: QuerySet[Artifact]) -> int:
    """Let artifacts count as stale, so that they are made again; until then they stay."""
    made = When(state=ArtifactState.MADE, then=Value(""))
    return artifacts.update(parameters="", error=Case(made, default=F("error")))


def _lacking(video: Video, ways: dict[str, str]) -> dict[str, str]:
    """Those of the kinds, with their parameters, that were not tried from this content."""
    assert video.primary_file
    tried = Artifact.objects.attempted(
        ways, passing=_PASSING, retry_before=timezone.now() - _TRY_AGAIN_AFTER
    ).filter(video=video, source=video.primary_file.content)
    done = set(tried.values_list("kind", flat=True))
    return {kind: way for kind, way in ways.items() if kind not in done}


def _wish(kind: str, video: Video) -> dict[str, Any]:
    wish = options(kind)
    return {**wish, "at_ms": video.cover_at_ms} if kind == ArtifactKind.COVER else wish


@dataclass(frozen=True, slots=True)
class _Making:
    """The making of one video's artifacts; ``beat`` is called at each sign of life."""

    video: Video
    file: File
    beat: Callable[[], None]

    def ask(self, wishes: Wishes, folder: Path) -> Iterator[Made]:
        """Each wish's outcome. What took the helper down is asked for kind by kind."""
        request = MakeRequest(
            key=None, path=self.file.location, folder=bytes(folder), wishes=wishes,
            timeout_s=artifact_timeout_s(),
        )  # fmt: skip
        result = cast("MakeResult", next(iter(list(shared_pool().run([request], beat=self.beat)))))
        if result.error in _TAKEN_DOWN and len(wishes) > 1:
            for kind, wish in wishes.items():
                yield from self.ask({kind: wish}, folder)
        elif result.error:
            for kind in wishes:
                yield Made(kind=kind, error=result.error, message=result.message)
        elif not self._is_known(result.stat):
            changed = MediaRefused(Reason.CHANGED_WHILE_READING)
            for kind in wishes:
                yield Made(kind=kind, error=changed.code, message=str(changed))
        else:
            yield from result.made

    def artifact(self, made: Made, way: str) -> Artifact:
        """The unsaved row; its files are in the storage by then."""
        artifact = Artifact(
            video=self.video, kind=made.kind, source=self.file.content, parameters=way,
            data=made.data, ms=made.ms, error=made.error, message=made.message,
        )  # fmt: skip
        if made.error:
            nothing = made.error in _NOTHING_TO_MAKE
            artifact.state = ArtifactState.NONE if nothing else ArtifactState.FAILED
            return artifact
        artifact.state, artifact.made_at = ArtifactState.MADE, timezone.now()
        artifact.files = storing.store(artifact, made.files)
        artifact.size_bytes = sum(file["bytes"] for file in artifact.files.values())
        return artifact

    def _is_known(self, stat: FileStat | None) -> bool:
        """Whether what was read is what the catalogue knows: a scan tells of the rest."""
        known = (self.file.size_bytes, self.file.mtime_ns)
        return stat is not None and (stat.size, stat.mtime_ns) == known


def _save(artifact: Artifact) -> None:
    """Write the row, unless its video was removed or given another cover meanwhile."""
    videos = Video.objects.filter(pk=artifact.video_id).select_for_update(no_key=True)
    now = videos.values("cover_at_ms").first()
    if now is None:
        return
    if artifact.kind == ArtifactKind.COVER and now["cover_at_ms"] != artifact.video.cover_at_ms:
        return  # the job that was asked for then makes it, or has made it
    if artifact.error in _PASSING and _keep_old(artifact):
        return
    kept = {"id", "video", "kind", "created_at"}
    Artifact.objects.bulk_create(
        [artifact], update_conflicts=True, unique_fields=["video", "kind"],
        update_fields=[f.name for f in Artifact._meta.concrete_fields if f.name not in kept],
    )  # fmt: skip
    Leftover.objects.filter(pk__in=[file["path"] for file in artifact.files.values()]).delete()
    if artifact.kind == ArtifactKind.PHASH and artifact.state == ArtifactState.MADE:
        bits = int(artifact.data["phash"], 16)
        signed = bits - 2**64 if bits >= 2**63 else bits
        Fingerprint.objects.update_or_create(
            content=artifact.source, defaults={"phash": signed, "grade": artifact.data["grade"]}
        )


def _keep_old(failed: Artifact) -> bool:
    """Whether there is one of the same content: it stays, out of date, until the next attempt."""
    old = Artifact.objects.made().filter(
        video=failed.video_id, kind=failed.kind, source=failed.source
    )
    return bool(old.update(error=failed.error, message=failed.message, updated_at=timezone.now()))
