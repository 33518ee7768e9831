"""Finding faces in videos and pictures, through scans, jobs and the child."""

import io
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files import File as Upload
from django.db import transaction
from django.utils import timezone
from PIL import Image

from apps.core.progress import silent
from apps.faces.choices import Engine, Verdict
from apps.faces.models import (
    FaceLibrary,
    FaceSettings,
    Finding,
    Identity,
    IdentityVector,
    PictureFinding,
    Track,
    TrackVector,
)
from apps.faces.services import find, find_pictures, ways
from apps.faces.services.embed import embed_all
from apps.faces.services.libraries import (
    FaceSettingsRefused,
    edit_library,
    edit_settings,
)
from apps.faces.services.removed import follow_removals
from apps.faces.services.settings import settings_of_all
from apps.faces.services.wipe import wipe_all
from apps.faces.tasks import finding as tasks
from apps.jobs.models import Job
from apps.jobs.worker import work_off
from apps.library.models import Library, Performer, PerformerImage, Video
from apps.library.services.libraries import add_library
from apps.library.services.pictures import add_picture, remove_picture
from apps.library.services.scan import scan_library
from tests.faces.clips import DEV_CLIP, IMAGES, still_clip
from tests.faces.factories import switch_on
from tests.factories import NOON, make_performer
from tests.media import not_media

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module", autouse=True)
def _child() -> Iterator[None]:
    """One child for all of these tests, and none after them."""
    yield
    ways.shared_finder().close()
    ways.shared_finder.cache_clear()


@pytest.fixture
def library(tmp_path: Path) -> Library:
    films = tmp_path / "films"
    films.mkdir()
    return add_library(films)


def put(library: Library, source: Path, name: str = "clip.mp4") -> Video:
    shutil.copy(source, Path(library.root) / name)
    scan_library(library, now=NOON)
    return Video.objects.get(path=name)


def test_finds_nothing_before_it_is_switched_on(library: Library) -> None:
    video = put(library, DEV_CLIP)

    assert find.find_in_video(video.pk) == {}
    assert not find.videos_to_look_through().exists()
    assert tasks.request_for_new(library.pk, [video.pk]) is None
    edit_library(library, enabled=True)
    assert list(find.videos_to_look_through()) == [video]


def test_finds_keeps_and_places(library: Library) -> None:
    video = put(library, DEV_CLIP)
    switch_on(library)

    counts = find.find_in_video(video.pk)

    assert counts == {"faces": 11, "tracks": 4}
    finding = Finding.objects.get(video=video)
    assert (finding.frames, finding.faces, finding.tracks, finding.error) == (8, 11, 4, "")
    assert finding.cpu_ms > 0
    assert Track.objects.filter(video=video, identity__isnull=False).count() == 4
    assert not find.videos_to_look_through().exists()
    assert find.find_in_video(video.pk) == {}  # done already

    settings_of_all()
    FaceSettings.objects.update(detector_width_px=480)
    assert list(find.videos_to_look_through()) == [video]
    assert not find.videos_never_looked_through().exists()
    FaceSettings.objects.update(engine=Engine.YUNET_DLIB, detector_width_px=640)
    assert not find.videos_to_look_through().exists()  # the same detector


def test_keeps_nothing_where_all_was_wiped_meanwhile(library: Library) -> None:
    video = put(library, still_clip("barack_obama", "obama.jpg"))
    switch_on(library)

    @contextmanager
    def guard() -> Iterator[None]:
        wipe_all(library)
        with transaction.atomic():
            yield

    assert find.find_in_video(video.pk, guard=guard) == {}
    assert not Track.objects.exists()
    assert not Finding.objects.exists()


def test_another_engine_compares_what_is_kept(library: Library) -> None:
    video = put(library, still_clip("barack_obama", "obama.jpg"))
    switch_on(library)
    find.find_in_video(video.pk)
    settings_of_all()
    FaceSettings.objects.update(engine=Engine.YUNET_DLIB)

    assert embed_all() == {"made": 1}
    assert embed_all() == {"made": 0}

    made = TrackVector.objects.get(engine=Engine.YUNET_DLIB)
    assert made.track.video == video


def test_a_broken_file_is_told_of_once_and_keeps_what_is_known(library: Library) -> None:
    video = put(library, still_clip("barack_obama", "obama.jpg"))
    switch_on(library)
    find.find_in_video(video.pk)
    path = Path(library.root) / "clip.mp4"
    facts = path.stat()
    path.write_bytes(not_media("random.mp4", Path(library.root).parent).read_bytes())
    os.utime(path, ns=(facts.st_atime_ns, facts.st_mtime_ns))

    assert find.find_in_video(video.pk, again=True) == {"failed": 1}

    assert Finding.objects.get(video=video).error == "not_media"
    assert Track.objects.filter(video=video).count() == 1
    assert not find.videos_to_look_through().exists()


def test_a_file_that_changed_is_tried_again_when_that_may_have_passed(library: Library) -> None:
    video = put(library, still_clip("barack_obama", "obama.jpg"))
    switch_on(library)
    os.utime(Path(library.root) / "clip.mp4")

    assert find.find_in_video(video.pk) == {"failed": 1}

    assert Finding.objects.get(video=video).error == "changed_while_reading"
    assert not find.videos_to_look_through().exists()
    Finding.objects.update(found_at=timezone.now() - timedelta(hours=2))
    assert list(find.videos_to_look_through()) == [video]


def test_a_model_that_is_missing_is_no_fault_of_the_file(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    video = put(library, still_clip("barack_obama", "obama.jpg"))
    switch_on(library)
    unable = find.Found(error="face_model_missing", message="SFace is missing.")
    monkeypatch.setattr(ways.shared_finder(), "find", lambda *_args, **_kwargs: unable)

    with pytest.raises(ways.FacesUnable, match="SFace is missing"):
        find.find_in_video(video.pk)

    assert not Finding.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_jobs_are_made_for_libraries_with_faces(library: Library) -> None:
    video = put(library, still_clip("barack_obama", "obama.jpg"))
    job = tasks.request_find(q="")
    assert tasks.request_find(q="") == job
    work_off("cpu")
    assert not Finding.objects.exists()
    switch_on(library)
    tasks.request_find(ids=[video.pk])
    work_off("cpu")
    assert Finding.objects.filter(video=video, tracks=1).exists()


def test_scans_ask_for_what_is_new(library: Library) -> None:
    switch_on(library)
    video = put(library, still_clip("barack_obama", "obama.jpg"))

    tasks.request_for_new(library.pk, [video.pk])

    assert Job.objects.filter(kind="faces.find", params__ids=[video.pk]).exists()


def test_what_no_scan_tells_of_is_asked_for(library: Library) -> None:
    put(library, still_clip("barack_obama", "obama.jpg"))
    add_face(make_performer(), "barack_obama", "obama.jpg")
    tasks.request_lacking.call()
    assert not Job.objects.filter(kind__startswith="faces.").exists()
    switch_on(library)

    tasks.request_lacking.call()
    tasks.request_lacking.call()

    kinds = Job.objects.filter(kind__startswith="faces.").order_by("kind")
    assert list(kinds.values_list("kind", flat=True)) == ["faces.find", "faces.find_images"]


def add_face(performer: Performer, person: str, picture: str) -> PerformerImage:
    with (IMAGES / person / picture).open("rb") as file:
        return add_picture(performer, Upload(file, picture))


def add_both(performer: Performer, *names: str) -> PerformerImage:
    """A picture of two people beside each other, as large."""
    both = Image.new("RGB", (800, 400))
    for number, name in enumerate(names):
        with Image.open(IMAGES / name) as one:
            both.paste(one.convert("RGB").resize((400, 400)), (400 * number, 0))
    file = io.BytesIO()
    both.save(file, "JPEG", quality=90)
    return add_picture(performer, Upload(file, "both.jpg"))


class TestPictures:
    def test_one_face_is_the_performers(self, library: Library) -> None:
        image = add_face(make_performer(), "barack_obama", "obama.jpg")
        assert find_pictures.find_in_images() == {"performers": 0, "faces": 0}
        switch_on(library)

        assert find_pictures.find_in_images() == {"performers": 1, "faces": 1}

        track = Track.objects.get(image=image)
        assert (track.video_id, track.times_ms) == (None, [])
        assert Identity.objects.get(pk=track.identity_id).performer_id == image.performer_id
        assert not find_pictures.images_to_look_at().exists()
        assert find_pictures.find_in_images(again=True) == {"performers": 1, "faces": 1}
        assert Track.objects.get(image=image).pk == track.pk

    def test_of_several_faces_the_one_of_the_other_pictures(self, library: Library) -> None:
        switch_on(library)
        performer = make_performer()
        group = add_both(performer, "rishi_sunak/sunak.jpg", "barack_obama/obama.jpg")
        find_pictures.find_in_images()
        assert not Track.objects.exists()  # nobody knows which
        assert PictureFinding.objects.get(image=group).faces == 2

        alone = add_face(performer, "barack_obama", "obama2.jpg")
        assert find_pictures.find_in_images() == {"performers": 1, "faces": 2}

        shot = Track.objects.get(image=group).shots.get()
        assert shot.box[0] > 0.5  # the one on the right
        assert Track.objects.filter(image=alone).exists()

    def test_a_picture_that_goes_takes_its_face_along(self, library: Library) -> None:
        switch_on(library)
        image = add_face(make_performer(), "barack_obama", "obama.jpg")
        find_pictures.find_in_images()

        assert follow_removals() == 0
        assert IdentityVector.objects.exists()

        remove_picture(image)

        assert not Track.objects.exists()
        assert not PictureFinding.objects.exists()
        assert follow_removals() == 1
        assert not IdentityVector.objects.exists()
        assert follow_removals() == 0

    def test_what_is_no_face_stays_that(self, library: Library) -> None:
        switch_on(library)
        image = add_face(make_performer(), "barack_obama", "obama.jpg")
        find_pictures.find_in_images()
        Track.objects.update(verdict=Verdict.NOT_A_FACE, identity=None)

        find_pictures.find_in_images(again=True)

        assert Track.objects.get(image=image).verdict == Verdict.NOT_A_FACE


class TestSettings:
    def test_a_library_is_switched_on_and_off(self, library: Library) -> None:
        row = edit_library(library, enabled=True)
        assert (row.enabled, row.apply_names) == (True, True)
        row = edit_library(library, enabled=False, expected_version=row.version)
        assert FaceLibrary.objects.get(library=library).enabled is False

    def test_what_makes_no_sense_is_refused(self, db: None) -> None:
        for values in (
            {"frames": 1}, {"engine": "eigenfaces"}, {"suggest_one_in": 2_000}, {"colour": "blue"},
        ):  # fmt: skip
            with pytest.raises(FaceSettingsRefused):
                edit_settings(values)
        assert edit_settings({"frames": 100}).frames == 100
        assert settings_of_all().version == 2


FIND = """
import sys
import django
django.setup()
from apps.faces.services.find import find_in_video
print("ready", flush=True)
find_in_video(int(sys.argv[1]))
"""


@pytest.mark.django_db(transaction=True)
def test_killed_it_leaves_the_video_as_it_was(library: Library) -> None:
    video = put(library, still_clip("barack_obama", "obama.jpg"))
    switch_on(library)
    process = subprocess.Popen(
        [sys.executable, "-c", FIND, str(video.pk)], stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[2], env={**os.environ, "MEDIAHUB_LOG_LEVEL": "ERROR"},
    )  # fmt: skip
    with process:
        assert process.stdout
        assert process.stdout.readline() == b"ready\n"
        time.sleep(0.4)
        os.kill(process.pid, signal.SIGKILL)

    assert not Track.objects.exists()
    assert find.find_in_video(video.pk, report=silent) == {"faces": 1, "tracks": 1}
