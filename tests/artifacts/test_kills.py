"""Making, in processes of its own that are killed at any moment: no file is lost sight of."""

import random
import shutil
import signal
import time
from pathlib import Path

import pytest
from django.conf import settings

from apps.artifacts.models import Artifact, Leftover
from apps.library.models import Video
from apps.library.services.libraries import add_library
from apps.library.services.scan import scan_library
from tests.factories import NOON
from tests.media import media
from tests.rigs import deeds
from tests.rigs.forked import Forked

KINDS = ["cover", "phash", "sprite", "preview", "waveform"]
KILLS = 6
pytestmark = pytest.mark.django_db(transaction=True)


def make(data: Path, *, kill_after_s: float | None = None) -> bool:
    """In a new process, which is killed so long after it began; whether it was killed before it
    was done, for there is less to do each time."""
    stored = {
        "default": {**settings.STORAGES["default"], "OPTIONS": {"location": data / "artifacts"}}
    }
    making = Forked(
        deeds.make, KINDS, MEDIAHUB_DATA_DIR=data, STORAGES={**settings.STORAGES, **stored}
    )
    if kill_after_s is not None:
        time.sleep(kill_after_s)
        making.kill()
    status = making.wait()
    assert status == 0 or (kill_after_s is not None and status == -signal.SIGKILL)
    return status != 0


def test_what_was_killed_at_any_moment_comes_to_the_same(tmp_path: Path) -> None:
    films, data = tmp_path / "films", tmp_path / "data"
    films.mkdir()
    for number, name in enumerate(("h264.mp4", "portrait.mp4", "rotated90.mp4", "hevc.mp4")):
        shutil.copy(media(name), films / f"{number}.mp4")
    scan_library(add_library(films), now=NOON)
    chance = random.Random(20_261_121)

    killed = 0
    for _ in range(KILLS):
        killed += make(data, kill_after_s=0.05 + 0.6 * chance.random())
        noted = set(Leftover.objects.values_list("path", flat=True))
        assert on_disk(data) <= named() | noted
        assert named() <= on_disk(data)
    make(data)

    assert killed
    assert Artifact.objects.count() == len(KINDS) * Video.objects.count()
    assert not Artifact.objects.filter(state="failed").exists()
    assert on_disk(data) == named()
    for artifact in Artifact.objects.made():
        for file in artifact.files.values():
            assert (data / "artifacts" / file["path"]).stat().st_size == file["bytes"]


def named() -> set[str]:
    rows = Artifact.objects.values_list("files", flat=True)
    return {file["path"] for files in rows for file in files.values()}


def on_disk(data: Path) -> set[str]:
    """Whole files; ``.part`` is what a process was writing when it was killed."""
    root = data / "artifacts"
    files = [path for path in root.rglob("*") if path.is_file() and path.suffix != ".part"]
    return {str(path.relative_to(root)) for path in files}
