"""Random histories of files, scans and accidents: what people wrote is kept and stays in its place.

``HYPOTHESIS_PROFILE=long`` runs many more and longer ones than the usual test run does.
"""
# ruff: noqa: PTH103, PTH104, PTH112, PTH121 - paths are bytes here, pathlib has only str

import os
import shutil
import tempfile
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, Phase, given, note, settings
from hypothesis import strategies as st

from apps.core.models import AuditEntry
from apps.library.models import File, Library, Tag, Video
from apps.library.services.libraries import add_library
from apps.library.services.scan import RootOffline, scan_library, under_way
from tests.factories import NOON
from tests.library.catalogue import Catalogue, Judge, on_disk
from tests.rigs.media import sound, sound_alike

pytestmark = pytest.mark.django_db

_EXAMPLES = {"long": 1_000, "longer": 20_000}.get(os.environ.get("HYPOTHESIS_PROFILE", ""), 25)
_LONGEST = 40 if _EXAMPLES > 25 else 14
_MOST_FILES = 8  # more that are gone at once, and the scan asks
_NAMES = [
    b"a.wav", b"A.wav", b"b.wav", b"latin1 \xe9\xff.wav", b"new\nline.wav", b"x" * 251 + b".wav",
    *(unicodedata.normalize(form, "Élan.wav").encode() for form in ("NFC", "NFD")),
]  # fmt: skip
_FOLDERS = [b"", b"f", b"F", b"g", b"g/h"]
_CONTENTS = 8
_ALIKE = (_CONTENTS - 2, _CONTENTS - 1)  # equal but for bytes that the fast fingerprint skips
_BROKEN = _CONTENTS

_places = st.tuples(
    st.integers(0, 1), st.integers(0, len(_FOLDERS) - 1), st.integers(0, len(_NAMES) - 1)
)
_files = st.integers(0, 15)
_contents = st.integers(0, _CONTENTS)
_libraries = st.integers(0, 1)
_folders = st.tuples(st.integers(0, 1), st.integers(0, len(_FOLDERS) - 1))
_steps = st.one_of(
    st.tuples(st.just("create"), _places, _contents),
    st.tuples(st.just("write"), _files, _contents),
    st.tuples(st.just("replace"), _files, _contents),
    st.tuples(st.just("append"), _files),
    st.tuples(st.just("touch"), _files),
    st.tuples(st.just("move"), _files, _places),
    st.tuples(st.just("rename"), _files, _places),
    st.tuples(st.just("swap"), _files, _files),
    st.tuples(st.just("copy"), _files, _places, st.booleans()),
    st.tuples(st.just("link"), _files, _places),
    st.tuples(st.just("delete"), _files),
    st.tuples(st.just("move_folder"), _folders, _folders),
    st.tuples(st.just("unmount"), _libraries, st.booleans()),
    st.tuples(st.just("mount"), _libraries),
    st.tuples(st.just("kill"), _libraries, st.integers(1, 80)),
    st.tuples(st.just("scan_folder"), _folders),
    st.tuples(st.just("rescan"), _libraries),
    st.tuples(st.just("scan_all")),
    st.tuples(st.just("scan_all")),
)


@settings(
    max_examples=_EXAMPLES,
    deadline=None,
    derandomize=_EXAMPLES == 25,
    database=None,
    report_multiple_bugs=False,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.generate, Phase.shrink],
)
@given(
    batch=st.sampled_from([256, 256, 2, 1]),
    files=st.lists(st.tuples(_places, _contents), min_size=2, max_size=5),
    steps=st.lists(_steps, min_size=3, max_size=_LONGEST),
)
def test_identity_and_what_people_wrote_are_kept(
    warm: None, batch: int, files: Any, steps: Any
) -> None:
    with _world() as world, patch.object(under_way, "_BATCH_FILES", batch):
        for place, number in files:
            world.create(place, number)
        world.scan_all()
        for name, *arguments in steps:
            getattr(world, name)(*arguments)
        world.scan_all()
        for library in (0, 1):
            world.mount(library)
        world.scan_all()


class Killed(BaseException):
    """Nothing after it is done, as after SIGKILL."""


@dataclass(slots=True)
class World:
    """Two libraries on disk and in the catalogue."""

    place: Path
    libraries: list[Library] = field(default_factory=list)
    minutes: int = 0
    number: int = 0
    # the catalogue before scans that didn't see everything, if nothing happened on disk since
    before: Catalogue | None = None
    tag: Any = None

    def __post_init__(self) -> None:
        for number in (0, 1):
            (self.place / f"root{number}").mkdir()
            self.libraries.append(add_library(self.place / f"root{number}"))
        self.tag = Tag.objects.create(name="kept")

    # What happens on disk

    def create(self, place: tuple[int, int, int], number: int) -> None:
        path = self._path(place)
        if not self._is_full(place) and not os.path.exists(path):
            self._happens(f"create {path!r}: {number}")
            _write(path, content(number))

    def write(self, file: int, number: int) -> None:
        """In place, as programs do that change tags."""
        if path := self._file(file):
            self._happens(f"write {path!r}: {number}")
            # a hard link to it changes, too
            with open(path, "r+b") as opened:
                opened.write(content(number))
                opened.truncate()

    def replace(self, file: int, number: int) -> None:
        """By another file of the same name."""
        if path := self._file(file):
            self._happens(f"replace {path!r}: {number}")
            _write(self._aside(), content(number))
            os.replace(self._aside(), path)

    def append(self, file: int) -> None:
        if path := self._file(file):
            self.number += 1
            self._happens(f"append to {path!r}")
            with open(path, "ab") as opened:
                opened.write(b"%016d" % self.number)

    def touch(self, file: int) -> None:
        if path := self._file(file):
            self._happens(f"touch {path!r}")
            os.utime(path)

    def move(self, file: int, place: tuple[int, int, int]) -> None:
        """Over what is there, if anything is."""
        path, target = self._file(file), self._path(place)
        if path and path != target and not self._is_full(place):
            self._happens(f"move {path!r} to {target!r}")
            os.makedirs(os.path.dirname(target), exist_ok=True)
            # of two names of one file rename would leave both
            if os.path.exists(target) and os.path.samefile(path, target):
                os.unlink(path)
            else:
                os.rename(path, target)

    def rename(self, file: int, place: tuple[int, int, int]) -> None:
        """Within its folder."""
        if path := self._file(file):
            target = os.path.join(os.path.dirname(path), _NAMES[place[2]])
            if not os.path.exists(target):
                self._happens(f"rename {path!r} to {target!r}")
                os.rename(path, target)

    def swap(self, file: int, other: int) -> None:
        one, two = self._file(file), self._file(other)
        if one and two and one != two:
            self._happens(f"swap {one!r} and {two!r}")
            os.rename(one, self._aside())
            os.rename(two, one)
            os.rename(self._aside(), two)

    def copy(self, file: int, place: tuple[int, int, int], keep_time: bool) -> None:
        path, target = self._file(file), self._path(place)
        if path and not os.path.exists(target) and not self._is_full(place):
            self._happens(f"copy {path!r} to {target!r}")
            os.makedirs(os.path.dirname(target), exist_ok=True)
            (shutil.copy2 if keep_time else shutil.copyfile)(path, target)

    def link(self, file: int, place: tuple[int, int, int]) -> None:
        path, target = self._file(file), self._path(place)
        if path and not os.path.exists(target) and not self._is_full(place):
            self._happens(f"link {path!r} to {target!r}")
            os.makedirs(os.path.dirname(target), exist_ok=True)
            os.link(path, target)

    def delete(self, file: int) -> None:
        if path := self._file(file):
            self._happens(f"delete {path!r}")
            os.unlink(path)

    def move_folder(self, folder: tuple[int, int], other: tuple[int, int]) -> None:
        one, two = self._folder(folder), self._folder(other)
        inside = two.startswith(one + b"/")
        if folder[1] and other[1] and os.path.isdir(one) and not inside and not os.path.exists(two):
            if len(self._found(other[0])) + len(self._found(folder[0])) > _MOST_FILES:
                return
            self._happens(f"move the folder {one!r} to {two!r}")
            os.makedirs(os.path.dirname(two), exist_ok=True)
            os.rename(one, two)

    def unmount(self, library: int, leave_folder: bool) -> None:
        root, away = self._root(library), self._root(library) + b".away"
        if not os.path.exists(away):
            self._happens(f"unmount {root!r}")
            os.rename(root, away)
            if leave_folder:
                os.mkdir(root)

    def mount(self, library: int) -> None:
        root, away = self._root(library), self._root(library) + b".away"
        if os.path.exists(away):
            self._happens(f"mount {root!r}")
            if os.path.exists(root):
                # what was written below the mount point meanwhile can't be seen any more
                shutil.rmtree(root)
            os.rename(away, root)

    # What MediaHub does

    def kill(self, library: int, queries: int) -> None:
        """A scan that is killed when it asks the database for the so-manieth time."""
        self._remember(f"scan {library}, killed at query {queries}")
        try:
            with connection.execute_wrapper(_killer(queries)):
                self._scan(library)
        except Killed:
            transaction.set_rollback(False)  # only here is there a transaction around the scan
            note("killed")

    def scan_folder(self, folder: tuple[int, int]) -> None:
        library, number = folder
        if os.path.isdir(self._folder(folder)):
            self._remember(f"scan {_FOLDERS[number]!r} of {library}")
            self._scan(library, paths=[os.fsdecode(_FOLDERS[number])])

    def rescan(self, library: int) -> None:
        self._remember(f"rescan {library}")
        self._scan(library, rescan=True)

    def scan_all(self) -> None:
        """Scan both libraries, judge what came of it, and scan them again: nothing changes."""
        before = self.before or Catalogue.now()
        note("scan all")
        online = {
            library.pk: self._root(number)
            for number, library in enumerate(self.libraries)
            if self._scan(number)
        }
        offline = {library.pk for library in self.libraries} - online.keys()
        disk = on_disk(online)
        Judge(before, Catalogue.now(), disk, _alike(), offline).judge()
        self._second_scan_changes_nothing()
        self.before = None
        self._write_on_videos()

    def _second_scan_changes_nothing(self) -> None:
        files, videos = list(File.objects.values()), list(Video.objects.values())
        entries = AuditEntry.objects.count()
        for number in (0, 1):
            counts = self._scan(number)
            names = ("added", "changed", "moved", "missing", "returned")
            assert not any(counts[name] for name in names if counts), counts
        for model, rows in ((File, files), (Video, videos)):
            now: list[dict[str, Any]] = list(model.objects.values())
            by_id = {row["id"]: row for row in now}
            for row in rows:
                assert by_id[row["id"]] == row, "a second scan changed a row"
            assert len(now) == len(rows)
        assert AuditEntry.objects.count() == entries

    def _scan(self, number: int, **options: Any) -> dict[str, Any]:
        """The counts of a scan; none if the library is offline, which it must be then."""
        self.minutes += 1
        library = Library.objects.get(pk=self.libraries[number].pk)
        try:
            now = NOON + timedelta(minutes=self.minutes)
            return scan_library(library, now=now, **options).counts
        except RootOffline:
            root = self._root(number)
            assert not os.path.isdir(root) or not os.listdir(root), "offline, but there it is"
            return {}

    def _write_on_videos(self) -> None:
        for video in Video.objects.filter(details=""):
            self.number += 1
            rating = self.number % 100 + 1
            Video.objects.filter(pk=video.pk).update(details=f"{self.number}", rating=rating)
            video.tags.add(self.tag)

    # Places

    def _happens(self, what: str) -> None:
        note(what.replace(str(self.place), ""))
        self.before = None

    def _remember(self, what: str) -> None:
        note(what)
        self.before = self.before or Catalogue.now()

    def _aside(self) -> bytes:
        return os.fsencode(self.place / "aside")

    def _root(self, library: int) -> bytes:
        return os.fsencode(self.libraries[library].root)

    def _folder(self, folder: tuple[int, int]) -> bytes:
        return os.path.join(self._root(folder[0]), _FOLDERS[folder[1]])

    def _path(self, place: tuple[int, int, int]) -> bytes:
        return os.path.join(self._folder(place[:2]), _NAMES[place[2]])

    def _found(self, library: int) -> list[bytes]:
        root = self._root(library)
        return sorted(
            os.path.join(folder, name) for folder, _, names in os.walk(root) for name in names
        )

    def _file(self, number: int) -> bytes:
        """One of the files that are there now, if there are any."""
        found = self._found(0) + self._found(1)
        return found[number % len(found)] if found else b""

    def _is_full(self, place: tuple[int, int, int]) -> bool:
        away = os.path.exists(self._root(place[0]) + b".away")
        return away or len(self._found(place[0])) >= _MOST_FILES


@contextmanager
def _world() -> Iterator[World]:
    """On memory where there is some, in a transaction that is rolled back."""
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(dir=memory) as place, transaction.atomic():
        yield World(Path(place))
        transaction.set_rollback(True)


def _killer(queries: int) -> Any:
    left = queries

    def kill(execute: Any, sql: Any, *arguments: Any) -> Any:
        nonlocal left
        if str(sql).startswith(("SAVEPOINT", "ROLLBACK", "RELEASE")):
            return execute(sql, *arguments)
        left -= 1
        if left <= 0:
            raise Killed
        return execute(sql, *arguments)

    return kill


def content(number: int) -> bytes:
    """Each number is another one; of one of them nothing can be read."""
    if number == _BROKEN:
        return b"This is not a sound. " * 40
    return sound_alike(number) if number in _ALIKE else sound(number)


@cache
def _alike() -> frozenset[str]:
    with tempfile.TemporaryDirectory() as folder:
        for number in _ALIKE:
            _write(os.path.join(os.fsencode(folder), b"%d" % number), content(number))
        found = {held.content for held in on_disk({0: os.fsencode(folder)}).values()}
    assert len(found) == 1
    return frozenset(found)


def _write(path: bytes, held: bytes) -> None:
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as opened:
        opened.write(held)
