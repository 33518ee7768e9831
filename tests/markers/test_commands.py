"""``manage.py markers`` and ``manage.py split``."""

import io
import json
import os
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from apps.jobs.models import Job
from apps.library.models import Video
from apps.markers.services.sources import source_of
from tests.factories import make_marker, make_video
from tests.markers.test_split import names

pytestmark = pytest.mark.django_db


def run(*arguments: str) -> Any:
    out = io.StringIO()
    call_command(*arguments, "--json", stdout=out)
    return json.loads(out.getvalue())


def test_markers_go_out_and_come_in(tmp_path: Path) -> None:
    video, other = make_video(), make_video()
    make_marker(video, title="Here")
    file = str(tmp_path / "x.edl")

    assert "WEBVTT" in run("markers", "export", str(video.pk))["text"]
    run("markers", "export", str(video.pk), file, "--format", "edl")
    assert run("markers", "import", str(other.pk), file, "--dry-run")["added"] == 1
    assert run("markers", "import", str(other.pk), file)["added"] == 1
    assert other.markers.get().title == "Here"
    with pytest.raises(CommandError, match="can't be read"):
        run("markers", "import", str(other.pk), str(tmp_path / "none"))
    with pytest.raises(CommandError, match="No video"):
        run("markers", "export", "99999999")


def test_split_by_path(on_disk: Video) -> None:
    path = os.fsdecode(source_of(on_disk).location)

    plan = run("split", path, "0:05", "--dry-run")
    asked = run("split", path, "5.0", "--exact")

    assert [(one["start_ms"], one["end_ms"]) for one in plan["pieces"]] == [
        (0, 4_000),
        (4_000, 8_000),
    ]
    job = Job.objects.get(pk=asked["job"])
    assert (job.kind, job.params["at_ms"], job.params["exact"]) == ("markers.split", [5_000], True)
    assert len(names(on_disk)) == 1
    with pytest.raises(CommandError, match="No place to cut"):
        run("split", path, "99")


def test_chapters_are_asked_for(on_disk: Video) -> None:
    with pytest.raises(CommandError, match="no markers"):
        run("markers", "write", str(on_disk.pk))
    make_marker(on_disk)
    assert run("markers", "write", str(on_disk.pk))["state"] == "queued"
