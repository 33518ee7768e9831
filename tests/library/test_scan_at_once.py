"""Two scans at the same files at once, and likely copies on disks that hang."""

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction

from apps.core.errors import MediaHubError
from apps.library.choices import LibraryState
from apps.library.models import File, Folder, Library, Video
from apps.library.services.libraries import add_library
from apps.library.services.scan import scan_library, tell_apart
from apps.library.services.scan.compare import Comparison
from apps.library.services.scan.copies import Copies
from apps.library.services.scan.counts import Counts
from apps.library.services.scan.crew import Crew
from tests.factories import NOON
from tests.rigs.media import sound_alike, write_sound
from tests.rigs.mounts import Mounts, Share, need_fuse, own_mounts

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _nothing_is_compared_by_scans(settings: Any) -> None:
    settings.MEDIAHUB_COMPARE_BYTES = 0


@pytest.fixture
def mounts() -> Iterator[Mounts]:
    with own_mounts() as mounts:
        yield mounts


def scanned(root: Path) -> Library:
    library = add_library(root)
    scan_library(library, now=NOON)
    library.refresh_from_db()
    return library


def write_alike(folder: Path, *marks: int) -> Path:
    folder.mkdir(exist_ok=True)
    for mark in marks:
        (folder / f"{mark}.wav").write_bytes(sound_alike(mark))
    return folder


def test_a_new_folder_that_another_scan_adds_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = scanned(write_alike(tmp_path / "root", 1))
    write_sound(tmp_path / "root" / "new" / "a.wav", 1)
    known = Comparison._known

    def overtaken(self: Comparison, keys: list[bytes]) -> dict[bytes, tuple[object, ...]]:
        found = known(self, keys)
        rows = [Folder(library=library, path=b"new", key=k, seen_at=NOON) for k in keys]
        Folder.objects.bulk_create([one for one in rows if one.key not in found])
        return dict(found)

    monkeypatch.setattr(Comparison, "_known", overtaken)
    scan_library(library, now=NOON)

    assert File.objects.filter(folder__path=b"new").count() == 1
    assert Folder.objects.count() == 2


@pytest.mark.parametrize("marks", [(1, 2), (1, 1)])
def test_a_file_that_another_scan_settles_meanwhile(tmp_path: Path, marks: tuple[int, int]) -> None:
    root = write_alike(tmp_path / "root", marks[0])
    (root / "other.wav").write_bytes(sound_alike(marks[1]))
    library = scanned(root)
    assert File.objects.undecided().count() == 1

    with Crew() as crew:

        def copies(kind: type[Copies]) -> Copies:
            return kind(library, crew, transaction.atomic, NOON, Counts(), lambda: None)

        class Slow(Copies):
            def _is_same(self, file: File, md5: str, peer: File) -> bool:
                copies(Copies).settle()
                return Copies._is_same(self, file, md5, peer)

        slow = copies(Slow)
        slow.settle()

    assert (slow.counts.copies, slow.counts.different) == (0, 0)
    assert Video.objects.count() == len(set(marks))
    assert not Video.objects.filter(files=None).exists()


def test_a_file_dated_beyond_2262_is_settled(tmp_path: Path) -> None:
    root = write_alike(tmp_path / "root", 1, 2)
    for path in root.iterdir():
        os.utime(path, ns=(0, 2**63 + 10**9))
        if path.stat().st_mtime_ns < 2**63:
            pytest.skip("this file system knows no such dates")
    library = scanned(root)

    assert tell_apart(library, now=NOON) == {"copies": 0, "different": 1}


class TestDisksThatHang:
    @pytest.fixture(autouse=True)
    def _soon(self, settings: Any) -> None:
        need_fuse()
        settings.MEDIAHUB_DISK_TIMEOUT_SECONDS = 1
        settings.MEDIAHUB_PROBE_TIMEOUT_SECONDS = 1

    @pytest.fixture
    def share(self, mounts: Mounts, tmp_path: Path) -> Share:
        write_alike(tmp_path / "source", *range(15))
        return mounts.share(tmp_path / "source", tmp_path / "share")

    def test_the_librarys_own_is_waited_for_once(self, share: Share) -> None:
        library = scanned(share.target)
        share.fail("hang")
        began = time.monotonic()

        with pytest.raises(MediaHubError, match="does not answer"):
            tell_apart(library, now=NOON)

        assert time.monotonic() - began < 9
        assert File.objects.undecided().count() == 14

    def test_anothers_is_given_up(self, share: Share, tmp_path: Path) -> None:
        scanned(share.target)
        for file in File.objects.undecided():  # peers that were never read whole
            video = Video.objects.create(title="old", library=file.library, primary_file=file)
            File.objects.filter(pk=file.pk).update(video=video)
        library = scanned(write_alike(tmp_path / "root", 17, 18, 19))
        share.fail("hang")
        began = time.monotonic()

        assert tell_apart(library, now=NOON) == {"copies": 0, "different": 0}

        assert time.monotonic() - began < 9
        library.refresh_from_db()
        assert library.state == LibraryState.ONLINE
        share.heal()
        assert tell_apart(library, now=NOON) == {"copies": 0, "different": 3}
