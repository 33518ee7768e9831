import os
import shutil
import sys
from pathlib import Path

import pytest

from apps.ffmpeg.binaries import find_binaries
from tests.media import ffmpeg


def _program(
    folder: Path, name: str, version: str, *, encoders: str = " V..... libx264 H.264"
) -> Path:
    path = folder / name
    path.write_text(
        f'#!/bin/sh\ncase "$*" in *-encoders*) echo "{encoders}";;'
        f' *) echo "{name} version {version} Copyright";; esac\n'
    )
    path.chmod(0o755)
    return path


@pytest.fixture
def only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is all of PATH, but for the shell and what guards processes."""
    for name in ("sh", "setpriv", "prlimit"):
        if found := shutil.which(name):
            (tmp_path / name).symlink_to(found)
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def test_what_the_settings_name_comes_first(only: Path, tmp_path: Path) -> None:
    folder = tmp_path / "own"
    folder.mkdir()
    named = _program(folder, "ffmpeg", "4.0", encoders="")
    _program(only, "ffmpeg", "7.1")

    found = find_binaries(ffmpeg=str(named))

    assert found.ffmpeg is not None
    assert (found.ffmpeg.path, found.ffmpeg.version, found.ffmpeg.source) == (
        str(named), "4.0", "setting",
    )  # fmt: skip


def test_a_setting_that_names_nothing_is_passed_over_and_told(only: Path) -> None:
    _program(only, "ffmpeg", "7.1")

    found = find_binaries(ffmpeg="/nowhere/ffmpeg")

    assert found.ffmpeg is not None
    assert found.ffmpeg.source == "system"
    assert not found.why[0].taken
    assert "missing" in found.why[0].reason


@pytest.mark.parametrize("version", ["5.1.9-0+deb12u1", "n7.0", "6.0", "N-12345-gdeadbeef", "10.2"])
def test_a_system_ffmpeg_that_is_new_enough_is_taken(version: str, only: Path) -> None:
    path = _program(only, "ffmpeg", version)

    found = find_binaries().ffmpeg

    assert found is not None
    assert (found.path, found.version) == (str(path), version)


@pytest.mark.parametrize(
    ("version", "encoders", "reason"),
    [("4.4.2", " V..... libx264 H.264", "older"), ("6.0", " V..... libopenh264", "libx264")],
)
def test_a_system_ffmpeg_that_is_old_or_poor_gives_way_to_the_wheel(
    version: str, encoders: str, reason: str, only: Path
) -> None:
    _program(only, "ffmpeg", version, encoders=encoders)

    found = find_binaries()

    assert found.ffmpeg is not None
    assert found.ffmpeg.source == "wheel"
    assert reason in found.why[0].reason


def test_ffprobe_is_looked_for_beside_the_ffmpeg_that_was_chosen(
    only: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "own"
    folder.mkdir()
    named = _program(folder, "ffmpeg", "6.0")
    prober = _program(folder, "ffprobe", "6.0")

    found = find_binaries(ffmpeg=str(named)).ffprobe

    assert found is not None
    assert (found.path, found.source) == (str(prober), "beside ffmpeg")


def test_without_ffprobe_there_is_none_and_it_is_told(only: Path) -> None:
    found = find_binaries()

    assert found.ffprobe is None
    assert [one.taken for one in found.why if one.name == "ffprobe"] == [False, False]


def test_what_is_no_ffmpeg_is_refused(only: Path) -> None:
    found = find_binaries(ffmpeg=sys.executable)

    assert found.why[0].reason == "It doesn't answer like ffmpeg."


def test_this_machine_has_one() -> None:
    assert os.access(ffmpeg(), os.X_OK)
