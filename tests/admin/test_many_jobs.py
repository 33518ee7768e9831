"""The list of jobs: what it is narrowed by, and deeds for many at once."""

import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.accounts.choices import Role
from apps.jobs.choices import JobState, Queue
from apps.jobs.models import Job
from tests.factories import make_job, make_user

LIST = "admin:jobs_job_changelist"


def shown(client: Client, **query: Any) -> list[int]:
    """The numbers of the jobs that the list shows."""
    page = client.get(reverse(LIST), query).content.decode()
    return sorted({int(pk) for pk in re.findall(r'id="job-(\d+)-when"', page)})


def act(client: Client, deed: str, *jobs: Job, query: str = "", **more: Any) -> Any:
    sent = {"action": f"{deed}_jobs", "_selected_action": [job.pk for job in jobs], **more}
    return client.post(reverse(LIST) + query, sent, follow=True)


class TestFilters:
    def test_parts_are_left_out_until_asked_for(self, boss: Client) -> None:
        batch = make_job(JobState.RUNNING, is_batch=True)
        part, other = make_job(parent=batch, item="a"), make_job()
        both = sorted([batch.pk, other.pk])

        assert shown(boss) == both
        assert shown(boss, parts="all") == sorted([*both, part.pk])
        assert shown(boss, parts="only") == [part.pk]
        assert shown(boss, parts="batches") == [batch.pk]
        assert shown(boss, parent__id__exact=batch.pk) == [part.pk]

    def test_states(self, boss: Client) -> None:
        made = {state: make_job(state).pk for state in JobState}
        quarantined = make_job(JobState.FAILED, quarantined=True).pk

        assert shown(boss, state="queued") == [made[JobState.QUEUED]]
        assert shown(boss, state="running") == [made[JobState.RUNNING], made[JobState.CANCELLING]]
        assert shown(boss, state="failed") == [made[JobState.FAILED], quarantined]
        assert shown(boss, state="quarantined") == [quarantined]
        assert len(shown(boss, state="nonsense")) == len(made) + 1

    def test_kind_queue_person_and_end(self, boss: Client) -> None:
        ann = make_user(username="ann")
        job = make_job(JobState.SUCCEEDED, kind="artifacts.generate", queue="cpu", requested_by=ann)
        other = make_job()

        assert shown(boss, kind="artifacts.generate") == [job.pk]
        assert shown(boss, queue__exact="cpu") == [job.pk]
        assert shown(boss, by=ann.pk) == [job.pk]
        assert shown(boss, by="system") == [other.pk]
        assert shown(boss, ended="1") == [job.pk]

    def test_search_finds_numbers_kinds_and_parts(self, boss: Client) -> None:
        batch = make_job(JobState.RUNNING, is_batch=True, kind="artifacts.generate", queue="cpu")
        part = make_job(parent=batch, item="holiday.mp4")

        assert shown(boss, q=f"#{batch.pk}") == [batch.pk]
        assert shown(boss, q="artif") == [batch.pk]
        assert shown(boss, q="HOLIDAY", parts="all") == [part.pk]
        assert shown(boss, q="9" * 40) == []


class TestSelection:
    @pytest.mark.parametrize(
        ("before", "deed", "after"),
        [
            (JobState.QUEUED, "pause", JobState.PAUSED),
            (JobState.PAUSED, "resume", JobState.QUEUED),
            (JobState.FAILED, "retry", JobState.QUEUED),
            (JobState.QUEUED, "hurry", JobState.QUEUED),
        ],
    )
    def test_is_done_at_once(
        self, boss: Client, before: JobState, deed: str, after: JobState
    ) -> None:
        jobs, untouched = [make_job(before) for _ in range(2)], make_job(before)

        page = act(boss, deed, *jobs).content.decode()

        assert "2 jobs" in page
        for job in jobs:
            job.refresh_from_db()
            assert (job.state, job.version) == (after, 2)
        untouched.refresh_from_db()
        assert untouched.version == 1

    def test_a_cancel_is_asked_about_first(self, boss: Client) -> None:
        jobs = [make_job(), make_job(JobState.RUNNING)]

        page = act(boss, "cancel", *jobs).content.decode()
        assert "Cancel 2 jobs?" in page
        assert not Job.objects.exclude(state__in=("queued", "running")).exists()

        act(boss, "cancel", *jobs, sure=1)
        assert set(Job.objects.values_list("state", flat=True)) == {"cancelled", "cancelling"}

    def test_what_none_of_them_allows_is_said(self, boss: Client) -> None:
        page = act(boss, "resume", make_job()).content.decode()

        assert "None of these jobs could be resumed" in page

    def test_operators_only(self, as_role: Any) -> None:
        job = make_job()
        editor = as_role(Role.EDITOR)

        act(editor, "pause", job)

        job.refresh_from_db()
        assert job.state == JobState.QUEUED
        assert "pause_jobs" not in editor.get(reverse(LIST)).content.decode()


class TestAllThatMatch:
    def test_is_asked_and_then_done_to_all_but_no_others(self, boss: Client) -> None:
        jobs = [make_job() for _ in range(30)]
        other = make_job(queue=Queue.NET)
        query = "?queue__exact=disk"

        page = act(boss, "pause", jobs[0], query=query, select_across=1).content.decode()
        assert "Pause 30 jobs?" in page

        page = act(boss, "pause", jobs[0], query=query, select_across=1, sure=1).content.decode()
        assert "30 jobs paused." in page
        other.refresh_from_db()
        assert other.state == JobState.QUEUED
        assert Job.objects.filter(state=JobState.PAUSED).count() == 30

    def test_costs_the_same_however_many(self, boss: Client) -> None:
        def queries_of(number: int) -> int:
            Job.objects.bulk_create(
                Job(kind="library.scan", queue=Queue.DISK, state=JobState.QUEUED)
                for _ in range(number)
            )
            some = Job.objects.filter(state=JobState.QUEUED).latest("pk")
            with CaptureQueriesContext(connection) as captured:
                act(boss, "pause", some, query="?state=queued", select_across=1, sure=1)
            return len(captured)

        queries_of(3)
        few = queries_of(3)

        assert queries_of(300) == few
