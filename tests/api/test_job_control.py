"""Jobs by the API: many at once, held, scheduled, backed up, and what the dashboard shows."""

import json
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from apps.accounts.choices import Role
from apps.core.models import AuditEntry
from apps.jobs.choices import JobState
from apps.jobs.models import Cluster, Hold, Job, QueueMinute, Schedule
from apps.jobs.services import backup as backups
from apps.jobs.services import lifecycle
from tests.client import Api
from tests.factories import NOON, make_job, make_user
from tests.jobs import tasks

ORDER = {"name": "nightly", "kind": tasks.count.name, "params": {"to": 3}, "cron": "0 3 * * *"}


def problem(response: Any) -> tuple[int, str]:
    return response.status_code, response.json()["type"].removeprefix("urn:mediahub:problem:")


def states() -> list[str]:
    return list(Job.objects.order_by("pk").values_list("state", flat=True))


class TestControl:
    def test_of_those_named(self, api: Api) -> None:
        jobs = [make_job(state) for state in (JobState.QUEUED, JobState.FAILED, JobState.QUEUED)]

        answer = api.post(
            "jobs/control/", {"deed": "cancel", "ids": [jobs[0].pk, jobs[1].pk]}
        ).json()

        assert answer == {"changed": 1}
        assert states() == ["cancelled", "failed", "queued"]

    def test_of_all_that_the_filters_leave(self, api: Api) -> None:
        make_job(JobState.FAILED)
        make_job(JobState.FAILED, kind="artifacts.generate")
        make_job()

        answer = api.post(
            "jobs/control/?state=failed,cancelled&kind=library.scan", {"deed": "retry", "all": True}
        ).json()

        assert answer == {"changed": 1}
        assert states() == ["queued", "failed", "queued"]

    @pytest.mark.parametrize(
        ("query", "body"),
        [
            ("", {"deed": "cancel"}),
            ("", {"deed": "cancel", "all": False}),
            ("", {"deed": "cancel", "ids": []}),
            ("", {"deed": "cancel", "ids": [999_999]}),
            ("", {"deed": "delete", "all": True}),
            ("", {"deed": "cancel", "all": True, "ids": [1]}),
            ("?state=failed", {"deed": "cancel", "ids": [1]}),
            ("?colour=red", {"deed": "cancel", "all": True}),
            ("?page=2", {"deed": "cancel", "all": True}),
        ],
    )
    def test_is_never_of_everything_by_mistake(
        self, api: Api, query: str, body: dict[str, Any]
    ) -> None:
        job = make_job(pk=1)

        assert api.post(f"jobs/control/{query}", body).status_code == 400
        job.refresh_from_db()
        assert job.state == JobState.QUEUED

    def test_many_cost_the_queries_of_few(
        self, api: Api, django_assert_max_num_queries: DjangoAssertNumQueries
    ) -> None:
        for _ in range(30):
            make_job()

        with django_assert_max_num_queries(20):
            answer = api.post("jobs/control/", {"deed": "pause", "all": True}).json()
        assert answer == {"changed": 30}

    def test_hurry(self, api: Api) -> None:
        job = make_job()

        assert api.post(f"jobs/{job.pk}/hurry/").json()["priority"] > 0
        done = make_job(JobState.SUCCEEDED)
        assert problem(api.post(f"jobs/{done.pk}/hurry/")) == (409, "wrong_state")

    def test_retry_of_what_failed_is_a_new_batch(self, api: Api) -> None:
        batch = make_job(JobState.SUCCEEDED, is_batch=True)
        for item, error in (("a", "refused"), ("b", "unreadable"), ("c", "refused")):
            make_job(JobState.FAILED, parent=batch, item=item, error_type=error)

        response = api.post(f"jobs/{batch.pk}/retry-failed/", {"reason": "refused"})

        again = response.json()
        assert response.status_code == 202
        assert response["Location"].endswith(f"/jobs/{again['id']}/")
        assert [job["item"] for job in api.results("jobs/", parent=again["id"])] == ["c", "a"]
        assert problem(api.post(f"jobs/{batch.pk}/retry-failed/", {"reason": "other"})) == (
            409, "nothing_to_retry",
        )  # fmt: skip


def test_list_shows_batches_and_what_jobs_need(
    api: Api, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    batch = make_job(JobState.RUNNING, is_batch=True, lease_until=None)
    part = make_job(parent=batch, item="a", lane="mount:/a", lane_limit=2)
    killer = make_job(JobState.FAILED, quarantined=True, crashes=3, evidence={"signal": "SIGSEGV"})
    needed = lifecycle.enqueue(tasks.count, {"to": 1})
    needing = lifecycle.enqueue(tasks.count, {"to": 1}, after=[needed])

    def found(**parameters: Any) -> list[int]:
        return [job["id"] for job in api.results("jobs/", **parameters)]

    assert found(parent="none") == [needing.pk, needed.pk, killer.pk, batch.pk]
    assert found(lane="mount:/a") == found(item="a") == found(parent=batch.pk) == [part.pk]
    assert found(quarantined="true") == [killer.pk]
    assert api.get("jobs/", parent="x").status_code == 400
    shown = {job["id"]: job for job in api.results("jobs/")}
    assert (shown[needing.pk]["after"], shown[needing.pk]["waits"]) == ([needed.pk], 1)
    assert (shown[part.pk]["item"], shown[batch.pk]["is_batch"]) == ("a", True)
    assert shown[killer.pk]["evidence"] == {"signal": "SIGSEGV"}
    assert shown[part.pk]["uid"] == str(part.uid)
    assert shown[part.pk]["run_at"] is None
    api.http.get("/api/v1/jobs/")
    with django_assert_num_queries(4):  # session, user, jobs, what they need
        api.results("jobs/")


class TestHolds:
    def test_are_put_and_taken_away(self, api: Api) -> None:
        response = api.post("jobs/holds/", {"queue": "disk", "reason": "moving"})
        twice = api.post("jobs/holds/", {"queue": "disk"})

        made = response.json()
        assert (response.status_code, twice.json()) == (201, made)
        assert (made["queue"], made["kind"], made["by"]) == ("disk", "", api.user and api.user.pk)
        assert api.results("jobs/holds/") == [made]
        assert api.delete(f"jobs/holds/{made['id']}/").status_code == 204
        assert not Hold.objects.exists()
        assert api.delete(f"jobs/holds/{made['id']}/").status_code == 404

    @pytest.mark.parametrize(
        "body",
        [{}, {"queue": "tape"}, {"kind": "no.such"}, {"queue": "cpu", "kind": tasks.count.name},
         {"queue": "cpu", "colour": "red"}],
    )  # fmt: skip
    def test_must_be_clear(self, api: Api, body: dict[str, str]) -> None:
        assert api.post("jobs/holds/", body).status_code == 400


class TestSchedules:
    def test_are_made_changed_run_and_deleted(self, api: Api) -> None:
        made = api.post("jobs/schedules/", ORDER).json()
        address = f"jobs/schedules/{made['id']}/"

        assert made["described"] == "At 03:00 every day"
        assert made["next_at"]
        stale = api.patch(address, {"enabled": False}, If_Unmodified_Since_Version="7")
        assert stale.status_code == 412
        changed = api.patch(address, {"enabled": False}, If_Unmodified_Since_Version="1").json()
        assert (changed["next_at"], changed["version"]) == (None, 2)
        run = api.post(f"{address}run/")
        assert (run.status_code, run.json()["kind"]) == (202, "tests.count")
        assert api.get(address).json()["last_job"] == run.json()["id"]
        assert api.delete(address).status_code == 204
        actions = AuditEntry.objects.filter(object_type="jobs.schedule").order_by("pk")
        assert list(actions.values_list("action", flat=True)) == ["created", "changed", "deleted"]

    @pytest.mark.parametrize(
        ("values", "field"),
        [
            ({"cron": "0 33 * * *"}, "cron"),
            ({"kind": "tests.coumt"}, "kind"),
            ({"kind": "library.remove", "params": {"library_id": 1}}, "kind"),
            ({"kind": "library.scan", "params": {"library_id": 2**70}}, "params"),
            ({"params": {"form": 1}}, "params"),
            ({"params": []}, "params"),
            ({"next_at": "2026-01-01T00:00:00Z"}, "next_at"),
            ({"name": ""}, "name"),
        ],
    )
    def test_faults_are_named_by_field(self, api: Api, values: dict[str, Any], field: str) -> None:
        response = api.post("jobs/schedules/", ORDER | values)

        assert response.status_code == 400
        assert list(response.json()["errors"]) == [field]
        assert not Schedule.objects.exists()

    def test_a_name_is_there_once(self, api: Api) -> None:
        api.post("jobs/schedules/", ORDER)

        assert problem(api.post("jobs/schedules/", ORDER)) == (409, "duplicate")


class TestBackup:
    def test_there_and_back(self, api: Api) -> None:
        jobs = [make_job(params={"number": number}) for number in range(3)]
        response = api.get("jobs/backup/")
        data = b"".join(response.streaming_content).decode()
        Job.objects.all().delete()

        restored = api.post("jobs/restore/", data)

        assert response["Content-Disposition"] == 'attachment; filename="mediahub-jobs.json"'
        assert restored.json() == {
            "jobs": 3, "already_there": 0, "skipped": 0, "withheld": 0, "schedules": 0, "holds": 0,
        }  # fmt: skip
        assert {job.uid for job in Job.objects.all()} == {job.uid for job in jobs}
        assert len(json.loads(data)["jobs"]) == 3

    def test_what_cannot_be_scheduled_comes_back_for_superusers_only(self, api: Api) -> None:
        gone = make_job(kind="plugin.gone")
        for kind in ("library.remove", "library.scan"):
            make_job(kind=kind)
        make_job(parent=gone, item="a")
        data = "".join(backups.backup())
        Job.objects.filter(parent__isnull=False).delete()
        Job.objects.all().delete()

        answer = Api(make_user(Role.OPERATOR)).post("jobs/restore/", data).json()

        assert (answer["jobs"], answer["withheld"]) == (1, 3)
        assert Job.objects.get().kind == "library.scan"
        answer = api.post("jobs/restore/", data).json()
        assert (answer["jobs"], answer["already_there"], answer["withheld"]) == (3, 1, 0)

    def test_refusals(self, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
        assert problem(api.post("jobs/restore/", "no backup")) == (400, "bad_backup")
        assert problem(api.post("jobs/restore/", "")) == (400, "bad_backup")
        monkeypatch.setattr("apps.jobs.api.backups.MOST_BYTES", 10)
        assert problem(api.post("jobs/restore/", "x" * 11)) == (413, "too_large")


def test_clusters_and_their_workers(api: Api) -> None:
    now = timezone.now()
    job = make_job(JobState.RUNNING, worker="nas.1a2b:11")
    Cluster.objects.create(
        host="nas.1a2b", pid=10, queue="disk", slots=1, seen_at=now, canary_at=now,
        workers=[{"pid": 11, "memory_bytes": 5}],
    )  # fmt: skip

    (shown,) = api.get("jobs/clusters/").json()["clusters"]

    assert (shown["queue"], shown["trouble"]) == ("disk", "")
    assert shown["workers"] == [
        {"pid": 11, "memory": 5, "job": {"id": job.pk, "kind": "library.scan", "title": "Scan"}}
    ]


def test_statistics(api: Api) -> None:
    make_job()
    minute = timezone.now().replace(second=0, microsecond=0)
    QueueMinute.objects.create(queue="disk", minute=minute, waiting=4, succeeded=2)

    shown = api.get("jobs/statistics/", hours=1).json()

    assert shown["totals"]["waiting"] == {"count": 1, "count_is_estimate": False}
    assert shown["totals"]["succeeded_today"] == 2
    assert len(shown["points"]) == 60
    assert sum(point["succeeded"] for point in shown["points"]) == 2
    for wrong in ({"hours": 0}, {"hours": "x"}, {"hours": 337}, {"queue": "tape"}, {"a": 1}):
        assert api.get("jobs/statistics/", **wrong).status_code == 400


def test_notices_until_they_are_seen(api: Api) -> None:
    job = make_job(JobState.FAILED, requested_by=api.user, finished_at=timezone.now())
    make_job(JobState.FAILED, finished_at=NOON)

    shown = api.get("jobs/notices/").json()
    seen = api.post("jobs/notices/seen/", {"until": shown["until"]})

    assert [each["id"] for each in shown["jobs"]] == [job.pk]
    assert seen.status_code == 204
    assert api.post("jobs/notices/seen/", {}).status_code == 400
