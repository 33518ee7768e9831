"""Cutting a video that lies in a library: files, jobs, and what the pieces inherit."""

import json
import os
import random
import subprocess
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Permission

from apps.accounts.choices import Role
from apps.jobs.choices import JobState
from apps.jobs.models import Job
from apps.jobs.worker import work_off
from apps.library.models import Video
from apps.markers.services import split
from apps.markers.services.sources import NoFile, NoSpace, check_free, look_beside, source_of
from apps.markers.services.split import split_video
from apps.markers.services.split_plan import plan_split
from apps.markers.services.transfer import cues_of
from apps.markers.tasks import SplitUnderWay, request_split
from tests.client import Api
from tests.factories import make_marker, make_performer, make_studio, make_tag, make_user
from tests.markers.conftest import NAME
from tests.rigs import deeds
from tests.rigs.forked import Forked

pytestmark = pytest.mark.django_db(transaction=True)


def names(video: Video) -> list[bytes]:
    folder = os.path.dirname(source_of(video).location)
    return sorted(os.listdir(folder))


def part(number: int) -> bytes:
    stem, _, extension = NAME.rpartition(b".")
    return stem + b" (part %d)." % number + extension


def work() -> None:
    """Until nothing is left to do."""
    for _ in range(3):
        work_off("disk")
        Job.objects.filter(kind__startswith="artifacts.").delete()  # not what this is about
        work_off("cpu")
    failed = Job.objects.filter(state=JobState.FAILED)
    assert not failed, [(job.kind, job.error_message) for job in failed]


def length(path: bytes) -> float:
    command = ["ffprobe", "-v", "error", "-show_entries", "format=duration", "-of", "json"]
    found = subprocess.run([*command, b"file:" + path], check=True, capture_output=True)
    return float(json.loads(found.stdout)["format"]["duration"])


def test_pieces_become_videos_that_inherit(on_disk: Video) -> None:
    tag, person = make_tag("Dance"), make_performer()
    on_disk.tags.set([tag])
    on_disk.performers.set([person])
    Video.objects.filter(pk=on_disk.pk).update(studio=make_studio())
    make_marker(on_disk, start_ms=1_000, end_ms=3_500, title="Across", tag=tag, color="#00ff00")
    make_marker(on_disk, start_ms=6_000, title="Late")

    job = request_split(on_disk, [2_500, 5_000])
    work()

    assert names(on_disk) == sorted([NAME, part(1), part(2), part(3)])
    job.refresh_from_db()
    assert job.summary == {"pieces": 3, "frames_encoded": 0}
    pieces = Video.objects.exclude(pk=on_disk.pk).order_by("path")
    assert [round(piece.duration_ms or 0, -2) for piece in pieces] == [2_000, 2_000, 4_000]
    for piece in pieces:
        assert list(piece.tags.all()) == [tag]
        assert list(piece.performers.all()) == [person]
        assert piece.studio
    assert [[(c.title, c.start_ms, c.end_ms) for c in cues_of(piece)] for piece in pieces] == [
        [("Across", 1_000, 2_000)], [("Across", 0, 1_500)], [("Late", 2_000, None)],
    ]  # fmt: skip
    assert Video.objects.get(pk=on_disk.pk).missing_since is None


def test_exact_pieces(on_disk: Video) -> None:
    request_split(on_disk, [2_480], exact=True)
    work()

    location = source_of(on_disk).location
    folder = os.path.dirname(location) + b"/"
    assert abs(length(folder + part(1)) - 2.48) < 0.05
    assert abs(length(folder + part(2)) - 5.52) < 0.05


@pytest.mark.parametrize("exact", [False, True])
def test_the_source_goes_only_when_asked(on_disk: Video, exact: bool) -> None:
    request_split(on_disk, [4_400], exact=exact, remove_source=True)
    work()

    assert sorted(os.listdir(Path(on_disk.library.root) / "a folder")) == sorted(
        [os.fsdecode(part(1)), os.fsdecode(part(2))]
    )
    assert Video.objects.get(pk=on_disk.pk).missing_since is not None
    assert Video.objects.present().count() == 2


def test_a_source_of_which_something_is_lacking_stays(
    on_disk: Video, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(split, "_OFF_MS", -1)

    job = request_split(on_disk, [4_000], remove_source=True)
    work()

    assert names(on_disk) == sorted([NAME, part(1), part(2)])
    assert Video.objects.present().count() == 3
    assert "The source was not removed" in " ".join(job.log_lines.values_list("message", flat=True))


def test_a_source_with_something_that_pieces_cannot_keep_stays(
    on_disk: Video, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = split.plan_split
    monkeypatch.setattr(
        split, "plan_split",
        lambda *args, **kwargs: replace(plan(*args, **kwargs), left_out=("stream 2 (attachment)",)),
    )  # fmt: skip

    job = request_split(on_disk, [4_000], remove_source=True)
    work()

    assert names(on_disk) == sorted([NAME, part(1), part(2)])
    assert "can't keep stream 2" in " ".join(job.log_lines.values_list("message", flat=True))


def test_a_failed_attempt_leaves_nothing_behind(on_disk: Video) -> None:
    def cancelled(*_args: Any, **_kwargs: Any) -> None:
        if any(name.startswith(b".mediahub") for name in names(on_disk)):
            raise InterruptedError

    with pytest.raises(InterruptedError):
        split_video(on_disk, [4_000], exact=True, remove_source=False, run="over", report=cancelled)

    assert names(on_disk) == [NAME]


def test_another_split_has_to_wait(on_disk: Video) -> None:
    job = request_split(on_disk, [4_000])

    assert request_split(on_disk, [4_000]) == job
    with pytest.raises(SplitUnderWay):
        request_split(on_disk, [2_000])


def test_an_attempt_that_died_after_removing_the_source_ends_well(on_disk: Video) -> None:
    def again() -> dict[str, Any]:
        return split_video(on_disk, [4_000], exact=False, remove_source=True, run="twice")

    first = again()

    assert names(on_disk) == [part(1), part(2)]
    assert again() == first


def test_a_plan_tells_the_real_times(on_disk: Video) -> None:
    api = Api(make_user(superuser=True))
    make_marker(on_disk, start_ms=3_000, end_ms=5_000)
    marker = make_marker(on_disk, start_ms=500)

    lossless = api.post(f"videos/{on_disk.pk}/split/", {"at": [3.0, 5.0], "dry_run": True})
    exact = api.post(
        f"videos/{on_disk.pk}/split/", {"by": "markers", "dry_run": True, "exact": True}
    )
    early = api.post(f"videos/{on_disk.pk}/split/", {"markers": [marker.pk], "dry_run": True})

    assert [(p["start"], p["end"], p["asked"]) for p in lossless.json()["pieces"]] == [
        (0, 2, 0), (2, 4, 3), (4, 8, 5),
    ]  # fmt: skip
    assert [p["start"] for p in exact.json()["pieces"]] == [0, 0.52, 3, 5]
    assert early.status_code == 400
    assert early.json()["type"].endswith("nothing_to_split")
    assert names(on_disk) == [NAME]
    assert not Job.objects.filter(kind="markers.split").exists()


def test_nothing_is_overwritten(on_disk: Video) -> None:
    folder = Path(on_disk.library.root) / "a folder"
    (folder / os.fsdecode(part(2))).write_text("mine")

    response = Api(make_user(superuser=True)).post(f"videos/{on_disk.pk}/split/", {"at": [4]})

    assert response.status_code == 409
    assert response.json()["type"].endswith("name_taken")
    assert (folder / os.fsdecode(part(2))).read_text() == "mine"


def test_what_is_refused(on_disk: Video) -> None:
    api, url = Api(make_user(superuser=True)), f"videos/{on_disk.pk}/split/"
    assert api.post(url, {}).status_code == 400
    assert api.post(url, {"at": [1], "by": "markers"}).status_code == 400
    assert api.post(url, {"at": [800]}).json()["type"].endswith("nothing_to_split")
    assert api.post(url, {"markers": [999]}).status_code == 400
    file = source_of(on_disk)
    with pytest.raises(NoSpace):
        check_free(look_beside(file, []), [], needed=10**18)
    os.utime(file.location, ns=(1, 1))
    with pytest.raises(NoFile):
        plan_split(on_disk, [4_000], exact=False)


def test_removing_takes_the_permission_to_delete(on_disk: Video) -> None:
    editor = make_user(Role.EDITOR)
    editor.groups.clear()
    editor.user_permissions.add(Permission.objects.get(codename="change_video"))
    url = f"videos/{on_disk.pk}/split/"

    assert Api(editor).post(url, {"at": [4], "remove_source": True}).status_code == 403
    assert Api(editor).post(url, {"at": [4], "dry_run": True}).status_code == 200


def test_killed_at_any_moment_nothing_is_half_done(on_disk: Video, settings: Any) -> None:
    """And the next attempt ends it, keeping the pieces that were finished."""
    chance = random.Random(20_261_121)
    whole: dict[bytes, int] = {}
    folder = os.path.dirname(source_of(on_disk).location) + b"/"
    for attempt in range(5):
        splitting = Forked(
            deeds.split, on_disk.pk, [2_480, 5_000, 6_520],
            MEDIAHUB_DATA_DIR=settings.MEDIAHUB_DATA_DIR,
        )  # fmt: skip
        if attempt < 4:
            time.sleep(0.3 + chance.random() * 3)
            splitting.kill()
        status = splitting.wait()
        for name in names(on_disk):
            if name.endswith(b".mp4") and name != NAME:
                inode = os.stat(folder + name).st_ino
                assert whole.setdefault(name, inode) == inode
                assert length(folder + name) > 1
    assert status == 0
    assert names(on_disk) == sorted([NAME, part(1), part(2), part(3), part(4)])
    assert abs(sum(length(folder + part(n)) for n in range(1, 5)) - 8) < 0.2
