"""Jobs: their list, their page, their buttons."""

import pytest
from django.test import Client
from django.urls import reverse

from apps.jobs.choices import JobState
from apps.jobs.models import Job, JobLogLine
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
        job = make_job(JobState.FAILED, error_type="worker_died", error_message="It died.")

        page = boss.get(reverse("admin:jobs_job_change", args=[job.pk])).content.decode()

        assert "It died." in page
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
