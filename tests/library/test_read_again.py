"""Chosen files read again: no more than was asked for, with old and new values in the audit."""

from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from apps.core.models import AuditEntry
from apps.jobs.choices import JobState
from apps.jobs.context import JobContext
from apps.jobs.registry import find_task
from apps.library.choices import Refresh
from apps.library.models import File, Library, Video
from apps.library.services.libraries import add_library
from apps.library.services.scan import scan_library
from apps.library.tasks import request_probes
from tests.factories import make_job
from tests.sounds import write_wav

pytestmark = pytest.mark.django_db
WRONG: dict[str, Any] = {
    "size_bytes": 5, "duration_ms": 7, "audio_codec": "x", "oshash": "0" * 16, "md5": "1" * 32,
}  # fmt: skip


@pytest.fixture
def library(tmp_path: Path) -> Library:
    write_wav(tmp_path / "a.wav")
    library = add_library(tmp_path)
    scan_library(library, now=timezone.now())
    return library


def read_again(*refresh: Refresh) -> None:
    """Ask for all files to be read again, and do what was asked."""
    asked = request_probes(File.objects.select_related("library"), refresh=refresh)
    job = make_job(JobState.RUNNING, kind=asked.kind, params=asked.params)
    find_task(job.kind).work(JobContext(job), **job.params)


@pytest.mark.parametrize(
    ("asked", "mended"),
    [
        ([Refresh.SIZE], {"size_bytes"}),
        ([Refresh.DURATION], {"duration_ms"}),
        ([Refresh.FACTS], {"audio_codec"}),
        ([Refresh.FINGERPRINTS], {"oshash"}),
        ([Refresh.MD5], {"md5"}),
        ([Refresh.SIZE, Refresh.DURATION], {"size_bytes", "duration_ms"}),
    ],
)
def test_only_what_was_asked_for(library: Library, asked: list[Refresh], mended: set[str]) -> None:
    right = File.objects.values(*WRONG).get()
    File.objects.update(**WRONG)

    read_again(*asked)

    now = File.objects.values(*WRONG).get()
    assert {name for name in WRONG if now[name] != WRONG[name]} == mended
    assert all(now[name] == right[name] for name in mended - {"md5"})
    noted = AuditEntry.objects.filter(object_type="library.file", action="changed").latest("pk")
    assert {name: noted.changes[name] for name in mended} == {
        name: [WRONG[name], now[name]] for name in mended
    }
    facts = Video.objects.values("size_bytes", "duration_ms", "audio_codec").get()
    assert facts == {name: now[name] for name in facts}


def test_everything_where_nothing_is_named(library: Library) -> None:
    right = File.objects.values(*WRONG).get()
    File.objects.update(**{**WRONG, "md5": ""})

    read_again()

    assert File.objects.values(*WRONG).get() == right
