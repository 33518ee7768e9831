"""Undoing a replacement while its source is in the trash, and emptying the trash."""

import errno
import os
from datetime import datetime

from django.utils import timezone

from apps.core import audit
from apps.core.errors import Conflict
from apps.core.models import AuditAction
from apps.core.progress import Guard, Progress, silent
from apps.disk.moves import Move
from apps.disk.reader import Disk, DiskSilent
from apps.disk.swaps import ASIDE, Mark
from apps.library.models import File
from apps.mediaservers.services.notices import Change, tell
from apps.transcodes.choices import Outcome, Place, Step
from apps.transcodes.models import Transcode
from apps.transcodes.services.catalogue import read_again, take_place
from apps.transcodes.services.names import Names, below, names_of
from apps.transcodes.services.place import mark_of, note_down


class NotRestorable(Conflict):
    """The source can't be brought back; nothing was changed."""

    code = "not_restorable"


def check_restorable(transcode: Transcode) -> None:
    """Raises NotRestorable."""
    if transcode.place != Place.REPLACE or transcode.outcome not in (
        Outcome.DONE,
        Outcome.RESTORED,
    ):
        raise NotRestorable("Only a source that was replaced can be brought back.")
    if transcode.trash is None:
        raise NotRestorable("The source isn't in the trash any more.")


def run(pk: int, *, disk: Disk, guard: Guard, job_id: int | None = None) -> Transcode:
    """Bring a replaced source back, have it read, and tell media servers.

    Raises NotRestorable, RootOffline, DiskSilent.
    """
    rows = Transcode.objects.select_related("library", "profile")
    transcode: Transcode = rows.get(pk=pk)
    if transcode.step != Step.RESTORED:
        restore(transcode, disk=disk, guard=guard)
    if transcode.file_id:
        read_again(transcode.library, [transcode.file_id], job_id=job_id, guard=guard)
    if transcode.profile.values["tell_servers"]:
        names = names_of(transcode)
        with guard():
            tell(_changes(transcode, names))
    return transcode


def _changes(transcode: Transcode, names: Names) -> list[Change]:
    library, size = transcode.library_id, transcode.source_bytes
    if names.replaces_name:
        return [Change(names.source, "modified", library, size)]
    back = Change(names.source, "created", library, size)
    return [back, Change(names.target, "deleted", library)]


def restore(transcode: Transcode, *, disk: Disk, guard: Guard) -> File | None:
    """Bring a replaced source back under its name; the new file goes, unless it was changed since.

    Interrupted anywhere, it is finished by calling it again. Raises NotRestorable, DiskSilent.
    """
    if transcode.step == Step.RESTORED:
        return None
    with guard():
        locked = Transcode.objects.select_for_update(of=("self",))
        check_restorable(locked.get(pk=transcode.pk))  # the trash may just have been emptied
        note_down(transcode, step=Step.RESTORING)
    names = names_of(transcode)
    try:
        return _change_back(transcode, names, disk, guard)
    except NotRestorable:
        with guard():
            if _mark(disk, names.trash) == mark_of(transcode.source_mark):  # nothing was changed
                note_down(transcode, step=Step.PLACED)
        raise


def _change_back(transcode: Transcode, names: Names, disk: Disk, guard: Guard) -> File | None:
    source, made = mark_of(transcode.source_mark), mark_of(transcode.target_mark)
    with guard():
        _bring_back(disk, names, source, made)
        found = disk.look(names.source)
        if found is None:
            raise NotRestorable("The source was removed as soon as it was back.")
        file = File.objects.select_related("library", "folder").filter(pk=transcode.file_id).first()
        if file is not None:
            file = take_place(file, below(names.root, names.source), found)
        note_down(
            transcode, file=file, step=Step.RESTORED, outcome=Outcome.RESTORED, trash=None,
            trash_until=None, finished_at=timezone.now(),
        )  # fmt: skip
    return file


def empty_trash(
    *, disk: Disk, before: datetime | None = None, ids: list[int] | None = None,
    guard: Guard, report: Progress = silent,
) -> dict[str, int]:  # fmt: skip
    """Delete sources whose time in the trash is over (``before``), or those of some transcodes.

    One whose replacement isn't there any more stays. Counts: deleted, freed_bytes, kept.
    """
    chosen = Transcode.objects.in_trash().filter(outcome=Outcome.DONE)
    chosen = chosen.filter(trash_until__lte=before) if before else chosen
    chosen = chosen if ids is None else chosen.filter(pk__in=ids)
    counts = {"deleted": 0, "freed_bytes": 0, "kept": 0}
    waiting = list(chosen.order_by("pk").values_list("pk", flat=True))
    for done, pk in enumerate(waiting):
        report(done, len(waiting))
        with guard():
            _delete(pk, disk, counts)
    report(len(waiting), len(waiting))
    return counts


def _delete(pk: int, disk: Disk, counts: dict[str, int]) -> None:
    locked = Transcode.objects.select_for_update(of=("self",))
    transcode = locked.select_related("library", "profile").filter(pk=pk).first()
    if transcode is None or transcode.trash is None or transcode.step == Step.RESTORING:
        return
    names = names_of(transcode)
    try:
        is_there = _is_replaced(transcode, names, disk)
        if is_there:
            disk.remove(names.trash, mark_of(transcode.source_mark))
    except DiskSilent:
        raise
    except OSError:
        is_there = False
    if not is_there:
        counts["kept"] += 1
        return
    path = bytes(transcode.trash).decode("utf-8", "backslashreplace")
    audit.record([audit.entry(transcode, AuditAction.CHANGED, {"trash": (path, None)})])
    note_down(transcode, trash=None, trash_until=None)
    counts["deleted"] += 1
    counts["freed_bytes"] += transcode.source_bytes


def _is_replaced(transcode: Transcode, names: Names, disk: Disk) -> bool:
    """The replacement is on disk: under its name, or where it was moved to since."""
    if _mark(disk, names.target) == mark_of(transcode.target_mark):
        return True
    file = File.objects.select_related("folder", "library").filter(pk=transcode.file_id).first()
    if file is None or file.missing_since is not None:
        return False
    found = disk.look(file.location)
    return found is not None and found["size_bytes"] == file.size_bytes


def _bring_back(disk: Disk, names: Names, source: Mark, made: Mark) -> None:
    """Raises NotRestorable."""
    there, kept = _mark(disk, names.source), _mark(disk, names.trash)
    begun = names.replaces_name and _mark(disk, names.trash + ASIDE) == made
    if begun or (names.replaces_name and there == made and kept == source):
        _swap(disk, names, source, made)
        there = source
    elif kept == source and there is None:
        old, new = below(names.root, names.trash), below(names.root, names.source)
        (number,) = disk.move(
            [Move(names.root, old, new, -2, source.size_bytes, source.mtime_ns, again=True)]
        )
        if number:
            raise NotRestorable(f"The source can't be brought back: {os.strerror(number)}.")
        there = source
    if there != source:
        raise NotRestorable(
            "Another file stands at the source's path: move it away first. The source stays in "
            "the trash."
        )
    _drop(disk, names.trash if names.replaces_name else names.target, made)


def _swap(disk: Disk, names: Names, source: Mark, made: Mark) -> None:
    try:
        disk.swap(names.source, made, names.trash, source)
    except OSError as error:
        why = os.strerror(error.errno or errno.EIO)
        raise NotRestorable(f"The source can't be brought back: {why}.") from error


def _drop(disk: Disk, path: bytes, made: Mark) -> None:
    """What was made goes; if it has been changed since, it is somebody's work."""
    try:
        disk.remove(path, made)
    except OSError as error:
        if error.errno != errno.ESTALE:
            raise


def _mark(disk: Disk, path: bytes) -> Mark | None:
    found = disk.look(path)
    return None if found is None else Mark(found["size_bytes"], found["mtime_ns"])
