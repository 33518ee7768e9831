"""Which video a file belongs to: moves, copies, links, swaps and files that only look alike."""

import os
import shutil
import unicodedata
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from apps.library.choices import Question
from apps.library.models import File, Library, Scan, Video
from apps.library.services.libraries import add_library
from apps.library.services.scan import scan_library, under_way
from tests.factories import NOON
from tests.rigs.media import sound_alike
from tests.sounds import write_wav

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("warm")]

_clock = iter(NOON + timedelta(minutes=n) for n in range(10_000))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "root"
    write_wav(root / "one.wav", tone_hz=100)
    write_wav(root / "two.wav", tone_hz=200)
    write_wav(root / "folder" / "three.wav", tone_hz=300)
    return root


@pytest.fixture
def library(root: Path) -> Library:
    library = add_library(root)
    scan(library)
    return library


@pytest.fixture
def other(tmp_path: Path) -> Library:
    write_wav(tmp_path / "other" / "four.wav", tone_hz=400)
    library = add_library(tmp_path / "other")
    scan(library)
    return library


def scan(library: Library, **options: Any) -> Scan:
    return scan_library(library, now=next(_clock), **options)


def counted(done: Scan) -> dict[str, int]:
    names = ("added", "changed", "moved", "missing", "returned", "unchanged", "failed", "held")
    return {name: done.counts[name] for name in names if done.counts.get(name)}


def video_at(path: str, library: Library | None = None) -> Video:
    """Of the file that is there now."""
    files = File.objects.present().filter(path=path)
    video = (files.filter(library=library) if library else files).get().video
    assert video is not None
    return video


def paths_of(video: Video) -> set[str]:
    """Of its files that are there."""
    return set(video.files.filter(missing_since=None).values_list("path", flat=True))


def write_alike(path: Path, mark: bytes) -> None:
    path.write_bytes(sound_alike(ord(mark)))


class TestMoves:
    def test_swapped_names_are_two_moves(self, library: Library, root: Path) -> None:
        one, two = video_at("one.wav"), video_at("two.wav")
        (root / "one.wav").rename(root / "three.wav")
        (root / "two.wav").rename(root / "one.wav")
        (root / "three.wav").rename(root / "two.wav")

        done = scan(library)

        assert (video_at("two.wav"), video_at("one.wav")) == (one, two)
        assert not done.counts["added"]
        assert counted(scan(library)) == {"unchanged": 3}

    def test_a_circle_of_names_is_followed(self, library: Library, root: Path) -> None:
        names = ["one.wav", "two.wav", "folder/three.wav"]
        videos = [video_at(name) for name in names]
        (root / "one.wav").rename(root / "kept")
        (root / "two.wav").rename(root / "one.wav")
        (root / "folder/three.wav").rename(root / "two.wav")
        (root / "kept").rename(root / "folder/three.wav")

        scan(library)

        assert [video_at(name) for name in names] == [videos[1], videos[2], videos[0]]
        assert not File.objects.missing().exists()

    def test_a_file_moved_over_another_keeps_its_video(self, library: Library, root: Path) -> None:
        one, two = video_at("one.wav"), video_at("two.wav")
        (root / "one.wav").rename(root / "two.wav")

        scan(library)

        assert video_at("two.wav") == one
        assert Video.objects.missing().get() == two
        assert counted(scan(library)) == {"unchanged": 2}

    def test_what_was_displaced_comes_back_as_it_was(self, library: Library, root: Path) -> None:
        two = video_at("two.wav")
        shutil.copy(root / "two.wav", root.parent / "backup")
        (root / "one.wav").rename(root / "two.wav")
        scan(library)
        (root.parent / "backup").rename(root / "elsewhere.wav")

        scan(library)

        assert video_at("elsewhere.wav") == two
        assert not Video.objects.missing().exists()

    @pytest.mark.parametrize(
        ("before", "after"),
        [
            ("film.wav", "FILM.WAV"),
            (unicodedata.normalize("NFC", "é.wav"), unicodedata.normalize("NFD", "é.wav")),
            ("short.wav", "x" * 251 + ".wav"),
            ("plain.wav", "new\nline.wav"),
            ("plain.wav", os.fsdecode(b"latin1 \xe9\xff.wav")),
        ],
        ids=["case", "normal form", "255 bytes", "newline", "not UTF-8"],
    )
    def test_a_name_is_just_its_bytes(
        self, library: Library, root: Path, before: str, after: str
    ) -> None:
        write_wav(root / before, tone_hz=500)
        scan(library)
        video = File.objects.get(name=os.fsencode(before)).video
        (root / before).rename(root / after)

        assert counted(scan(library)) == {"moved": 1, "unchanged": 3}
        assert File.objects.get(name=os.fsencode(after)).video == video
        assert counted(scan(library)) == {"unchanged": 4}

    @pytest.mark.parametrize("first", ["here", "there"])
    def test_goes_over_to_another_library(
        self, library: Library, other: Library, root: Path, tmp_path: Path, first: str
    ) -> None:
        video = video_at("folder/three.wav")
        (root / "folder").rename(tmp_path / "other" / "folder")

        for each in (library, other) if first == "here" else (other, library):
            scan(each)

        assert video_at("folder/three.wav", other) == video
        video.refresh_from_db()
        assert (video.library, video.missing_since) == (other, None)
        assert Video.objects.count() == 4

    def test_a_moved_and_touched_file_is_the_same(self, library: Library, root: Path) -> None:
        video = video_at("one.wav")
        (root / "one.wav").rename(root / "uno.wav")
        os.utime(root / "uno.wav")

        assert counted(scan(library)) == {"moved": 1, "unchanged": 2}
        assert video_at("uno.wav") == video

    def test_of_a_copy_and_the_lost_original_the_copy_is_kept_as_the_video(
        self, library: Library, root: Path
    ) -> None:
        video = video_at("one.wav")
        shutil.copy(root / "one.wav", root / "copy.wav")
        (root / "one.wav").unlink()

        scan(library)

        assert paths_of(video) == {"copy.wav"}

    @pytest.mark.parametrize("name", ["copy.wav", "folder/copy.wav", "zzz.wav"])
    def test_of_a_copy_and_the_overwritten_original_the_copy_is_kept_as_the_video(
        self, library: Library, root: Path, name: str
    ) -> None:
        video = video_at("one.wav")
        shutil.copy(root / "one.wav", root / name)
        write_wav(root / "one.wav", tone_hz=900)

        assert counted(scan(library)) == {"added": 1, "moved": 1, "unchanged": 2}
        assert paths_of(video) == {name}
        assert video_at("one.wav") != video
        assert counted(scan(library)) == {"unchanged": 4}


class TestReplacedInPlace:
    def test_keeps_what_people_wrote(self, library: Library, root: Path) -> None:
        video = video_at("one.wav")
        Video.objects.filter(pk=video.pk).update(rating=90)
        write_wav(root / "new", tone_hz=900, seconds=1)
        (root / "new").rename(root / "one.wav")

        assert counted(scan(library)) == {"changed": 1, "unchanged": 2}
        video = video_at("one.wav")
        assert (video.rating, video.duration_ms) == (90, 1_000)


class TestCopies:
    def test_are_second_files_of_one_video(self, library: Library, root: Path) -> None:
        shutil.copy(root / "one.wav", root / "folder" / "copy.wav")

        assert counted(scan(library)) == {"added": 1, "unchanged": 3}
        assert paths_of(video_at("one.wav")) == {"one.wav", "folder/copy.wav"}
        assert Video.objects.count() == 3
        assert counted(scan(library)) == {"unchanged": 4}

    def test_that_come_at_once_are_one_video(self, library: Library, root: Path) -> None:
        for number in range(3):
            write_wav(root / f"copy {number}.wav", tone_hz=900)

        scan(library)

        assert len(paths_of(video_at("copy 0.wav"))) == 3
        assert Video.objects.count() == 4

    def test_in_another_library_belong_to_the_same_video(
        self, library: Library, other: Library, root: Path, tmp_path: Path
    ) -> None:
        shutil.copy(root / "one.wav", tmp_path / "other" / "copy.wav")

        scan(other)

        assert video_at("copy.wav") == video_at("one.wav")

    @pytest.mark.parametrize("batch", [1, 256])
    @pytest.mark.parametrize("large", [False, True], ids=["small", "large"])
    def test_that_come_with_a_move_are_second_files(
        self,
        library: Library,
        root: Path,
        monkeypatch: pytest.MonkeyPatch,
        large: bool,
        batch: int,
    ) -> None:
        monkeypatch.setattr(under_way, "_BATCH_FILES", batch)
        write_alike(root / "a.wav", b"a") if large else write_wav(root / "a.wav", tone_hz=800)
        scan(library)
        video = video_at("a.wav")
        shutil.copy(root / "a.wav", root / "copy.wav")
        shutil.copy(root / "a.wav", root / "folder" / "other copy.wav")
        (root / "a.wav").unlink()

        scan(library)

        assert paths_of(video) == {"copy.wav", "folder/other copy.wav"}
        assert Video.objects.count() == 4
        assert counted(scan(library)) == {"unchanged": 5}

    def test_outlive_one_another(self, library: Library, root: Path) -> None:
        shutil.copy(root / "one.wav", root / "copy.wav")
        scan(library)
        video = video_at("one.wav")
        (root / "one.wav").unlink()

        scan(library)

        video.refresh_from_db()
        assert video.missing_since is None
        assert (video.path, paths_of(video)) == ("copy.wav", {"copy.wav"})

    def test_hard_links_are_counted_once(self, library: Library, root: Path) -> None:
        os.link(root / "one.wav", root / "link.wav")

        assert counted(scan(library)) == {"added": 1, "unchanged": 3}
        assert paths_of(video_at("one.wav")) == {"one.wav", "link.wav"}
        assert counted(scan(library)) == {"unchanged": 4}


class TestAlike:
    """Files that only the bytes between the samples of the fast fingerprint tell apart."""

    def test_stay_two_videos(self, library: Library, root: Path) -> None:
        write_alike(root / "a.wav", b"a")
        write_alike(root / "b.wav", b"b")

        scan(library)

        contents = File.objects.filter(path__in=["a.wav", "b.wav"]).values_list("content")
        assert len(set(contents)) == 1
        assert video_at("a.wav") != video_at("b.wav")
        assert counted(scan(library)) == {"unchanged": 5}

    def test_stay_two_videos_if_one_comes_later(self, library: Library, root: Path) -> None:
        write_alike(root / "a.wav", b"a")
        scan(library)
        write_alike(root / "b.wav", b"b")
        shutil.copy(root / "a.wav", root / "copy of a.wav")

        scan(library)

        assert paths_of(video_at("a.wav")) == {"a.wav", "copy of a.wav"}
        assert paths_of(video_at("b.wav")) == {"b.wav"}

    def test_copies_are_told_from_them(self, library: Library, root: Path) -> None:
        for name, mark in (("a.wav", b"a"), ("b.wav", b"b"), ("c.wav", b"a"), ("d.wav", b"b")):
            write_alike(root / name, mark)

        scan(library)

        assert paths_of(video_at("a.wav")) == {"a.wav", "c.wav"}
        assert paths_of(video_at("b.wav")) == {"b.wav", "d.wav"}

    def test_follow_their_own_names_when_both_move(self, library: Library, root: Path) -> None:
        write_alike(root / "a.wav", b"a")
        write_alike(root / "b.wav", b"b")
        scan(library)
        a, b = video_at("a.wav"), video_at("b.wav")
        (root / "deep").mkdir()
        (root / "b.wav").rename(root / "deep" / "b.wav")
        (root / "a.wav").rename(root / "deep" / "a.wav")

        scan(library)

        assert (video_at("deep/a.wav"), video_at("deep/b.wav")) == (a, b)

    def test_what_is_not_compared_yet_waits(
        self, library: Library, root: Path, settings: Any
    ) -> None:
        settings.MEDIAHUB_COMPARE_BYTES = 0
        write_alike(root / "a.wav", b"a")
        write_alike(root / "b.wav", b"b")

        scan(library)

        assert File.objects.undecided().count() >= 1
        videos = File.objects.filter(path__in=["a.wav", "b.wav"]).values_list("video", flat=True)
        assert len({video for video in videos if video}) == sum(map(bool, videos))
        settings.MEDIAHUB_COMPARE_BYTES = 1 << 30
        scan(library)
        assert video_at("a.wav") != video_at("b.wav")


class TestMovedAndReplaced:
    """A file was moved, and another put in its place: the scan may meet the second one first."""

    @pytest.mark.parametrize("batch", [1, 256])
    @pytest.mark.parametrize("new", [b"", None])
    def test_the_content_keeps_its_video(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, batch: int, new: bytes | None
    ) -> None:
        monkeypatch.setattr(under_way, "_BATCH_FILES", batch)
        write_wav(tmp_path / "a" / "film.wav", tone_hz=100)
        library = add_library(tmp_path)
        scan_library(library, now=NOON)
        video = Video.objects.get()
        (tmp_path / "z").mkdir()
        (tmp_path / "a" / "film.wav").rename(tmp_path / "z" / "film.wav")
        if new is None:
            write_wav(tmp_path / "a" / "film.wav", tone_hz=900)
        else:
            (tmp_path / "a" / "film.wav").write_bytes(new)
        library.refresh_from_db()

        scan_library(library, now=NOON + timedelta(minutes=1))

        assert File.objects.get(path="z/film.wav").video == video
        assert File.objects.get(path="a/film.wav").video != video

    def test_what_is_replaced_and_turns_up_nowhere_keeps_its_video(self, tmp_path: Path) -> None:
        write_wav(tmp_path / "film.wav", tone_hz=100)
        library = add_library(tmp_path)
        scan_library(library, now=NOON)
        video = Video.objects.get()
        write_wav(tmp_path / "new.wav", tone_hz=900)
        (tmp_path / "new.wav").rename(tmp_path / "film.wav")
        library.refresh_from_db()

        done = scan_library(library, now=NOON + timedelta(minutes=1))

        assert (done.counts["changed"], File.objects.get().video) == (1, video)


class TestWholeLibraryElsewhere:
    def test_all_files_of_a_library_may_move_to_another(self, tmp_path: Path) -> None:
        """The old root is empty then, which may mean that its disk is away: nothing of it goes."""
        old, new = tmp_path / "old", tmp_path / "new"
        for number in range(3):
            write_wav(old / f"{number}.wav", tone_hz=100 + number)
        new.mkdir()
        libraries = [add_library(old), add_library(new)]
        scan_library(libraries[0], now=NOON)
        before = dict(File.objects.values_list("name", "video"))
        for path in list(old.iterdir()):
            path.rename(new / path.name)

        done = scan_library(libraries[1], now=NOON + timedelta(minutes=1))

        assert done.counts["added"] == 3
        assert dict(libraries[1].files.values_list("name", "video")) == before
        accept = frozenset({Question.GONE})
        libraries[0].refresh_from_db()
        scan_library(libraries[0], now=NOON + timedelta(minutes=2), accept=accept)
        assert set(Video.objects.values_list("library", flat=True)) == {libraries[1].pk}
        assert not Video.objects.missing().exists()

    def test_a_copy_of_a_library_whose_disk_is_away_is_of_the_same_videos(
        self, tmp_path: Path
    ) -> None:
        old, new = tmp_path / "old", tmp_path / "new"
        write_wav(old / "film.wav", tone_hz=100)
        libraries = [add_library(old)]
        scan_library(libraries[0], now=NOON)
        shutil.copytree(old, new)
        old.rename(tmp_path / "unplugged")
        libraries.append(add_library(new))

        scan_library(libraries[1], now=NOON + timedelta(minutes=1))

        assert Video.objects.get().files.count() == 2
        assert not File.objects.missing().exists()
