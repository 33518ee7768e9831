"""The scan, on real files, a real prober and a real database."""

import os
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.core.models import AuditEntry
from apps.ffmpeg.pool import MediaPool
from apps.library.choices import (
    Integrity,
    LibraryState,
    ProbeState,
    Question,
    Refresh,
    ScanKind,
)
from apps.library.models import File, Library, Scan, ScanFinding, Tag, Video
from apps.library.services.libraries import add_library
from apps.library.services.scan import RootOffline, probe_again, scan_library
from apps.library.services.scan.roots import PathRefused
from tests.factories import NOON
from tests.sounds import write_wav

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("warm")]

_clock = iter(NOON + timedelta(minutes=n) for n in range(10_000))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A tree of three files in two folders."""
    write_wav(tmp_path / "one.wav", tone_hz=100)
    write_wav(tmp_path / "folder" / "two.wav", tone_hz=200)
    write_wav(tmp_path / "folder" / "three.wav", tone_hz=300)
    return tmp_path


@pytest.fixture
def library(root: Path) -> Library:
    return add_library(root)


def scan(library: Library, **options: Any) -> Scan:
    return scan_library(library, now=next(_clock), **options)


def counted(done: Scan) -> dict[str, int]:
    """The counts of files that aren't nought."""
    names = ("added", "changed", "moved", "missing", "returned", "unchanged", "failed")
    return {name: done.counts[name] for name in names if done.counts[name]}


class TestFirstScan:
    def test_makes_a_file_and_a_video_of_each_file(self, library: Library) -> None:
        done = scan(library)

        assert counted(done) == {"added": 3}
        assert sorted(Video.objects.values_list("title", flat=True)) == ["one", "three", "two"]
        video = Video.objects.get(title="two")
        assert (video.path, video.duration_ms, video.audio_codec) == (
            "folder/two.wav", 500, "pcm_s16le",
        )  # fmt: skip
        assert (video.resolution, video.orientation) == ("-", "")
        assert video.primary_file
        assert len(video.primary_file.oshash) == 16

    def test_writes_down_who_made_the_videos(self, library: Library) -> None:
        scan(library, job_id=7)

        entries = AuditEntry.objects.filter(object_type="library.video")
        assert set(entries.values_list("action", flat=True)) == {"created"}
        assert entries.count() == 3

    def test_names_broken_files_and_goes_on(self, library: Library, root: Path) -> None:
        (root / "empty.mp4").touch()
        (root / "text.mkv").write_text("This is not a video. " * 100)

        done = scan(library)

        assert counted(done) == {"added": 5, "failed": 2}
        assert done.counts["reasons"]["failed"] == {"empty": 1, "not_media": 1}
        broken = File.objects.get(path="text.mkv")
        assert (broken.probe_state, broken.video) == (ProbeState.FAILED, None)
        assert ScanFinding.objects.filter(reason="empty", path="empty.mp4").exists()

    def test_keeps_names_byte_for_byte(self, library: Library, root: Path) -> None:
        names = [
            b"-i.wav", b"new\nline.wav", b"latin1 \xe9\xff.wav", b"surrogate \xed\xa0\x80.wav",
            b"$(id).wav", b"concat:a|b.wav", "日本 🎬.wav".encode(), b"a" * 251 + b".wav",
        ]  # fmt: skip
        for number, name in enumerate(names):
            write_wav(os.path.join(os.fsencode(root), name), tone_hz=400 + number)

        scan(library)

        stored = {bytes(name) for name in File.objects.values_list("name", flat=True)}
        assert stored >= set(names)
        assert not File.objects.failed().exists()
        for file in File.objects.select_related("library", "folder"):
            assert os.path.exists(file.location)

    def test_follows_no_link_and_opens_no_pipe(
        self, library: Library, root: Path, tmp_path_factory: pytest.TempPathFactory
    ) -> None:
        outside = tmp_path_factory.mktemp("outside")
        write_wav(outside / "secret.wav")
        (root / "folder" / "way out").symlink_to(outside)
        (root / "secret.wav").symlink_to(outside / "secret.wav")
        (root / "loop").symlink_to(root)
        os.mkfifo(root / "pipe.mp4")

        done = scan(library)

        assert counted(done) == {"added": 3}
        assert done.counts["reasons"]["skipped"] == {
            "link": 1, "not_a_file": 1, "other_extension": 2,
        }  # fmt: skip

    def test_counts_hard_links_as_one_video(self, library: Library, root: Path) -> None:
        os.link(root / "one.wav", root / "again.wav")

        scan(library)

        video = File.objects.get(path="again.wav").video
        assert video is not None
        assert video.files.count() == 2
        assert Video.objects.count() == 3

    def test_takes_in_what_the_rules_say(self, library: Library, root: Path) -> None:
        write_wav(root / "trailers" / "a.wav")
        write_wav(root / "b-trailer.wav")
        (root / "notes.txt").write_text("no")
        Library.objects.update(exclude=["trailers/", "*-trailer.wav"])
        library.refresh_from_db()

        scan(library)

        assert set(File.objects.values_list("path", flat=True)) == {
            "one.wav", "folder/two.wav", "folder/three.wav",
        }  # fmt: skip

    def test_leaves_out_one_bad_row_only(self, library: Library, root: Path) -> None:
        for number in range(20):
            write_wav(root / f"{number}.wav", tone_hz=500 + number)
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE library_file ADD CHECK (path <> '7.wav')")

        done = scan(library)

        assert counted(done) == {"added": 22, "failed": 1}
        assert done.counts["reasons"]["failed"] == {"not_stored": 1}
        assert ScanFinding.objects.get(reason="not_stored").path == "7.wav"


class TestRescan:
    def test_opens_no_file_if_nothing_changed(
        self, library: Library, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        scan(library)

        def refuse(*_args: object) -> Iterator[None]:
            pytest.fail("a file was opened")

        monkeypatch.setattr(MediaPool, "run", refuse)
        assert counted(scan(library)) == {"unchanged": 3}
        assert counted(scan(library)) == {"unchanged": 3}

    def test_costs_the_same_queries_for_more_files(self, library: Library, root: Path) -> None:
        scan(library)
        with CaptureQueriesContext(connection) as few:
            scan(library)
        for number in range(30):
            write_wav(root / "more" / f"{number}.wav", tone_hz=500 + number)
        scan(library)
        with CaptureQueriesContext(connection) as many:
            scan(library)

        assert len(many) == len(few)

    def test_sees_changed_content(self, library: Library, root: Path) -> None:
        scan(library)
        video = Video.objects.get(title="one")
        write_wav(root / "one.wav", tone_hz=150, seconds=1.0)

        done = scan(library)

        assert counted(done) == {"changed": 1, "unchanged": 2}
        assert done.counts["grew_bytes"] == 8_000
        video.refresh_from_db()
        assert video.duration_ms == 1_000
        entry = AuditEntry.objects.filter(object_type="library.file", action="changed").get()
        assert entry.changes["size_bytes"] == [8_044, 16_044]

    def test_probes_unchanged_files_if_asked(self, library: Library) -> None:
        scan(library)
        File.objects.filter(path="one.wav").update(duration_ms=1, audio_codec="wrong")

        done = scan(library, rescan=True)

        assert counted(done) == {"changed": 1, "unchanged": 2}
        assert File.objects.get(path="one.wav").audio_codec == "pcm_s16le"

    def test_probes_one_file_again(self, library: Library) -> None:
        scan(library)
        File.objects.update(audio_codec="wrong")
        one = File.objects.get(path="one.wav")

        done = probe_again(library, [one.pk], now=next(_clock))

        assert counted(done) == {"changed": 1}
        assert File.objects.filter(audio_codec="wrong").count() == 2

    def test_is_limited_to_folders_if_asked(self, library: Library, root: Path) -> None:
        scan(library)
        (root / "one.wav").unlink()
        (root / "folder" / "two.wav").unlink()

        done = scan(library, paths=["folder"])

        assert counted(done) == {"missing": 1, "unchanged": 1}
        assert File.objects.missing().get().path == "folder/two.wav"

    @pytest.mark.parametrize("path", [".", "", "/", "./"])
    def test_takes_the_root_by_any_of_its_names(self, library: Library, path: str) -> None:
        assert counted(scan(library, paths=[path])) == {"added": 3}

    @pytest.mark.parametrize("path", ["..", "folder/../..", "way out", "nul\0"])
    def test_refuses_paths_that_lead_elsewhere(
        self, library: Library, root: Path, path: str
    ) -> None:
        (root / "way out").symlink_to(root.parent)

        with pytest.raises(PathRefused):
            scan(library, paths=[path])


class TestMissing:
    def test_marks_and_keeps_everything(self, library: Library, root: Path) -> None:
        scan(library)
        video = Video.objects.get(title="one")
        video.tags.add(Tag.objects.create(name="kept"))
        (root / "one.wav").unlink()

        done = scan(library)

        assert counted(done) == {"missing": 1, "unchanged": 2}
        video.refresh_from_db()
        assert video.missing_since == done.started_at
        assert video.tags.get().name == "kept"

    def test_marks_whole_folders(self, library: Library, root: Path) -> None:
        scan(library)
        shutil.rmtree(root / "folder")

        assert counted(scan(library)) == {"missing": 2, "unchanged": 1}
        assert counted(scan(library)) == {"unchanged": 1}

    def test_takes_back_what_returns_without_opening_it(
        self, library: Library, root: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        scan(library)
        (root / "folder").rename(root.parent / "elsewhere")
        scan(library)
        (root.parent / "elsewhere").rename(root / "folder")
        monkeypatch.setattr(MediaPool, "run", lambda *_: pytest.fail("a file was opened"))

        assert counted(scan(library)) == {"returned": 2, "unchanged": 1}
        assert not Video.objects.missing().exists()
        assert counted(scan(library)) == {"unchanged": 3}

    @pytest.mark.parametrize("fate", ["gone", "empty", "a file"])
    def test_marks_nothing_if_the_root_is_not_there(
        self, library: Library, root: Path, fate: str
    ) -> None:
        scan(library)
        shutil.rmtree(root)
        if fate == "empty":
            root.mkdir()
        if fate == "a file":
            root.touch()

        with pytest.raises(RootOffline) as refusal:
            scan(library)

        assert refusal.value.code == "root_offline"
        assert not File.objects.missing().exists()
        library.refresh_from_db()
        assert library.state == LibraryState.OFFLINE
        assert str(root) in library.state_detail

    def test_marks_nothing_if_the_root_goes_during_the_walk(
        self, library: Library, root: Path
    ) -> None:
        scan(library)
        write_wav(root / "new.wav")

        def unmount(*_args: object, **_facts: object) -> None:
            if (root / "one.wav").exists():
                shutil.rmtree(root)
                root.mkdir()

        with pytest.raises(RootOffline):
            scan(library, report=unmount)

        assert not File.objects.missing().exists()

    @pytest.mark.skipif(os.geteuid() != 0, reason="needs to give a folder away")
    def test_marks_nothing_below_a_folder_that_cannot_be_read(
        self, library: Library, root: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        scan(library)
        shutil.chown(root, "nobody")
        (root / "folder").chmod(0o000)
        for parent in root.parents[:-2]:
            parent.chmod(0o755)
        nobody = root.stat().st_uid
        os.seteuid(nobody)
        try:
            walked = list(_walk_as_now(root))
        finally:
            os.seteuid(0)

        assert [listing.error for listing in walked] == ["", "unreadable"]


def _walk_as_now(root: Path) -> Iterator[Any]:
    from apps.disk.walk import walk

    return walk(os.fsencode(root), device=0, seed=b"", skips=lambda _path: False, beat=lambda: None)


class TestMove:
    def test_keeps_the_row_and_all_that_hangs_on_it(self, library: Library, root: Path) -> None:
        scan(library)
        video = Video.objects.get(title="one")
        file_id = video.primary_file_id
        (root / "sub").mkdir()
        (root / "one.wav").rename(root / "sub" / "uno.wav")

        done = scan(library)

        assert counted(done) == {"moved": 1, "unchanged": 2}
        moved = File.objects.get(path="sub/uno.wav")
        assert (moved.pk, moved.video_id) == (file_id, video.pk)
        video.refresh_from_db()
        assert (video.path, video.missing_since) == ("sub/uno.wav", None)

    def test_follows_a_renamed_folder(self, library: Library, root: Path) -> None:
        scan(library)
        before = set(Video.objects.values_list("pk", flat=True))
        (root / "folder").rename(root / "renamed")

        assert counted(scan(library)) == {"moved": 2, "unchanged": 1}
        assert set(Video.objects.values_list("pk", flat=True)) == before
        assert counted(scan(library)) == {"unchanged": 3}

    def test_a_copy_is_not_a_move(self, library: Library, root: Path) -> None:
        scan(library)
        shutil.copy(root / "one.wav", root / "copy.wav")

        assert counted(scan(library)) == {"added": 1, "unchanged": 3}


class TestStopping:
    def test_keeps_what_was_found_and_goes_on_from_there(
        self, library: Library, root: Path
    ) -> None:
        class Stop(Exception):
            pass

        def stop(done: int, *_args: object, **_facts: object) -> None:
            if done:
                raise Stop

        for number in range(600):
            write_wav(root / "many" / f"{number}.wav", tone_hz=100, seconds=number / 8_000)
        with pytest.raises(Stop):
            scan(library, report=stop)
        first = File.objects.count()

        done = scan(library)

        assert 0 < first < 603
        assert done.counts["added"] == 603 - first
        assert File.objects.count() == 603


class TestOtherBytesUnderTheSameTime:
    def test_reading_anew_keeps_the_checksum_and_tells_of_rot(
        self, library: Library, root: Path
    ) -> None:
        Library.objects.update(full_hash=True)
        library.refresh_from_db()
        scan(library)
        before = File.objects.get(path="one.wav")
        _rot(root / "one.wav")

        scan(library, rescan=True)

        file = File.objects.get(path="one.wav")
        assert (file.md5, file.integrity) == (before.md5, Integrity.ROT)
        scan(library, rescan=True)
        assert File.objects.get(path="one.wav").integrity == Integrity.ROT

    def test_a_person_may_ask_for_the_new_checksum(self, library: Library, root: Path) -> None:
        Library.objects.update(full_hash=True)
        library.refresh_from_db()
        scan(library)
        before = File.objects.get(path="one.wav")
        _rot(root / "one.wav")

        probe_again(library, [before.pk], now=next(_clock), refresh=frozenset({Refresh.MD5}))

        file = File.objects.get(path="one.wav")
        assert file.md5 != before.md5
        assert file.content == before.content
        entry = AuditEntry.objects.filter(object_type="library.file").latest("pk")
        assert entry.changes["md5"] == [before.md5, file.md5]

    def test_a_change_with_a_new_time_is_none(self, library: Library, root: Path) -> None:
        scan(library)
        write_wav(root / "one.wav", tone_hz=999)

        scan(library)

        file = File.objects.get(path="one.wav")
        assert (file.integrity, file.md5) == (Integrity.UNKNOWN, "")


def _rot(path: Path) -> None:
    """Change a byte as a dying disk does, with nothing else to see of it."""
    before = path.stat()
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


class TestManyGoneBitByBit:
    def test_asks_although_each_scan_of_the_watch_misses_few(
        self, library: Library, root: Path
    ) -> None:
        for number in range(40):
            write_wav(root / f"{number}.wav", tone_hz=500 + number, seconds=0.01)
        scan(library)
        library.refresh_from_db()
        now = next(_clock)

        for number in range(0, 24, 6):
            for one in range(number, number + 6):
                (root / f"{one}.wav").unlink()
            now += timedelta(seconds=2)
            scan_library(library, now=now, paths=["0.wav"], kind=ScanKind.WATCH)

        assert File.objects.missing().count() == 6
        library.refresh_from_db()
        assert library.question == Question.GONE
        scan_library(library, now=now + timedelta(seconds=2), accept=frozenset({Question.GONE}))
        assert File.objects.missing().count() == 24
        (root / "30.wav").unlink()
        library.refresh_from_db()
        later = now + timedelta(seconds=4)
        scan_library(library, now=later, paths=["30.wav"], kind=ScanKind.WATCH)
        assert File.objects.missing().count() == 25
