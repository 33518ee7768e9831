"""Rules: a query, and what the videos that it finds get."""

from typing import Any

import pytest

from apps.core import context
from apps.core.models import AuditEntry
from apps.editing.services.bulk import ChangesRefused, undo_bulk
from apps.jobs.choices import JobState
from apps.jobs.context import JobContext
from apps.jobs.models import Job
from apps.library.models import Video
from apps.library.search import QueryError
from apps.library.services.libraries import add_library
from apps.library.services.scan import scan_library
from apps.rules import tasks
from apps.rules.models import Rule
from apps.rules.services.autotag import settings_of_all
from apps.rules.services.rules import create_rule, edit_rule, foresee_rule, in_order, run_rule
from tests.factories import NOON, make_job, make_tag, make_video
from tests.rigs.media import write_sound

pytestmark = pytest.mark.django_db


def make_rule(name: str = "Long ones", **values: Any) -> Rule:
    values = {"query": "duration>30s", "changes": {"rating": 80}, **values}
    return create_rule(Rule(name=name, **values))


def test_a_rule_changes_what_its_query_finds_under_one_entry() -> None:
    long, short = make_video(duration_ms=60_000), make_video(duration_ms=5_000)
    rule = make_rule()

    outcome = run_rule(rule, now=NOON)

    long.refresh_from_db()
    short.refresh_from_db()
    assert (long.rating, short.rating) == (80, None)
    assert outcome.entry
    assert outcome.entry.row_count == 1
    rule.refresh_from_db()
    assert (rule.ran_at, rule.entry) == (NOON, outcome.entry.pk)
    undo_bulk(outcome.entry)
    long.refresh_from_db()
    assert long.rating is None


def test_locked_fields_stay_and_the_others_change() -> None:
    tag = make_tag()
    video = make_video(locked_fields=["rating"], rating=10)
    rule = make_rule(changes={"rating": 80, "tags": {"add": [tag.pk]}})

    run_rule(rule, now=NOON)

    video.refresh_from_db()
    assert video.rating == 10
    assert list(video.tags.all()) == [tag]


def test_a_dry_run_writes_nothing() -> None:
    make_video()
    rule = make_rule()
    before = AuditEntry.objects.count()

    outcome = foresee_rule(rule, now=NOON)

    assert (outcome.matched, outcome.changed) == (1, 1)
    assert not Video.objects.filter(rating=80).exists()
    assert AuditEntry.objects.count() == before


@pytest.mark.parametrize(
    ("values", "error"),
    [
        ({"query": "ratng>5"}, QueryError),
        ({"changes": {}}, ChangesRefused),
        ({"changes": {"x": 1}}, ChangesRefused),
        ({"changes": {"tags": {"add": [999]}}}, ChangesRefused),
    ],
)
def test_what_cannot_be_run_cannot_be_saved(values: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        make_rule(**values)

    rule = make_rule()
    with pytest.raises(error):
        edit_rule(rule, values)


def test_they_run_in_their_order_if_they_are_enabled() -> None:
    last = make_rule("c", position=2)
    first = make_rule("a", position=1, on_import=True)
    make_rule("b", enabled=False, on_import=True)

    assert in_order() == [first, last]
    assert in_order(on_import=True) == [first]
    assert in_order([last.pk]) == [last]


def test_a_rule_whose_label_is_gone_keeps_no_other_from_running() -> None:
    tag, video = make_tag(), make_video()
    make_rule("broken", changes={"tags": {"add": [tag.pk]}}, position=1)
    make_rule("sound", position=2)
    tag.delete()

    told = tasks.run.work(JobContext(make_job(JobState.RUNNING, kind="rules.run")))

    video.refresh_from_db()
    assert video.rating == 80
    assert (told["changed"], told["failed"]) == (1, 1)


def test_a_job_whose_worker_was_lost_runs_no_rule_twice() -> None:
    video = make_video("V")
    make_rule("done", changes={"title": {"find": "V", "replace": "VV"}}, position=1)
    job = make_job(JobState.RUNNING, kind="rules.run")
    with context.acting(context.Actor(job_id=job.pk)):
        first = tasks.run.work(JobContext(job))
        make_rule("left", position=2)
        job.attempt = 2
        again = tasks.run.work(JobContext(job))

    video.refresh_from_db()
    assert (video.title, video.rating) == ("VV", 80)
    assert (first["changed"], again["changed"], len(again["entries"])) == (1, 2, 2)


class TestOnImport:
    @pytest.fixture
    def scanned(self, tmp_path: Any, django_capture_on_commit_callbacks: Any) -> Any:
        def scanned() -> list[Job]:
            write_sound(tmp_path / "Beach" / "one.wav", 1)
            with django_capture_on_commit_callbacks(execute=True):
                scan_library(add_library(tmp_path), now=NOON)
            return list(Job.objects.filter(kind="rules.on_import"))

        return scanned

    def test_nothing_is_asked_for_without_rules(self, scanned: Any) -> None:
        make_rule(on_import=False)

        assert scanned() == []

    def test_new_videos_get_names_first_and_then_rules(self, scanned: Any) -> None:
        beach = make_tag("Beach")
        row = settings_of_all()
        row.on_import = True
        row.save()
        make_rule(query=f'tag:"{beach.name}"', changes={"favorite": True}, on_import=True)
        untouched = make_video("old", tags=[beach])

        (job,) = scanned()
        running = make_job(JobState.RUNNING, kind="rules.on_import")
        tasks.on_import.work(JobContext(running), **job.params)

        video = Video.objects.get(path="Beach/one.wav")
        assert list(video.tags.all()) == [beach]
        assert video.favorite
        untouched.refresh_from_db()
        assert not untouched.favorite
