"""``manage.py scan``."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from apps.jobs.choices import JobState
from apps.jobs.models import Job
from apps.library.services.libraries import add_library

pytestmark = pytest.mark.django_db


def scan(*arguments: str) -> Any:
    out = io.StringIO()
    call_command("scan", *arguments, "--json", stdout=out)
    return json.loads(out.getvalue())["jobs"]


class TestScanCommand:
    def test_asks_for_a_scan_of_every_library(self, tmp_path: Path) -> None:
        for name in ("a", "b"):
            (tmp_path / name).mkdir()
            add_library(tmp_path / name)

        assert [job["state"] for job in scan()] == ["queued", "queued"]

    def test_limits_the_scan_to_folders_of_a_library(self, tmp_path: Path) -> None:
        (tmp_path / "sub" / "deep").mkdir(parents=True)
        add_library(tmp_path)

        scan(str(tmp_path / "sub" / "deep"), "--rescan")

        assert Job.objects.get().params["paths"] == ["sub/deep"]
        assert Job.objects.get().params["rescan"]

    def test_takes_a_library_whole_if_its_root_is_named(self, tmp_path: Path) -> None:
        (tmp_path / "sub").mkdir()
        add_library(tmp_path)

        scan(str(tmp_path), str(tmp_path / "sub"))

        assert Job.objects.get().params["paths"] == []

    def test_says_that_a_folder_belongs_to_no_library(self, tmp_path: Path) -> None:
        with pytest.raises(CommandError, match="is in no library"):
            scan(str(tmp_path))

    def test_fails_if_a_job_that_it_waited_for_did(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fail(job: Job, **_options: Any) -> Job:
            job.state, job.finished_at = JobState.FAILED, timezone.now()
            job.error_message = "The disk is away."
            job.save()
            return job

        monkeypatch.setattr("apps.library.management.commands.scan.follow", fail)
        add_library(tmp_path)

        with pytest.raises(CommandError, match="The disk is away"):
            scan("--wait")
