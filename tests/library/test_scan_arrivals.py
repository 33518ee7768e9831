"""Files that are still being written when a scan comes by."""

import os
import threading
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from apps.disk.reader import Disk
from apps.disk.walk import Entry
from apps.jobs.models import Job
from apps.library.choices import ScanKind
from apps.library.models import File, Library, Scan, Video
from apps.library.services.libraries import add_library
from apps.library.services.scan import scan_library
from apps.library.services.scan.arrivals import Arrivals
from apps.library.tasks import request_scan
from tests.rigs.mounts import need_fuse, own_mounts
from tests.sounds import write_wav

pytestmark = pytest.mark.django_db

SETTLE_S = 0.4


@pytest.fixture(autouse=True)
def settled(settings: Any) -> None:
    settings.MEDIAHUB_SETTLE_SECONDS = SETTLE_S


@pytest.fixture
def library(tmp_path: Path) -> Library:
    root = tmp_path / "root"
    root.mkdir()
    return add_library(root)


def scan(library: Library, **options: Any) -> Scan:
    return scan_library(library, now=timezone.now(), **options)


def age(path: Path, seconds: float) -> None:
    """Make a file that old."""
    then = time.time() - seconds
    os.utime(path, (then, then))


class TestAFileThatWasJustWritten:
    def test_is_taken_once_it_has_stood_still(self, library: Library) -> None:
        path = Path(library.root) / "new.wav"
        write_wav(path)

        done = scan(library)

        assert File.objects.get().path == "new.wav"
        assert (done.counts["skipped"], done.unsettled) == (0, [])
        assert time.time() - path.stat().st_mtime >= SETTLE_S

    def test_is_taken_although_its_clock_is_ahead(self, library: Library) -> None:
        write_wav(Path(library.root) / "new.wav")
        age(Path(library.root) / "new.wav", -100)

        scan(library)

        assert File.objects.count() == 1

    def test_is_taken_with_its_clock_ahead_however_many_others_come_first(self) -> None:
        with Disk(timeout_s=5) as disk:
            arrivals = Arrivals(disk, b"/nowhere", SETTLE_S)
            ahead = entry(b"ahead.wav", age_s=-100)
            arrivals.note(b"", ahead)
            time.sleep(SETTLE_S)
            arrivals.note(b"", entry(b"late.wav", age_s=0))  # in the second look

            assert list(arrivals.judge(b"", [ahead])) == [(ahead, False)]

    def test_is_taken_with_its_clock_ahead_when_the_watch_saw_it_stand(
        self, library: Library
    ) -> None:
        path = Path(library.root) / "new.wav"
        write_wav(path)
        age(path, -100)
        with path.open("ab"):
            done = scan(library, kind=ScanKind.WATCH, paths=["new.wav"], shallow=True)
        assert (File.objects.count(), done.unsettled) == (0, [""])

        scan(library, kind=ScanKind.WATCH, paths=["new.wav"], shallow=True)

        assert File.objects.count() == 1

    def test_is_counted_once(self, library: Library) -> None:
        write_wav(Path(library.root) / "old.wav", tone_hz=100)
        age(Path(library.root) / "old.wav", 100)
        write_wav(Path(library.root) / "new.wav", tone_hz=200)

        done = scan(library)
        again = scan(library)

        assert (done.counts["added"], done.counts["unchanged"], done.counts["folders"]) == (2, 0, 1)
        assert (again.counts["unchanged"], again.counts["added"]) == (2, 0)

    def test_is_not_missing_while_it_is_written_to(self, library: Library) -> None:
        path = Path(library.root) / "known.wav"
        write_wav(path)
        scan(library)
        before = File.objects.get()

        with Growing(path):
            done = scan(library)

        row = File.objects.get()
        assert (row.missing_since, row.size_bytes) == (None, before.size_bytes)
        assert (done.counts["skipped"], done.unsettled) == (1, [""])


class TestAFileThatGrows:
    def test_is_left_alone(self, library: Library) -> None:
        path = Path(library.root) / "folder" / "growing.wav"
        write_wav(path)

        with Growing(path):
            done = scan(library)

        assert not File.objects.exists()
        assert (done.counts["reasons"]["skipped"], done.unsettled) == ({"arriving": 1}, ["folder"])
        scan(library)
        assert File.objects.get().size_bytes == path.stat().st_size

    def test_is_left_alone_while_it_is_open(self, library: Library) -> None:
        path = Path(library.root) / "stalled.wav"
        write_wav(path)
        age(path, 5)

        with path.open("ab"):
            done = scan(library)
        assert done.unsettled == [""]

        assert scan(library).counts["added"] == 1

    def test_is_taken_open_after_a_minute(self, library: Library) -> None:
        path = Path(library.root) / "never closed.wav"
        write_wav(path)
        age(path, 70)

        with path.open("ab"):
            assert scan(library).counts["added"] == 1

    @pytest.mark.django_db(transaction=True)
    def test_is_come_back_to(self, library: Library) -> None:
        from apps.jobs.worker import run

        path = Path(library.root) / "growing.wav"
        write_wav(path)
        job = request_scan(library)
        with Growing(path):
            claimed(job)
            run(job)

        follow_up = Job.objects.get(state="queued")
        assert follow_up.params["paths"] == [""]
        assert follow_up.params["shallow"]
        assert follow_up.run_at > timezone.now()
        claimed(follow_up)
        run(follow_up)
        assert Video.objects.count() == 1
        assert not Job.objects.filter(state="queued", kind="library.scan").exists()

    @pytest.mark.django_db(transaction=True)
    def test_is_come_back_to_by_one_job(self, library: Library) -> None:
        from apps.jobs.worker import run

        write_wav(Path(library.root) / "growing.wav")
        write_wav(Path(library.root) / "folder" / "other.wav")
        age(Path(library.root) / "folder" / "other.wav", 100)
        with Growing(Path(library.root) / "growing.wav"):
            for _ in range(3):
                for job in [*Job.objects.filter(state="queued"), request_scan(library)]:
                    claimed(job)
                    run(job)

        follow_up = Job.objects.get(state="queued")
        assert follow_up.params["paths"] == [""]
        assert {tuple(done.paths): done.counts["folders"] for done in Scan.objects.all()} == {
            (): 2, ("",): 1,
        }  # fmt: skip

    def test_on_a_server_whose_clock_is_behind_is_left_alone(self, tmp_path: Path) -> None:
        need_fuse()
        write_wav(tmp_path / "disk" / "growing.wav")
        with own_mounts() as mounts:
            mounts.share(tmp_path / "disk", tmp_path / "share")
            with Growing(tmp_path / "disk" / "growing.wav", behind_s=90):
                done = scan(add_library(tmp_path / "share"))
                assert done.unsettled == [""]

        assert not File.objects.exists()


class TestFoldersToComeBackTo:
    def test_are_named_or_else_covered(self) -> None:
        with Disk(timeout_s=5) as disk:
            arrivals = Arrivals(disk, b"/nowhere", SETTLE_S)
            for folder in (b"", b"a/b", b"a/\xff/c"):
                arrivals.note(folder, entry(b"x.wav", age_s=0))
            assert arrivals.named() == ["", "a/", "a/b"]

            for number in range(100):
                arrivals.note(b"%d" % number, entry(b"x.wav", age_s=0))
            assert arrivals.named() == ["/"]


class TestNamesThatAreNotTaken:
    @pytest.mark.parametrize(
        "name",
        [
            "a.mp4.part", "a.part.wav", "~a.wav", "._a.wav", ".Trash-1000/a.wav", "#recycle/a.wav",
            "$RECYCLE.BIN/a.wav", "x.mh-part.wav", ".syncthing.a.wav",
        ],
    )  # fmt: skip
    def test_leaves_alone_what_is_unfinished_or_thrown_away(
        self, library: Library, name: str
    ) -> None:
        write_wav(Path(library.root) / name)
        age(Path(library.root) / name, 100)

        scan(library)

        assert not File.objects.exists()

    def test_leaves_alone_what_is_its_own(self, tmp_path: Path, settings: Any) -> None:
        settings.MEDIAHUB_DATA_DIR = tmp_path / "data"
        write_wav(tmp_path / "data" / "artifacts" / "preview.wav")
        write_wav(tmp_path / "videos" / "film.wav", tone_hz=300)
        library = add_library(tmp_path)

        scan(library)

        assert [file.path for file in File.objects.all()] == ["videos/film.wav"]


class Growing:
    """Appends to a file all the time, as a download does."""

    def __init__(self, path: Path, *, behind_s: float = 0) -> None:
        self._path, self._behind_s = path, behind_s
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._grow)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_exc: object) -> None:
        self._ended.set()
        self._thread.join()

    def _grow(self) -> None:
        with self._path.open("ab", buffering=0) as file:
            while not self._ended.wait(0.25 if self._behind_s else 0.02):
                file.write(b"\0" * 64)
                if self._behind_s:
                    age(self._path, self._behind_s)


def entry(name: bytes, *, age_s: float) -> Entry:
    mtime_ns = int((time.time() - age_s) * 1e9)
    return Entry(name=name, size_bytes=1, mtime_ns=mtime_ns, inode=1, device=0, kind=8)


def claimed(job: Job) -> None:
    """As a worker does, whatever the time."""
    Job.objects.filter(pk=job.pk).update(
        state="running", lease_until=timezone.now() + timedelta(minutes=1)
    )
    job.refresh_from_db()
