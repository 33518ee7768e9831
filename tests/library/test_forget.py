"""Forgetting what is missing: only what was looked at, and never what may be there."""

import io
import json
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from apps.core.models import AuditEntry
from apps.jobs.choices import JobState
from apps.jobs.context import JobContext
from apps.jobs.models import Job
from apps.jobs.registry import find_task
from apps.library.choices import LibraryState, Question
from apps.library.models import File, Library, Tag, Video, Viewing
from apps.library.services.forget import CannotForget, Choice, foresee, forget_missing
from apps.library.tasks import request_forget
from tests.factories import (
    NOON,
    make_file,
    make_job,
    make_library,
    make_marker,
    make_performer,
    make_studio,
    make_tag,
    make_user,
    make_video,
)

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def library() -> Library:
    return make_library(state=LibraryState.ONLINE, root="/srv/films")


def choose(library: Library, **values: Any) -> Choice:
    return Choice(library, **{"until": NOON, **values})


def command(*arguments: str) -> Any:
    out = io.StringIO()
    call_command("forget", *arguments, "--json", stdout=out)
    return json.loads(out.getvalue())


class TestForeseeing:
    def test_tells_what_would_be_lost(self, library: Library) -> None:
        video = make_video(
            library=library, missing_since=NOON, rating=80, tags=[make_tag(), make_tag()],
            performers=[make_performer()],
        )  # fmt: skip
        make_marker(video)
        Viewing.objects.create(user=make_user(), video=video, play_count=3)
        make_video(library=library, missing_since=NOON)
        make_video(library=library)

        losses = foresee(choose(library))

        assert (losses.files, losses.videos, losses.size_bytes) == (2, 2, 120_000_000)
        assert (losses.rated, losses.tagged, losses.with_performers) == (1, 1, 1)
        assert (losses.with_markers, losses.played) == (1, 1)

    def test_costs_the_same_for_many(
        self, library: Library, django_assert_num_queries: Any
    ) -> None:
        for _ in range(3):
            make_video(library=library, missing_since=NOON)

        with django_assert_num_queries(2):
            assert foresee(choose(library)).videos == 3

    def test_is_limited_by_time_path_and_rows(self, library: Library) -> None:
        old = make_file(b"a/old.mp4", library=library, missing_since=NOON - 9 * DAY)
        new = make_file(b"a/b/new.mp4", library=library, missing_since=NOON)
        make_file(b"ab/later.mp4", library=library, missing_since=NOON + DAY)
        make_file(b"a/here.mp4", library=library)

        def chosen(**values: Any) -> list[int]:
            files = choose(library, **values).files().order_by("pk")
            return list(files.values_list("pk", flat=True))

        assert chosen() == [old.pk, new.pk]
        assert chosen(until=NOON - DAY) == [old.pk]
        assert chosen(path=b"a/b") == chosen(path=b"a/b/new.mp4") == [new.pk]
        assert chosen(path=b"a") == [old.pk, new.pk]
        assert chosen(file_ids=[new.pk]) == [new.pk]


class TestForgetting:
    def test_takes_files_videos_and_links(self, library: Library) -> None:
        tag, performer, studio = make_tag(), make_performer(), make_studio()
        gone = make_video(
            library=library, missing_since=NOON, tags=[tag], performers=[performer], studio=studio
        )
        make_marker(gone, title="Best part")
        here = make_video(library=library, tags=[tag])

        assert forget_missing(choose(library)) == {"files": 1, "videos": 1}

        assert list(Video.objects.all()) == [here]
        for label, count in ((tag, 1), (performer, 0), (studio, 0)):
            label.refresh_from_db()
            assert label.video_count == count
        kept = AuditEntry.objects.get(object_type="library.video", action="deleted").changes
        assert kept["title"] == [gone.title, None]
        assert kept["tag_ids"] == [[tag.pk], None]
        assert kept["performers"] == [[performer.pk], None]
        assert kept["markers"][0][0][2] == "Best part"
        assert AuditEntry.objects.filter(object_type="library.file", action="deleted").count() == 1

    def test_keeps_a_video_that_has_another_file(self, library: Library) -> None:
        video = make_video(library=library, missing_since=NOON)
        here = make_file(library=library)
        File.objects.filter(pk=here.pk).update(video=video)

        assert foresee(choose(library)).videos == 0
        assert forget_missing(choose(library)) == {"files": 1, "videos": 0}

        video.refresh_from_db()
        assert (video.primary_file_id, video.missing_since, video.path) == (
            here.pk, None, here.path,
        )  # fmt: skip

    def test_keeps_a_video_with_a_missing_file_that_was_not_chosen(self, library: Library) -> None:
        video = make_video(library=library, missing_since=NOON)
        other = make_file(library=make_library(), missing_since=NOON)
        File.objects.filter(pk=other.pk).update(video=video)

        assert foresee(choose(library)).videos == 0
        assert forget_missing(choose(library))["videos"] == 0
        assert list(video.files.all()) == [other]

    @pytest.mark.parametrize(
        "values",
        [
            {"state": LibraryState.OFFLINE, "state_detail": "It isn't there."},
            {"state": LibraryState.ONLINE, "question": Question.GONE},
            {"state": LibraryState.UNKNOWN},
        ],
    )
    def test_refuses_while_the_files_may_be_there(self, values: dict[str, str]) -> None:
        library = make_library(**values)
        make_video(library=library, missing_since=NOON)

        with pytest.raises(CannotForget) as refused:
            forget_missing(choose(library))

        assert refused.value.code == "cannot_forget"
        assert Video.objects.exists()
        with pytest.raises(CannotForget):
            request_forget(choose(library))

    def test_stops_when_the_disk_goes_meanwhile_and_goes_on_later(
        self, library: Library, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("apps.library.services.forget._BATCH", 2)
        for _ in range(5):
            make_video(library=library, missing_since=NOON, tags=[make_tag()])

        def unplug(done: int, _total: int | None = None, /, **_facts: object) -> None:
            if done == 2:
                Library.objects.update(state=LibraryState.OFFLINE)

        with pytest.raises(CannotForget):
            forget_missing(choose(library), report=unplug)
        assert Video.objects.count() == File.objects.count() == 3

        Library.objects.update(state=LibraryState.ONLINE)
        assert forget_missing(choose(library)) == {"files": 3, "videos": 3}
        assert not Tag.objects.exclude(video_count=0).exists()

    def test_is_a_job_that_takes_only_what_was_looked_at(self, library: Library) -> None:
        make_video(library=library, missing_since=NOON)
        later = make_video(library=library, missing_since=NOON + DAY)

        job = request_forget(choose(library))
        running = make_job(JobState.RUNNING, kind=job.kind, params=job.params)
        done = find_task(job.kind).work(JobContext(running), **running.params)

        assert done == {"files": 1, "videos": 1}
        assert list(Video.objects.all()) == [later]


class TestCommand:
    def test_lists_and_changes_nothing(self, library: Library) -> None:
        make_video(library=library, missing_since=NOON - DAY)

        (told,) = command()["libraries"]

        assert (told["files"], told["videos"], len(told["listed"])) == (1, 1, 1)
        assert Video.objects.exists()
        out = io.StringIO()
        call_command("forget", stdout=out)
        assert "add --yes" in out.getvalue()

    def test_forgets_with_yes(self, library: Library) -> None:
        make_video(library=library, missing_since=NOON - 400 * DAY)
        make_file(b"sub/a.mp4", library=library, missing_since=NOON - 9 * DAY)

        assert command("--library", library.name, "--older-than", "30000", "--yes") == {
            "dry_run": False,
            "libraries": [{"library": library.name, "files": 0, "videos": 0}],
        }
        some = ("--library", str(library.pk), "--path", "/srv/films/sub", "--yes")
        assert command(*some)["libraries"][0]["files"] == 1
        assert command("--yes")["libraries"][0]["videos"] == 1

    def test_says_what_it_cannot_do(self, library: Library) -> None:
        with pytest.raises(CommandError, match="no library 'x'"):
            command("--library", "x")
        with pytest.raises(CommandError, match="Name the library"):
            command("--path", "a")
        with pytest.raises(CommandError, match="is not a path below"):
            command("--library", library.name, "--path", "../a")


def test_job_is_named_after_what_it_does(library: Library) -> None:
    assert request_forget(choose(library)).kind == "library.forget"
    assert Job.objects.get().target_id == library.pk
