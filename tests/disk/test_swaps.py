"""One file in another's place: both are whole at every moment, everything can be repeated."""

import errno
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from apps.disk import swaps
from apps.disk.reader import Disk
from apps.disk.swaps import Mark


@pytest.fixture
def disk() -> Iterator[Disk]:
    with Disk(timeout_s=20) as disk:
        yield disk


def _mark(path: Path) -> Mark:
    found = path.stat()
    return Mark(found.st_size, found.st_mtime_ns)


def _swap(first: Path, one: Mark, second: Path, two: Mark) -> None:
    for _ in swaps.swap(
        lambda: None, first=os.fsencode(first), first_mark=one, second=os.fsencode(second),
        second_mark=two,
    ):  # fmt: skip
        pass


@pytest.fixture(params=["exchange", "links", "neither"])
def files(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[Path, Path]:
    """On a file system that can exchange names, link, or neither."""
    if request.param != "exchange":
        monkeypatch.setattr(swaps, "_exchange", lambda _first, _second: False)
    if request.param == "neither":

        def refuse(*_args: object, **_kwargs: object) -> None:
            raise OSError(errno.EPERM, "")

        monkeypatch.setattr(os, "link", refuse)
    first, second = tmp_path / "film.mp4", tmp_path / "draft"
    first.write_text("the old one")
    second.write_text("new")
    return first, second


class TestSwap:
    def test_two_files_change_names(self, files: tuple[Path, Path]) -> None:
        first, second = files
        marks = _mark(first), _mark(second)

        for _time in range(2):  # done already is done, too
            _swap(first, marks[0], second, marks[1])
            assert (first.read_text(), second.read_text()) == ("new", "the old one")
            assert sorted(os.listdir(first.parent)) == ["draft", "film.mp4"]

    def test_killed_at_any_step_it_is_finished(self, files: tuple[Path, Path]) -> None:
        """Each call that changes names is the last before a kill, in turn."""
        first, second = files
        marks = _mark(first), _mark(second)
        for spared in range(4):
            left = [spared]
            with pytest.MonkeyPatch.context() as patch, suppress(_Killed):
                for name in ("link", "replace"):
                    patch.setattr(os, name, _dying(getattr(os, name), left))
                _swap(first, marks[0], second, marks[1])
            assert {p.read_text() for p in first.parent.iterdir()} == {"the old one", "new"}
            _swap(first, marks[0], second, marks[1])
            assert (first.read_text(), second.read_text()) == ("new", "the old one")
            _swap(first, marks[1], second, marks[0])
            assert first.read_text() == "the old one"

    def test_another_file_in_its_place_is_left_alone(self, files: tuple[Path, Path]) -> None:
        first, second = files
        marks = _mark(first), _mark(second)
        first.write_text("changed meanwhile by somebody")

        with pytest.raises(OSError, match=str(errno.ESTALE)):
            _swap(first, marks[0], second, marks[1])

        assert first.read_text() == "changed meanwhile by somebody"
        assert second.read_text() == "new"


class _Killed(Exception):
    pass


def _dying(call: object, left: list[int]) -> object:
    def wrapped(*args: object, **kwargs: object) -> object:
        if left[0] == 0:
            raise _Killed
        left[0] -= 1
        return call(*args, **kwargs)  # type: ignore[operator]

    return wrapped


def test_a_draft_becomes_like_its_source(disk: Disk, tmp_path: Path) -> None:
    source, draft = tmp_path / "film.mkv", tmp_path / ".mediahub-1.part"
    source.write_text("source")
    source.chmod(0o640)
    os.utime(source, ns=(1_000_000_000, 2_000_000_000))
    draft.write_text("as big")
    os.setxattr(source, "user.comment", b"mine")

    mark = disk.finish(os.fsencode(draft), like=os.fsencode(source))

    assert draft.stat().st_mode & 0o777 == 0o640
    assert os.getxattr(draft, "user.comment") == b"mine"
    assert mark == _mark(draft)
    assert mark != _mark(source)  # told apart although both are as big
    assert abs(mark.mtime_ns - 2_000_000_000) <= 1_000_000


def test_only_what_is_meant_is_removed(disk: Disk, tmp_path: Path) -> None:
    trash = tmp_path / ".mediahub-trash"
    trash.mkdir()
    kept = trash / "1.mkv"
    kept.write_text("x")
    path = os.fsencode(kept)

    with pytest.raises(OSError, match=str(errno.ESTALE)):
        disk.remove(path, Mark(5, 5))
    assert disk.remove(path, _mark(kept))
    assert not disk.remove(path)
    assert not trash.exists()


def test_what_is_at_a_path_and_how_much_room_there_is(disk: Disk, tmp_path: Path) -> None:
    (tmp_path / "film.mkv").write_text("film")
    os.link(tmp_path / "film.mkv", tmp_path / "other")

    found = disk.look(os.fsencode(tmp_path / "film.mkv"))

    assert found is not None
    assert (found["size_bytes"], found["links"]) == (4, 2)
    assert disk.look(os.fsencode(tmp_path / "nothing")) is None
    free, writable = disk.room(os.fsencode(tmp_path))
    assert free > 0
    assert writable
