"""A library on disk that was scanned, with files so small that a thousand are made in no time."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from apps.disk.reader import Disk
from apps.library.models import File, Library, Video
from apps.library.services.libraries import add_library
from apps.library.services.scan import scan_library
from apps.renaming.models import RenameBatch
from apps.renaming.services.plan import new_batch, plan
from apps.renaming.services.run import begin, libraries_of, run
from tests.factories import NOON
from tests.rigs.media import write_sound
from tests.rigs.warm import warm_children

NAMES = ("a.wav", "b.wav", "sub/c.wav")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for number, name in enumerate(NAMES):
        write_sound(tmp_path / name, number)
    return tmp_path


@pytest.fixture(scope="module")
def warm() -> Iterator[None]:
    with warm_children():
        yield


@pytest.fixture
def library(db: None, warm: None, root: Path) -> Library:
    library = add_library(root)
    scan_library(library, now=NOON)
    return library


@pytest.fixture
def disk() -> Iterator[Disk]:
    with Disk(timeout_s=20) as disk:
        yield disk


Rename = Callable[..., RenameBatch]


@pytest.fixture
def planned(library: Library, disk: Disk) -> Rename:
    """``planned("{title}")``: a plan for all videos, or for some."""

    def planned(template: str, videos: Any = None, **options: Any) -> RenameBatch:
        chosen = Video.objects.all() if videos is None else videos
        return plan(new_batch(template, **options), chosen, disk=disk)

    return planned


@pytest.fixture
def carried_out(disk: Disk) -> Callable[[RenameBatch], RenameBatch]:
    def carried_out(batch: RenameBatch) -> RenameBatch:
        assert begin(batch)
        for library in libraries_of(batch):
            run(batch, library, disk=disk)
        batch.refresh_from_db()
        return batch

    return carried_out


def on_disk(root: Path) -> set[str]:
    return {
        os.path.relpath(os.path.join(folder, name), root)
        for folder, _, names in os.walk(root)
        for name in names
    }


def in_catalogue() -> set[str]:
    """The paths of present files, by their bytes; what is shown has to agree."""
    found = set()
    for file in File.objects.present().select_related("folder", "video"):
        folder, name = bytes(file.folder.path), bytes(file.name)
        path = (folder + b"/" + name if folder else name).decode()
        assert file.path == path
        assert file.video is None or file.video.path == path
        found.add(path)
    return found


def title(path: str, new: str) -> Video:
    """Give the video of a file a title."""
    video = Video.objects.get(path=path)
    Video.objects.filter(pk=video.pk).update(title=new)
    return video
