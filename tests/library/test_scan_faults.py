"""Storage that is away, empty, another one, half gone, hanging or failing: nothing is lost over it.

Real mounts in a namespace of the test's own (``tests.rigs``).
"""

import os
import shutil
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from apps.core.errors import MediaHubError
from apps.library.choices import LibraryState, Question
from apps.library.models import File, Library, Scan, Video
from apps.library.services.libraries import add_library
from apps.library.services.scan import scan_library
from tests.factories import NOON
from tests.library.catalogue import Catalogue
from tests.rigs.mounts import Mounts, Share, need_fuse, own_mounts
from tests.sounds import write_wav

pytestmark = pytest.mark.django_db

FILES = 30
SILENCE_S = 1.0
_AWAY = {"root_offline", "disk_silent", "disk_hangs"}
_clock = iter(NOON + timedelta(minutes=n) for n in range(10_000))


@pytest.fixture
def mounts() -> Iterator[Mounts]:
    with own_mounts() as mounts:
        yield mounts


@pytest.fixture
def disk(mounts: Mounts, tmp_path: Path) -> Path:
    """A disk of its own with 30 files in 4 folders, not mounted at the root yet."""
    mounts.tmpfs(tmp_path / "disk")
    return fill(tmp_path / "disk")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The mount point: below it lies an empty folder."""
    (tmp_path / "root").mkdir()
    return tmp_path / "root"


@pytest.fixture
def library(disk: Path, root: Path, mounts: Mounts) -> Library:
    """Scanned, with a video that a person has rated."""
    mounts.bind(disk, root)
    return known(add_library(root))


@pytest.fixture
def share(tmp_path: Path, root: Path, mounts: Mounts) -> Share:
    """The same files on a share that obeys."""
    need_fuse()
    return mounts.share(fill(tmp_path / "source"), root)


@pytest.fixture
def quick(settings: Any) -> None:
    settings.MEDIAHUB_DISK_TIMEOUT_SECONDS = SILENCE_S
    settings.MEDIAHUB_PROBE_TIMEOUT_SECONDS = SILENCE_S


def fill(place: Path, *, files: int = FILES, tone_hz: int = 100) -> Path:
    for number in range(files):
        path = place / f"folder {number % 4}" / f"{number}.wav"
        write_wav(path, tone_hz=tone_hz + number, seconds=0.05)
    return place


def known(library: Library) -> Library:
    scan(library)
    assert File.objects.filter(library=library).count() == FILES
    Video.objects.filter(library=library).update(rating=77, details="kept")
    return library


def scan(library: Library, **options: Any) -> Scan:
    fresh = Library.objects.get(pk=library.pk)
    return scan_library(fresh, now=next(_clock), **options)


def counted(done: Scan) -> dict[str, int]:
    names = ("added", "changed", "moved", "missing", "returned", "unchanged", "failed", "held")
    return {name: done.counts[name] for name in names if done.counts.get(name)}


def is_away(library: Library, **options: Any) -> None:
    """A scan says that the root is not there, or asks, and changes nothing."""
    before = Catalogue.now()
    with pytest.raises(MediaHubError) as refusal:
        scan(library, **options)
    assert refusal.value.code in _AWAY
    library.refresh_from_db()
    assert library.state == LibraryState.OFFLINE
    assert library.state_detail
    assert Catalogue.now() == before


def asks_whether_it_is_another_disk(library: Library) -> None:
    """And neither loses nor adds anything."""
    is_away(library)
    assert library.question == Question.OTHER_DISK


def once(deed: Callable[[], object]) -> Callable[..., None]:
    """As ``report``: does it once, in the middle of a scan."""
    left = [deed]

    def report(*_args: object, **_facts: object) -> None:
        while left:
            left.pop()()

    return report


class TestUnmounted:
    def test_is_offline_and_comes_back_as_it_was(
        self, library: Library, disk: Path, root: Path, mounts: Mounts
    ) -> None:
        mounts.unmount(root)

        is_away(library)

        mounts.bind(disk, root)
        assert counted(scan(library)) == {"unchanged": FILES}
        library.refresh_from_db()
        assert library.state == LibraryState.ONLINE

    def test_asks_if_other_files_lie_below_the_mount_point(
        self, library: Library, disk: Path, root: Path, mounts: Mounts
    ) -> None:
        mounts.unmount(root)
        write_wav(root / "forgotten.wav", tone_hz=900)

        asks_whether_it_is_another_disk(library)

        mounts.bind(disk, root)
        assert counted(scan(library)) == {"unchanged": FILES}
        library.refresh_from_db()
        assert library.question == Question.NONE

    def test_is_offline_if_an_empty_folder_took_its_place(
        self, library: Library, root: Path, mounts: Mounts
    ) -> None:
        mounts.tmpfs(root)

        is_away(library)

    @pytest.mark.parametrize("below", ["empty", "other files"])
    def test_is_offline_if_it_goes_in_the_middle_of_a_scan(
        self, library: Library, disk: Path, root: Path, mounts: Mounts, below: str
    ) -> None:
        mounts.unmount(root)
        if below == "other files":
            write_wav(root / "folder 1" / "forgotten.wav", tone_hz=900)
        mounts.bind(disk, root)
        write_wav(disk / "folder 0" / "0.wav", tone_hz=950)
        before = Catalogue.now()

        with pytest.raises(MediaHubError) as refusal:
            scan(library, report=once(lambda: mounts.unmount(root, lazily=True)))

        assert refusal.value.code in _AWAY
        after = Catalogue.now()
        assert after.written == before.written
        assert {row.pk for row in after.rows.values() if row.present} == before.rows.keys()

    def test_does_not_keep_other_libraries_from_being_scanned(
        self, library: Library, root: Path, mounts: Mounts, tmp_path: Path
    ) -> None:
        other = add_library(fill(tmp_path / "other", files=3, tone_hz=700))
        mounts.unmount(root)
        is_away(library)

        assert counted(scan(other)) == {"added": 3}


class TestNestedMount:
    @pytest.mark.parametrize("files", [3, 12])
    def test_nothing_on_it_is_marked_when_it_is_unmounted(
        self, library: Library, root: Path, mounts: Mounts, files: int
    ) -> None:
        mounts.tmpfs(root / "nested")
        fill(root / "nested", files=files, tone_hz=600)
        assert counted(scan(library))["added"] == files
        mounts.unmount(root / "nested")
        before = Catalogue.now()

        scan(library)

        assert Catalogue.now() == before


class TestAnotherDisk:
    def test_asks_and_takes_it_if_told_so(
        self, library: Library, root: Path, mounts: Mounts
    ) -> None:
        mounts.unmount(root)
        mounts.tmpfs(root)
        fill(root, tone_hz=500)

        asks_whether_it_is_another_disk(library)

        accepted = frozenset({Question.OTHER_DISK, Question.GONE})
        done = scan(library, accept=accepted)
        assert done.counts["added"] + done.counts["changed"] == FILES
        library.refresh_from_db()
        assert library.question == Question.NONE
        assert Video.objects.filter(rating=77, details="kept").count() == FILES

    def test_goes_on_by_itself_if_it_has_the_same_files(
        self, share: Share, root: Path, tmp_path: Path, mounts: Mounts
    ) -> None:
        """A share that was mounted anew: another device number, all else as it was."""
        library = known(add_library(root))
        device = os.stat(root).st_dev
        mounts.share(tmp_path / "source", root)
        assert os.stat(root).st_dev != device

        assert counted(scan(library)) == {"unchanged": FILES}
        assert counted(scan(library)) == {"unchanged": FILES}
        library.refresh_from_db()
        assert library.device == os.stat(root).st_dev

    def test_goes_on_by_itself_if_the_files_were_copied_to_a_new_disk(
        self, library: Library, disk: Path, root: Path, mounts: Mounts
    ) -> None:
        before = Catalogue.now()
        mounts.unmount(root)
        mounts.tmpfs(root)
        shutil.copytree(disk, root, dirs_exist_ok=True)

        done = scan(library)

        assert not any(done.counts[name] for name in ("added", "missing", "moved"))
        assert Catalogue.now() == before
        assert counted(scan(library)) == {"unchanged": FILES}


class TestHalfGone:
    def test_asks_and_marks_only_when_told(self, library: Library, root: Path) -> None:
        shutil.rmtree(root / "folder 0")
        shutil.rmtree(root / "folder 1")
        gone = sum(n % 4 < 2 for n in range(FILES))
        before = Catalogue.now()

        done = scan(library)

        library.refresh_from_db()
        assert library.question == Question.GONE
        assert Catalogue.now() == before
        assert counted(done) == {"unchanged": FILES - gone, "held": gone}
        assert counted(scan(library)) == counted(done)

        done = scan(library, accept=frozenset({Question.GONE}))
        assert counted(done) == {"unchanged": FILES - gone, "missing": gone}
        library.refresh_from_db()
        assert library.question == Question.NONE
        assert Video.objects.filter(rating=77).count() == FILES

    def test_goes_on_by_itself_when_they_are_back(
        self, library: Library, root: Path, tmp_path: Path
    ) -> None:
        os.rename(root / "folder 0", root / ".trash")  # noqa: PTH104 - on one mount
        shutil.rmtree(root / "folder 1")
        scan(library)
        os.rename(root / ".trash", root / "folder 0")  # noqa: PTH104
        fill(root)

        done = scan(library)

        assert not done.counts["missing"]
        library.refresh_from_db()
        assert library.question == Question.NONE

    def test_a_few_are_marked_without_asking(self, library: Library, root: Path) -> None:
        (root / "folder 0" / "0.wav").unlink()

        assert counted(scan(library)) == {"unchanged": FILES - 1, "missing": 1}


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("mode", ["hang", "stuck"])
class TestHanging:
    """``stuck`` is a disk whose readers can't even be killed."""

    def test_is_offline_soon(self, share: Share, root: Path, mode: str) -> None:
        library = known(add_library(root))
        share.fail(mode)
        began = time.monotonic()

        is_away(library)

        assert time.monotonic() - began < 10 * SILENCE_S
        share.heal()
        assert counted(scan(library)) == {"unchanged": FILES}

    @pytest.mark.parametrize("after", [3, 15, 45, 80])
    def test_keeps_everything_if_it_begins_in_the_middle(
        self, share: Share, root: Path, tmp_path: Path, mode: str, after: int
    ) -> None:
        library = known(add_library(root))
        before = Catalogue.now()
        # something to compare and to read in each folder
        fill(tmp_path / "source", files=4, tone_hz=800)
        share.fail(mode, after=after)
        began = time.monotonic()

        try:
            scan(library)
        except MediaHubError as error:
            assert error.code in _AWAY  # noqa: PT017 - later faults may cost single files only
        took = time.monotonic() - began

        assert took < 20 * SILENCE_S
        after_scan = Catalogue.now()
        assert after_scan.written == before.written
        assert {row.pk for row in after_scan.rows.values() if row.present} == before.rows.keys()
        share.heal()
        scan(library)
        assert counted(scan(library)) == {"unchanged": FILES}
        assert not File.objects.missing().exists()


@pytest.mark.parametrize("error", ["EIO", "ESTALE", "ENOTCONN", "EACCES"])
class TestFailing:
    def test_a_root_is_offline(self, share: Share, root: Path, error: str) -> None:
        library = known(add_library(root))
        share.fail(error)

        is_away(library)

    @pytest.mark.parametrize("below", ["folder 1", "folder 1/1.wav"])
    def test_nothing_is_marked_below_what_fails(
        self, share: Share, root: Path, error: str, below: str
    ) -> None:
        library = known(add_library(root))
        before = Catalogue.now()
        share.fail(error, below)

        scan(library)

        assert Catalogue.now() == before
        share.heal()
        assert counted(scan(library)) == {"unchanged": FILES}

    @pytest.mark.parametrize("after", [10, 40])
    def test_nothing_is_marked_if_it_begins_in_the_middle(
        self, share: Share, root: Path, error: str, after: int
    ) -> None:
        library = known(add_library(root))
        before = Catalogue.now()
        share.fail(error, after=after)

        is_away(library)

        share.heal()
        assert Catalogue.now() == before
        assert counted(scan(library)) == {"unchanged": FILES}


def test_a_share_whose_server_died_is_offline(share: Share, root: Path) -> None:
    library = known(add_library(root))
    share.die()

    is_away(library)


def test_a_read_only_root_is_scanned_like_others(mounts: Mounts, root: Path) -> None:
    image = root.parent / "image"
    mounts.image(image, root)
    fill(root)
    mounts.unmount(root)
    mounts.image(image, root, read_only=True)

    library = known(add_library(root))

    assert counted(scan(library)) == {"unchanged": FILES}
