"""What a renaming would do: every file's new name, and what stands in its way. Disks are only read.

The plan is written into the journal a portion at a time, so that memory stays bounded; what files
want of one another is settled there, once all are known (``order.settle``).
"""

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from django.db.models import Count, Q, QuerySet

from apps.core import context
from apps.core.errors import Conflict
from apps.core.progress import Progress, silent
from apps.disk.reader import Disk
from apps.library.models import File, Library, Video
from apps.renaming.choices import OPEN, BatchState, Reason, RenameState
from apps.renaming.models import Rename, RenameBatch
from apps.renaming.names import key_of
from apps.renaming.reading import parse
from apps.renaming.services.history import drop_lines
from apps.renaming.services.obstacles import Obstacles, digest
from apps.renaming.services.order import settle
from apps.renaming.services.placeholders import known_fields, values_of, with_values
from apps.renaming.template import NoName, Template

PATIENCE_S = 10.0  # of somebody who waits for a disk
_AT_ONCE = 500


class NothingToUndo(Conflict):
    """Nothing of the renaming is done, or it is under way; nothing was planned."""

    code = "nothing_to_undo"


@dataclass(frozen=True, slots=True)
class Wish:
    """A file and the path that it shall get, or the reason why it gets none."""

    file: File | None
    video_id: int | None
    new: bytes = b""
    reason: str = ""
    reverses: Rename | None = None


def new_batch(
    template: str, *, windows: bool = False, sidecars: bool = True, query: str = ""
) -> RenameBatch:
    """A renaming by a template, to be planned. Raises TemplateError."""
    parse(template, known=known_fields(), windows=windows)
    return RenameBatch.objects.create(
        template=template, windows=windows, sidecars=sidecars, query=query,
        user_id=context.current().user_id,
    )  # fmt: skip


def new_undo(original: RenameBatch) -> RenameBatch:
    """The way back of a renaming, to be planned. Raises NothingToUndo."""
    under_way = original.state == BatchState.RUNNING
    if under_way and original.renames.filter(state__in=OPEN).exists():
        raise NothingToUndo(f"{original} is not at its end: let it go on first.")
    if not original.renames.filter(state=RenameState.DONE).exists():
        raise NothingToUndo(f"Nothing of {original} is left to undo.")
    return RenameBatch.objects.create(
        undoes=original, windows=original.windows, sidecars=original.sidecars,
        template=original.template, query=original.query, user_id=context.current().user_id,
    )  # fmt: skip


def plan(
    batch: RenameBatch,
    videos: QuerySet[Video] | None = None,
    *,
    disk: Disk,
    report: Progress = silent,
) -> RenameBatch:
    """Plan a batch: for ``videos`` by its template or, of one that undoes, for what was done.

    A plan that was interrupted is begun anew. ``report`` counts files. Raises TemplateError,
    DiskSilent.
    """
    drop_lines([batch.pk])
    wishes, total = _wishes(batch, videos)
    obstacles, selected, unchanged = Obstacles(disk), 0, 0
    report(0, total)
    while some := list(islice(wishes, _AT_ONCE)):
        rows = [row for wish in some if (row := _row(batch, wish)) is not None]
        obstacles.find(rows)
        Rename.objects.bulk_create(rows, batch_size=1_000)
        selected, unchanged = selected + len(some), unchanged + len(some) - len(rows)
        report(selected, max(total, selected))
    settle(batch)
    batch.selected, batch.unchanged, batch.state = selected, unchanged, BatchState.READY
    batch.save(update_fields=["selected", "unchanged", "state", "updated_at"])
    return batch


def _wishes(batch: RenameBatch, videos: QuerySet[Video] | None) -> tuple[Iterator[Wish], int]:
    if batch.undoes is not None:
        stranded = Q(state=RenameState.FAILED, via__isnull=False)
        done = batch.undoes.renames.filter(Q(state=RenameState.DONE) | stranded)
        return _back(done), done.count()
    assert videos is not None
    template = parse(batch.template, known=known_fields(), windows=batch.windows)
    return _forth(videos, template), videos.count()


def _forth(videos: QuerySet[Video], template: Template) -> Iterator[Wish]:
    for video in _in_portions(with_values(videos)):
        file = video.primary_file
        if file is None or file.missing_since:
            yield Wish(file, video.pk, reason=Reason.MISSING)
            continue
        try:
            new = os.fsencode(template.path(values_of(video)))
        except NoName:
            yield Wish(file, video.pk, reason=Reason.NO_NAME)
        else:
            yield Wish(file, video.pk, new)


def _back(done: QuerySet[Rename]) -> Iterator[Wish]:
    for row in _in_portions(done.select_related("file__folder")):
        file, back, places = row.file, bytes(row.old), {row.old, row.new, row.via or b""}
        if file is None or file.missing_since:
            yield Wish(file, row.video_id, back, Reason.MISSING, row)
        elif path_of(file) not in map(bytes, places):
            yield Wish(file, row.video_id, back, Reason.MOVED_SINCE, row)
        else:
            yield Wish(file, row.video_id, back, reverses=row)


def _in_portions(rows: QuerySet) -> Iterator:
    last = 0
    while some := list(rows.filter(pk__gt=last).order_by("pk")[:_AT_ONCE]):
        yield from some
        last = some[-1].pk


def _row(batch: RenameBatch, wish: Wish) -> Rename | None:
    """The line of the journal; none for a file that has that name already."""
    file = wish.file
    old = path_of(file) if file else b""
    if file and old == wish.new and not wish.reason:
        return None
    new = wish.new or old
    return Rename(
        batch=batch, file=file, video_id=wish.video_id, old=old, new=new,
        library_id=file.library_id if file else _library_of(wish),
        old_key=digest(key_of(old)), new_key=digest(key_of(new)),
        inode=file.inode if file else 0, size_bytes=file.size_bytes if file else 0,
        mtime_ns=file.mtime_ns if file else 0, reverses=wish.reverses,
        sidecars=wish.reverses.sidecars if wish.reverses else [],
        state=RenameState.REFUSED if wish.reason else RenameState.PLANNED, reason=wish.reason,
    )  # fmt: skip


def _library_of(wish: Wish) -> int:
    if wish.reverses:
        return int(wish.reverses.library_id)
    return int(Video.objects.values_list("library_id", flat=True).get(pk=wish.video_id))


def path_of(file: File) -> bytes:
    """A file's path below its library's root, as bytes."""
    folder, name = bytes(file.folder.path), bytes(file.name)
    return folder + b"/" + name if folder else name


def chosen(ids: Iterable[int]) -> "QuerySet[Video]":
    """Videos that were named one by one."""
    wanted: Sequence[int] = sorted(set(ids))
    videos: QuerySet[Video] = Video.objects.filter(pk__in=wanted)
    return videos


def counts(batch: RenameBatch, library: Library | None = None) -> dict[str, int]:
    """How many files have come how far."""
    lines = batch.renames.filter(library=library) if library else batch.renames.all()
    counted = dict(lines.order_by().values_list("state").annotate(n=Count("pk")))
    open_ = sum(counted.get(state, 0) for state in OPEN)
    return {
        "to_rename": open_,
        "renamed": counted.get(RenameState.DONE, 0),
        "refused": counted.get(RenameState.REFUSED, 0),
        "failed": counted.get(RenameState.FAILED, 0),
        "undone": counted.get(RenameState.UNDONE, 0),
    }
