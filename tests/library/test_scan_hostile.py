"""The scan against disks, files and people that do what they like while it runs."""

import os
import tempfile
from datetime import timedelta
from pathlib import Path

import pytest

from apps.library.models import File, Library, Video
from apps.library.services.libraries import add_library
from apps.library.services.scan import RootOffline, scan_library
from tests.factories import NOON
from tests.library.test_scan import counted, scan
from tests.sounds import write_wav

pytestmark = pytest.mark.django_db


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A tree of three files in two folders."""
    root = tmp_path / "root"
    write_wav(root / "one.wav", tone_hz=100)
    write_wav(root / "folder" / "two.wav", tone_hz=200)
    write_wav(root / "folder" / "three.wav", tone_hz=300)
    return root


@pytest.fixture
def library(root: Path) -> Library:
    return add_library(root)


class TestWhatComesBack:
    """Disks' clocks don't tell: what comes back looks exactly as it was seen before."""

    def test_a_folder(self, library: Library, root: Path) -> None:
        scan(library)
        scan(library)
        (root / "folder").rename(root.parent / "elsewhere")
        scan(library)
        (root.parent / "elsewhere").rename(root / "folder")

        assert counted(scan(library)) == {"returned": 2, "unchanged": 1}
        assert not File.objects.missing().exists()

    def test_a_file(self, library: Library, root: Path) -> None:
        scan(library)
        scan(library)
        (root / "one.wav").rename(root.parent / "one.wav")
        scan(library)
        (root.parent / "one.wav").rename(root / "one.wav")

        assert counted(scan(library)) == {"returned": 1, "unchanged": 2}

    def test_a_file_that_was_moved_to_another_library(
        self, library: Library, root: Path, tmp_path: Path
    ) -> None:
        write_wav(tmp_path / "other" / "four.wav", tone_hz=400)
        other = add_library(tmp_path / "other")
        for each in (library, other) * 2:
            scan(each)
        (root / "one.wav").rename(tmp_path / "other" / "one.wav")
        assert counted(scan(other)) == {"moved": 1, "unchanged": 1}
        (tmp_path / "other" / "one.wav").rename(root / "one.wav")
        scan(other)

        assert counted(scan(library)) == {"moved": 1, "unchanged": 2}
        assert Video.objects.count() == 4
        assert not File.objects.missing().exists()


class TestAtOnce:
    def test_marks_nothing_that_an_older_scan_has_walked_since(
        self, library: Library, root: Path
    ) -> None:
        scan(library)
        older = scan_time = NOON + timedelta(days=100)

        def overtaken(*_args: object, **_facts: object) -> None:
            scan_library(library, now=older, paths=["folder"])

        scan_library(library, now=scan_time + timedelta(minutes=1), report=overtaken)

        assert not File.objects.missing().exists()


class TestNamesAndNumbers:
    def test_takes_in_a_long_name_in_another_encoding(self, library: Library, root: Path) -> None:
        write_wav(os.path.join(os.fsencode(root), b"\x93\xfa" * 125 + b".wav"))

        assert counted(scan(library)) == {"added": 4}

    def test_takes_in_files_from_the_far_future(self, library: Library, root: Path) -> None:
        os.utime(root / "one.wav", (2**34 - 1, 2**34 - 1))

        assert counted(scan(library)) == {"added": 3}
        assert counted(scan(library)) == {"unchanged": 3}

    def test_adds_up_more_than_fits(self) -> None:
        with tempfile.TemporaryDirectory(dir="/dev/shm") as root:
            for name in ("a.wav", "b.wav"):
                with (Path(root) / name).open("wb") as file:
                    file.truncate(2**62)
            library = add_library(Path(root))

            assert counted(scan(library)) == {"added": 2, "failed": 2}
            assert counted(scan(library)) == {"unchanged": 2}


class TestRoots:
    def test_marks_nothing_if_another_disk_takes_the_place_of_the_root(
        self, library: Library, root: Path
    ) -> None:
        scan(library)
        write_wav(root / "new.wav", tone_hz=900)
        with tempfile.TemporaryDirectory(dir="/dev/shm") as shared:
            (Path(shared) / "lost+found").touch()

            def swap(*_args: object, **_facts: object) -> None:
                if not root.is_symlink():
                    root.rename(root.parent / "away")
                    root.symlink_to(shared)

            with pytest.raises(RootOffline):
                scan(library, report=swap)

        assert not File.objects.missing().exists()

    def test_walks_nested_paths_once(self, library: Library) -> None:
        assert counted(scan(library, paths=["folder", "", "folder"])) == {"added": 3}
