"""Whatever instant a transcode is cut off at: the old or the new file is whole, and running it
again finishes it, with nothing left behind."""

import itertools
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction

from apps.disk.reader import Disk
from apps.library.models import File, Video
from apps.transcodes.choices import Outcome, Place, Step
from apps.transcodes.models import Transcode
from apps.transcodes.services.encode import Made
from apps.transcodes.services.restore import restore
from apps.transcodes.services.run import run
from tests.transcodes.conftest import Asked, in_catalogue, on_disk

pytestmark = pytest.mark.django_db
FOLDER = "a folder"


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
    """May die before and after each deed that changes something."""

    fate: Fate

    def _ask(self, deed: str, **arguments: Any) -> Iterator[Any]:
        deadly = deed in ("move", "swap", "finish", "remove")
        if deadly:
            self.fate.instant()
        yield from super()._ask(deed, **arguments)
        if deadly:
            self.fate.instant()


@pytest.fixture
def mortal() -> Iterator[MortalDisk]:
    """Its children live on: what dies is whoever asks them."""
    with MortalDisk(timeout_s=20) as disk:
        yield disk


def _dies(disk: MortalDisk, transcode: Transcode, at: int, *, back: bool = False) -> bool:
    """Whether it was killed; as another process would come upon it."""
    fresh = Transcode.objects.select_related("library", "profile").get(pk=transcode.pk)
    disk.fate = Fate(at)
    try:
        if back:
            restore(fresh, disk=disk, guard=disk.fate.guard)
        else:
            run(fresh.pk, disk=disk, guard=disk.fate.guard)
    except Killed:
        return True
    return False


@pytest.fixture
def _made_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A draft is encoded and proven once, then copied: what is killed here is all around that."""
    from apps.transcodes.services import run as module

    made: dict[bytes, tuple[bytes, Made]] = {}
    make = module.make

    def copied(making: Any, **_how: Any) -> Made:
        if making.draft not in made:
            told = make(making)
            made[making.draft] = Path(making.draft.decode()).read_bytes(), told
        content, told = made[making.draft]
        Path(making.draft.decode()).write_bytes(content)
        return told

    monkeypatch.setattr(module, "make", copied)


@pytest.mark.usefixtures("_made_once")
@pytest.mark.parametrize(
    ("name", "place"),
    [("hevc.mp4", Place.REPLACE), ("xvid.avi", Place.REPLACE), ("hevc.mp4", Place.ADD)],
)
def test_killed_at_any_instant_it_goes_on_where_it_was(
    asked: Asked, root: Path, mortal: MortalDisk, name: str, place: str
) -> None:
    transcode = asked(name, place=place)
    source = root / FOLDER / name
    before = source.read_bytes()
    video = Video.objects.get(pk=transcode.video_id)
    save = transaction.savepoint()

    for at in itertools.count(step=1 if place == Place.REPLACE else 4):
        killed = _dies(mortal, transcode, at)
        _something_is_whole(root, before)
        if killed:
            assert not _dies(mortal, transcode, 10_000), at
        transcode.refresh_from_db()
        assert (transcode.outcome, transcode.step) == (Outcome.DONE, Step.PLACED), at
        _is_as_it_should_be(transcode, video, root, before)
        _put_back(transcode, root, source, before)
        transaction.savepoint_rollback(save)
        if not killed:
            break
    assert at > 20


@pytest.mark.parametrize("name", ["hevc.mp4", "xvid.avi"])
def test_bringing_back_is_killed_at_any_instant(
    done: Asked, root: Path, mortal: MortalDisk, name: str
) -> None:
    source = root / FOLDER / name
    before = source.read_bytes()
    transcode = done(name)
    made = {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}
    save = transaction.savepoint()

    for at in itertools.count():
        killed = _dies(mortal, transcode, at, back=True)
        _something_is_whole(root, before)
        if killed:
            assert not _dies(mortal, transcode, 10_000, back=True), at
        assert source.read_bytes() == before, at
        assert on_disk(root) == in_catalogue(), at
        for path in root.rglob("*"):
            if path.is_file():
                path.unlink()
        for path, content in made.items():
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(content)
        _restamp(transcode, root)
        transaction.savepoint_rollback(save)
        if not killed:
            break
    assert at > 8


def _something_is_whole(root: Path, before: bytes) -> None:
    """The source is somewhere, with all its bytes."""
    assert any(path.read_bytes() == before for path in root.rglob("*") if path.is_file())


def _is_as_it_should_be(transcode: Transcode, video: Video, root: Path, before: bytes) -> None:
    video.refresh_from_db()
    assert not [path for path in on_disk(root) if path.endswith(".part")]
    present = {path for path in on_disk(root) if ".mediahub-trash" not in path}
    assert in_catalogue() == present
    target = bytes(transcode.target or b"").decode()
    assert target in present
    if transcode.place == Place.REPLACE:
        assert (root / bytes(transcode.trash or b"").decode()).read_bytes() == before
        assert (video.path, video.video_codec) == (target, "h264")
        assert video.files.count() == 1
    else:
        assert {file.path for file in video.files.all()} == {video.path, target}
    assert Video.objects.count() == 3
    assert File.objects.get(path=target).video_id == video.pk


def _put_back(transcode: Transcode, root: Path, source: Path, before: bytes) -> None:
    kept = bytes(transcode.trash or b"").decode()
    if kept:
        (root / bytes(transcode.target or b"").decode()).unlink()
        (root / kept).rename(source)
        (root / kept).parent.rmdir()
    else:
        (root / bytes(transcode.target or b"").decode()).unlink()
    assert source.read_bytes() == before


def _restamp(transcode: Transcode, root: Path) -> None:
    """The files get the times by which the row knows them."""

    for name, mark in (
        (transcode.target, transcode.target_mark),
        (transcode.trash, transcode.source_mark),
    ):
        stamp = int(mark["mtime_ns"])
        os.utime(root / bytes(name or b"").decode(), ns=(stamp, stamp))
