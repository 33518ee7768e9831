"""Forgetting files that are missing: a deliberate act, which can be looked at beforehand."""

from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import models, transaction
from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from apps.core import audit
from apps.core.errors import Conflict
from apps.core.models import AuditAction, AuditEntry
from apps.core.progress import Progress, silent
from apps.library.choices import LibraryState, Question
from apps.library.models import (
    File,
    Folder,
    Library,
    Marker,
    Video,
    VideoPerformer,
    VideoTag,
    Viewing,
)
from apps.library.querysets import folder_key
from apps.library.services.facts import sync_facts
from apps.library.services.scan.roots import below

_BATCH = 200
Guard = Callable[[], AbstractContextManager[Any]]


class CannotForget(Conflict):
    """The library's files may well be there still; nothing was forgotten."""

    code = "cannot_forget"


@dataclass(frozen=True, slots=True)
class Choice:
    """Which missing files of a library are meant: those missing since ``until`` or longer.

    ``path`` (below the root) limits them to a folder or a file, ``file_ids`` to some rows. What
    goes missing after somebody has looked is never among them: that is what ``until`` is for.
    """

    library: Library
    until: datetime
    path: bytes = b""
    file_ids: Collection[int] | None = None

    def matches(self) -> Q:
        """The condition on a file."""
        chosen = Q(library=self.library, missing_since__isnull=False, missing_since__lte=self.until)
        if self.file_ids is not None:
            chosen &= Q(pk__in=list(self.file_ids))
        if self.path:
            folder, _, name = self.path.rpartition(b"/")
            below = Folder.objects.filter(library=self.library).within(self.path)
            is_file = Q(folder__key=folder_key(folder), name=name)
            chosen &= Q(folder__in=below.values("pk")) | is_file
        return chosen

    def files(self) -> QuerySet[File]:
        return File.objects.filter(self.matches())


@dataclass(frozen=True, slots=True)
class Losses:
    """What forgetting would take: files, their videos, and what people wrote on those."""

    files: int
    size_bytes: int
    videos: int
    rated: int
    tagged: int
    with_performers: int
    with_markers: int
    played: int


def check_forgettable(library: Library) -> None:
    """Whether what is marked missing is surely gone. Raises CannotForget."""
    now = Library.objects.filter(pk=library.pk).values("state", "state_detail", "question").get()
    if now["question"] != Question.NONE:
        reason = f"a scan of it asks: {Question(now['question']).label}. Answer that first"
    elif now["state"] == LibraryState.OFFLINE:
        reason = f"it is offline: {now['state_detail'].rstrip('.')}"
    elif now["state"] != LibraryState.ONLINE:
        reason = "it has not been scanned yet. Scan it first"
    else:
        return
    raise CannotForget(f"Nothing of {library} can be forgotten now, for {reason}.")


def foresee(choice: Choice) -> Losses:
    """What ``forget_missing`` would take away, in two queries."""
    files = choice.files().aggregate(n=Count("pk"), size=Sum("size_bytes"))
    videos = with_losses(lost_videos(choice))
    counts = videos.aggregate(
        n=Count("pk"),
        rated=Count("pk", filter=Q(rating__isnull=False)),
        tagged=Count("pk", filter=Q(tags_lost__gt=0)),
        performed=Count("pk", filter=Q(performers_lost__gt=0)),
        marked=Count("pk", filter=Q(markers_lost__gt=0)),
        played=Count("pk", filter=Q(plays_lost__gt=0)),
    )
    return Losses(
        files=files["n"], size_bytes=files["size"] or 0, videos=counts["n"],
        rated=counts["rated"], tagged=counts["tagged"], with_performers=counts["performed"],
        with_markers=counts["marked"], played=counts["played"],
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Line:
    """A file that would go. ``video`` is there if it goes, too, and knows its losses."""

    file: File
    video: Any


def listed(choice: Choice, *, after: int = 0, limit: int) -> list[Line]:
    """The files that would go, by id, from the one after ``after`` on, in two queries."""
    wanted = choice.files().filter(pk__gt=after).order_by("pk")
    files = list(
        wanted.only("path", "size_bytes", "missing_since", "video_id", "library_id")[:limit]
    )
    lost = lost_videos(choice).filter(pk__in=[file.video_id for file in files])
    videos = with_losses(lost.only("title", "rating", "favorite")).in_bulk()
    return [Line(file, videos.get(file.video_id)) for file in files]


def lost_videos(choice: Choice) -> QuerySet[Video]:
    """The videos that would lose their last file."""
    theirs = File.objects.filter(video=OuterRef("pk"))
    videos: QuerySet[Video] = Video.objects.filter(
        Exists(theirs.filter(choice.matches())), ~Exists(theirs.exclude(choice.matches()))
    )
    return videos


def with_losses(videos: QuerySet[Video]) -> QuerySet[Video]:
    """``tags_lost``, ``performers_lost``, ``markers_lost`` and ``plays_lost`` of each video."""
    return videos.annotate(
        tags_lost=_number_of(VideoTag, Count("pk")),
        performers_lost=_number_of(VideoPerformer, Count("pk")),
        markers_lost=_number_of(Marker, Count("pk")),
        plays_lost=_number_of(Viewing, Sum("play_count")),
    )


def forget_missing(
    choice: Choice,
    *,
    report: Progress = silent,
    guard: Guard = transaction.atomic,
) -> dict[str, int]:
    """Forget the chosen files, and videos whose last file goes, with all that hangs on those.

    Nothing on disk is touched; the audit keeps the old values. Each batch is a transaction under
    ``guard``: stopped and called again it goes on where it was. ``report`` counts files.
    Raises CannotForget.
    """
    check_forgettable(choice.library)
    total, files, videos = choice.files().count(), 0, 0
    report(0, total)
    while True:
        with guard():
            check_forgettable(choice.library)
            batch = list(choice.files().select_for_update(of=("self",)).order_by("pk")[:_BATCH])
            gone = _forget(batch)
        if not batch:
            return {"files": files, "videos": videos}
        files, videos = files + len(batch), videos + gone
        report(files, max(total, files), videos=videos)


def drop_files(
    files: Sequence[File], *, noted: Callable[[Sequence[Video]], None] = lambda _lost: None
) -> int:
    """Delete rows of files, and of the videos that have no others; returns how many of those.

    In a transaction in which the files are locked. ``noted`` gets those videos before they go.
    Other videos follow the files that they have left.
    """
    ids = [file.pk for file in files]
    others = File.objects.filter(video=OuterRef("pk")).exclude(pk__in=ids)
    owners = {file.video_id for file in files if file.video_id}
    locked = Video.objects.filter(pk__in=owners).select_for_update().order_by("pk")
    lost = list(locked.filter(~Exists(others)))
    noted(lost)
    Video.objects.filter(pk__in=[video.pk for video in lost]).delete()
    File.objects.filter(pk__in=ids).delete()
    sync_facts(sorted(owners - {video.pk for video in lost}))
    return len(lost)


def path_below(library: Library, path: str) -> bytes:
    """A folder or file of a library, named from its root on or below it. Raises PathRefused."""
    return below(path, root=library.root_bytes)


def _forget(files: Sequence[File]) -> int:
    def noted(lost: Sequence[Video]) -> None:
        audit.record([*map(_last_values, files), *_last_videos(lost)])

    return drop_files(files, noted=noted)


def _last_videos(videos: Sequence[Video]) -> list[AuditEntry]:
    """Their tags stand in a column; performers and markers are added."""
    ids = [video.pk for video in videos]
    performers: dict[int, list[int]] = {}
    for video_id, pk in VideoPerformer.objects.filter(video__in=ids).values_list(
        "video", "performer"
    ):
        performers.setdefault(video_id, []).append(pk)
    markers: dict[int, list[Any]] = {}
    for video_id, *values in Marker.objects.filter(video__in=ids).values_list(
        "video", "start_ms", "end_ms", "title", "tag"
    ):
        markers.setdefault(video_id, []).append(values)
    return [
        _last_values(
            video, performers=performers.get(video.pk, []), markers=markers.get(video.pk, [])
        )
        for video in videos
    ]


def _last_values(row: models.Model, **related: Any) -> AuditEntry:
    values = {field.name: getattr(row, field.attname) for field in row._meta.concrete_fields}
    changes = {name: (value, None) for name, value in {**values, **related}.items()}
    return audit.entry(row, AuditAction.DELETED, changes)


def _number_of(model: type[models.Model], of: models.Aggregate) -> Coalesce:
    rows = model._default_manager.filter(video=OuterRef("pk")).order_by().values("video")
    return Coalesce(Subquery(rows.annotate(n=of).values("n")), 0)
