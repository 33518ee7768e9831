"""Artifacts, made of real media by the real helper process and stored on disk."""

import os
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.files.storage import default_storage
from django.db import transaction
from PIL import Image

from apps.artifacts.models import Artifact, Fingerprint, Leftover
from apps.artifacts.services import making, storing
from apps.artifacts.services.kinds import ALL, parameters, usual_kinds
from apps.artifacts.services.making import choose_cover, make_artifacts, videos_lacking
from apps.library.models import Library, Video
from apps.library.services.libraries import add_library
from apps.library.services.media import media_pool
from apps.library.services.scan import scan_library
from tests.factories import NOON, make_artifact
from tests.media import media
from tests.sounds import write_wav

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def storage(tmp_path: Path, settings: Any) -> None:
    """One of its own for each test."""
    default = {**settings.STORAGES["default"], "OPTIONS": {"location": tmp_path / "artifacts"}}
    settings.STORAGES = {**settings.STORAGES, "default": default}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A film and a sound, which has no picture."""
    root = tmp_path / "root"
    root.mkdir()
    shutil.copy(media("h264.mp4"), root / "film.mp4")
    write_wav(root / "sound.wav")
    return root


@pytest.fixture
def library(root: Path) -> Library:
    library = add_library(root)
    scan_library(library, now=NOON)
    return library


def video(title: str) -> Video:
    return Video.objects.get(title=title)


def states(title: str) -> dict[str, str]:
    return dict(Artifact.objects.filter(video__title=title).values_list("kind", "state"))


def stored() -> set[str]:
    root = Path(default_storage.path(""))
    return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}


class TestMaking:
    def test_makes_every_kind_and_tells_where_there_is_nothing(self, library: Library) -> None:
        made = make_artifacts(video("film").pk, kinds=ALL)
        heard = make_artifacts(video("sound").pk, kinds=ALL)

        nothing = {"subtitles", "chapters"}
        assert states("film") == {k: "none" if k in nothing else "made" for k in ALL}
        assert made == {"made": 6, "none": 2}
        assert (heard["none"], heard["made"]) == (6, 2)
        assert states("sound")["waveform"] == states("sound")["heatmap"] == "made"

    def test_its_files_are_what_the_row_says(self, library: Library) -> None:
        make_artifacts(video("film").pk, kinds=["cover", "phash"])

        cover = Artifact.objects.get(kind="cover")
        assert set(cover.files) == {"thumb", "card", "full"}
        for size in cover.files.values():
            with default_storage.open(size["path"]) as file, Image.open(file) as picture:
                assert picture.format == "WEBP"
                assert picture.size == (size["width"], size["height"])
                assert file.size == size["bytes"]
        assert cover.size_bytes == sum(size["bytes"] for size in cover.files.values())
        phash = Artifact.objects.get(kind="phash")
        assert Fingerprint.objects.get(pk=phash.source).hex == phash.data["phash"]
        assert not Leftover.objects.exists()

    def test_makes_and_tries_each_once(self, library: Library) -> None:
        lacking = videos_lacking(["cover", "waveform"])
        assert {one.title for one in lacking} == {"film", "sound"}
        for one in list(lacking):
            make_artifacts(one.pk, kinds=["cover", "waveform"])

        assert not lacking.all().exists()
        assert make_artifacts(video("film").pk, kinds=["cover", "waveform"]) == {}
        assert {one.title for one in videos_lacking(["cover", "phash"])} == {"film", "sound"}

    def test_makes_it_anew_when_the_content_changes(self, library: Library, root: Path) -> None:
        make_artifacts(video("film").pk, kinds=["cover"])
        before = Artifact.objects.get()
        shutil.copy(media("portrait.mp4"), root / "film.mp4")
        scan_library(library, now=NOON + timedelta(minutes=1))

        assert make_artifacts(video("film").pk, kinds=["cover"]) == {"made": 1}
        after = Artifact.objects.get()
        assert (after.pk, after.source == before.source) == (before.pk, False)
        assert after.files["card"]["width"] < after.files["card"]["height"]
        replaced = {file["path"] for file in before.files.values()}
        assert set(Leftover.objects.values_list("path", flat=True)) == replaced

    def test_makes_it_anew_when_it_is_made_in_another_way(
        self, library: Library, settings: Any
    ) -> None:
        make_artifacts(video("film").pk, kinds=["cover"])
        settings.MEDIAHUB_COVER_CARD_PX = 100

        assert make_artifacts(video("film").pk, kinds=["cover"]) == {"made": 1}
        cover = Artifact.objects.get()
        assert cover.parameters == parameters(["cover"])["cover"]
        assert cover.files["card"]["width"] == 100

    def test_takes_the_frame_that_a_person_chose(self, library: Library) -> None:
        make_artifacts(video("film").pk, kinds=["cover"])
        choose_cover(video("film"), 1_500)

        assert make_artifacts(video("film").pk, kinds=["cover"]) == {"made": 1}
        assert abs(Artifact.objects.get().data["at_ms"] - 1_500) < 50

    def test_keeps_what_was_chosen_while_another_was_made(self, library: Library) -> None:
        film = video("film")
        made_at = Artifact.objects.filter(video=film, kind="cover")

        def guard() -> Any:
            if film.cover_at_ms is None:
                film.cover_at_ms = 1_500
                choose_cover(film, 1_500)
            return transaction.atomic()

        make_artifacts(film.pk, kinds=["cover"], guard=guard)
        assert not made_at.exists()

        make_artifacts(film.pk, kinds=["cover"])
        assert abs(made_at.get().data["at_ms"] - 1_500) < 100

    def test_does_not_take_a_file_for_the_one_that_was_scanned(
        self, library: Library, root: Path
    ) -> None:
        shutil.copy(media("portrait.mp4"), root / "film.mp4")

        assert make_artifacts(video("film").pk, kinds=["cover"]) == {"failed": 1}
        assert Artifact.objects.get().error == "changed_while_reading"

    def test_tries_again_later_what_may_pass(self, library: Library, root: Path) -> None:
        film = video("film")
        (root / "film.mp4").rename(root / "away")
        make_artifacts(film.pk, kinds=["cover"])
        (root / "away").rename(root / "film.mp4")

        assert Artifact.objects.get().error == "vanished"
        assert make_artifacts(film.pk, kinds=["cover"]) == {}
        Artifact.objects.update(updated_at=NOON - timedelta(days=1))
        assert make_artifacts(film.pk, kinds=["cover"]) == {"made": 1}

    def test_keeps_the_old_one_while_the_disk_is_away(self, library: Library, root: Path) -> None:
        film = video("film").pk
        make_artifacts(film, kinds=["cover"])
        files = stored()
        (root / "film.mp4").rename(root / "away")
        making.make_again(Artifact.objects.all())

        assert make_artifacts(film, kinds=["cover"]) == {"failed": 1}
        cover = Artifact.objects.get()
        assert (cover.state, cover.error, stored()) == ("made", "vanished", files)
        assert not Leftover.objects.exists()
        assert not videos_lacking(["cover"]).filter(pk=film).exists()  # for an hour

        (root / "away").rename(root / "film.mp4")
        making.make_again(Artifact.objects.all())
        assert make_artifacts(film, kinds=["cover"]) == {"made": 1}
        assert Artifact.objects.get().error == ""

    def test_passes_over_videos_that_go_meanwhile(self, library: Library) -> None:
        class Guard:
            def __enter__(self) -> None:
                Video.objects.filter(title="film").delete()

            def __exit__(self, *_exc: object) -> None: ...

        make_artifacts(video("film").pk, kinds=["cover"], guard=Guard)

        assert not Artifact.objects.exists()
        assert set(Leftover.objects.values_list("path", flat=True)) == stored()

    def test_what_takes_the_helper_down_costs_its_own_kind_alone(
        self, library: Library, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A helper with too little memory for a preview's encoder dies or refuses in it."""
        asked: list[set[str]] = []

        class Pool:
            def run(self, requests: Any, **_options: Any) -> Iterator[Any]:
                asked.append(set(requests[0].wishes))
                with media_pool(children=1) as pool:
                    if "preview" in requests[0].wishes:
                        requests[0].wishes["preview"] = {"segments": "many"}
                    yield from pool.run(requests)

        monkeypatch.setattr(making, "shared_pool", Pool)

        assert make_artifacts(video("film").pk, kinds=["cover", "preview"]) == {
            "made": 1, "failed": 1,
        }  # fmt: skip
        assert asked == [{"cover", "preview"}, {"cover"}, {"preview"}]
        assert states("film") == {"cover": "made", "preview": "failed"}

    def test_stopped_it_goes_on_where_it_was(self, library: Library) -> None:
        class Stop(Exception):
            pass

        class Guard:
            entered = 0

            def __enter__(self) -> None:
                Guard.entered += 1
                if Guard.entered == 2:
                    raise Stop

            def __exit__(self, *_exc: object) -> None: ...

        with pytest.raises(Stop):
            make_artifacts(video("film").pk, kinds=["cover", "phash", "sprite"], guard=Guard)

        done = set(states("film"))
        assert len(done) == 1
        assert make_artifacts(video("film").pk, kinds=["cover", "phash", "sprite"]) == {"made": 2}
        assert not Leftover.objects.exists()
        assert not list((settings.MEDIAHUB_DATA_DIR / "tmp").glob("making-*"))


class TestKinds:
    def test_usual_ones_are_those_of_the_settings(self, settings: Any) -> None:
        assert usual_kinds() == ALL
        settings.MEDIAHUB_ARTIFACT_KINDS = ["phash", "cover"]
        assert usual_kinds() == ("cover", "phash")


class TestLeftovers:
    def test_are_deleted_when_they_are_due(self, library: Library) -> None:
        make_artifacts(video("film").pk, kinds=["cover"])
        assert len(stored()) == 3
        Video.objects.filter(title="film").delete()

        found = list(Leftover.objects.values_list("library", "kind"))
        assert found == [(library.pk, "cover")] * 3
        assert storing.delete_leftovers()["deleted"] == 3
        assert stored() == set()
        assert not Leftover.objects.exists()

    def test_file_that_an_artifact_names_is_kept(self, library: Library) -> None:
        """A process that was killed between its note and its row leaves such a note."""
        make_artifacts(video("film").pk, kinds=["cover"])
        before = stored()
        note = Artifact.objects.get().files["card"]["path"]
        Leftover.objects.create(path=note, video_id=video("film").pk, kind="cover")

        assert storing.delete_leftovers()["deleted"] == 0
        assert stored() == before
        assert not Leftover.objects.exists()

    def test_files_under_way_are_not_due(self, library: Library) -> None:
        film = video("film")
        artifact = Artifact(video=film, kind="cover", source="c" * 32, parameters="d" * 16)
        with storing.workshop() as folder:
            (folder / "card.webp").write_bytes(b"picture")
            made = storing.MadeFile(name="card", path=bytes(folder / "card.webp"), size_bytes=7)
            storing.store(artifact, [made])

        assert Leftover.objects.count() == 1
        assert storing.delete_leftovers()["deleted"] == 0
        Leftover.objects.update(due_at=NOON)
        assert storing.delete_leftovers() == {"deleted": 1, "freed_bytes": 7, "failed": 0}
        assert stored() == set()

    def test_one_that_cannot_be_deleted_is_tried_again_later(self, library: Library) -> None:
        Path(default_storage.path("cover/a-folder/x")).mkdir(parents=True)
        for path in ("cover/a-folder", "cover/gone"):
            Leftover.objects.create(path=path, video_id=1, kind="cover")

        assert storing.delete_leftovers() == {"deleted": 1, "freed_bytes": 0, "failed": 1}
        assert Leftover.objects.get().path == "cover/a-folder"
        assert not Leftover.objects.due().exists()

    def test_unknown_files_are_found(self, library: Library) -> None:
        make_artifacts(video("film").pk, kinds=["cover"])
        named = stored()
        Artifact.objects.all()._raw_delete(Artifact.objects.db)  # as an older backup knows nothing
        Leftover.objects.all().delete()

        assert storing.find_strays() == len(named)
        storing.delete_leftovers()
        assert stored() == set()

    def test_drafts_are_swept_when_they_are_old(self, library: Library) -> None:
        draft = Path(default_storage.path("cover/001/1-x.webp.0.part"))
        draft.parent.mkdir(parents=True)
        draft.write_bytes(b"half")

        assert storing.find_strays() == 0
        os.utime(draft, (0, 0))
        assert storing.find_strays() == 1
        assert storing._is_being_written("cover/001/2-has-its-name-by-now.part")

    def test_old_workshops_are_swept(self, tmp_path: Path, settings: Any) -> None:
        settings.MEDIAHUB_DATA_DIR = tmp_path
        with storing.workshop() as folder:
            left = folder.parent / "making-left"
            left.mkdir()
            (left / "x").write_bytes(b"x")
            os.utime(left, (0, 0))
            storing.sweep_workshops()
            assert folder.exists()
        assert not left.exists()


def test_replacing_files_in_any_way_notes_the_old_ones() -> None:
    artifact = make_artifact()
    artifact.files = {"card": artifact.files["card"]}
    artifact.save()

    assert Leftover.objects.get().path == f"{artifact.video_id}/cover-full.webp"
