"""The demonstration library's job."""

import shutil
from pathlib import Path

import pytest

from apps.jobs.models import Job
from apps.jobs.worker import work_off
from apps.library.tasks import request_demonstration
from tests.factories import make_job, make_library
from tests.media import demo_library

pytestmark = pytest.mark.django_db(transaction=True)


def test_finds_its_ffmpeg_itself_and_is_scanned(tmp_path: Path) -> None:
    shutil.copytree(demo_library(), tmp_path / "demo")  # what is there is left alone
    library = make_library(root=str(tmp_path / "demo"))

    job = request_demonstration(library)
    work_off("cpu")

    job.refresh_from_db()
    assert (job.error_message, job.summary["clips"]) == ("", 14)
    assert Job.objects.get(kind="library.scan").pk == job.summary["scan_job"]


def test_runs_no_program_that_its_params_name(tmp_path: Path) -> None:
    program, trace = tmp_path / "ffmpeg", tmp_path / "trace"
    program.write_text(f"#!/bin/sh\ntouch {trace}\nexit 1\n")
    program.chmod(0o755)
    (tmp_path / "demo").mkdir()
    library = make_library(root=str(tmp_path / "demo"))
    params = {"library_id": library.pk, "ffmpeg": str(program)}
    job = make_job(kind="library.demo", queue="cpu", params=params)

    work_off("cpu")

    job.refresh_from_db()
    assert job.state == "failed"
    assert not trace.exists()
