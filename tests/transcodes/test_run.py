"""One file from its plan to its place."""

import os
from pathlib import Path

import pytest
from django.db import transaction

from apps.disk.reader import Disk
from apps.library.models import File, Library, Marker, Tag, Video, VideoTag
from apps.library.services.scan import scan_library
from apps.transcodes.choices import HardLinks, Outcome, Place, Step
from apps.transcodes.models import Transcode
from apps.transcodes.services.place import NameTaken, SourceChanged
from apps.transcodes.services.restore import NotRestorable, empty_trash, restore
from apps.transcodes.services.run import run
from tests.factories import NOON
from tests.transcodes.conftest import Asked, in_catalogue, on_disk, video_of

pytestmark = pytest.mark.django_db
FOLDER = "a folder"


def _paths(*names: str) -> set[str]:
    return {f"{FOLDER}/{name}" for name in names}


class TestReplace:
    def test_under_the_same_name_the_video_stays(self, done: Asked, root: Path) -> None:
        video = video_of("hevc.mp4")
        tag = Tag.objects.create(name="kept")
        VideoTag.objects.create(video=video, tag=tag)
        Marker.objects.create(video=video, start_ms=100, title="here")
        before = (root / FOLDER / "hevc.mp4").read_bytes()
        (root / FOLDER / "hevc.mp4").chmod(0o640)

        transcode = done("hevc.mp4")

        assert transcode.outcome == Outcome.DONE
        assert transcode.step == Step.PLACED
        after = Video.objects.get(pk=video.pk)
        assert after.video_codec == "h264"
        assert after.primary_file_id == video.primary_file_id
        assert list(after.tags.all()) == [tag]
        assert after.markers.count() == 1
        assert (root / FOLDER / "hevc.mp4").stat().st_mode & 0o777 == 0o640
        trash = root / os.fsdecode(bytes(transcode.trash or b""))
        assert trash.read_bytes() == before
        assert transcode.proof["facts"]["video_codec"] == "h264"
        assert transcode.encoder == "libx264"
        assert in_catalogue() == _paths("hevc.mp4", "xvid.avi", "h264.mp4")

    def test_under_a_new_name(self, done: Asked, root: Path, library: Library) -> None:
        video = video_of("xvid.avi")

        transcode = done("xvid.avi")

        assert in_catalogue() == _paths("hevc.mp4", "xvid.mp4", "h264.mp4")
        assert not (root / FOLDER / "xvid.avi").exists()
        after = Video.objects.get(pk=video.pk)
        assert after.path == f"{FOLDER}/xvid.mp4"
        assert after.primary_file_id == transcode.file_id == video.primary_file_id
        scan = scan_library(library, now=NOON)
        assert (scan.counts["added"], scan.counts["missing"]) == (0, 0)
        assert Video.objects.count() == 3

    def test_it_is_undone_as_if_nothing_had_been(self, done: Asked, root: Path, disk: Disk) -> None:
        before = {path: path.read_bytes() for path in (root / FOLDER).iterdir()}
        made = [done("hevc.mp4"), done("xvid.avi")]

        for transcode in made:
            restore(transcode, disk=disk, guard=transaction.atomic)

        assert {p: p.read_bytes() for p in (root / FOLDER).iterdir() if p.is_file()} == before
        assert in_catalogue() == _paths("hevc.mp4", "xvid.avi", "h264.mp4")
        assert {one.outcome for one in Transcode.objects.all()} == {Outcome.RESTORED}
        assert on_disk(root) == in_catalogue()

    def test_the_trash_is_emptied(self, done: Asked, root: Path, disk: Disk) -> None:
        transcode = done("hevc.mp4")

        counts = empty_trash(disk=disk, ids=[transcode.pk], guard=transaction.atomic)

        assert counts == {"deleted": 1, "freed_bytes": transcode.source_bytes, "kept": 0}
        assert on_disk(root) == in_catalogue()
        transcode.refresh_from_db()
        with pytest.raises(NotRestorable):
            restore(transcode, disk=disk, guard=transaction.atomic)

    def test_trash_stays_while_the_new_file_is_gone(
        self, done: Asked, root: Path, disk: Disk
    ) -> None:
        transcode = done("hevc.mp4")
        (root / FOLDER / "hevc.mp4").unlink()

        counts = empty_trash(disk=disk, ids=[transcode.pk], guard=transaction.atomic)

        assert counts["kept"] == 1
        restore(transcode, disk=disk, guard=transaction.atomic)
        assert (root / FOLDER / "hevc.mp4").exists()


class TestOtherPlaces:
    def test_a_further_file_of_the_video(self, done: Asked, root: Path, library: Library) -> None:
        video = video_of("hevc.mp4")

        transcode = done("hevc.mp4", place=Place.ADD)

        assert {f.path for f in video.files.all()} == _paths("hevc.mp4", "hevc (cast).mp4")
        made = File.objects.get(pk=transcode.made_file_id)
        assert (made.video_codec, made.path) == ("h264", f"{FOLDER}/hevc (cast).mp4")
        assert scan_library(library, now=NOON).counts["added"] == 0
        assert Video.objects.get(pk=video.pk).path == f"{FOLDER}/hevc.mp4"

    def test_a_video_of_its_own(self, done: Asked) -> None:
        video = video_of("hevc.mp4")
        VideoTag.objects.create(video=video, tag=Tag.objects.create(name="kept"))

        transcode = done("hevc.mp4", place=Place.BESIDE, suffix=".phone")

        own = Video.objects.get(path=f"{FOLDER}/hevc.phone.mp4")
        assert own.primary_file_id == transcode.made_file_id
        assert own.pk != video.pk
        assert [tag.name for tag in own.tags.all()] == ["kept"]

    def test_another_tree(self, done: Asked, tmp_path: Path) -> None:
        other = tmp_path / "phone"
        other.mkdir()

        done("hevc.mp4", place=Place.TREE, tree=str(other))

        assert on_disk(other) == _paths("hevc.mp4")
        assert in_catalogue() == _paths("hevc.mp4", "xvid.avi", "h264.mp4")


class TestRefusals:
    def test_a_source_that_changed_is_left_alone(
        self, asked: Asked, root: Path, disk: Disk
    ) -> None:
        transcode = asked("hevc.mp4")
        (root / FOLDER / "hevc.mp4").write_bytes(b"somebody's new work")

        with pytest.raises(SourceChanged):
            run(transcode.pk, disk=disk)

        assert (root / FOLDER / "hevc.mp4").read_bytes() == b"somebody's new work"
        transcode.refresh_from_db()
        assert (transcode.outcome, transcode.error_code) == (Outcome.FAILED, "source_changed")
        assert on_disk(root) == _paths("hevc.mp4", "xvid.avi", "h264.mp4")

    def test_a_name_that_is_taken(self, asked: Asked, root: Path, disk: Disk) -> None:
        transcode = asked("xvid.avi")
        (root / FOLDER / "xvid.mp4").write_bytes(b"another film")

        with pytest.raises(NameTaken):
            run(transcode.pk, disk=disk)

        assert (root / FOLDER / "xvid.mp4").read_bytes() == b"another film"
        assert (root / FOLDER / "xvid.avi").exists()

    def test_files_with_other_names_are_left_if_so_wished(
        self, asked: Asked, root: Path, disk: Disk
    ) -> None:
        os.link(root / FOLDER / "hevc.mp4", root / "seeding.mp4")
        transcode = asked("hevc.mp4", hard_links=HardLinks.SKIP)

        run(transcode.pk, disk=disk)

        transcode.refresh_from_db()
        assert transcode.outcome == Outcome.SKIPPED
        assert "2 names" in transcode.reason
