"""Jobs: watched, controlled, their logs read on."""

import pytest

from apps.jobs.choices import JobState
from apps.jobs.models import JobLogLine
from tests.client import Api
from tests.factories import NOON, make_job, make_user

CONTRACT = {
    "id", "kind", "state", "queue", "priority", "params", "parent", "requested_by", "created_at",
    "started_at", "finished_at", "attempt", "max_attempts", "progress", "summary", "error",
    "worker", "version",
}  # fmt: skip


def test_job_is_as_in_the_contract(api: Api) -> None:
    parent, user = make_job(), make_user()
    job = make_job(
        JobState.RUNNING, parent=parent, requested_by=user, created_at=NOON, started_at=NOON,
        done=10, total=30, rate_per_s=5.0, attempt=1, priority=3, params={"a": 1},
        summary={"failed": 2}, worker="host:1",
    )  # fmt: skip

    shown = api.get(f"jobs/{job.pk}/").json()

    assert {name: shown[name] for name in CONTRACT} == {
        "id": job.pk, "kind": "library.scan", "state": "running", "queue": "disk", "priority": 3,
        "params": {"a": 1}, "parent": parent.pk, "requested_by": user.pk,
        "created_at": "2026-11-21T12:00:00Z", "started_at": "2026-11-21T12:00:00Z",
        "finished_at": None, "attempt": 1, "max_attempts": 3,
        "progress": {"done": 10, "total": 30, "unit": "files", "rate_per_s": 5.0, "eta_s": 4.0},
        "summary": {"failed": 2}, "error": None, "worker": "host:1", "version": 1,
    }  # fmt: skip
    assert shown["title"] == "Scan"


def test_failed_job_of_a_removed_plugin(api: Api) -> None:
    job = make_job(
        JobState.FAILED, kind="plugin.gone", error_type="root_offline", error_message="Offline."
    )

    shown = api.get(f"jobs/{job.pk}/").json()

    assert shown["error"] == {"type": "root_offline", "message": "Offline."}
    assert shown["title"] == "plugin.gone"


def test_filters(api: Api) -> None:
    user = make_user()
    first = make_job(requested_by=user, target_type="library.library", target_id=7)
    child = make_job(JobState.FAILED, parent=first, kind="artifacts.generate", queue="cpu")

    def found(**parameters: object) -> list[int]:
        return [job["id"] for job in api.results("jobs/", **parameters)]

    assert found() == [child.pk, first.pk]
    assert found(state="failed,cancelled") == [child.pk]
    assert found(kind="library.scan") == [first.pk]
    assert found(queue="cpu") == [child.pk]
    assert found(parent=first.pk) == [child.pk]
    assert found(requested_by=user.pk) == [first.pk]
    assert found(target_type="library.library", target_id=7) == [first.pk]
    assert api.get("jobs/", queue="tape").status_code == 400


@pytest.mark.parametrize(
    ("state", "action", "status", "after"),
    [
        (JobState.QUEUED, "cancel", 200, JobState.CANCELLED),
        (JobState.RUNNING, "cancel", 200, JobState.CANCELLING),
        (JobState.SUCCEEDED, "cancel", 409, JobState.SUCCEEDED),
        (JobState.QUEUED, "pause", 200, JobState.PAUSED),
        (JobState.FAILED, "pause", 409, JobState.FAILED),
        (JobState.PAUSED, "resume", 202, JobState.QUEUED),
        (JobState.RUNNING, "resume", 409, JobState.RUNNING),
        (JobState.FAILED, "retry", 202, JobState.QUEUED),
        (JobState.RUNNING, "retry", 409, JobState.RUNNING),
    ],
)
def test_control(api: Api, state: JobState, action: str, status: int, after: JobState) -> None:
    job = make_job(state)

    response = api.post(f"jobs/{job.pk}/{action}/")

    job.refresh_from_db()
    assert (response.status_code, job.state) == (status, after)
    if status == 409:
        assert response.json()["type"] == "urn:mediahub:problem:wrong_state"
    else:
        assert response.json()["state"] == after
    if status == 202:
        assert response["Location"] == f"http://testserver/api/v1/jobs/{job.pk}/"


def test_log_is_read_on(api: Api) -> None:
    job = make_job()
    lines = [JobLogLine(job=job, message=f"line {number}", at=NOON) for number in range(1_003)]
    JobLogLine.objects.bulk_create(lines)
    address = f"jobs/{job.pk}/log/"

    first = api.get(address).json()
    rest = api.get(address, after=first["last"]).json()
    nothing = api.get(address, after=rest["last"]).json()

    assert (len(first["lines"]), first["more"]) == (1_000, True)
    assert [line["message"] for line in rest["lines"]] == ["line 1000", "line 1001", "line 1002"]
    assert (rest["more"], nothing) == (False, {"lines": [], "last": rest["last"], "more": False})
    assert set(first["lines"][0]) == {"id", "at", "level", "message"}


@pytest.mark.parametrize("after", ["x", "-1", "9" * 30])
def test_log_after_no_line_is_refused(api: Api, after: str) -> None:
    assert api.get(f"jobs/{make_job().pk}/log/", after=after).status_code == 400
