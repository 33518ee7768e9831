"""Jobs: their list, their page, their buttons."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from apps.jobs.choices import JobState, LogLevel
from apps.jobs.models import Job, JobDependency, JobLogLine
from tests.factories import make_job, make_library

HOSTILE = "<script>alert(1)</script>"


def press(client: Client, job: Job, deed: str) -> str:
    response = client.post(reverse("admin:jobs_job_control", args=[job.pk, deed]), follow=True)
    assert response.status_code == 200
    job.refresh_from_db()
    return response.content.decode()


class TestButtons:
    @pytest.mark.parametrize(
        ("before", "deed", "after"),
        [
            (JobState.QUEUED, "cancel", JobState.CANCELLED),
            (JobState.RUNNING, "cancel", JobState.CANCELLING),
            (JobState.QUEUED, "pause", JobState.PAUSED),
            (JobState.PAUSED, "resume", JobState.QUEUED),
            (JobState.FAILED, "retry", JobState.QUEUED),
        ],
    )
    def test_do_what_they_say(
        self, boss: Client, before: JobState, deed: str, after: JobState
    ) -> None:
        job = make_job(before)

        press(boss, job, deed)

        assert job.state == after

    def test_what_cannot_be_done_is_explained(self, boss: Client) -> None:
        job = make_job(JobState.SUCCEEDED)

        assert "can&#x27;t be paused" in press(boss, job, "pause")
        assert "know no explode" in press(boss, job, "explode")

    def test_lead_back_to_where_they_stand_but_not_away(self, boss: Client) -> None:
        home = reverse("admin:index")
        control = reverse("admin:jobs_job_control", args=[make_job().pk, "pause"])

        assert boss.post(control, {"next": home})["Location"] == home
        away = boss.post(control, {"next": "https://evil.example/"})["Location"]
        assert away.startswith("/admin/jobs/")


class TestPage:
    def test_shows_progress_facts_and_log(self, boss: Client) -> None:
        library = make_library(name=HOSTILE)
        job = make_job(
            JobState.RUNNING, target_type="library.library", target_id=library.pk, done=1, total=4,
            facts={"added": 1, "reasons": {"failed": {}}},
        )  # fmt: skip
        JobLogLine.objects.create(job=job, message=HOSTILE)

        page = boss.get(reverse("admin:jobs_job_change", args=[job.pk])).content.decode()

        assert 'aria-valuenow="25"' in page
        assert HOSTILE not in page
        assert page.count("&lt;script&gt;alert(1)&lt;/script&gt;") >= 2

    def test_log_goes_on_after_the_last_line(self, boss: Client) -> None:
        job = make_job(JobState.RUNNING)
        first = JobLogLine.objects.create(job=job, message="first")
        JobLogLine.objects.create(job=job, message="second")
        address = reverse("admin:jobs_job_change", args=[job.pk])

        lines = boss.get(address, {"fragment": "log", "after": first.pk}).content.decode()

        assert "second" in lines
        assert "first" not in lines
        assert "<html" not in lines

    def test_failure_says_why(self, boss: Client) -> None:
        said = "It died. " * 60 + "The end."
        job = make_job(JobState.FAILED, error_type="worker_died", error_message=said)

        page = boss.get(reverse("admin:jobs_job_change", args=[job.pk])).content.decode()

        assert said in page
        assert "worker_died" in page
        assert "Run again" in page

    def test_unknown_is_404(self, boss: Client) -> None:
        assert boss.get(reverse("admin:jobs_job_change", args=[999])).status_code == 404


class TestLive:
    def test_answers_for_the_jobs_asked_for(self, boss: Client) -> None:
        one, other = make_job(JobState.RUNNING, done=3), make_job(JobState.SUCCEEDED)

        page = boss.get(reverse("admin:jobs_job_live"), {"id": [one.pk, "x", 10**18]})

        text = page.content.decode()
        assert f'id="job-{one.pk}-progress"' in text
        assert f"job-{other.pk}-" not in text
        assert "no-store" in page["Cache-Control"]

    def test_a_job_of_a_removed_plugin_is_shown(self, boss: Client) -> None:
        make_job(kind="gone.task", target_type="gone.thing", target_id=1)

        page = boss.get(reverse("admin:jobs_job_changelist")).content.decode()

        assert "gone.task" in page


class TestBatch:
    @pytest.fixture
    def batch(self, db: None) -> Job:
        """A batch that ended, of whose parts three failed for two reasons."""
        batch = make_job(
            JobState.SUCCEEDED, is_batch=True, kind="artifacts.generate", queue="cpu",
            summary={"succeeded": 1, "failed": 3, "failed_by": {"damaged": 2, "gone": 1}},
        )  # fmt: skip
        for item, reason in (("a", "damaged"), ("b", "damaged"), ("c", "gone")):
            make_job(
                JobState.FAILED, parent=batch, item=item, kind="artifacts.generate", queue="cpu",
                error_type=reason, error_message=f"{item} is {reason}.",
            )  # fmt: skip
        make_job(JobState.SUCCEEDED, parent=batch, item="d", kind="artifacts.generate", queue="cpu")
        return batch

    def test_counts_its_parts_by_state_and_reason(self, boss: Client, batch: Job) -> None:
        page = boss.get(reverse("admin:jobs_job_change", args=[batch.pk])).content.decode()

        for said in ("3 failed", "1 succeeded", "damaged", "gone", "c is gone."):
            assert said in page
        assert f"parent__id__exact={batch.pk}&amp;state=failed" in page

    def test_retries_those_that_failed_for_one_reason(self, boss: Client, batch: Job) -> None:
        retry = reverse("admin:jobs_job_retry_failed", args=[batch.pk])

        response = boss.post(retry, {"reason": "damaged"})

        again = Job.objects.filter(is_batch=True).latest("pk")
        assert again != batch
        assert response["Location"] == reverse("admin:jobs_job_change", args=[again.pk])
        assert sorted(again.children.values_list("item", flat=True)) == ["a", "b"]

    def test_nothing_to_retry_is_explained(self, boss: Client, batch: Job) -> None:
        retry = reverse("admin:jobs_job_retry_failed", args=[batch.pk])

        page = boss.post(retry, {"reason": "none"}, follow=True).content.decode()

        assert "Nothing failed" in page

    def test_its_button_makes_a_batch_of_what_failed(self, boss: Client, batch: Job) -> None:
        boss.post(reverse("admin:jobs_job_control", args=[batch.pk, "retry"]))

        again = Job.objects.filter(is_batch=True).latest("pk")
        assert again.children.count() == 3

    def test_a_part_leads_to_its_batch(self, boss: Client, batch: Job) -> None:
        part = batch.children.earliest("pk")

        page = boss.get(reverse("admin:jobs_job_change", args=[part.pk])).content.decode()

        assert reverse("admin:jobs_job_change", args=[batch.pk]) in page

    def test_many_parts_cost_the_queries_of_few(self, boss: Client, batch: Job) -> None:
        address = reverse("admin:jobs_job_change", args=[batch.pk])

        def count() -> int:
            with CaptureQueriesContext(connection) as captured:
                boss.get(address)
            return len(captured)

        count()
        few = count()
        for number in range(60):
            make_job(JobState.FAILED, parent=batch, item=str(number), error_type="damaged")

        assert count() == few
        assert "All 63 that failed" in boss.get(address).content.decode()


class TestTrouble:
    def test_quarantine_is_explained_with_its_evidence(self, boss: Client) -> None:
        job = make_job(
            JobState.FAILED, quarantined=True, crashes=3, error_message="It ended 3 workers.",
            evidence={
                "signal": "SIGSEGV", "command": "ffmpeg -i bad.mkv", "worker": "nas:7",
                "at": "2026-11-21T10:00:00+00:00",
            },
        )  # fmt: skip

        page = boss.get(reverse("admin:jobs_job_change", args=[job.pk])).content.decode()

        for said in ("Quarantined", "SIGSEGV", "ffmpeg -i bad.mkv", "nas:7", "What to do"):
            assert said in page

    def test_says_what_it_needs_and_what_needs_it(self, boss: Client) -> None:
        first, middle, last = make_job(), make_job(waits=1), make_job(waits=1)
        JobDependency.objects.create(job=middle, needs=first)
        JobDependency.objects.create(job=last, needs=middle)

        page = boss.get(reverse("admin:jobs_job_change", args=[middle.pk])).content.decode()

        assert page.index("It needs") < page.index(f"/{first.pk}/change/", page.index("It needs"))
        assert f"/{last.pk}/change/" in page[page.index("It is needed by") :]


class TestLog:
    def test_is_filtered_by_level(self, boss: Client) -> None:
        job = make_job(JobState.RUNNING)
        for level in LogLevel:
            JobLogLine.objects.create(job=job, level=level, message=f"one {level}")
        address = reverse("admin:jobs_job_change", args=[job.pk])

        def lines(level: str) -> list[str]:
            page = boss.get(address, {"fragment": "log", "level": level}).content.decode()
            return re.findall(r"one \w+", page)

        assert lines("") == lines("nonsense") == ["one info", "one warning", "one error"]
        assert lines("warning") == ["one warning", "one error"]
        assert lines("error") == ["one error"]

    def test_is_downloaded_as_text(self, boss: Client) -> None:
        job = make_job()
        at = datetime(2026, 11, 21, 10, 0, 1, tzinfo=UTC)
        JobLogLine.objects.create(job=job, at=at, level=LogLevel.ERROR, message="It burns.")

        response = boss.get(reverse("admin:jobs_job_log", args=[job.pk]))

        text = b"".join(response.streaming_content).decode()  # type: ignore[attr-defined]
        assert text == "2026-11-21 10:00:01Z ERROR   It burns.\n"
        assert f'filename="job-{job.pk}.log"' in response["Content-Disposition"]


class TestBell:
    def test_counts_ones_own_until_they_are_seen(self, boss: Client) -> None:
        me = User.objects.get(username="boss")
        before = timezone.now() - timedelta(minutes=1)
        make_job(JobState.FAILED, requested_by=me, error_message="Mine.", finished_at=before)
        make_job(JobState.FAILED, error_message="Another's.")
        own = reverse("admin:jobs_job_own")

        page = boss.get(own).content.decode()
        assert "1 ended since you looked" in page
        assert "Mine." in page
        assert "Another" not in page

        boss.post(own)
        page = boss.get(own).content.decode()
        assert "ended since you looked" not in page
        assert "Mine." in page

    def test_what_ended_after_the_page_was_read_stays_new(self, boss: Client) -> None:
        me = User.objects.get(username="boss")
        before = timezone.now() - timedelta(minutes=1)
        make_job(JobState.SUCCEEDED, requested_by=me)

        boss.post(reverse("admin:jobs_job_own"), {"until": before.isoformat()})

        assert "1 ended since you looked" in boss.get(reverse("admin:index")).content.decode()
