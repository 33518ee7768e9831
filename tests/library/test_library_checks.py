"""Which folders can be libraries."""

from pathlib import Path
from typing import Any

import pytest

from apps.disk.reader import Disk, DiskSilent
from apps.library.models import Library
from apps.library.services.libraries import add_library
from apps.library.services.library_checks import LibraryRefused, check_library
from apps.library.services.library_edits import edit_library
from tests.factories import make_library

pytestmark = pytest.mark.django_db


def refusal(root: Path | str) -> str:
    with pytest.raises(LibraryRefused) as refused:
        check_library(Library(root=str(root)))
    assert (refused.value.code, refused.value.field) == ("library_refused", "root")
    return str(refused.value)


@pytest.mark.parametrize(
    "root",
    ["/", "/proc", "/proc/1", "/sys", "/dev", "/run", "/etc/ssl", "/usr/lib", "/bin", "/var"],
)
def test_system_folders_are_refused(root: str) -> None:
    assert "belongs to the system" in refusal(root)


def test_links_to_system_folders_are_refused(tmp_path: Path) -> None:
    (tmp_path / "films").symlink_to("/etc")

    assert "/etc belongs to the system" in refusal(tmp_path / "films")


def test_our_own_data_is_refused_but_not_what_is_above(tmp_path: Path, settings: Any) -> None:
    settings.MEDIAHUB_DATA_DIR = tmp_path / "films" / "hub"
    for name in ("hub/artifacts", "hub/demo", "other"):
        (tmp_path / "films" / name).mkdir(parents=True)

    assert "own data" in refusal(tmp_path / "films" / "hub")
    assert "own data" in refusal(tmp_path / "films" / "hub" / "artifacts")
    add_library(tmp_path / "films" / "hub" / "demo").delete()
    add_library(tmp_path / "films")


def test_overlaps_are_found_through_links(tmp_path: Path) -> None:
    (tmp_path / "films" / "new").mkdir(parents=True)
    (tmp_path / "link").symlink_to("films")
    make_library(name="Films", root=str(tmp_path / "link"))

    assert "overlaps with the library Films" in refusal(tmp_path / "films" / "new")
    assert "overlaps with the library Films" in refusal(tmp_path)


def test_another_library_that_hangs_holds_nothing_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_library(name="Hangs", root="/mnt/hangs")
    make_library(name="Near", root=str(tmp_path / "near"))
    real, asked = Disk.real, []

    def hang(disk: Disk, path: bytes) -> bytes:
        if path.startswith(b"/mnt/hangs"):
            asked.append(path)
            raise DiskSilent("It does not answer.")
        return real(disk, path)

    monkeypatch.setattr(Disk, "real", hang)
    (tmp_path / "near" / "sub").mkdir(parents=True)
    (tmp_path / "far").mkdir()

    check_library(Library(root=str(tmp_path / "far")))
    assert "overlaps" in refusal(tmp_path / "near" / "sub")
    assert asked


def test_settings_of_a_library_that_is_away_can_be_changed(tmp_path: Path) -> None:
    library = make_library(root=str(tmp_path / "away"))

    assert edit_library(library, {"exclude": ["*.part"]}).exclude == ["*.part"]
    with pytest.raises(LibraryRefused):
        edit_library(library, {"root": str(tmp_path / "nowhere")})
