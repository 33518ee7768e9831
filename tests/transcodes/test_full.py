"""A disk that is full, before the work and in the midst of it: it waits, and nothing is left."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.db import transaction

from apps.disk.reader import Disk
from apps.jobs.context import JobPostponed
from apps.library.models import Library
from apps.library.services.libraries import add_library
from apps.library.services.scan import scan_library
from apps.machines.models import Machine
from apps.machines.services import sampling
from apps.transcodes.choices import Outcome, Step
from apps.transcodes.models import Transcode
from apps.transcodes.services.run import run
from tests.factories import NOON
from tests.media import media
from tests.rigs.mounts import own_mounts
from tests.transcodes.conftest import Asked, on_disk

pytestmark = pytest.mark.django_db


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Path]:
    with own_mounts() as mounts:
        root = tmp_path / "small"
        mounts.tmpfs(root)
        shutil.copy(media("larger.mp4"), root / "larger.mp4")
        yield root


@pytest.fixture
def library(root: Path, db: None) -> Library:
    library = add_library(root)
    scan_library(library, now=NOON)
    return library


def _fill(root: Path, *, spare: int) -> Path:
    free = os.statvfs(root)
    filler = root / "filler"
    with filler.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, free.f_bavail * free.f_frsize - spare)
    return filler


def _reserve(gigabytes: float) -> None:
    sampling.forget()
    Machine.objects.filter(pk=sampling.latest().pk).update(disk_reserve_gb=gigabytes)
    sampling.forget()


def test_there_is_too_little_room_from_the_beginning(asked: Asked, disk: Disk, root: Path) -> None:
    transcode = asked("larger.mp4")
    _fill(root, spare=4_096)
    _reserve(0)

    with pytest.raises(JobPostponed, match="free"):
        run(transcode.pk, disk=disk)

    _is_as_before(root)


def test_it_fills_up_in_the_midst_of_the_work(asked: Asked, disk: Disk, root: Path) -> None:
    transcode = asked("larger.mp4", quality=1)
    _reserve(0)
    filler: list[Path] = []

    @contextmanager
    def guard() -> Iterator[None]:
        with transaction.atomic():
            yield
        if not filler and Transcode.objects.get().step == Step.WRITING:
            filler.append(_fill(root, spare=20_480))  # there was enough a moment ago

    with pytest.raises(JobPostponed, match="full"):
        run(transcode.pk, disk=disk, guard=guard)

    assert filler
    _is_as_before(root)
    filler[0].unlink()
    run(transcode.pk, disk=disk)
    assert Transcode.objects.get().outcome == Outcome.DONE


def _is_as_before(root: Path) -> None:
    assert on_disk(root) == {"larger.mp4", "filler"}
    assert (root / "larger.mp4").read_bytes() == media("larger.mp4").read_bytes()
    row = Transcode.objects.get()
    assert (row.outcome, row.step) == (Outcome.OPEN, Step.NONE)
