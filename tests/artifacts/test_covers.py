"""Covers, made of real media by the real child process and stored on disk."""

import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.core.files.base import ContentFile, File
from django.core.files.storage import default_storage
from PIL import Image

from apps.artifacts.models import Artifact
from apps.artifacts.services.covers import cover_parameters, make_covers
from apps.artifacts.storage import AtomicStorage
from apps.library.models import Library, Video
from apps.library.services.libraries import add_library
from apps.library.services.scan import scan_library
from tests.factories import NOON
from tests.media import media
from tests.sounds import write_wav

pytestmark = pytest.mark.django_db


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


def cover(title: str) -> Artifact:
    return Artifact.objects.get(video__title=title)


class TestMaking:
    def test_makes_both_sizes_and_says_why_not(self, library: Library) -> None:
        assert make_covers(library_id=library.pk) == {"made": 1, "failed": 1}

        made, failed = cover("film"), cover("sound")
        assert (made.state, failed.state, failed.error) == ("made", "failed", "no_picture")
        assert set(made.files) == {"card", "full"}
        for size in made.files.values():
            with default_storage.open(size["path"]) as file, Image.open(file) as picture:
                assert picture.format == "WEBP"
                assert picture.size == (size["width"], size["height"])
                assert file.size == size["bytes"]
        assert failed.message

    def test_makes_and_tries_each_once(self, library: Library) -> None:
        make_covers()

        assert make_covers() == {"made": 0, "failed": 0}

    def test_makes_it_anew_when_the_content_changes(self, library: Library, root: Path) -> None:
        make_covers()
        before = cover("film")
        shutil.copy(media("portrait.mp4"), root / "film.mp4")
        scan_library(library, now=NOON + timedelta(minutes=1))

        assert make_covers() == {"made": 1, "failed": 0}
        after = cover("film")
        assert (after.pk, after.source == before.source) == (before.pk, False)
        assert after.files["card"]["width"] < after.files["card"]["height"]
        assert after.files["card"]["path"] != before.files["card"]["path"]

    def test_makes_it_anew_when_covers_are_made_in_another_way(self, library: Library) -> None:
        make_covers()
        Artifact.objects.update(parameters="another")

        assert make_covers() == {"made": 1, "failed": 1}
        assert cover("film").parameters == cover_parameters()

    def test_tries_again_later_what_may_pass(self, library: Library, root: Path) -> None:
        (root / "film.mp4").rename(root / "away")
        make_covers()
        (root / "away").rename(root / "film.mp4")

        assert cover("film").error == "vanished"
        assert make_covers() == {"made": 0, "failed": 0}
        Artifact.objects.update(updated_at=NOON - timedelta(days=1))
        assert make_covers() == {"made": 1, "failed": 0}

    def test_passes_over_videos_that_go_meanwhile(self, library: Library) -> None:
        class Guard:
            def __enter__(self) -> None:
                Video.objects.filter(title="film").delete()

            def __exit__(self, *_exc: object) -> None: ...

        make_covers(guard=Guard)

        assert Artifact.objects.get().video.title == "sound"

    def test_goes_on_where_it_was_stopped(self, library: Library) -> None:
        class Stop(Exception):
            pass

        def stop(*_args: object, **_facts: object) -> None:
            raise Stop

        with pytest.raises(Stop):
            make_covers(report=stop)

        assert Artifact.objects.count() == 2
        assert make_covers() == {"made": 0, "failed": 0}
        assert not list((settings.MEDIAHUB_DATA_DIR / "tmp").glob("covers-*"))


class TestStorage:
    def test_keeps_the_old_file_if_the_new_is_cut_short(self, tmp_path: Path) -> None:
        class Cut(File):
            def chunks(self, chunk_size: int | None = None) -> Iterator[bytes]:
                yield b"half"
                raise KeyboardInterrupt

        storage = AtomicStorage(location=tmp_path)
        storage.save("a/b.webp", ContentFile(b"whole"))

        with pytest.raises(KeyboardInterrupt):
            storage.save("a/b.webp", Cut(None))

        assert [path.name for path in (tmp_path / "a").iterdir()] == ["b.webp"]
        assert (tmp_path / "a" / "b.webp").read_bytes() == b"whole"

    def test_says_what_kept_it_from_writing(self, tmp_path: Path) -> None:
        storage = AtomicStorage(location=tmp_path)

        with pytest.raises(OSError, match="File name too long"):
            storage.save("x" * 250, ContentFile(b"whole"))
