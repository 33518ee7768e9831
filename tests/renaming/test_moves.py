"""Giving files other names on disk: nothing is overwritten, everything can be repeated."""

import errno
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from apps.disk import moves
from apps.disk.moves import Move
from apps.disk.reader import Disk


@pytest.fixture
def disk() -> Iterator[Disk]:
    with Disk(timeout_s=20) as disk:
        yield disk


def _do(root: Path, old: str, new: str, *, again: bool = False, of: str = "") -> int:
    """In this process; the file is known by what is at ``of``."""
    known = (root / (of or old)).stat()
    one = Move(
        os.fsencode(root), old.encode(), new.encode(), known.st_ino, known.st_size,
        known.st_mtime_ns, again,
    )  # fmt: skip
    (done,) = next(moves.move(lambda: None, moves=[one]))
    return done


def test_a_child_makes_folders_and_moves(disk: Disk, tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_text("a")

    done = disk.move([Move(os.fsencode(tmp_path), b"a.mp4", b"x/y/\xffb.mp4")])

    assert done == [0]
    assert os.listdir(os.fsencode(tmp_path / "x/y")) == [b"\xffb.mp4"]
    assert list(disk.names(os.fsencode(tmp_path))) == [b"x"]
    assert list(disk.names(b"/nowhere")) == []


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("a")
    (tmp_path / "b").write_text("b")

    assert _do(tmp_path, "a", "b") == errno.EEXIST
    assert (tmp_path / "b").read_text() == "b"


def test_another_file_in_its_place_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("meant")
    (tmp_path / "a").rename(tmp_path / "meant")
    (tmp_path / "a").write_text("another one")

    assert _do(tmp_path, "a", "b", of="meant") == errno.ESTALE
    assert (tmp_path / "a").read_text() == "another one"


def test_what_is_gone_is_told(tmp_path: Path) -> None:
    (tmp_path / "other").write_text("x")

    assert _do(tmp_path, "a", "b", of="other") == errno.ENOENT


def test_no_link_leads_out_of_the_library(tmp_path: Path) -> None:
    root, outside = tmp_path / "root", tmp_path / "outside"
    root.mkdir()
    outside.mkdir()
    (root / "a").write_text("a")
    (root / "link").symlink_to(outside)

    assert _do(root, "a", "link/b") == errno.ELOOP
    assert not list(outside.iterdir())


def test_repeated_it_is_done_already(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("a")
    assert _do(tmp_path, "a", "b") == 0

    assert _do(tmp_path, "a", "b", of="b", again=True) == 0
    assert _do(tmp_path, "a", "b", of="b") == errno.ENOENT


class TestWithoutRename:
    """File systems that can't rename without replacing."""

    @pytest.fixture(autouse=True)
    def _old(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def refuse(_old: bytes, _new: bytes) -> None:
            raise OSError(errno.EINVAL, "")

        monkeypatch.setattr(moves, "_rename_no_replace", refuse)

    def test_a_link_stands_in(self, tmp_path: Path) -> None:
        (tmp_path / "a").write_text("a")
        (tmp_path / "taken").write_text("t")

        assert _do(tmp_path, "a", "b") == 0
        assert sorted(os.listdir(tmp_path)) == ["b", "taken"]
        assert _do(tmp_path, "b", "taken") == errno.EEXIST

    def test_killed_between_link_and_unlink_it_is_finished(self, tmp_path: Path) -> None:
        (tmp_path / "a").write_text("a")
        os.link(tmp_path / "a", tmp_path / "b")

        assert _do(tmp_path, "a", "b") == errno.EEXIST  # somebody's own second name
        assert _do(tmp_path, "a", "b", again=True) == 0
        assert os.listdir(tmp_path) == ["b"]

    def test_without_links_it_is_refused(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse(*_args: object, **_options: object) -> None:
            raise OSError(errno.EPERM, "")

        monkeypatch.setattr(os, "link", refuse)
        (tmp_path / "a").write_text("a")

        assert _do(tmp_path, "a", "b") == errno.ENOTSUP
        assert os.listdir(tmp_path) == ["a"]
