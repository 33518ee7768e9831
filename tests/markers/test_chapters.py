"""Copies of files that have the markers as chapters."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from apps.jobs.models import Job
from apps.library.models import File, Video
from apps.markers.services.chapters import flat
from apps.markers.services.formats import Cue
from apps.markers.services.sources import source_of
from apps.markers.tasks import request_copy
from tests.client import Api
from tests.factories import make_marker, make_user
from tests.markers.conftest import NAME
from tests.markers.test_split import names, work

pytestmark = pytest.mark.django_db(transaction=True)
COPY = NAME.removesuffix(b".mp4") + b".chapters.mp4"


def probe(path: bytes) -> Any:
    command = ["ffprobe", "-v", "error", "-show_chapters", "-show_streams", "-of", "json"]
    found = subprocess.run([*command, b"file:" + path], check=True, capture_output=True)
    return json.loads(found.stdout)


def test_chapters_are_written_into_a_copy(on_disk: Video) -> None:
    make_marker(on_disk, start_ms=1_500, title="First = one; #2 \\ über")
    make_marker(on_disk, start_ms=3_000, end_ms=3_500, title="Second\nline")
    make_marker(on_disk, start_ms=3_000, title="At once")
    location = source_of(on_disk).location
    before = Path(os.fsdecode(location)).read_bytes()

    request_copy(on_disk)
    work()

    assert names(on_disk) == sorted([NAME, COPY])
    assert Path(os.fsdecode(location)).read_bytes() == before
    found = probe(os.path.dirname(location) + b"/" + COPY)
    chapters = [
        (round(float(c["start_time"]) * 1_000), c.get("tags", {}).get("title", ""))
        for c in found["chapters"]
    ]
    assert chapters == [
        (0, "Start"), (1_500, "First = one; #2 \\ über"), (3_000, "Second\nline / At once"),
    ]  # fmt: skip
    copy = Video.objects.exclude(pk=on_disk.pk).get()
    assert copy.markers.count() == 3
    assert len(File.objects.get(video=copy).chapters) == 3


def test_there_has_to_be_something_to_write(on_disk: Video) -> None:
    api, url = Api(make_user(superuser=True)), f"videos/{on_disk.pk}/chapters/write/"
    assert api.post(url).json()["type"].endswith("no_chapters")

    make_marker(on_disk)
    File.objects.update(name=b"x.avi")
    refused = api.post(url)
    assert refused.status_code == 400
    assert "can't hold chapters" in refused.json()["detail"]
    assert not Job.objects.filter(kind="markers.write_copy").exists()


def test_a_copy_that_is_there_stays(on_disk: Video) -> None:
    make_marker(on_disk)
    there = Path(on_disk.library.root) / "a folder" / os.fsdecode(COPY)
    there.write_text("mine")

    response = Api(make_user(superuser=True)).post(f"videos/{on_disk.pk}/chapters/write/")

    assert response.status_code == 409
    assert there.read_text() == "mine"


def test_chapters_follow_one_another() -> None:
    assert flat([Cue(0), Cue(4_000)], duration_ms=0) == [
        Cue(0, 4_000, "Chapter 1"), Cue(4_000, 5_000, "Chapter 2"),
    ]  # fmt: skip
    cues = [Cue(5_000, 60_000, "Long"), Cue(9_000, None, "Next"), Cue(90_000, None, "Beyond")]

    assert flat(cues, duration_ms=20_000) == [
        Cue(0, 5_000, "Start"), Cue(5_000, 9_000, "Long"), Cue(9_000, 20_000, "Next"),
    ]  # fmt: skip
    assert flat([], duration_ms=20_000) == []
