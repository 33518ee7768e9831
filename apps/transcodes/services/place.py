"""Putting a proven draft where it belongs. Each step is in the journal before it is taken.

Whatever is interrupted, at any instruction, is finished by calling ``place`` again: every name is
looked up on disk, where files are known by size and time. Until the source lies in the trash, or
stays where it is, it is whole; from the moment at which its name changes so is the new file. What
fails before that is undone.
"""

import errno
import os
from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone

from apps.core.errors import Conflict, MediaHubError
from apps.core.progress import Guard
from apps.disk.moves import Move
from apps.disk.reader import Disk, DiskSilent
from apps.disk.swaps import ASIDE, Mark
from apps.jobs.context import JobStopped
from apps.library.models import File
from apps.transcodes.choices import Place, Step
from apps.transcodes.models import Transcode
from apps.transcodes.services.catalogue import add_file, take_place
from apps.transcodes.services.names import Names, below, names_of


class SourceChanged(Conflict):
    """The source isn't what was transcoded any more; it was left as it is."""

    code = "source_changed"


class NameTaken(Conflict):
    """Another file has the new one's name; nothing was changed."""

    code = "name_taken"


class DraftLost(MediaHubError):
    """The draft that was proven is gone or altered; the source is as it was."""

    code = "draft_lost"
    passing = True


class CannotPlace(MediaHubError):
    """The file system refused; the source is as it was."""

    code = "cannot_place"


_SAID: Mapping[int, str] = {
    errno.EACCES: "it may not be written there",
    errno.EPERM: "it may not be written there",
    errno.EROFS: "the disk is mounted read-only",
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
    errno.EXDEV: "that is another disk",
    errno.ELOOP: "a folder of the path is a link",
    errno.ENOTSUP: "the file system can't change names without risk",
    errno.ENAMETOOLONG: "the name is too long there",
}


def mark_of(stored: Mapping[str, Any]) -> Mark:
    """A mark as rows keep it."""
    return Mark(int(stored["size"]), int(stored["mtime_ns"]))


def stored(found: Mapping[str, int]) -> dict[str, int]:
    """A mark as rows keep it, of what the disk says."""
    return {
        "size": found["size_bytes"], "mtime_ns": found["mtime_ns"], "inode": found["inode"]
    }  # fmt: skip


def check_source(transcode: Transcode, disk: Disk) -> Mapping[str, int]:
    """What the disk says of the source. Raises SourceChanged."""
    path = names_of(transcode).source
    found = _look(disk, path)
    if found is None or Mark(found["size_bytes"], found["mtime_ns"]) != mark_of(
        transcode.source_mark
    ):
        raise SourceChanged(
            "The source was changed, moved or removed meanwhile: scan it, and ask again."
        )
    return found


def place(transcode: Transcode, *, disk: Disk, guard: Guard) -> File | None:
    """Give the draft its name, and the catalogue the news; the file's row, where there is one.

    The draft is checked, its mark stored. Names change while the guard holds, so that nobody else
    works on it. Raises SourceChanged, NameTaken, DraftLost, CannotPlace, DiskSilent.
    """
    names = names_of(transcode)
    with guard():
        note_down(transcode, step=Step.PLACING)
    try:
        return _change_names(transcode, names, disk, guard)
    except (JobStopped, DiskSilent):
        raise
    except MediaHubError:
        with guard():
            if _is_undone(transcode, names, disk):
                note_down(transcode, step=Step.CHECKED)
        raise


def _change_names(transcode: Transcode, names: Names, disk: Disk, guard: Guard) -> File | None:
    with guard():
        if transcode.place == Place.REPLACE:
            _replace(transcode, names, disk)
        else:
            _add(transcode, names, disk)
        found = _look(disk, names.target)
        if found is None:
            raise DraftLost("The new file was removed as soon as it had its name.")
        file = _tell_catalogue(transcode, names, found)
        in_trash = transcode.place == Place.REPLACE
        note_down(
            transcode,
            step=Step.PLACED,
            target_mark=stored(found),
            target_bytes=found["size_bytes"],
            trash=below(names.root, names.trash) if in_trash else None,
            trash_until=_until() if in_trash else None,
        )
    return file


def _is_undone(transcode: Transcode, names: Names, disk: Disk) -> bool:
    """Whether all is as before names were changed: the draft has its own again, the source, if it
    is still there, too. Else it can only be finished."""
    source, draft = mark_of(transcode.source_mark), mark_of(transcode.target_mark)
    with suppress(MediaHubError):  # it stays as it is, and is tried again later
        if transcode.place == Place.REPLACE:
            _bring_home(disk, names, source, draft)
            if _mark(disk, names.trash) == draft:
                _move(disk, names.root, names.trash, names.draft, draft)
            if source in (_mark(disk, names.trash), _mark(disk, names.trash + ASIDE)):
                return False
        there = _mark(disk, names.target)
        if there == draft and not (names.replaces_name and transcode.place == Place.REPLACE):
            _move(disk, names.target_root, names.target, names.draft, draft)
            return True
        return there != draft
    return False


def _bring_home(disk: Disk, names: Names, source: Mark, draft: Mark) -> None:
    """Let the source have its name again, if nothing else has that, nor the new file its own."""
    aside, there = names.trash + ASIDE, _mark(disk, names.source)
    if there == source:
        with suppress(OSError):
            disk.remove(aside, source)
    elif there is None and _mark(disk, names.target) != draft:
        for kept in (aside, names.trash):
            if _mark(disk, kept) == source:
                _move(disk, names.root, kept, names.source, source)
                return


def _replace(transcode: Transcode, names: Names, disk: Disk) -> None:
    source, draft = mark_of(transcode.source_mark), mark_of(transcode.target_mark)
    if names.replaces_name:
        if _mark(disk, names.trash) != source:
            # first into the trash: if that can't be, nothing of the source was touched
            if _mark(disk, names.draft) == draft:
                _move(disk, names.root, names.draft, names.trash, draft)
            _swap(disk, names, source, draft)
        if _mark(disk, names.source) != draft:
            raise SourceChanged("Another file stands at the source's path by now.")
        return
    if _mark(disk, names.trash) != source:
        check_source(transcode, disk)
    _put(disk, names, draft)
    if _mark(disk, names.trash) != source:
        check_source(transcode, disk)  # it took a moment
        _move(disk, names.root, names.source, names.trash, source)


def _add(transcode: Transcode, names: Names, disk: Disk) -> None:
    _put(disk, names, mark_of(transcode.target_mark))


def _put(disk: Disk, names: Names, draft: Mark) -> None:
    """The draft gets a name that is free."""
    there = _mark(disk, names.target)
    if there == draft and _mark(disk, names.draft) is None:
        return
    if there is not None and there != draft:
        shown = os.fsdecode(os.path.basename(names.target))
        raise NameTaken(f"There is a file {shown!r} already: rename or move it first.")
    if there is None and _mark(disk, names.draft) != draft:
        raise DraftLost("The draft is not what was proven any more: it is made anew.")
    _move(disk, names.target_root, names.draft, names.target, draft)


def _swap(disk: Disk, names: Names, source: Mark, draft: Mark) -> None:
    try:
        disk.swap(names.source, source, names.trash, draft)
    except OSError as error:
        if error.errno != errno.ESTALE:
            raise cannot(error) from error
        if _mark(disk, names.source) not in (source, draft):
            raise SourceChanged(
                "The source was changed, moved or removed meanwhile: scan it, and ask again."
            ) from None
        raise DraftLost("The draft is not what was proven any more: it is made anew.") from None


def _move(disk: Disk, root: bytes, old: bytes, new: bytes, mark: Mark) -> None:
    one = Move(
        root, below(root, old), below(root, new), -2, mark.size_bytes, mark.mtime_ns, again=True
    )
    (number,) = disk.move([one])
    if number == errno.EEXIST:
        raise NameTaken(f"There is a file {os.fsdecode(os.path.basename(new))!r} already.")
    if number == errno.ESTALE:
        raise SourceChanged("Another file stands in the place of the one that was meant.")
    if number:
        raise cannot(OSError(number, os.strerror(number)))


def _look(disk: Disk, path: bytes) -> Mapping[str, int] | None:
    try:
        return disk.look(path)
    except OSError as error:
        raise cannot(error) from error


def _mark(disk: Disk, path: bytes) -> Mark | None:
    found = _look(disk, path)
    return None if found is None else Mark(found["size_bytes"], found["mtime_ns"])


def cannot(error: OSError) -> CannotPlace:
    """What a file system said, for people."""
    why = _SAID.get(error.errno or 0, os.strerror(error.errno or errno.EIO))
    refused = CannotPlace(f"The new file can't be put in its place: {why}.")
    refused.passing = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EIO)
    return refused


def _tell_catalogue(
    transcode: Transcode, names: Names, found: Mapping[str, int]
) -> File | None:  # fmt: skip
    """In the transaction that ends the journal's step."""
    source = File.objects.select_related("library", "video", "folder").filter(
        pk=transcode.file_id
    ).first()  # fmt: skip
    path = below(names.root, names.target)
    if source is None or transcode.place in (Place.TREE, Place.BESIDE):
        return None
    if transcode.place == Place.REPLACE:
        file = take_place(source, path, found)
        note_down(transcode, file=file)
        return file
    file = add_file(source, path, found)
    note_down(transcode, made_file=file)
    return file


def _until() -> Any:
    days = settings.MEDIAHUB_TRASH_DAYS
    return timezone.now() + timedelta(days=days) if days else None


def note_down(transcode: Transcode, **values: Any) -> None:
    """Write the journal."""
    for name, value in values.items():
        setattr(transcode, name, value)
    Transcode.objects.filter(pk=transcode.pk).update(**values, updated_at=timezone.now())
