"""A library on disk with small films of several kinds, and profiles."""

import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from apps.disk.reader import Disk
from apps.library.models import File, Library, Video
from apps.library.services.libraries import add_library
from apps.library.services.scan import scan_library
from apps.machines.models import Machine
from apps.machines.services import inventory, sampling
from apps.transcodes.choices import Place
from apps.transcodes.models import EncodingProfile, Transcode
from apps.transcodes.services.profiles import create_profile
from apps.transcodes.services.requests import Wish, ask_one
from apps.transcodes.services.run import run
from tests.factories import NOON
from tests.media import BUILT, ffmpeg, media
from tests.rigs.warm import warm_children

FILMS = ("hevc.mp4", "xvid.avi", "h264.mp4")

Profile = Callable[..., EncodingProfile]
Asked = Callable[..., Transcode]


@pytest.fixture(scope="module")
def warm() -> Iterator[None]:
    with warm_children():
        yield


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "films"
    (root / "a folder").mkdir(parents=True)
    for name in FILMS:
        shutil.copy(media(name), root / "a folder" / name)
    return root


@pytest.fixture(autouse=True)
def _examined(db: None) -> None:
    """This machine's encoders were tried once, for all tests of all times with this ffmpeg."""
    sampling.forget()
    machine = sampling.latest()
    version = subprocess.run([ffmpeg(), "-version"], check=True, capture_output=True).stdout
    kept = BUILT / f"abilities-{hashlib.sha256(version).hexdigest()[:12]}.json"
    if not kept.exists():
        inventory.abilities()
        machine.refresh_from_db()
        fresh = kept.with_suffix(f".{os.getpid()}")
        fresh.write_text(json.dumps([machine.abilities, machine.abilities_key]))
        fresh.replace(kept)
    found, key = json.loads(kept.read_text())
    Machine.objects.filter(pk=machine.pk).update(
        abilities=found, abilities_key=key, examined_at=timezone.now()
    )
    sampling.forget()


@pytest.fixture
def library(db: None, warm: None, root: Path) -> Library:
    library = add_library(root)
    scan_library(library, now=NOON)
    return library


@pytest.fixture
def disk() -> Iterator[Disk]:
    with Disk(timeout_s=20) as disk:
        yield disk


@pytest.fixture
def profile(db: None) -> Profile:
    """``profile(place="replace")``: quick, safe everywhere, changed as one likes."""

    def made(**values: Any) -> EncodingProfile:
        usual = {
            "name": f"Test {EncodingProfile.objects.count()}", "speed": "fastest",
            "place": Place.REPLACE, "suffix": " (cast)", "max_size_percent": None,
            "tell_servers": False,
        }  # fmt: skip
        return create_profile(EncodingProfile(**usual | values))

    return made


@pytest.fixture
def asked(library: Library, profile: Profile) -> Asked:
    """``asked("hevc.mp4", place="add")``: a transcode of a film, still to be done."""

    def asked(name: str, **values: Any) -> Transcode:
        wish = Wish.of(profile(**values), inventory.all_abilities())
        return ask_one(video_of(name), wish)

    return asked


@pytest.fixture
def done(asked: Asked, disk: Disk) -> Asked:
    """The same, done."""

    def done(name: str, **values: Any) -> Transcode:
        transcode = asked(name, **values)
        run(transcode.pk, disk=disk)
        transcode.refresh_from_db()
        return transcode

    return done


def video_of(name: str) -> Video:
    return Video.objects.select_related("library").get(path__endswith=name)


def on_disk(root: Path) -> set[str]:
    return {
        os.path.relpath(os.path.join(folder, name), root)
        for folder, _, names in os.walk(root)
        for name in names
    }


def in_catalogue() -> set[str]:
    """The paths of present files, each as large as its row says."""
    found = set()
    for file in File.objects.present().select_related("folder", "library"):
        assert os.stat(file.location).st_size == file.size_bytes
        found.add(file.path)
    return found
