"""Doing what was planned: each step is written down before it is taken.

Whatever is interrupted, at any instruction, is finished by running again: a line that was begun is
looked up on disk, where the file is known by its inode. The catalogue follows in the transaction
that writes a line's end; should even that not happen, a scan finds the file moved.
"""

import errno
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from apps.core.progress import Progress, silent
from apps.disk.moves import Move
from apps.disk.reader import Disk
from apps.library.models import Library
from apps.library.services.scan.roots import RootOffline, check_known_disk, check_root
from apps.renaming.choices import OPEN, BatchState, Reason, RenameState
from apps.renaming.models import Rename, RenameBatch
from apps.renaming.services.follow import Followed, follow
from apps.renaming.services.sidecars import Sidecars, stem_of

Guard = Callable[[], AbstractContextManager[Any]]

_AT_ONCE = 32
_REASONS: Mapping[int, Reason] = {
    errno.EEXIST: Reason.TAKEN,
    errno.ENOTDIR: Reason.TAKEN,
    errno.ENOTEMPTY: Reason.TAKEN,
    errno.ENOENT: Reason.GONE,
    errno.ESTALE: Reason.ANOTHER_FILE,
    errno.ELOOP: Reason.LINK,
    errno.EXDEV: Reason.OTHER_DISK,
    errno.ENOTSUP: Reason.CANNOT,
    errno.EACCES: Reason.FORBIDDEN,
    errno.EPERM: Reason.FORBIDDEN,
    errno.EROFS: Reason.FORBIDDEN,
    errno.ENAMETOOLONG: Reason.TOO_LONG,
    errno.ENOSPC: Reason.NO_SPACE,
    errno.EDQUOT: Reason.NO_SPACE,
}


def begin(batch: RenameBatch) -> bool:
    """Mark a planned batch as under way; false if somebody else has."""
    ready = RenameBatch.objects.filter(pk=batch.pk, state=BatchState.READY)
    return bool(ready.update(state=BatchState.RUNNING))


def libraries_of(batch: RenameBatch) -> list[Library]:
    """Those in which something is left to do."""
    wanted = batch.renames.filter(state__in=OPEN).values("library")
    return list(Library.objects.filter(pk__in=wanted).order_by("pk"))


def run(
    batch: RenameBatch,
    library: Library,
    *,
    disk: Disk,
    report: Progress = silent,
    guard: Guard = transaction.atomic,
    note: Callable[[str], None] = lambda _line: None,
) -> Followed:
    """Rename what is left of a batch in one library; ``report`` counts files.

    Returns what the catalogue could not follow by itself. Raises RootOffline, DiskSilent; called
    again it goes on where it was.
    """
    device = check_known_disk(disk, library, expect_files=True)
    return _Run(
        batch=batch, library=library, disk=disk, device=device, report=report, guard=guard,
        note=note,
    ).run()  # fmt: skip


@dataclass
class _Run:
    batch: RenameBatch
    library: Library
    disk: Disk
    device: int
    report: Progress
    guard: Guard
    note: Callable[[str], None]
    followed: Followed = field(default_factory=Followed)

    def __post_init__(self) -> None:
        self.sidecars = Sidecars(self.disk, self.library)

    def run(self) -> Followed:
        lines = self.batch.renames.filter(library=self.library)
        done, total = 0, lines.filter(state__in=OPEN).count()
        self.report(0, total)
        aside = lines.filter(via__isnull=False)
        while some := _first(aside, (RenameState.PLANNED, RenameState.PARKING)):
            self._take(some, begun=RenameState.PARKING, ended=RenameState.PARKED)
        while some := _first(lines, OPEN):
            self._take(some, begun=RenameState.MOVING, ended=RenameState.DONE)
            done += len(some)
            self.report(done, max(done, total))
        _end(self.batch)
        return self.followed

    def _take(self, lines: Sequence[Rename], *, begun: RenameState, ended: RenameState) -> None:
        """One step of some lines: written down, taken on disk, and followed by the catalogue."""
        again = {line.pk for line in lines if line.state == begun}
        self._write_down(lines, begun)
        moves = [self._move(line, ended, again=line.pk in again) for line in lines]
        outcomes = self.disk.move(moves)
        if any(outcomes):
            self._check_disk()
        moved = [
            (line, move) for line, move, number in zip(lines, moves, outcomes, strict=True)
            if not number
        ]  # fmt: skip
        self._move_sidecars(moved, again)
        failures = {line.pk: number for line, number in zip(lines, outcomes, strict=True) if number}
        stepped_back = self._step_back([line for line in lines if line.pk in failures])
        self._conclude(lines, [*moved, *stepped_back], failures, ended)

    def _check_disk(self) -> None:
        """A share that went away takes no line with it: they stay open. Raises RootOffline."""
        if check_root(self.disk, self.library.root_bytes, expect_files=True) != self.device:
            raise RootOffline(f"{self.library.root} was mounted anew meanwhile: run it again.")

    def _write_down(self, lines: Sequence[Rename], begun: RenameState) -> None:
        fresh = [line for line in lines if line.state == RenameState.PLANNED]
        if self.batch.sidecars and self.batch.undoes_id is None:
            self.sidecars.find(fresh)
        for line in lines:
            line.state = begun
        with self.guard():
            Rename.objects.bulk_update(lines, ["state", "sidecars"])

    def _move(self, line: Rename, ended: RenameState, *, again: bool) -> Move:
        parks = ended == RenameState.PARKED
        source = line.old if parks or line.via is None else line.via
        target = line.via if parks else line.new
        assert target is not None
        return Move(
            self.library.root_bytes, bytes(source), bytes(target), int(line.inode),
            line.size_bytes, line.mtime_ns, again,
        )  # fmt: skip

    def _step_back(self, lines: Sequence[Rename]) -> list[tuple[Rename, Move]]:
        """Who stepped aside for nothing goes back, if its place is free still."""
        moves = [
            (line, Move(
                self.library.root_bytes, bytes(line.via), bytes(line.old), int(line.inode),
                line.size_bytes, line.mtime_ns, again=True,
            ))
            for line in lines if line.via is not None and line.state == RenameState.MOVING
        ]  # fmt: skip
        outcomes = self.disk.move([move for _, move in moves])
        back = [pair for pair, number in zip(moves, outcomes, strict=True) if not number]
        self._move_sidecars(back, {line.pk for line, _ in back})
        return back

    def _move_sidecars(self, moved: Sequence[tuple[Rename, Move]], again: set[int]) -> None:
        """What follows the stem goes along; what finds its name taken stays, and is forgotten."""
        wanted = [(line, move, suffix) for line, move in moved for suffix in line.sidecars]
        outcomes = self.disk.move(
            [
                Move(
                    move.root, stem_of(move.old) + bytes.fromhex(suffix),
                    stem_of(move.new) + bytes.fromhex(suffix), again=line.pk in again,
                )
                for line, move, suffix in wanted
            ]
        )  # fmt: skip
        for (line, move, suffix), number in zip(wanted, outcomes, strict=True):
            if number:
                line.sidecars = [one for one in line.sidecars if one != suffix]
                name = (stem_of(move.old) + bytes.fromhex(suffix)).decode(errors="backslashreplace")
                self.note(f"{name} stays: {_REASONS.get(number, Reason.ERROR).label}.")

    def _conclude(
        self,
        lines: Sequence[Rename],
        moved: Sequence[tuple[Rename, Move]],
        failures: Mapping[int, int],
        ended: RenameState,
    ) -> None:
        for line in lines:
            number = failures.get(line.pk)
            line.state = RenameState.FAILED if number else ended
            line.reason = _REASONS.get(number, Reason.ERROR) if number else ""
        with self.guard():
            places = [(line, move.new) for line, move in moved]
            self.followed.add(follow(self.library, places, now=timezone.now()))
            Rename.objects.bulk_update(lines, ["state", "reason", "sidecars"])
            undone = [line.reverses_id for line in lines if line.state == RenameState.DONE]
            Rename.objects.filter(pk__in=[pk for pk in undone if pk]).update(
                state=RenameState.UNDONE
            )


def _first(lines: QuerySet[Rename], states: Sequence[RenameState]) -> list[Rename]:
    """The next lines of these states, of each state apart: so the index gives them in order."""
    first, *others = (
        lines.filter(state=state).order_by("step", "pk")[:_AT_ONCE] for state in states
    )
    found = first.union(*others, all=True)
    return sorted(found, key=lambda line: (line.step, line.pk))[:_AT_ONCE]


def _end(batch: RenameBatch) -> None:
    """Once nothing is left to do in any library."""
    with transaction.atomic():
        RenameBatch.objects.select_for_update().get(pk=batch.pk)
        if not batch.renames.filter(state__in=OPEN).exists():
            RenameBatch.objects.filter(pk=batch.pk).update(
                state=BatchState.DONE, finished_at=timezone.now()
            )
