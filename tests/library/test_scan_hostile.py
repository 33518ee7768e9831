"""The scan against disks, files and people that do what they like while it runs."""

import os
import tempfile
from datetime import timedelta
from pathlib import Path

import pytest

from apps.ffmpeg.messages import ProbeResult
from apps.library.models import File, Folder, Library, Scan, Video
from apps.library.services.libraries import add_library, due_for_scan
from apps.library.services.scan import RootOffline, scan_library
from apps.library.services.scan.collect import Batch, Collector
from apps.library.services.scan.compare import Difference, FolderVisit
from apps.library.services.scan.identity import Recognized
from apps.library.services.scan.record import LibraryGone
from apps.library.tasks import request_scan
from tests.factories import NOON
from tests.library.test_scan import counted, scan
from tests.sounds import write_wav

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("warm")]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A tree of three files in two folders."""
    root = tmp_path / "root"
    write_wav(root / "one.wav", tone_hz=100)
    write_wav(root / "folder" / "two.wav", tone_hz=200)
    write_wav(root / "folder" / "three.wav", tone_hz=300)
    return root


@pytest.fixture
def library(root: Path) -> Library:
    return add_library(root)


class TestWhatComesBack:
    """Disks' clocks don't tell: what comes back looks exactly as it was seen before."""

    def test_a_folder(self, library: Library, root: Path) -> None:
        scan(library)
        scan(library)
        (root / "folder").rename(root.parent / "elsewhere")
        scan(library)
        (root.parent / "elsewhere").rename(root / "folder")

        assert counted(scan(library)) == {"returned": 2, "unchanged": 1}
        assert not File.objects.missing().exists()

    def test_a_file(self, library: Library, root: Path) -> None:
        scan(library)
        scan(library)
        (root / "one.wav").rename(root.parent / "one.wav")
        scan(library)
        (root.parent / "one.wav").rename(root / "one.wav")

        assert counted(scan(library)) == {"returned": 1, "unchanged": 2}

    def test_a_file_that_was_moved_to_another_library(
        self, library: Library, root: Path, tmp_path: Path
    ) -> None:
        write_wav(tmp_path / "other" / "four.wav", tone_hz=400)
        other = add_library(tmp_path / "other")
        for each in (library, other) * 2:
            scan(each)
        (root / "one.wav").rename(tmp_path / "other" / "one.wav")
        assert counted(scan(other)) == {"moved": 1, "unchanged": 1}
        (tmp_path / "other" / "one.wav").rename(root / "one.wav")
        scan(other)

        assert counted(scan(library)) == {"moved": 1, "unchanged": 2}
        assert Video.objects.count() == 4
        assert not File.objects.missing().exists()


class TestAtOnce:
    def test_marks_nothing_that_an_older_scan_has_walked_since(
        self, library: Library, root: Path
    ) -> None:
        scan(library)
        older = scan_time = NOON + timedelta(days=100)

        def overtaken(*_args: object, **_facts: object) -> None:
            scan_library(library, now=older, paths=["folder"])

        scan_library(library, now=scan_time + timedelta(minutes=1), report=overtaken)

        assert not File.objects.missing().exists()


class TestNamesAndNumbers:
    def test_takes_in_a_long_name_in_another_encoding(self, library: Library, root: Path) -> None:
        write_wav(os.path.join(os.fsencode(root), b"\x93\xfa" * 125 + b".wav"))

        assert counted(scan(library)) == {"added": 4}

    def test_takes_in_files_from_the_far_future(self, library: Library, root: Path) -> None:
        os.utime(root / "one.wav", (2**34 - 1, 2**34 - 1))

        assert counted(scan(library)) == {"added": 3}
        assert counted(scan(library)) == {"unchanged": 3}

    def test_adds_up_more_than_fits(self) -> None:
        with tempfile.TemporaryDirectory(dir="/dev/shm") as root:
            for name in ("a.wav", "b.wav"):
                with (Path(root) / name).open("wb") as file:
                    file.truncate(2**62)
            library = add_library(Path(root))

            assert counted(scan(library)) == {"added": 2, "failed": 2}
            assert counted(scan(library)) == {"unchanged": 2}


class TestRoots:
    def test_marks_nothing_if_another_disk_takes_the_place_of_the_root(
        self, library: Library, root: Path
    ) -> None:
        scan(library)
        write_wav(root / "new.wav", tone_hz=900)
        with tempfile.TemporaryDirectory(dir="/dev/shm") as shared:
            (Path(shared) / "lost+found").touch()

            def swap(*_args: object, **_facts: object) -> None:
                if not root.is_symlink():
                    root.rename(root.parent / "away")
                    root.symlink_to(shared)

            with pytest.raises(RootOffline):
                scan(library, report=swap)

        assert not File.objects.missing().exists()

    def test_walks_nested_paths_once(self, library: Library) -> None:
        assert counted(scan(library, paths=["folder", "", "folder"])) == {"added": 3}


class TestBadMoments:
    def test_leaves_a_file_that_vanished_before_it_was_read_to_the_next_scan(
        self, library: Library
    ) -> None:
        scan(library)
        file = File.objects.get(path="one.wav")

        batch = _collected(file, ProbeResult(key=0, error="vanished", message="Gone."))

        assert (batch.files, dict(batch.counts.skipped)) == ([], {"vanished": 1})

    def test_keeps_facts_of_files_that_the_disk_fails_to_read(self, library: Library) -> None:
        scan(library)
        file = File.objects.get(path="one.wav")
        batch = _collected(file, ProbeResult(key=0, error="read_error", message="No."))

        kept = batch.files[0]
        assert (kept.content, kept.duration_ms) == (file.content, file.duration_ms)
        assert (kept.probe_error, kept.missing_since) == ("read_error", None)

    def test_takes_back_a_file_that_cannot_be_read_for_now(self, library: Library) -> None:
        scan(library)
        File.objects.update(missing_since=NOON)
        file = File.objects.get(path="one.wav")

        batch = _collected(file, ProbeResult(key=0, error="unreadable", message="No."))

        assert (batch.counts.returned, batch.files[0].missing_since) == (1, None)

    def test_ends_when_its_library_is_removed(self, library: Library) -> None:
        def remove(*_args: object, **_facts: object) -> None:
            library.scans.all().delete()
            Library.objects.filter(pk=library.pk).delete()

        gone = library.pk
        with pytest.raises(LibraryGone):
            scan(library, report=remove)

        assert not File.objects.exists()
        # In one transaction with the deletion, as here alone, a folder may still be noted after it.
        Folder.objects.filter(library_id=gone).delete()

    def test_returns_many_files_in_batches(self, library: Library, root: Path) -> None:
        for number in range(600):
            write_wav(root / "many" / f"{number}.wav", seconds=0.01)
        scan(library)
        File.objects.update(missing_since=NOON)
        Folder.objects.update(digest=None)
        reported: list[int] = []

        scan(library, report=lambda done, *_a, **_f: reported.append(done))

        assert len(reported) > 3

    def test_does_not_merge_files_of_a_disk_that_numbers_none(self, library: Library) -> None:
        """Some network shares give each file the same inode."""
        folder = FolderVisit(Folder.objects.create(library=library, seen_at=NOON).pk, b"", b"")
        found = [
            Recognized(
                Difference(folder, b"%d.wav" % n, 100, 1, inode=0, device=1),
                ProbeResult(key=n, content=f"{n:032x}"),
                row=None,
            )
            for n in range(3)
        ]
        this = Scan.objects.create(library=library, started_at=NOON)

        assert len(Collector(this, NOON).collect(found).videos) == 3


def _collected(file: File, result: ProbeResult) -> Batch:
    """What a scan makes of this answer about a known file."""
    difference = Difference(
        FolderVisit(file.folder_id, b"", b""), bytes(file.name), file.size_bytes, 1, 2, 3
    )  # fmt: skip
    this = Scan.objects.create(library=file.library, started_at=NOON)
    return Collector(this, NOON).collect([Recognized(difference, result, row=file)])


class TestAsking:
    def test_long_paths_are_not_taken_for_one_another(self, library: Library) -> None:
        first = request_scan(library, paths=["x" * 300 + "1"])

        assert request_scan(library, paths=["x" * 300 + "2"]) != first
        assert request_scan(library, paths=["x" * 300 + "1"]) == first

    def test_an_offline_library_is_tried_again_after_its_interval_only(
        self, library: Library, root: Path
    ) -> None:
        Library.objects.update(scan_every_minutes=60)
        assert due_for_scan(now=NOON).exists()
        root.rename(root.parent / "away")
        with pytest.raises(RootOffline):
            scan_library(library, now=NOON)

        assert not due_for_scan(now=NOON + timedelta(minutes=59)).exists()
        assert due_for_scan(now=NOON + timedelta(minutes=61)).exists()
