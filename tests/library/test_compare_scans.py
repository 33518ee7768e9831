"""Two scans compared: what came, went, moved, grew and shrank between their ends."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from apps.core import audit
from apps.core.models import AuditAction, AuditEntry
from apps.library.models import File, Library, Scan
from apps.library.services.compare import Fate, NotComparable, compare_scans
from apps.library.services.libraries import add_library
from apps.library.services.scan import scan_library
from tests.factories import NOON, make_file, make_library
from tests.sounds import write_wav

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("warm")]
HOUR = timedelta(hours=1)


@pytest.fixture
def library() -> Library:
    return make_library()


def scan(library: Library, hours: int) -> Scan:
    start = NOON + hours * HOUR
    return Scan.objects.create(
        library=library, started_at=start, finished_at=start + HOUR / 2, walked=True
    )


def known(library: Library, path: str, at: datetime, **values: Any) -> File:
    file = make_file(path.encode(), library=library, size_bytes=100, **values)
    File.objects.filter(pk=file.pk).update(created_at=at)
    return file


def note(file: File, at: datetime, **changes: tuple[Any, Any]) -> None:
    audit.record([audit.entry(file, AuditAction.CHANGED, changes)])
    AuditEntry.objects.filter(pk=AuditEntry.objects.latest("pk").pk).update(at=at)


def fates(one: Scan, other: Scan) -> dict[str, str]:
    comparison = compare_scans(one, other)
    changes = comparison.changes(limit=100)
    for fate, total in comparison.sums().items():
        assert total.files == sum(1 for change in changes if change.fate == fate)
        assert comparison.changes(fate, limit=100) == [c for c in changes if c.fate == fate]
    return {change.path: change.fate.value for change in changes}


def test_every_fate(library: Library) -> None:
    first, second = scan(library, 0), scan(library, 2)
    during, long_ago = NOON + 2 * HOUR, NOON - HOUR
    known(library, "old.mp4", long_ago)
    known(library, "new.mp4", during)
    note(known(library, "gone.mp4", long_ago), during, missing_since=(None, during))
    note(known(library, "back.mp4", long_ago), during, missing_since=(NOON, None))
    note(known(library, "b/moved.mp4", long_ago), during, path=("a/x.mp4", "b/moved.mp4"))
    grown = known(library, "grown.mp4", long_ago)
    note(grown, during, size_bytes=(10, 60))
    note(grown, during + HOUR / 4, size_bytes=(60, 100))
    note(known(library, "shrunk.mp4", long_ago), during, size_bytes=(400, 100))

    assert fates(first, second) == {
        "new.mp4": "came", "back.mp4": "came", "gone.mp4": "went", "b/moved.mp4": "moved",
        "grown.mp4": "grew", "shrunk.mp4": "shrank",
    }  # fmt: skip
    assert fates(second, first) == fates(first, second)
    sums = compare_scans(first, second).sums()
    assert (sums[Fate.CAME].files, sums[Fate.CAME].size_bytes) == (2, 200)
    assert (sums[Fate.GREW].size_bytes, sums[Fate.SHRANK].size_bytes) == (90, 300)
    (moved,) = compare_scans(first, second).changes(Fate.MOVED, limit=5)
    assert (moved.path_before, moved.size_bytes) == ("a/x.mp4", 100)


def test_what_cancels_out_is_not_told(library: Library) -> None:
    first, second = scan(library, 0), scan(library, 2)
    long_ago, during = NOON - HOUR, NOON + 2 * HOUR
    away = known(library, "away.mp4", long_ago)
    note(away, during, missing_since=(None, during))
    note(away, during + HOUR / 4, missing_since=(during, None))
    note(known(library, "short.mp4", during), during, missing_since=(None, during))
    resized = known(library, "same.mp4", long_ago)
    note(resized, during, size_bytes=(100, 50))
    note(resized, during, size_bytes=(50, 100))

    assert fates(first, second) == {}


def test_only_what_happened_between_them_and_in_their_library(library: Library) -> None:
    first, second, third = (scan(library, hours) for hours in (0, 2, 4))
    known(library, "second.mp4", NOON + 2 * HOUR)
    late = known(library, "third.mp4", NOON + 4 * HOUR)
    note(late, NOON + 4 * HOUR, path=("x.mp4", "third.mp4"))
    known(make_library(), "elsewhere.mp4", NOON + 2 * HOUR)

    assert fates(first, second) == {"second.mp4": "came"}
    assert fates(second, third) == {"third.mp4": "came"}
    assert len(fates(first, third)) == 2


def test_pages(library: Library, django_assert_num_queries: Any) -> None:
    first, second = scan(library, 0), scan(library, 2)
    for number in range(5):
        known(library, f"{number}.mp4", NOON + 2 * HOUR)
    comparison = compare_scans(first, second)

    with django_assert_num_queries(2):
        assert [c.path for c in comparison.changes(offset=2, limit=2)] == ["2.mp4", "3.mp4"]
        assert comparison.sums()[Fate.CAME].files == 5


def test_scans_that_have_nothing_in_common(library: Library) -> None:
    one = scan(library, 0)

    for other in (one, scan(make_library(), 1)):
        with pytest.raises(NotComparable) as refused:
            compare_scans(one, other)
        assert refused.value.code == "not_comparable"


def test_what_real_scans_write_is_enough(tmp_path: Path) -> None:
    for name, tone in (("stays", 100), ("moves", 200), ("goes", 300), ("grows", 400)):
        write_wav(tmp_path / f"{name}.wav", tone_hz=tone)
    library = add_library(tmp_path)
    first = scan_library(library, now=timezone.now())
    before = (tmp_path / "grows.wav").stat().st_size
    write_wav(tmp_path / "comes.wav", tone_hz=500)
    (tmp_path / "sub").mkdir()
    (tmp_path / "moves.wav").rename(tmp_path / "sub" / "moved.wav")
    (tmp_path / "goes.wav").unlink()
    write_wav(tmp_path / "grows.wav", tone_hz=400, seconds=3)
    second = scan_library(library, now=timezone.now())
    (tmp_path / "stays.wav").unlink()
    third = scan_library(library, now=timezone.now())

    assert fates(first, second) == {
        "comes.wav": "came", "sub/moved.wav": "moved", "goes.wav": "went", "grows.wav": "grew",
    }  # fmt: skip
    after = (tmp_path / "grows.wav").stat().st_size
    assert compare_scans(first, second).sums()[Fate.GREW].size_bytes == after - before
    assert fates(second, third) == {"stays.wav": "went"}
