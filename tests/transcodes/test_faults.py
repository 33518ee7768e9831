"""What goes wrong around a transcode's encoding: names that are taken, disks that go, jobs that are
cancelled or tried again. No file is lost, rows don't lie, and nothing is tried for ever."""

import os
import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from apps.core.models import AuditEntry
from apps.disk import swaps
from apps.disk.reader import Disk
from apps.jobs.choices import JobState
from apps.jobs.context import JobPostponed
from apps.jobs.models import Job
from apps.jobs.services.lifecycle import enqueue
from apps.jobs.worker import run_next
from apps.library.choices import Integrity
from apps.library.models import File, Library
from apps.transcodes.choices import Outcome, Place, Step
from apps.transcodes.models import Transcode, TranscodeRule
from apps.transcodes.services import sweep
from apps.transcodes.services.catalogue import read_again
from apps.transcodes.services.names import Names, choose_target, names_of
from apps.transcodes.services.place import CannotPlace, NameTaken, SourceChanged, stored
from apps.transcodes.services.prepare import prepare
from apps.transcodes.services.requests import NoPlace, Wish, ask_many
from apps.transcodes.services.restore import NotRestorable, empty_trash, restore
from apps.transcodes.services.run import WorkedOn, run
from apps.transcodes.services.work import Run
from apps.transcodes.tasks.encoding import encode
from apps.transcodes.tasks.trash import tidy_up
from tests.client import Api
from tests.media import media
from tests.transcodes.conftest import Asked, Profile, in_catalogue, on_disk, video_of

pytestmark = pytest.mark.django_db
FOLDER = "a folder"
FILMS = {f"{FOLDER}/{name}" for name in ("hevc.mp4", "xvid.avi", "h264.mp4")}


@pytest.fixture
def proven(asked: Asked, disk: Disk) -> Asked:
    """A transcode whose draft is proven, and that has still to be placed."""

    def proven(name: str, **values: Any) -> Transcode:
        transcode = asked(name, **values)
        transcode.target = choose_target(transcode, "mp4")
        draft = names_of(transcode).draft
        shutil.copy(media("h264.mp4"), draft)
        found = disk.look(draft)
        assert found is not None
        transcode.target_mark, transcode.step = stored(found), Step.CHECKED
        transcode.target_bytes = found["size_bytes"]
        transcode.save()
        return transcode

    return proven


class ReadOnly(Disk):
    """Some folders may not be written; who tests may write in all."""

    below: bytes

    def room(self, folder: bytes) -> tuple[int, bool]:
        free, writable = super().room(folder)
        return free, writable and not folder.startswith(self.below)


def _names(transcode: Transcode) -> Names:
    return names_of(Transcode.objects.select_related("library", "profile").get(pk=transcode.pk))


def _path(name: bytes) -> Path:
    return Path(os.fsdecode(name))


class TestPlacing:
    def test_a_trash_that_cannot_be_leaves_the_source_as_it_is(
        self, proven: Asked, root: Path, disk: Disk, tmp_path: Path
    ) -> None:
        transcode = proven("hevc.mp4")
        before = (root / FOLDER / "hevc.mp4").read_bytes()
        (root / FOLDER / ".mediahub-trash").symlink_to(tmp_path)

        with pytest.raises(CannotPlace):
            run(transcode.pk, disk=disk)

        transcode.refresh_from_db()
        assert (transcode.outcome, transcode.step) == (Outcome.FAILED, Step.NONE)
        assert (root / FOLDER / "hevc.mp4").read_bytes() == before
        assert in_catalogue() == FILMS == on_disk(root) - {f"{FOLDER}/.mediahub-trash"}
        assert sweep.left_behind() == []

    def test_a_name_that_was_taken_meanwhile(self, proven: Asked, root: Path, disk: Disk) -> None:
        transcode = proven("xvid.avi")
        (root / FOLDER / "xvid.mp4").write_bytes(b"another film")

        with pytest.raises(NameTaken):
            run(transcode.pk, disk=disk)

        assert (root / FOLDER / "xvid.mp4").read_bytes() == b"another film"
        assert on_disk(root) == FILMS | {f"{FOLDER}/xvid.mp4"}
        _long_ago(transcode)
        assert sweep.left_behind() == []

    def test_a_source_that_changed_at_the_last_moment_keeps_its_name_alone(
        self, proven: Asked, root: Path, disk: Disk
    ) -> None:
        transcode = proven("xvid.avi")
        (root / FOLDER / "xvid.avi").write_bytes(b"somebody's new work")

        with pytest.raises(SourceChanged):
            run(transcode.pk, disk=disk)

        assert on_disk(root) == FILMS
        assert (root / FOLDER / "xvid.avi").read_bytes() == b"somebody's new work"

    def test_what_another_catalogue_left_in_the_trash_stays(
        self, proven: Asked, root: Path, disk: Disk
    ) -> None:
        """Ids come again when a backup is restored."""
        transcode = proven("hevc.mp4")
        trash = _path(names_of(transcode).trash)
        old = trash.with_name(f"{transcode.pk}.mp4")
        trash.parent.mkdir()
        old.write_bytes(b"kept")

        run(transcode.pk, disk=disk)

        assert old.read_bytes() == b"kept"
        assert trash.exists()

    def test_without_exchange_an_undone_swap_leaves_nothing(
        self, proven: Asked, root: Path, disk: Disk
    ) -> None:
        """Killed after the source was set aside; then the new file was damaged."""
        transcode = proven("hevc.mp4")
        names = names_of(transcode)
        before = _path(names.source).read_bytes()
        _path(names.trash).parent.mkdir()
        _path(names.source).rename(_path(names.trash + swaps.ASIDE))
        Path(_path(names.draft)).write_bytes(b"damaged")
        Transcode.objects.update(step=Step.PLACING)

        with pytest.raises(SourceChanged):
            run(transcode.pk, disk=disk)

        assert _path(names.source).read_bytes() == before
        assert {path for path in on_disk(root) if "trash" in path} == set()

    def test_a_source_that_may_not_be_written_goes_to_another_tree(
        self, asked: Asked, root: Path, tmp_path: Path
    ) -> None:
        """The tree's name is the beginning of the library's, too."""
        other = tmp_path / "film"
        other.mkdir()
        transcode = asked("hevc.mp4", place=Place.TREE, tree=str(other))

        with ReadOnly(timeout_s=20) as disk:
            disk.below = os.fsencode(root) + b"/"
            plan = prepare(Run(transcode, disk))

        assert plan is not None
        assert [path.name for path in other.iterdir()] == [FOLDER]


class TestDisksThatGo:
    def test_a_library_that_is_offline_is_waited_for(
        self, asked: Asked, root: Path, disk: Disk
    ) -> None:
        transcode = asked("hevc.mp4")
        root.rename(root.with_name("away"))

        with pytest.raises(JobPostponed, match="mounted"):
            run(transcode.pk, disk=disk)

        transcode.refresh_from_db()
        assert transcode.outcome == Outcome.OPEN

    def test_drafts_on_a_disk_that_is_away_are_removed_later(
        self, proven: Asked, root: Path, disk: Disk
    ) -> None:
        transcode = proven("hevc.mp4")
        _long_ago(transcode)
        root.rename(root.with_name("away"))

        assert sweep.give_up(transcode.pk, disk=disk, guard=transaction.atomic)

        transcode.refresh_from_db()
        assert (transcode.outcome, transcode.step) == (Outcome.FAILED, Step.CHECKED)
        assert sweep.left_behind() == []
        root.with_name("away").rename(root)
        _long_ago(transcode)
        assert sweep.give_up(transcode.pk, disk=disk, guard=transaction.atomic)
        assert on_disk(root) == FILMS
        transcode.refresh_from_db()
        assert transcode.step == Step.NONE

    def test_one_that_goes_once_all_is_placed_is_waited_for(
        self, proven: Asked, root: Path, disk: Disk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        transcode = proven("hevc.mp4")
        from apps.transcodes.services import run as module

        place = module.place

        def and_gone(*args: Any, **how: Any) -> Any:
            placed = place(*args, **how)
            root.rename(root.with_name("away"))
            return placed

        monkeypatch.setattr(module, "place", and_gone)
        with pytest.raises(JobPostponed):
            run(transcode.pk, disk=disk)
        monkeypatch.undo()

        transcode.refresh_from_db()
        assert (transcode.outcome, transcode.step) == (Outcome.OPEN, Step.PLACED)
        root.with_name("away").rename(root)
        run(transcode.pk, disk=disk)
        transcode.refresh_from_db()
        assert transcode.outcome == Outcome.DONE


class TestRestoring:
    @pytest.fixture
    def replaced(self, proven: Asked, disk: Disk) -> Transcode:
        transcode = proven("hevc.mp4")
        run(transcode.pk, disk=disk)
        return Transcode.objects.select_related("library", "profile").get(pk=transcode.pk)

    def test_a_path_that_is_taken_is_said_once(
        self, replaced: Transcode, root: Path, disk: Disk
    ) -> None:
        (root / FOLDER / "hevc.mp4").write_bytes(b"somebody's new work")

        with pytest.raises(NotRestorable, match="Another file"):
            restore(replaced, disk=disk, guard=transaction.atomic)

        assert (root / FOLDER / "hevc.mp4").read_bytes() == b"somebody's new work"
        _long_ago(replaced)
        assert sweep.left_behind() == []  # else it would be tried for ever
        (root / FOLDER / "hevc.mp4").unlink()
        restore(replaced, disk=disk, guard=transaction.atomic)
        assert on_disk(root) == FILMS == in_catalogue()

    def test_other_bytes_are_no_rot(self, replaced: Transcode, disk: Disk) -> None:
        file = File.objects.get(pk=replaced.file_id)
        assert (file.integrity, file.video_codec) == (Integrity.UNKNOWN, "h264")
        assert file.content

        restore(replaced, disk=disk, guard=transaction.atomic)
        read_again(replaced.library, [file.pk], job_id=None, guard=transaction.atomic)

        file.refresh_from_db()
        assert (file.integrity, file.video_codec) == (Integrity.UNKNOWN, "hevc")

    def test_trash_that_was_emptied_meanwhile(
        self, replaced: Transcode, root: Path, disk: Disk
    ) -> None:
        stale = Transcode.objects.select_related("library", "profile").get(pk=replaced.pk)
        empty_trash(disk=disk, ids=[replaced.pk], guard=transaction.atomic)
        told = AuditEntry.objects.order_by("pk").values_list("object_type", flat=True)
        assert list(told)[-2:] == ["library.file", "transcodes.transcode"]

        with pytest.raises(NotRestorable, match="any more"):
            restore(stale, disk=disk, guard=transaction.atomic)

        replaced.refresh_from_db()
        assert replaced.step == Step.PLACED

    @pytest.mark.parametrize("state", ["aside", "back"])
    def test_without_exchange_it_goes_on_where_it_was(
        self, replaced: Transcode, root: Path, disk: Disk, state: str
    ) -> None:
        names = names_of(replaced)
        _path(names.source).rename(_path(names.trash + swaps.ASIDE))
        if state == "back":
            _path(names.trash).rename(_path(names.source))
        Transcode.objects.update(step=Step.RESTORING)
        replaced.refresh_from_db()

        restore(replaced, disk=disk, guard=transaction.atomic)

        assert on_disk(root) == FILMS == in_catalogue()


class TestJobs:
    def test_two_jobs_do_not_work_on_one(self, asked: Asked, disk: Disk) -> None:
        transcode = asked("hevc.mp4")
        one, other = (enqueue(encode, {"transcode_id": transcode.pk}) for _ in range(2))
        Transcode.objects.update(job=one)

        with pytest.raises(WorkedOn):
            run(transcode.pk, disk=disk, job_id=other.pk)

        transcode.refresh_from_db()
        assert (transcode.outcome, transcode.job_id) == (Outcome.OPEN, one.pk)

    def test_one_that_was_begun_anew_is_not_swept(self, proven: Asked, disk: Disk) -> None:
        transcode = proven("hevc.mp4")
        _long_ago(transcode)
        assert sweep.left_behind() == [transcode.pk]
        job = enqueue(encode, {"transcode_id": transcode.pk})
        Transcode.objects.update(job=job)

        assert sweep.give_up(transcode.pk, disk=disk, guard=transaction.atomic) is None

        assert _path(_names(transcode).draft).exists()

    @pytest.mark.usefixtures("transactional_db")
    def test_what_cannot_be_swept_keeps_nothing_else_from_it(
        self, proven: Asked, root: Path
    ) -> None:
        stuck, other = proven("hevc.mp4"), proven("xvid.avi")
        Transcode.objects.filter(pk=stuck.pk).update(
            step=Step.RESTORING, outcome=Outcome.DONE, finished_at=timezone.now()
        )
        _long_ago(stuck, other)
        Job.objects.all().delete()
        job = enqueue(tidy_up)

        run_next("disk")

        job.refresh_from_db()
        assert job.state == JobState.SUCCEEDED
        assert job.summary == {"given_up": 1, "finished": 0, "stuck": 1}


class TestRules:
    def test_two_rules_do_not_undo_each_other(
        self, proven: Asked, profile: Profile, disk: Disk
    ) -> None:
        there, back = (
            TranscodeRule.objects.create(name=str(n), profile=profile(video_codec=codec))
            for n, codec in enumerate(("h264", "hevc"))
        )
        transcode = proven("hevc.mp4")
        Transcode.objects.update(rule=there)
        run(transcode.pk, disk=disk)

        def asked() -> int:
            from apps.machines.services import inventory

            wish = Wish.of(back.profile, inventory.all_abilities(), rule=back)
            videos = type(video_of("hevc.mp4")).objects.filter(pk=transcode.video_id)
            with transaction.atomic():
                made = sum(len(some) for some in ask_many(videos, wish))
                transaction.set_rollback(False)
            return made

        assert asked() == 0
        there.enabled = False
        there.save()
        assert asked() == 1

    @pytest.mark.usefixtures("transactional_db")
    def test_what_is_foreseen_is_what_would_be_done(
        self, api: Api, library: Library, profile: Profile
    ) -> None:
        """Videos that an earlier rule finds are not the later one's."""
        Job.objects.all().delete()  # what the scan has asked for
        first = TranscodeRule.objects.create(name="1", query="codec:hevc", profile=profile())
        later = TranscodeRule.objects.create(name="2", profile=first.profile, position=1)

        told = api.post(f"transcode-rules/{later.pk}/run/", {"dry_run": True}).json()
        while run_next("cpu"):
            pass

        summary = Job.objects.get(pk=told["id"]).summary
        assert (summary["videos"], summary["by_deed"]["skip"]) == (2, 1)

    def test_another_tree_that_nobody_named(self, library: Library, profile: Profile) -> None:
        from apps.transcodes.tasks.asking import request_many, request_one

        with pytest.raises(NoPlace):
            request_many(profile(), place=Place.TREE)
        with pytest.raises(NoPlace):
            request_one(video_of("hevc.mp4"), profile(), place=Place.TREE)


def test_slashes_at_the_end_of_another_tree(asked: Asked, tmp_path: Path) -> None:
    names = _names(asked("hevc.mp4", place=Place.TREE, tree=f"{tmp_path}//"))

    assert names.target_root == os.fsencode(tmp_path)


def _long_ago(*transcodes: Transcode) -> None:
    rows = Transcode.objects.filter(pk__in=[one.pk for one in transcodes])
    rows.update(updated_at=timezone.now() - timedelta(days=2))


def test_a_file_that_has_gone_from_the_catalogue(proven: Asked, root: Path, disk: Disk) -> None:
    transcode = proven("hevc.mp4")
    File.objects.filter(pk=transcode.file_id).delete()

    run(transcode.pk, disk=disk)

    transcode.refresh_from_db()
    assert transcode.outcome == Outcome.DONE
    assert (root / os.fsdecode(bytes(transcode.trash or b""))).exists()
