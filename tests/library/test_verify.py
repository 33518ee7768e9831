"""Files checked for rot and damage: real media, a real database, real jobs."""

import os
import random
import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from apps.core.models import AuditEntry
from apps.jobs.context import JobContext
from apps.jobs.models import Job, JobLogLine
from apps.jobs.services.claims import claim
from apps.library.choices import Integrity, LibraryState, ProbeState
from apps.library.models import File, Library
from apps.library.services.libraries import add_library
from apps.library.services.scan import RootOffline, scan_library
from apps.library.services.verify import Scope, Share, accept_content, share_due, verify_files
from apps.library.tasks import request_due_verifications, request_verify
from apps.library.tasks.verify import verify
from tests.factories import NOON, make_file, make_library
from tests.media import media

pytestmark = pytest.mark.django_db

_CLIPS = ("black_start.mp4", "chapters.mkv", "sound.mp3")


class Stopped(Exception):
    """What ends a check in the middle."""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "films"
    folder.mkdir()
    for name in _CLIPS:
        shutil.copy(media(name), folder / name)
    return folder


@pytest.fixture
def library(root: Path) -> Library:
    library = add_library(root)
    scan_library(library, now=NOON)
    library.refresh_from_db()
    return library


@pytest.fixture
def check(library: Library) -> Callable[..., dict[str, int]]:
    """Check the library, an hour after the check before."""
    hours = iter(NOON + timedelta(hours=n) for n in range(1, 100))

    def check(*, whole: bool = True, **options: Any) -> dict[str, int]:
        now = next(hours)
        return verify_files(Scope(library, since=now), whole=whole, clock=lambda: now, **options)

    return check


def found(name: str) -> File:
    return File.objects.get(path=name)


def rot(path: Path) -> None:
    """Change bytes as a failing disk does: size and time stay."""
    before = path.stat()
    content = bytearray(path.read_bytes())
    middle = int(len(content) * 0.6)
    content[middle : middle + 60] = random.Random(1).randbytes(60)
    path.write_bytes(content)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def work_off(job: Job) -> dict[str, Any]:
    """Do a job in this process."""
    held = claim("disk", worker="test")
    assert held == job
    context = JobContext(held)
    summary = verify.work(context, **held.params)
    context._try_to_write()
    return summary


class TestChecking:
    def test_sound_files_are_good_and_their_sums_are_kept(self, check: Any) -> None:
        done = check()

        assert (done["checked"], done["good"], done["skipped"]) == (3, 3, 0)
        assert done["bytes"] == sum(media(name).stat().st_size for name in _CLIPS)
        for file in File.objects.all():
            assert (file.integrity, file.integrity_detail) == (Integrity.GOOD, "")
            assert (len(file.md5), file.verified_at is not None) == (32, True)
        assert not AuditEntry.objects.filter(changes__has_key="integrity").exists()

    def test_places_alone_give_no_sum(self, check: Any) -> None:
        assert check(whole=False)["good"] == 3
        assert set(File.objects.values_list("md5", flat=True)) == {""}

    @pytest.mark.parametrize("name", _CLIPS)
    def test_rot_is_found_and_stays_found(self, check: Any, root: Path, name: str) -> None:
        check()
        sum_before = found(name).md5
        rot(root / name)
        notes: list[str] = []

        done = check(note=notes.append)

        assert (done["rot"], done["good"]) == (1, 2)
        file = found(name)
        assert (file.integrity, file.md5) == (Integrity.ROT, sum_before)
        assert "although its size and time did not" in file.integrity_detail
        assert [note.split(":")[0] for note in notes] == ["rot"]
        entry = AuditEntry.objects.get(object_id=file.pk, changes__has_key="integrity")
        assert entry.changes["integrity"] == ["good", "rot"]
        assert check(whole=False)["rot"] == 1
        assert check()["rot"] == 1

    def test_content_that_came_back_is_good_again(self, check: Any, root: Path) -> None:
        check()
        path, before = root / "sound.mp3", (root / "sound.mp3").stat()
        rot(path)
        check()
        shutil.copy(media("sound.mp3"), path)
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))

        assert check()["good"] == 3
        assert found("sound.mp3").integrity_detail == ""

    def test_damage_is_found_without_a_sum_to_compare(self, check: Any, root: Path) -> None:
        rot(root / "black_start.mp4")

        assert check()["damaged"] == 1

        file = found("black_start.mp4")
        assert (file.integrity, len(file.md5)) == (Integrity.DAMAGED, 32)
        assert "can't be decoded; the first is at" in file.integrity_detail

    def test_damage_between_the_places_outlives_a_look_at_them(self, check: Any) -> None:
        File.objects.filter(path="chapters.mkv").update(
            integrity=Integrity.DAMAGED, integrity_detail="Far in."
        )

        assert check(whole=False)["damaged"] == 0, "a short file is decoded whole all the same"

    def test_a_changed_file_is_left_to_the_scan(
        self, check: Any, root: Path, library: Library
    ) -> None:
        check()
        sum_before = found("sound.mp3").md5
        with (root / "sound.mp3").open("ab") as file:
            file.write(bytes(500))

        assert check()["changed"] == 1
        assert (found("sound.mp3").integrity, found("sound.mp3").md5) == ("changed", sum_before)

    def test_a_new_time_alone_is_no_rot(self, check: Any, root: Path, library: Library) -> None:
        check()
        os.utime(root / "sound.mp3", ns=(1, 1))
        assert check()["changed"] == 1
        scan_library(library, now=NOON + timedelta(days=1))

        assert check()["good"] == 3

    def test_files_that_are_gone_are_skipped_and_not_marked(self, check: Any, root: Path) -> None:
        (root / "sound.mp3").unlink()

        done = check()

        assert (done["good"], done["skipped"]) == (2, 1)
        file = found("sound.mp3")
        assert (file.integrity, file.verified_at, file.missing_since) == ("", None, None)

    def test_a_library_that_is_away_stops_it(self, check: Any, root: Path) -> None:
        shutil.rmtree(root)

        with pytest.raises(RootOffline):
            check()

        assert set(File.objects.values_list("integrity", flat=True)) == {""}

    def test_a_file_that_was_never_read_is_left_out(self, check: Any) -> None:
        File.objects.filter(path="sound.mp3").update(probe_state=ProbeState.FAILED)

        assert check()["checked"] == 2

    def test_an_unreadable_file_is_not_missing(self, check: Any, root: Path) -> None:
        path = root / "sound.mp3"
        path.unlink()
        path.mkdir()

        assert check()["unreadable"] == 1
        assert found("sound.mp3").missing_since is None


class TestStopping:
    def test_what_was_checked_is_kept_and_the_rest_follows(
        self, library: Library, root: Path
    ) -> None:
        def stop(done: int, _total: int | None = None, /, **_facts: object) -> None:
            if done:
                raise Stopped

        since = timezone.now()
        with pytest.raises(Stopped):
            verify_files(Scope(library, since=since), whole=True, report=stop)
        kept = File.objects.filter(verified_at__isnull=False).count()

        done = verify_files(Scope(library, since=since), whole=True)

        assert kept + done["checked"] == 3

    def test_a_row_that_a_scan_wrote_meanwhile_is_left_alone(
        self, check: Any, library: Library
    ) -> None:
        def scan(*_done: object, **_facts: object) -> None:
            File.objects.filter(path="sound.mp3").update(mtime_ns=5)

        done = check(report=scan)

        assert found("sound.mp3").integrity in {"", "changed"}
        assert done["good"] == 2


class TestAccepting:
    def test_takes_the_present_content_for_right(self, check: Any, root: Path) -> None:
        check()
        rot(root / "sound.mp3")
        check()
        file = found("sound.mp3")

        assert accept_content([file], now=NOON) == 1

        file.refresh_from_db()
        assert (file.integrity, file.md5, file.verified_at) == ("", "", None)
        entry = AuditEntry.objects.filter(object_id=file.pk).latest("pk")
        assert entry.changes["integrity"] == ["rot", ""]
        assert check()["good"] == 3

    def test_sound_files_are_left_alone(self, check: Any) -> None:
        check()

        assert accept_content(File.objects.all(), now=NOON) == 0
        assert "" not in set(File.objects.values_list("md5", flat=True))


class TestPeriod:
    def test_a_share_is_so_much_as_the_time_that_passed(self) -> None:
        library = make_library(verify_every_days=10)
        for _ in range(4):
            make_file(library=library, size_bytes=240_000)

        first = share_due(library, last_at=None, now=NOON)
        late = share_due(library, last_at=NOON - timedelta(hours=24), now=NOON)

        assert first == Share(size_bytes=4_000, overdue=NOON - timedelta(days=10))
        assert late is not None
        assert late.size_bytes == 96_000
        assert share_due(library, last_at=NOON - timedelta(minutes=50), now=NOON) is None
        never = make_library()
        assert share_due(never, last_at=None, now=NOON) is None

    def test_the_longest_unchecked_come_first_and_the_overdue_all(self, library: Library) -> None:
        def checked(days: int) -> Any:
            return NOON - timedelta(days=days)

        for name, days in zip(_CLIPS, (40, 35, 2), strict=True):
            File.objects.filter(path=name).update(verified_at=checked(days))
        few = Share(size_bytes=1, overdue=checked(30))
        none_late = Share(size_bytes=1, overdue=checked(100))

        def chosen(share: Share) -> list[str]:
            return [file.path for file in Scope(library, since=NOON, share=share).files()]

        assert chosen(none_late) == ["black_start.mp4"]
        assert chosen(few)[:2] == ["black_start.mp4", "chapters.mkv"]
        File.objects.filter(path="sound.mp3").update(verified_at=None)
        assert chosen(none_late) == ["sound.mp3"]

    def test_all_is_checked_within_the_period(self, library: Library) -> None:
        Library.objects.update(verify_every_days=1)
        library.refresh_from_db()
        for hour in range(24):
            now = NOON + timedelta(hours=hour)
            share = share_due(library, last_at=now - timedelta(hours=1), now=now)
            verify_files(
                Scope(library, since=now, share=share), whole=True, clock=lambda now=now: now
            )

        checks = sorted(File.objects.values_list("verified_at", flat=True))
        assert checks[0] is not None
        assert checks[0] < checks[-1], "spread over it"

    def test_a_job_is_asked_for_once_an_hour(self, library: Library) -> None:
        Library.objects.update(verify_every_days=30, state=LibraryState.ONLINE)

        request_due_verifications.call()
        request_due_verifications.call()

        job = Job.objects.get(kind="library.verify")
        assert job.params["share_bytes"] > 0
        Job.objects.update(state="succeeded", finished_at=timezone.now())
        request_due_verifications.call()
        assert Job.objects.count() == 1
        Job.objects.update(created_at=timezone.now() - timedelta(hours=2))
        request_due_verifications.call()
        assert Job.objects.count() == 2

    def test_libraries_that_are_away_or_have_no_period_are_left_out(self, library: Library) -> None:
        request_due_verifications.call()
        Library.objects.update(verify_every_days=30, state=LibraryState.OFFLINE)
        request_due_verifications.call()

        assert not Job.objects.exists()


class TestJob:
    def test_counts_and_logs_what_it_finds(self, library: Library, root: Path) -> None:
        rot(root / "black_start.mp4")
        job = request_verify(library)
        assert request_verify(library) == job
        summary = work_off(job)

        assert (summary["good"], summary["damaged"]) == (2, 1)
        line = JobLogLine.objects.get(job=job)
        assert line.message.startswith("damaged: black_start.mp4: ")
        assert line.level == "warning"

    def test_of_a_folder_only_what_lies_in_it_is_read(self, library: Library, root: Path) -> None:
        (root / "inside").mkdir()
        shutil.copy(media("h264.mp4"), root / "inside")
        scan_library(library, now=NOON + timedelta(hours=1))

        assert work_off(request_verify(library, folder=b"inside"))["checked"] == 1

    def test_of_chosen_files_only_these_are_read(self, library: Library) -> None:
        job = request_verify(library, whole=False, files=[found("sound.mp3")])
        assert work_off(job)["checked"] == 1
        assert found("chapters.mkv").verified_at is None


class TestCommand:
    def test_asks_for_jobs(self, library: Library, root: Path) -> None:
        call_command("verify", str(root), "--whole")
        call_command("verify", "--library", str(library.pk))
        call_command("verify", str(root / "inside"))

        whole, places, folder = (job.params for job in Job.objects.order_by("pk"))
        assert whole == {"library_id": library.pk, "whole": True}
        assert places == {"library_id": library.pk, "whole": False}
        assert folder == {**places, "folder": b"inside".hex()}

    def test_refuses_what_is_no_library(self, tmp_path: Path) -> None:
        with pytest.raises(CommandError, match="is in no library"):
            call_command("verify", str(tmp_path / "elsewhere"))
