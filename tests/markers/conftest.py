"""A library on disk with one clip in it that can be cut."""

import os
import shutil
import subprocess
from functools import cache
from pathlib import Path

import pytest
from django.utils import timezone

from apps.library.models import Library, Video
from apps.library.services.libraries import add_library
from apps.library.services.scan import scan_library
from tests.media import ffmpeg

NAME = b"-i it's; \n'quoted' \xff.mp4"


@cache
def _made(folder: Path) -> Path:
    path = folder / "clip.mp4"
    command = [
        ffmpeg(), "-v", "error", "-f", "lavfi", "-i", "testsrc2=s=160x90:r=25:d=8",
        "-f", "lavfi", "-i", "sine=f=440:r=48000:d=8", "-c:v", "libx264", "-preset", "veryfast",
        "-g", "50", "-bf", "3", "-c:a", "aac", str(path),
    ]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True)
    return path


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight seconds with a key frame every two."""
    return _made(tmp_path_factory.mktemp("clip"))


@pytest.fixture(autouse=True)
def _settled(settings: object, tmp_path: Path) -> None:
    settings.MEDIAHUB_SETTLE_SECONDS = 0  # type: ignore[attr-defined]
    settings.MEDIAHUB_DATA_DIR = tmp_path / "data"  # type: ignore[attr-defined]


@pytest.fixture
def on_disk(tmp_path: Path, clip: Path, db: None) -> Video:
    """A video whose name is as bad as names get."""
    root = tmp_path / "films"
    folder = os.fsencode(root) + b"/a folder"
    Path(os.fsdecode(folder)).mkdir(parents=True)
    shutil.copy(clip, folder + b"/" + NAME)
    library: Library = add_library(root)
    scan_library(library, now=timezone.now())
    return Video.objects.select_related("library").get()
