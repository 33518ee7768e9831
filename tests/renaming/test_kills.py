"""Whatever instant a renaming is cut off at: running it again, or a scan, sets everything right."""

import itertools
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.db import transaction

from apps.disk import moves
from apps.disk.moves import Move
from apps.disk.reader import Disk
from apps.library.models import Library
from apps.library.services.scan import scan_library
from apps.library.services.scan.roots import RootOffline
from apps.renaming.choices import RenameState
from apps.renaming.models import RenameBatch
from apps.renaming.services.run import begin, run
from tests.factories import NOON
from tests.renaming.conftest import Rename, in_catalogue, on_disk, title

pytestmark = pytest.mark.django_db
AFTERWARDS = {"b.wav", "b.srt", "a.wav", "a.srt", "deep/down/c.wav"}


class Killed(BaseException):
    """Nothing in between catches it."""


class Fate:
    """Kills at the ``at``-th instant."""

    def __init__(self, at: int) -> None:
        self.left = at

    def instant(self) -> None:
        if self.left == 0:
            raise Killed
        self.left -= 1

    @contextmanager
    def guard(self) -> Iterator[None]:
        self.instant()  # before anything is written
        with transaction.atomic():
            yield
            self.instant()  # before the commit
        self.instant()  # after it


class MortalDisk(Disk):
    """Moves in this process, and may die between any two of them."""

    fate: Fate

    def move(self, wanted: Sequence[Move]) -> list[int]:
        done = []
        for one in wanted:
            self.fate.instant()
            (outcome,) = next(moves.move(lambda: None, moves=[one]))
            done.append(outcome)
            self.fate.instant()
        return done


@pytest.fixture
def ring(planned: Rename, root: Path) -> RenameBatch:
    """a and b swap names and subtitles, c goes into folders that aren't there yet."""
    for name in ("a", "b"):
        (root / f"{name}.srt").write_text(f"of {name}")
    title("a.wav", "b")
    title("b.wav", "a")
    title("sub/c.wav", "d")
    batch = planned("{title}")
    line = batch.renames.get(old=b"sub/c.wav")
    line.new = b"deep/down/c.wav"
    line.save()
    assert begin(batch)
    return batch


def _until_killed(batch: RenameBatch, library: Library, at: int) -> bool:
    with MortalDisk(timeout_s=20) as disk:
        disk.fate = Fate(at)
        try:
            run(batch, library, disk=disk, guard=disk.fate.guard)
        except Killed:
            return True
    return False


def _instants(check: Callable[[int], bool]) -> int:
    return next(at for at in itertools.count() if not check(at))


def test_killed_at_any_instant_it_goes_on_where_it_was(
    ring: RenameBatch, library: Library, root: Path
) -> None:
    save = transaction.savepoint()
    files = {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}

    def kill_and_go_on(at: int) -> bool:
        killed = _until_killed(ring, library, at)
        _until_killed(ring, library, 10_000)

        assert on_disk(root) == AFTERWARDS, at
        assert (root / "a.srt").read_text() == "of b"
        assert (root / "a.wav").read_bytes() == files[root / "b.wav"]
        assert in_catalogue() == {"a.wav", "b.wav", "deep/down/c.wav"}
        assert set(ring.renames.values_list("state", flat=True)) == {RenameState.DONE}
        _put_back(root)
        transaction.savepoint_rollback(save)
        ring.refresh_from_db()
        return killed

    assert _instants(kill_and_go_on) > 20


def test_killed_at_any_instant_a_scan_finds_every_file(
    ring: RenameBatch, library: Library, root: Path
) -> None:
    save = transaction.savepoint()

    def kill_and_scan(at: int) -> bool:
        killed = _until_killed(ring, library, at)
        counts = scan_library(library, now=NOON).counts

        assert (counts["added"], counts["missing"]) == (0, 0), at
        assert in_catalogue() == {name for name in on_disk(root) if name.endswith(".wav")}
        _until_killed(ring, library, 10_000)
        assert on_disk(root) == AFTERWARDS, at
        _put_back(root)
        transaction.savepoint_rollback(save)
        ring.refresh_from_db()
        return killed

    # each has a scan of its own, so only some of the instants
    for at in range(0, 27, 3):
        kill_and_scan(at)


class LeavingDisk(Disk):
    """Its share goes away after some moves."""

    share: Path

    def move(self, wanted: Sequence[Move]) -> list[int]:
        outcomes = super().move(wanted[:1])
        aside = self.share.with_name("aside")
        self.share.rename(aside)
        self.share.mkdir()
        outcomes += super().move(wanted[1:])
        self.share.rmdir()
        return outcomes


def test_a_share_that_goes_away_leaves_the_rest_to_be_done(
    planned: Rename, library: Library, root: Path
) -> None:
    for name in ("a", "b", "sub/c"):
        title(f"{name}.wav", f"new {name[-1]}")
    batch = planned("{title}")
    assert begin(batch)

    with LeavingDisk(timeout_s=20) as disk:
        disk.share = root
        with pytest.raises(RootOffline):
            run(batch, library, disk=disk)
    root.with_name("aside").rename(root)
    with Disk(timeout_s=20) as disk:
        run(batch, library, disk=disk)

    assert on_disk(root) == in_catalogue() == {"new a.wav", "new b.wav", "sub/new c.wav"}
    assert set(batch.renames.values_list("state", flat=True)) == {RenameState.DONE}


def _put_back(root: Path) -> None:
    for ending in ("wav", "srt"):
        (root / f"a.{ending}").rename(root / "aside")
        (root / f"b.{ending}").rename(root / f"a.{ending}")
        (root / "aside").rename(root / f"b.{ending}")
    (root / "deep/down/c.wav").rename(root / "sub/c.wav")
    (root / "deep/down").rmdir()
    (root / "deep").rmdir()
