"""Scans in processes of their own that are killed at any moment. ``make bench ONLY=kills`` does the
same to the whole of MediaHub, and to PostgreSQL.
"""

import random
import shutil
import signal
import time
from pathlib import Path

import pytest

from apps.core.models import AuditEntry
from apps.library.models import File, Library, Video
from apps.library.services.libraries import add_library
from tests.rigs import deeds
from tests.rigs.forked import Forked
from tests.rigs.media import write_sound

FILES = 300
KILLS = 6
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def library(tmp_path: Path) -> Library:
    for number in range(FILES):
        write_sound(tmp_path / f"folder {number % 5}" / f"{number}.wav", number)
    library = add_library(tmp_path)
    Library.objects.update(files_per_second=150)
    return library


def scan(library: Library, *, kill_after_s: float | None = None) -> None:
    """In a new process, which is killed so long after its scan began."""
    scanning = Forked(deeds.scan, library.pk)
    if kill_after_s is not None:
        time.sleep(kill_after_s)
        scanning.kill()
    status = scanning.wait()  # 0: it was done before it was killed
    assert status == 0 or (kill_after_s is not None and status == -signal.SIGKILL)


def test_what_was_killed_at_any_moment_comes_to_the_same(library: Library, tmp_path: Path) -> None:
    chance = random.Random(20_261_121)
    for number in range(KILLS // 2):
        scan(library, kill_after_s=(number + chance.random()) * 1.5 / KILLS)
    scan(library)
    assert File.objects.count() == Video.objects.count() == FILES
    kept = dict(File.objects.values_list("content", "video_id"))
    Video.objects.update(rating=77)

    (tmp_path / "folder 0").rename(tmp_path / "renamed")
    for path in sorted((tmp_path / "folder 1").iterdir()):
        path.rename(tmp_path / "folder 2" / f"moved {path.name}")
    for path in sorted((tmp_path / "folder 3").iterdir())[:5]:
        path.unlink()
        shutil.copy(tmp_path / "folder 4" / "4.wav", path.with_name(f"copy {path.name}"))
    for number in range(KILLS // 2):
        scan(library, kill_after_s=(number + chance.random()) * 1.5 / KILLS)
    scan(library)

    on_disk = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*.wav")}
    assert set(File.objects.present().values_list("path", flat=True)) == on_disk
    for content, video in File.objects.values_list("content", "video_id"):
        assert kept[content] == video
    assert Video.objects.filter(rating=77).count() == Video.objects.count() == FILES
    assert Video.objects.missing().count() == 5
    entries = AuditEntry.objects.count()
    scan(library)
    assert AuditEntry.objects.count() == entries
