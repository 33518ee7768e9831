"""``manage.py jobs``."""

import io
import json
import threading
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from apps.jobs.choices import JobState
from apps.jobs.models import Cluster, Hold, Job, JobLogLine
from apps.jobs.services.holds import hold
from tests.factories import NOON, make_job
from tests.jobs import tasks

pytestmark = pytest.mark.django_db


def shown(*arguments: str) -> str:
    out = io.StringIO()
    call_command("jobs", *arguments, stdout=out)
    return out.getvalue()


def told(*arguments: str) -> Any:
    return json.loads(shown(*arguments, "--json"))


def test_lists_the_latest() -> None:
    old = make_job()
    failed = make_job(JobState.FAILED, kind="artifacts.generate", queue="cpu", done=3, total=1_000)

    assert [job["id"] for job in told("list")["jobs"]] == [failed.pk, old.pk]
    assert [job["id"] for job in told("list", "--state", "queued")["jobs"]] == [old.pk]
    assert [job["id"] for job in told("list", "--queue", "cpu", "--limit", "5")["jobs"]] == [
        failed.pk
    ]
    assert told("list", "--kind", "no.such") == {"jobs": []}
    assert "failed      artifacts.generate        3 of 1,000 files" in shown("list")


def test_shows_one() -> None:
    job = make_job(JobState.FAILED, error_message="Offline.")

    assert told("show", str(job.pk))["error_message"] == "Offline."
    assert "error_message    Offline." in shown("show", str(job.pk))
    with pytest.raises(CommandError, match=r"There is no job 999999\."):
        shown("show", "999999")


@pytest.mark.parametrize(
    ("state", "deed", "after"),
    [
        (JobState.QUEUED, "cancel", "cancelled"),
        (JobState.QUEUED, "pause", "paused"),
        (JobState.PAUSED, "resume", "queued"),
        (JobState.FAILED, "retry", "queued"),
        (JobState.QUEUED, "hurry", "queued"),
    ],
)
def test_does_what_can_be_done_and_tells_what_cannot(
    state: JobState, deed: str, after: str
) -> None:
    job, other = make_job(state), make_job(state)
    out = io.StringIO()

    with pytest.raises(CommandError, match=r"There is no job 999999\."):
        call_command("jobs", deed, str(job.pk), "999999", str(other.pk), "--json", stdout=out)

    answer = json.loads(out.getvalue())
    assert [(each["id"], each["state"]) for each in answer["jobs"]] == [
        (job.pk, after), (other.pk, after),
    ]  # fmt: skip
    assert list(answer["refused"]) == ["999999"]


def test_log() -> None:
    job = make_job()
    JobLogLine.objects.create(job=job, message="first", at=NOON)

    assert told("log", str(job.pk))["lines"][0]["message"] == "first"
    assert shown("log", str(job.pk)) == "2026-11-21 12:00:00 info    first\n"
    with pytest.raises(CommandError, match="not allowed with"):
        shown("log", str(job.pk), "--follow", "--json")


@pytest.mark.django_db(transaction=True)
def test_log_is_followed_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.jobs.management.commands.jobs._POLL_S", 0.01)
    job = make_job(JobState.RUNNING)
    JobLogLine.objects.create(job=job, message="first", at=NOON)
    first_shown = threading.Event()

    class Out(io.StringIO):
        def write(self, text: str) -> int:
            if "first" in text:
                first_shown.set()
            return super().write(text)

    out = Out()

    def finish() -> None:
        try:
            first_shown.wait(20)
            JobLogLine.objects.create(job=job, message="last", at=NOON)
            Job.objects.update(state=JobState.SUCCEEDED, finished_at=NOON)
        finally:
            connection.close()

    thread = threading.Thread(target=finish)
    thread.start()
    call_command("jobs", "log", str(job.pk), "--follow", stdout=out)
    thread.join()

    assert [line.split()[-1] for line in out.getvalue().splitlines()] == ["first", "last"]


def test_holds_and_releases() -> None:
    assert told("hold", "--queue", "disk", "--reason", "moving") == {"held": "disk"}
    assert Hold.objects.get().reason == "moving"
    assert told("release", "--queue", "disk") == {"released": "disk"}
    shown("hold", "--kind", tasks.count.name)
    with pytest.raises(CommandError, match="isn't held"):
        shown("release", "--queue", "disk")
    with pytest.raises(CommandError, match="one of the arguments"):
        shown("hold")


def test_writes_and_restores(tmp_path: Path) -> None:
    job, file = make_job(), tmp_path / "jobs.json"

    assert told("backup", str(file)) == {"file": str(file), "bytes": file.stat().st_size}
    assert file.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["jobs.json"]
    assert told("restore", str(file))["already_there"] == 1
    job.delete()
    assert "1 jobs, 0 already there" in shown("restore", str(file))
    assert Job.objects.get().uid == job.uid
    for name in ("backup", "restore"):
        with pytest.raises(CommandError, match="No such file"):
            shown(name, str(tmp_path / "gone" / "jobs.json"))


def test_shows_workers_and_holds() -> None:
    job = make_job(JobState.RUNNING, worker="nas.1a2b:11")
    now = timezone.now()
    Cluster.objects.create(
        host="nas.1a2b", pid=10, queue="disk", slots=2, seen_at=now, canary_at=now,
        workers=[{"pid": 11, "memory_bytes": 90_000_000}, {"pid": 12}],
    )  # fmt: skip
    hold(queue="gpu", reason="too warm")

    text = shown("workers")

    assert "disk on nas.1a2b:10: well" in text
    assert f"job {job.pk}" in text
    assert "gpu is held: too warm" in text
    assert told("workers")["clusters"][0]["workers"][0]["job"] == job.pk
