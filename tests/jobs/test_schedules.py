"""What is due when, and that it is asked for once."""

import threading
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries, Settings

from apps.core.audit import StaleEdit
from apps.core.models import AuditEntry
from apps.jobs.choices import JobState
from apps.jobs.models import Job, Schedule
from apps.jobs.services import lifecycle, schedules
from apps.jobs.services.schedules import BadSchedule
from tests.factories import make_library
from tests.jobs import tasks

PARIS = ZoneInfo("Europe/Paris")
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def make(name: str = "nightly", **values: object) -> Schedule:
    values = {"kind": tasks.count.name, "params": {"to": 3}, "cron": "0 3 * * *", **values}
    return schedules.create(Schedule(name=name, **values))


def fall_due(schedule: Schedule, *, ago: timedelta = timedelta(minutes=1)) -> None:
    Schedule.objects.filter(pk=schedule.pk).update(next_at=timezone.now() - ago)


class TestNextTime:
    @pytest.fixture(autouse=True)
    def _in_paris(self, settings: Settings) -> None:
        settings.TIME_ZONE = "Europe/Paris"

    def times(self, cron: str, after: datetime, number: int) -> list[str]:
        found = []
        for _ in range(number):
            after = schedules.next_time(cron, after=after)
            found.append(after.astimezone(UTC).strftime("%d %H:%M"))
        return found

    def test_is_by_the_clock_on_the_wall(self) -> None:
        assert self.times("0 3 * * *", NOON, 2) == ["22 02:00", "23 02:00"]

    def test_a_time_that_summer_time_leaves_out_comes_once_at_the_next(self) -> None:
        before = datetime(2026, 3, 28, 12, tzinfo=PARIS)

        assert self.times("30 2 * * *", before, 2) == ["29 01:00", "30 00:30"]

    def test_a_time_that_winter_time_repeats_comes_once(self) -> None:
        before = datetime(2026, 10, 24, 12, tzinfo=PARIS)

        assert self.times("30 2 * * *", before, 2) == ["25 00:30", "26 01:30"]

    def test_every_hour_goes_on_through_both(self) -> None:
        spring = datetime(2026, 3, 29, 1, 30, tzinfo=PARIS)
        autumn = datetime(2026, 10, 25, 1, 30, tzinfo=PARIS)

        assert self.times("0 * * * *", spring, 3) == ["29 01:00", "29 02:00", "29 03:00"]
        assert self.times("0 * * * *", autumn, 3) == ["25 00:00", "25 01:00", "25 02:00"]

    @pytest.mark.parametrize(
        ("cron", "text"),
        [
            ("", "five fields"),
            ("* * * *", "five fields"),
            ("* * * * * *", "five fields"),
            ("60 * * * *", "minute"),
            ("0 25 * * *", "hour"),
            ("0 3 32 * *", "day of the month"),
            ("0 3 * FOO *", "month"),
            ("0 3 * * 9", "weekday"),
            ("*/0 * * * *", "minute"),
            ("0 3 31 2 *", "day of the month"),
        ],
    )
    def test_says_what_is_wrong(self, cron: str, text: str) -> None:
        with pytest.raises(BadSchedule, match=text) as caught:
            schedules.next_time(cron, after=NOON)
        assert (caught.value.code, caught.value.field) == ("bad_schedule", "cron")

    @given(st.text(alphabet="0123456789*/-,#LWMON \u0665²", max_size=30))
    def test_any_text_is_a_later_time_or_refused(self, cron: str) -> None:
        with suppress(BadSchedule):
            assert schedules.next_time(cron, after=NOON) > NOON


@pytest.mark.parametrize(
    ("cron", "words"),
    [
        ("0 3 * * *", "At 03:00 every day"),
        ("*/5 * * * *", "Every fifth minute of every hour"),
        ("nonsense", "nonsense"),
    ],
)
def test_is_described_in_words(cron: str, words: str) -> None:
    assert schedules.describe(Schedule(cron=cron)) == words


@pytest.mark.parametrize(
    ("kind", "params", "field", "text"),
    [
        ("tests.coumt", {}, "kind", "Did you mean tests.count?"),
        ("zzz", {}, "kind", "There is no kind of job zzz.$"),
        ("tests.count", {"to": 1, "form": 0}, "params", "takes no form: it takes to."),
        ("tests.count", {}, "params", "needs to."),
        ("tests.hang", {"to": 1}, "params", "takes no to: it takes none."),
    ],
)
def test_params_must_fit_the_kind(kind: str, params: dict[str, int], field: str, text: str) -> None:
    with pytest.raises(BadSchedule, match=text) as caught:
        schedules.check(kind, params)
    assert caught.value.field == field


def test_what_deletes_or_runs_programs_cannot_be_scheduled() -> None:
    for kind in ("library.remove", "library.forget", "library.demo", "library.probe"):
        with pytest.raises(BadSchedule, match=f"{kind} can't be scheduled") as caught:
            schedules.check(kind, {"library_id": 1})
        assert caught.value.field == "kind"
    assert {task.name for task in schedules.kinds() if not task.name.startswith("tests.")} == {
        "artifacts.generate", "faces.find", "faces.name", "faces.regroup", "library.compare",
        "library.scan", "library.scan_all",
        "library.verify", "rules.autotag", "rules.run", "stashbox.identify",
        "stashbox.performers", "stashbox.scrape", "transcodes.run_rules",
    }  # fmt: skip


@pytest.mark.django_db
@pytest.mark.parametrize("given", ["abc", "1", 2**70, -1, 0, 1.5, True, [1], None, 2**62])
def test_what_a_job_is_about_must_exist(given: object) -> None:
    with pytest.raises(BadSchedule, match="library_id") as caught:
        schedules.check("library.scan", {"library_id": given})
    assert caught.value.field == "params"


@pytest.mark.django_db
def test_what_a_job_may_be_about_can_be_left_out() -> None:
    for params in ({}, {"library_id": None}, {"library_id": make_library().pk}):
        assert schedules.check("artifacts.generate", params)


@pytest.mark.django_db
class TestEdits:
    def test_a_new_one_is_due_in_the_future_and_in_the_audit(self) -> None:
        schedule = make()

        assert schedule.next_at is not None
        assert timezone.now() < schedule.next_at <= timezone.now() + timedelta(days=1)
        assert AuditEntry.objects.about(schedule).count() == 1

    def test_a_change_of_its_times_plans_it_anew(self) -> None:
        schedule = make(cron="0 3 1 1 *")
        before = schedule.next_at

        changed = schedules.update(schedule, {"cron": "* * * * *"}, expected_version=1)

        assert before
        assert changed.next_at
        assert changed.next_at < before
        assert changed.version == 2
        with pytest.raises(StaleEdit):
            schedules.update(schedule, {"cron": "0 3 * * *"}, expected_version=1)

    def test_is_not_due_while_disabled(self) -> None:
        schedule = make(enabled=False)

        assert schedule.next_at is None
        assert schedules.update(schedule, {"enabled": True}).next_at is not None

    def test_one_whose_kind_is_gone_can_be_disabled_only(self) -> None:
        schedule = make()
        Schedule.objects.update(kind="gone.kind")

        with pytest.raises(BadSchedule):
            schedules.update(schedule, {"cron": "* * * * *"})
        assert not schedules.update(schedule, {"enabled": False}).enabled

    def test_deleting_leaves_its_job_alone(self) -> None:
        schedule = make()
        job = schedules.run_now(schedule)

        schedules.delete(schedule)

        assert Job.objects.get() == job


@pytest.mark.django_db
class TestRunDue:
    def test_asks_for_the_job_once_and_plans_the_next(self) -> None:
        schedule = make(priority=4)
        fall_due(schedule, ago=timedelta(days=40))  # forty times were missed: they are one

        assert (schedules.run_due(), schedules.run_due()) == (1, 0)

        job = Job.objects.get()
        schedule.refresh_from_db()
        assert (job.kind, job.params, job.priority) == ("tests.count", {"to": 3}, 4)
        assert schedule.last_job == job
        assert schedule.next_at
        assert schedule.next_at > timezone.now()
        assert schedule.version == 1  # nobody's edit goes stale

    def test_what_is_still_under_way_is_not_doubled(self) -> None:
        schedule = make()
        fall_due(schedule)
        schedules.run_due()
        fall_due(schedule)

        assert schedules.run_due() == 1
        assert Job.objects.count() == 1

    def test_one_whose_job_is_paused_says_so(self) -> None:
        schedule = make()
        job = lifecycle.pause(schedules.run_now(schedule))
        fall_due(schedule)

        schedules.run_due()

        schedule.refresh_from_db()
        assert schedule.last_error == f"Job {job.pk} of it is paused: nothing is started meanwhile."
        lifecycle.resume(job)
        fall_due(schedule)
        schedules.run_due()
        schedule.refresh_from_db()
        assert (schedule.last_error, Job.objects.count()) == ("", 1)

    def test_one_that_cannot_be_asked_for_says_why_and_stops_no_other(self) -> None:
        gone, unfit, good = make("a"), make("b"), make("c")
        Schedule.objects.filter(pk=gone.pk).update(kind="gone.kind")
        Schedule.objects.filter(pk=unfit.pk).update(params={"old": 1})
        for each in (gone, unfit, good):
            fall_due(each)

        assert (schedules.run_due(), schedules.run_due()) == (3, 0)

        for each in (gone, unfit, good):
            each.refresh_from_db()
        assert "no kind of job gone.kind" in gone.last_error
        assert "takes no old" in unfit.last_error
        assert (good.last_error, good.last_job) == ("", Job.objects.get())
        assert gone.next_at
        assert gone.next_at > timezone.now()

    def test_unreadable_times_are_never_due_again(self) -> None:
        schedule = make()
        Schedule.objects.update(cron="nonsense")
        fall_due(schedule)

        schedules.run_due()

        schedule.refresh_from_db()
        assert schedule.next_at is None

    def test_a_clock_set_back_a_little_does_not_fire_twice(self) -> None:
        schedule = make()
        tomorrow = timezone.now() + timedelta(days=1, minutes=30)
        soon = timezone.now() + timedelta(minutes=30)
        Schedule.objects.update(last_at=soon, next_at=tomorrow)

        schedules.run_due()

        schedule.refresh_from_db()
        assert (schedule.next_at, Job.objects.count()) == (tomorrow, 0)

    @pytest.mark.parametrize("stamp", ["last_at", "created_at", "updated_at"])
    def test_a_clock_set_back_by_years_is_followed(self, stamp: str) -> None:
        schedule = make()
        later = timezone.now() + timedelta(days=1_000)
        Schedule.objects.update(next_at=later + timedelta(days=1), **{stamp: later})

        assert (schedules.run_due(), schedules.run_due()) == (0, 0)

        schedule.refresh_from_db()
        assert schedule.next_at
        assert schedule.next_at < timezone.now() + timedelta(days=1)

    def test_many_that_are_not_due_cost_nothing(
        self, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        for number in range(20):
            make(f"schedule {number}")

        with django_assert_num_queries(4):  # a savepoint's two, those ahead, those due
            schedules.run_due()


@pytest.mark.django_db(transaction=True)
def test_several_schedulers_fire_each_once() -> None:
    for number in range(12):
        fall_due(make(f"schedule {number}"))
    begin = threading.Barrier(3)
    ran = []

    def run() -> None:
        try:
            begin.wait()
            ran.append(schedules.run_due())
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert (len(ran), sum(ran), Job.objects.count()) == (3, 12, 12)


@pytest.mark.django_db
def test_run_now_is_the_one_under_way_or_a_new_one() -> None:
    schedule = make()
    first = schedules.run_now(schedule)

    assert schedules.run_now(schedule) == first
    Job.objects.update(state=JobState.SUCCEEDED, finished_at=timezone.now())
    assert schedules.run_now(schedule) != first
