import os
from pathlib import Path

import pytest

from apps.ffmpeg.reasons import MediaRefused, Reason
from apps.ffmpeg.source import open_source


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "a.mp4"
    path.write_bytes(b"x" * 100)
    return path


def _reason(path: Path, change: object = None) -> Reason | None:
    """What is said of a file to which ``change`` happens while it is read."""
    try:
        with open_source(bytes(path)) as source:
            if callable(change):
                change()
            source.check_unchanged()
    except MediaRefused as refused:
        return refused.reason
    return None


def test_a_file_that_stays_as_it_is_is_fine(path: Path) -> None:
    assert _reason(path) is None


def test_a_file_that_grows_has_changed(path: Path) -> None:
    def grow() -> None:
        with path.open("ab") as file:
            file.write(b"more")

    assert _reason(path, grow) is Reason.CHANGED_WHILE_READING


def test_a_file_of_the_same_size_with_another_time_has_changed(path: Path) -> None:
    assert _reason(path, lambda: os.utime(path, ns=(1, 1))) is Reason.CHANGED_WHILE_READING


def test_another_file_in_its_place_is_a_change(path: Path, tmp_path: Path) -> None:
    other = tmp_path / "b.mp4"
    other.write_bytes(b"x" * 100)
    there = path.stat()
    os.utime(other, ns=(there.st_atime_ns, there.st_mtime_ns))

    assert _reason(path, lambda: os.replace(other, path)) is Reason.CHANGED_WHILE_READING


def test_a_file_that_goes_away_has_vanished(path: Path) -> None:
    assert _reason(path, path.unlink) is Reason.VANISHED


def test_a_fifo_is_never_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")

    assert _reason(tmp_path / "pipe") is Reason.NOT_A_FILE
